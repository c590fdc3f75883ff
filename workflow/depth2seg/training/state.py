"""Tensors on disk: written complete or not at all, the same bytes for the same values, read without running code."""

import errno
import io
import pickle
import sys
import zipfile
from pathlib import Path

import torch

from depth2seg.errors import UserError
from depth2seg.files import atomic_path


def save_tensors(path: str | Path, value: dict) -> None:
    """Write nested dicts and lists of tensors and plain values."""
    buffer = io.BytesIO()  # a file's name would become part of the archive's bytes
    torch.save(_interned(value), buffer)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def load_tensors(path: str | Path) -> dict:
    """Read what ``save_tensors`` wrote, to the CPU.

    Raises:
        UserError: the file is missing, truncated, no weight file, or holds anything but tensors and plain values.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: there is no such weight file")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: holds more than tensors and plain values, so it was not loaded ({reason})") from None
    except (RuntimeError, EOFError, zipfile.BadZipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which is a seek to before the file's start
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: truncated, or no weight file ({reason}). Delete it to have it made again") from None


def _interned(value: object) -> object:
    """Plain dicts and lists, equal texts the same object: pickle writes an object it has met as a reference."""
    match value:
        case dict():
            return {_interned(key): _interned(item) for key, item in value.items()}
        case list():
            return [_interned(item) for item in value]
        case str():
            return sys.intern(str(value))
        case _:
            return value
