"""Reading the .npz files that training jobs leave."""

import zipfile
from pathlib import Path

import numpy as np

from depth2seg.errors import UserError


def read_arrays(path: Path, *needed: str) -> dict[str, np.ndarray]:
    """All arrays of an .npz by name; nothing is unpickled.

    Raises:
        UserError: the file is missing, torn, or lacks one of the ``needed`` arrays.
    """
    if not path.is_file():
        raise UserError(f"{path}: not there; run the training job that writes it (snakemake {path})")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it and run its training job again") from None
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise UserError(f"{path}: lacks {', '.join(missing)}; it has {', '.join(arrays)}")
    return arrays
