"""Cityscapes as published: stereo pairs with fine labels and disparity, and the video around each of them.

Below the data set's folder lie the packages' own folders, each ``{split}/{city}/{city}_{sequence}_{frame}_{kind}``:
``leftImg8bit``, ``rightImg8bit``, ``disparity``, ``camera``, ``gtFine`` hold one frame of every snippet of 30, its
20th; ``leftImg8bit_sequence`` holds all of them. Preparing adds ``depth``, made of ``disparity``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from depth2seg.data.blocks import Published
from depth2seg.data.cityscapes_files import (
    AFTER,
    BEFORE,
    CITIES,
    LABELLED,
    Snippet,
    depth_path,
    read_camera,
    snippets,
)

if TYPE_CHECKING:
    import pandas

    from depth2seg.data.preflight import Findings


class Dataset(Published):
    """Cityscapes' 5,000 finely labelled frames (train and val), and the video around them.

    ``video``: whether the sequence frames are there. ``crop``: first and end row, first and end column of what
    pre-training sees; the rows below are the car's hood. ``cities``: only these.
    """

    source: Literal["cityscapes"]
    classes: Literal["cityscapes"] = "cityscapes"
    video: bool = True
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] = Field([0, 768, 0, 2048])
    cities: Annotated[list[Literal[tuple(c for cs in CITIES.values() for c in cs)]], Field(min_length=1)] | None = None

    @property
    def shows(self) -> Literal["video", "images"]:
        """Without the sequence frames, single images."""
        return "video" if self.video else "images"

    @property
    def supervisions(self) -> tuple[str, ...]:
        """Those of a stereo pair whose disparity is published."""
        return ("video", "stereo", "video+stereo", "dense") if self.video else ("stereo", "dense")

    @property
    def labelled(self) -> int | None:
        """The publisher's train; of chosen cities, their files tell."""
        return LABELLED["train"] if self.cities is None else None

    def needed_parts(self) -> list[str] | None:
        """The packages; without ``video`` not the largest, that of the sequences."""
        packages = ("leftImg8bit", "rightImg8bit", "disparity", "camera", "gtFine")
        sequences = ("leftImg8bit_sequence",) if self.video else ()
        return self.parts or [f"{name}_trainvaltest" for name in (*packages, *sequences)]


def sequences(dataset: Mapping) -> list[str]:
    """The cities, each of which is prepared by a job of its own."""
    chosen = dataset.get("cities")
    return [city for cities in CITIES.values() for city in cities if chosen is None or city in chosen]


def preflight(root: Path, dataset: Mapping) -> Findings:
    """What is wrong with the folder."""
    from depth2seg.data import cityscapes_preflight

    return cityscapes_preflight.check(root, dataset)


def prepare(root: Path, dataset: Mapping, sequence: str) -> dict:
    """Turn a city's disparity into depth; what an earlier, broken run has made is kept.

    Returns:
        the number of depth images.

    Raises:
        UserError: a file is missing or damaged.
    """
    from depth2seg.data.disparity import write_depth

    split = next(split for split, cities in CITIES.items() if sequence in cities)
    found = snippets(root, split, sequence)
    for snippet in found:
        if not (root / depth_path(snippet)).is_file():
            camera = read_camera(root / snippet.path("camera", "camera.json"))
            source = root / snippet.path("disparity", "disparity.png")
            write_depth(source, root / depth_path(snippet), camera["fx"] * camera["baseline"])
    return {"depth": len(found)}


def build_index(root: Path, dataset: Mapping) -> pandas.DataFrame:
    """The frame index.

    ``train`` and ``test`` are the labelled frames of the publisher's train and val. ``video`` is all frames of the
    training snippets (with ``video: false`` of the block, only those with labels), and ``val`` the labelled frames of
    the publisher's val, each followed by its next frame, so that flow has pairs. In ``video`` and ``val`` the labelled
    frames have a right image and depth; the car's hood is in all images, and packing cuts it off.

    Raises:
        UserError: files are missing.
    """
    import pandas

    return pandas.DataFrame(_rows(root, dataset))


def rows_at_most(dataset: Mapping) -> list[tuple[str, int, tuple[str, ...]]]:
    """Split, number of rows and the columns that they fill. Snippets share frames here and there, which count once."""
    if dataset["cities"]:
        return []
    labelled, measured, beside = ("image", "semantic"), ("image", "right_image", "depth"), ("image",)
    train, val = LABELLED["train"], LABELLED["val"]
    rows = [("train", train, labelled), ("test", val, labelled), ("video", train, measured), ("val", val, measured)]
    return rows + ([("video", train * (BEFORE + AFTER), beside), ("val", val, beside)] if dataset["video"] else [])


def _rows(root: Path, dataset: Mapping) -> Iterator[dict]:
    for split, cities in CITIES.items():
        for city in cities:
            if city in sequences(dataset):
                found = snippets(root, split, city)
                cameras = [read_camera(root / snippet.path("camera", "camera.json")) for snippet in found]
                for snippet, camera in zip(found, cameras, strict=True):
                    yield _labelled_row(snippet) | camera
                yield from _video_rows(found, cameras, dataset["video"])


def _labelled_row(snippet: Snippet) -> dict:
    return {
        "split": "train" if snippet.split == "train" else "test",
        "sequence": snippet.drive,
        "frame": snippet.frame,
        "image": snippet.path("leftImg8bit", "leftImg8bit.png"),
        "semantic": snippet.path("gtFine", "gtFine_labelIds.png"),
    }


def _video_rows(found: list[Snippet], cameras: list[dict], video: bool) -> Iterator[dict]:
    rows = {}
    for snippet, camera in zip(found, cameras, strict=True):
        split, offsets = ("video", range(-BEFORE, AFTER + 1)) if snippet.split == "train" else ("val", range(2))
        for offset in offsets if video else [0]:
            number = snippet.frame + offset
            row = {"split": split, "sequence": snippet.drive, "frame": number} | camera
            if offset == 0:
                rows[snippet.drive, number] = row | _measured(snippet)
            else:  # snippets that overlap share frames: once is enough, and those with labels say more
                image = snippet.path("leftImg8bit_sequence", "leftImg8bit.png", number)
                rows.setdefault((snippet.drive, number), row | {"image": image})
    yield from rows.values()


def _measured(snippet: Snippet) -> dict:
    return {
        "image": snippet.path("leftImg8bit", "leftImg8bit.png"),
        "right_image": snippet.path("rightImg8bit", "rightImg8bit.png"),
        "depth": depth_path(snippet),
    }
