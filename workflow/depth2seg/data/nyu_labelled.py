"""NYU-Depth-V2's labelled frames: from the publisher's MATLAB files to the form that `depth2seg.data.nyu` reads.

In the data set's folder lie ``nyu_depth_v2_labeled.mat`` (HDF5), ``splits.mat`` (the official split) and
``classMapping40.mat`` (the 40 classes of Gupta et al. 2013 for the 894 labels). Preparing writes ``labelled/{scene}``
and ``labelled/splits.json``.

MATLAB stores the first axis innermost, so HDF5 readers see every array transposed: images N x 3 x 640 x 480 (colour,
column, row), depths and labels N x 640 x 480, scenes 1 x N references to strings of 16-bit characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from depth2seg.errors import UserError
from depth2seg.files import atomic_path, write_json

if TYPE_CHECKING:
    import h5py
    import numpy as np

MAT, SPLITS, CLASSES = "nyu_depth_v2_labeled.mat", "splits.mat", "classMapping40.mat"
FOLDER = "labelled"
SIZE = (480, 640)  # height, width as published
# Where the toolbox says that the Kinect's images hold something after their alignment, rows 45 to 471 and columns 41 to
# 601 counted from one (get_projection_mask.m): the white border outside is cut off.
TOP, BOTTOM, LEFT, RIGHT = 44, 471, 40, 601
# The colour camera of the toolbox's camera_params.m, whose pixels count from one.
FX, FY, CX, CY = 518.85790117450188, 519.46961112127485, 325.58244941119034 - 1, 253.73616633400465 - 1
_BLOCK = 16  # frames read at once: 45 MB
CAMERA = {
    "fx": FX,
    "fy": FY,
    "cx": CX - LEFT,
    "cy": CY - TOP,
    "width": RIGHT - LEFT,
    "height": BOTTOM - TOP,
}


def prepare(root: Path) -> dict:
    """Write the frames as image files; what an earlier, broken run has written is kept.

    Returns:
        the number of frames and scenes.

    Raises:
        UserError: a file is missing or of another kind.
    """
    import cv2
    import numpy as np

    mapping = class_mapping(root)
    scenes = set()
    for number, scene, image, depth, label in labelled_frames(
        root, lambda scene, number: not _there(root, scene, number)
    ):
        scenes.add(scene)
        if image is None:
            continue
        folder = root / FOLDER / scene
        if not (folder / "camera.json").is_file():
            write_json(folder / "camera.json", CAMERA)
        window = np.s_[TOP:BOTTOM, LEFT:RIGHT]
        pictures = {
            "image": cv2.cvtColor(image[window], cv2.COLOR_RGB2BGR),
            "depth": np.rint(depth[window] * 1000).astype(np.uint16),  # millimetres
            "label": mapping[label[window]],
        }
        for kind, picture in pictures.items():  # the label last: a frame is there when its label is
            with atomic_path(folder / kind / f"{number:06d}.png") as temporary:
                if not cv2.imwrite(str(temporary), picture):
                    raise RuntimeError(f"{temporary}: could not be encoded as PNG")
    split = official_split(root)
    write_json(root / FOLDER / SPLITS.replace(".mat", ".json"), split)
    return {"frames": sum(map(len, split.values())), "scenes": len(scenes)}


def rows(root: Path) -> Iterator[dict]:
    """Rows of the frame index: ``train`` and ``test`` of the official split, and ``val``, the test frames unlabelled.

    Raises:
        UserError: files are missing.
    """
    from depth2seg.data.nyu import scene_rows

    path = root / FOLDER / "splits.json"
    if not path.is_file():
        raise UserError(f"{path} is missing: `python -m depth2seg prepare` writes it when all frames are extracted")
    split_of = {number: split for split, numbers in json.loads(path.read_text()).items() for number in numbers}
    for folder in sorted((root / FOLDER).iterdir()):
        if folder.is_dir():
            for row in scene_rows(root, f"{FOLDER}/{folder.name}", "train"):
                row |= {"split": split_of[row["frame"]], "sequence": folder.name}
                yield row
                if row["split"] == "test":
                    yield {name: value for name, value in row.items() if name != "semantic"} | {"split": "val"}


def labelled_frames(
    root: Path, wanted: Callable[[str, int], bool]
) -> Iterator[tuple[int, str, np.ndarray | None, np.ndarray | None, np.ndarray | None]]:
    """The frames of the .mat, sixteen in memory at a time.

    Args:
        root: the data set's folder.
        wanted: called with scene and number; frames that are read together and all declined come without their arrays.

    Yields:
        number from 1, as the publisher counts; scene; RGB uint8 480 x 640 x 3; depth in metres, float32 480 x 640,
        holes filled in as published; label 0 to 894, uint16 480 x 640.
    """
    with open_mat(root / MAT) as file:
        scenes = scene_names(file)
        for start in range(0, len(scenes), _BLOCK):
            numbers = range(start, min(start + _BLOCK, len(scenes)))
            if not any(wanted(scenes[i], i + 1) for i in numbers):
                yield from ((i + 1, scenes[i], None, None, None) for i in numbers)
                continue
            block = slice(numbers.start, numbers.stop)
            images, depths, labels = (file[name][block] for name in ("images", "depths", "labels"))
            for i, image, depth, label in zip(numbers, images, depths, labels, strict=True):
                yield i + 1, scenes[i], image.transpose(2, 1, 0), depth.T, label.T


def open_mat(path: Path) -> h5py.File:
    """The labelled .mat, opened; UserError if it is missing, cut off or no HDF5."""
    import h5py

    if not path.is_file():
        raise UserError(f"{path} is missing: it is the publisher's file of 1,449 labelled frames (2.8 GB)")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise UserError(f"{path} is cut off or no MATLAB 7.3 file ({error}): obtain it anew") from error


def scene_names(file: h5py.File) -> list[str]:
    """The scene of each frame; references to arrays of character codes."""
    return ["".join(map(chr, file[reference][()].reshape(-1))) for reference in file["scenes"][()].reshape(-1)]


def official_split(root: Path) -> dict[str, list[int]]:
    """Numbers of the frames (from 1) of ``train`` and ``test``; UserError if the file is missing or another."""
    values = _load_mat(root / SPLITS)
    try:
        return {split: values[f"{split}Ndxs"].reshape(-1).astype(int).tolist() for split in ("train", "test")}
    except KeyError as error:
        raise UserError(
            f"{root / SPLITS} lacks {error}: it should hold the official split, trainNdxs and testNdxs"
        ) from None


def class_mapping(root: Path) -> np.ndarray:
    """Class 1 to 40 of each label 0 to 894 (0, unlabelled, stays 0): uint8, 895."""
    import numpy as np

    values = _load_mat(root / CLASSES)
    if "mapClass" not in values:
        raise UserError(f"{root / CLASSES} lacks mapClass: it should map the 894 labels to the 40 classes")
    return np.concatenate([[0], values["mapClass"].reshape(-1)]).astype(np.uint8)


def _load_mat(path: Path) -> dict:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not path.is_file():
        raise UserError(f"{path} is missing: put it beside {MAT}")
    try:
        return loadmat(path)
    except (MatReadError, ValueError, TypeError, NotImplementedError, OSError) as error:
        raise UserError(f"{path} is no MATLAB file of version 5 ({error}): obtain it anew") from error


def _there(root: Path, scene: str, number: int) -> bool:
    return (root / FOLDER / scene / "label" / f"{number:06d}.png").is_file()
