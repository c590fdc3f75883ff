"""Keeps each image mounted while Snakemake runs, so that its jobs find it in memory.

Every container mounts its image anew, with nothing of it decompressed in memory, which makes `import torch` seconds
slower; where another container of the same image runs, the kernel shares the mount. That takes `shared loop devices =
yes` in Apptainer's configuration, which `containers/install-apptainer.sh` sets.
"""

import subprocess
import threading
import time
from pathlib import Path

from depth2seg.containers.record import record_path


def hold(images: list[Path], every: float = 0.5) -> None:
    """From a thread, run an idle container of each image as soon as it is there, for the life of this process.

    The container reads a pipe that only this process holds: it ends when this process does, however that happens.

    Args:
        images: files that may be built, or built anew, while this process runs.
        every: seconds between two looks.
    """
    threading.Thread(target=_hold, args=(images, every), daemon=True).start()


def _hold(images: list[Path], every: float) -> None:
    held: dict[Path, tuple[int, subprocess.Popen]] = {}
    while True:
        for image in images:
            file = _file(image)
            if file is None or (image in held and held[image][0] == file):
                continue  # also when its container has ended: what failed once is not tried again and again
            if image in held:
                held[image][1].stdin.close()
            held[image] = file, _idle(image)
        time.sleep(every)


def _file(image: Path) -> int | None:
    """What tells one built image from the next; None where there is none, or not yet."""
    try:
        return image.stat().st_ino if record_path(image).exists() else None
    except FileNotFoundError:
        return None


def _idle(image: Path) -> subprocess.Popen:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(["apptainer", "exec", str(image), "cat"], stdin=subprocess.PIPE, **quiet)
