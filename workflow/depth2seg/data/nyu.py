"""Reader of data sets in the form that NYU-Depth-V2 is extracted to: the frame index from the files alone.

::

    {scene}/camera.json              {"fx", "fy", "cx", "cy", "width", "height"} in pixels of the stored images
    {scene}/image/{frame:06d}.png    8-bit RGB
    {scene}/depth/{frame:06d}.png    16 bit, millimetres, 0 = no measurement
    {scene}/label/{frame:06d}.png    8 bit, NYU-40 ids 1 to 40, 0 = unlabelled; only frames that have labels

Rendered rooms and NYU's own recordings are written in it.
"""

from __future__ import annotations

import json
from pathlib import Path

from depth2seg.errors import UserError

MILLIMETRE = 0.001
INTRINSICS = ("fx", "fy", "cx", "cy")
AGAIN = "obtain or render the scene again"


def scene_rows(root: Path, scene: str, split: str, size: tuple[int, int] | None = None) -> list[dict]:
    """Rows of the frame index of all of a scene's frames, in order.

    Args:
        root: the data set's folder.
        scene: the scene's folder below it, which is the rows' ``sequence``.
        split: the rows' ``split``.
        size: height and width that the scene must have; None where its camera.json alone says.

    Raises:
        UserError: a file is missing, cannot be read, or is of another size than the scene's camera.
    """
    folder = root / scene
    camera, stored = read_camera(folder / "camera.json")
    if size is not None and stored != size:
        raise UserError(f"{folder / 'camera.json'}: is of another data set: images of {_times(stored)}, "
                        f"{_times(size)} expected")  # fmt: skip
    images = sorted((folder / "image").glob("*.png"))
    if not images:
        raise UserError(f"{folder / 'image'}: has no images; {AGAIN}")
    rows = []
    for image in images:
        paths = {"image": image, "depth": folder / "depth" / image.name, "semantic": folder / "label" / image.name}
        if not paths["semantic"].exists():
            del paths["semantic"]
        for path in paths.values():
            _check_size(path, stored)
        files = {column: str(path.relative_to(root)) for column, path in paths.items()}
        key = {"split": split, "sequence": scene, "frame": _number(image)}
        rows.append(key | files | camera | {"depth_unit": MILLIMETRE})
    return rows


def read_camera(path: Path) -> tuple[dict[str, float], tuple[int, int]]:
    """Intrinsics in pixels, and height and width, of a scene's camera.json."""
    if not path.is_file():
        raise UserError(f"{path}: missing; {AGAIN}")
    try:
        values = json.loads(path.read_text())
        camera = {name: float(values[name]) for name in INTRINSICS}
        size = int(values["height"]), int(values["width"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: no valid fx, fy, cx, cy, width and height ({error!r}); {AGAIN}") from error
    if not (0 <= camera["cx"] < size[1] and 0 <= camera["cy"] < size[0] and min(camera["fx"], camera["fy"]) > 0):
        raise UserError(f"{path}: {values} is no camera: its axis does not meet its image; {AGAIN}")
    return camera, size


def _number(image: Path) -> int:
    if not image.stem.isdecimal():
        raise UserError(f"{image}: its name is no frame number; take it out of the folder, or {AGAIN}")
    return int(image.stem)


def _check_size(path: Path, size: tuple[int, int]) -> None:
    """Of the file's header alone; packing decodes all of it."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            found = image.size[::-1]
    except FileNotFoundError:
        raise UserError(f"{path}: missing; {AGAIN}") from None
    except UnidentifiedImageError:
        raise UserError(f"{path}: is no image; {AGAIN}") from None
    if found != size:
        raise UserError(f"{path}: is {_times(found)}, but the scene's camera.json says {_times(size)}; {AGAIN}")


def _times(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} (width x height)"
