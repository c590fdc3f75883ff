"""Keeping freed memory for the next step, instead of handing it back and having the kernel clear it again."""

import ctypes
import sys

# From malloc.h of the GNU C library.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Serve large arrays from a heap that never shrinks; ``False`` where the C library has no ``mallopt``.

    A training step on the CPU allocates the same large arrays again and again. By default each is mapped anew, so that
    the kernel clears every page at every use.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 64 * 2**20))
    return all(mallopt(name, value) for name, value in settings)
