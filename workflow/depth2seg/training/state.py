"""Tensors on disk: written complete or not at all, the same bytes for the same values, read without running code."""

import io
import pickle
import zipfile
from pathlib import Path

import torch

from depth2seg.errors import UserError
from depth2seg.files import atomic_path


def save_tensors(path: str | Path, value: dict) -> None:
    """Write nested dicts and lists of tensors and plain values."""
    buffer = io.BytesIO()  # a file's name would become part of the archive's bytes
    torch.save(value, buffer)
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
    except (RuntimeError, EOFError, zipfile.BadZipFile) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path}: truncated, or no weight file ({reason}). Delete it to have it made again") from None
