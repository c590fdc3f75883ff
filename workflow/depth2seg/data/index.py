"""The frame index: one table that says of every frame where its files are and which camera saw it.

One row a frame, sorted by split, sequence and frame. Paths are relative to the data set's own folder. Intrinsics are
in pixels of the stored image, with pixel centres at whole numbers: (0, 0) is the centre of the upper left pixel, and a
principal point in the middle of the image is at ((width - 1) / 2, (height - 1) / 2). Depth files hold 16-bit numbers;
the column ``depth_unit`` says how many metres 1 is, and is there only where that is not KITTI's 1/256.

What knows a data set's own layout is its module in `depth2seg.data.sets`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from depth2seg.data import sets
from depth2seg.errors import UserError
from depth2seg.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("video", "val", "train", "test")
PATHS = ("image", "right_image", "semantic", "depth", "lidar", "flow")
INTRINSICS = ("fx", "fy", "cx", "cy")
COLUMNS = ("split", "sequence", "frame", *PATHS, *INTRINSICS, "baseline")
DEPTH_UNIT = "depth_unit"
KEY = ["split", "sequence", "frame"]


def build(root: Path, dataset: Mapping) -> "pd.DataFrame":
    """Build and check a data set's frame index.

    Args:
        root: the data set's folder.
        dataset: its block of the config; ``source`` names the module that reads it.

    Raises:
        UserError: the folder is missing, lacks files, or holds something else.
    """
    root = Path(root)
    module = sets.module(dataset["source"])
    if not root.is_dir():
        raise UserError(
            f"data folder {root} is missing: it should hold the raw files of '{dataset['source']}'. Check "
            "data_root, and that the files are there or can be obtained"
        )
    frames = table(module.build_index(root, dataset).to_dict("records"))
    files = [path for column in PATHS for path in frames[column].dropna()]
    missing = [path for path in files if not (root / path).is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} of the {len(files)} files of '{dataset['source']}' are missing in {root}, the first is "
            f"{missing[0]}. The folder is half there: complete it, or remove it to obtain it anew"
        )
    return frames


def table(rows: Iterable[Mapping]) -> "pd.DataFrame":
    """A checked, sorted frame index with every column, from rows that may lack some.

    Raises:
        UserError: a row breaks the schema.
    """
    import pandas as pd

    rows = list(rows)
    columns = [*COLUMNS, *([DEPTH_UNIT] if any(DEPTH_UNIT in row for row in rows) else [])]
    unknown = sorted({key for row in rows for key in row} - set(columns))
    if unknown:
        raise UserError(f"frame index: unknown columns {', '.join(unknown)}; it has {', '.join(columns)}")
    if not rows:
        raise UserError("frame index: there is not one frame in it")
    text = dict.fromkeys(("split", "sequence", *PATHS), "str")
    numbers = dict.fromkeys((*INTRINSICS, "baseline", *columns[len(COLUMNS) :]), "float64")
    frames = pd.DataFrame(rows, columns=columns)
    if frames["frame"].isna().any():
        raise UserError("frame index: rows without a frame number")
    frames = frames.astype({**text, **numbers, "frame": "int64"}).sort_values(KEY, ignore_index=True)
    _check(frames)
    return frames


def write(frames: "pd.DataFrame", path: Path) -> None:
    """Write a frame index as Parquet, complete or not at all."""
    with atomic_path(path) as temporary:
        frames.to_parquet(temporary, index=False)


def read(path: Path) -> "pd.DataFrame":
    """Read a frame index.

    Raises:
        UserError: there is none at ``path``, or it is none.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise UserError(f"frame index {path} is missing: write it with `python -m depth2seg index`")
    try:
        frames = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise UserError(f"frame index {path} cannot be read ({error}): remove it and write it anew") from error
    missing = [column for column in COLUMNS if column not in frames]
    if missing:
        raise UserError(f"{path} is no frame index: it lacks the columns {', '.join(missing)}")
    return frames


def _check(frames: "pd.DataFrame") -> None:
    """Raise UserError for the first rule that a row of the table breaks."""
    outside = {column: frames[column].map(lambda path: isinstance(path, str) and _outside(path)) for column in PATHS}
    missing_camera = frames[list(INTRINSICS)].isna()
    rules = {
        f"split is not one of {', '.join(SPLITS)}": ~frames["split"].isin(SPLITS),
        "sequence is empty": frames["sequence"].isna(),
        "frame occurs twice": frames.duplicated(KEY),
        "image is empty": frames["image"].isna(),
        "some of fx, fy, cx, cy are empty": missing_camera.any(axis=1) & ~missing_camera.all(axis=1),
        "focal length is not positive": (frames[["fx", "fy"]] <= 0).any(axis=1),
        "depth_unit is not positive": (frames.filter([DEPTH_UNIT]) <= 0).any(axis=1),
        "right_image without a positive baseline": frames["right_image"].notna() & ~(frames["baseline"] > 0),
        **{f"{column} is not below the data set's folder": rows for column, rows in outside.items()},
    }
    for rule, broken in rules.items():
        if broken.any():
            row = frames[broken].iloc[0]
            raise UserError(
                f"frame index: {rule} in {broken.sum()} rows, first in split {row['split']}, sequence "
                f"{row['sequence']}, frame {row['frame']}, image {row['image']}"
            )


def _outside(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts
