"""Blocks of data sets, one class a source."""

from typing import Annotated, Literal

from pydantic import Field

from depth2seg.data import nyu_raw, registry
from depth2seg.data.cityscapes import CITIES
from depth2seg.data.kitti_splits import drive_splits, drives
from depth2seg.study.schema.block import Block, Count, FrameSize, NotNegative, Positive, WholeDigest


class SequenceSplit(Block):
    """How many sequences a split of rendered streets or rooms has, and which frames of each are rendered."""

    sequences: Count
    frames: Count
    stride: Count = 1


class ImageSplit(Block):
    """How many images of each class a split of rendered objects has."""

    images: Count


class StreetSplits(Block):
    """The splits of rendered streets and rooms: see the frame index in results/README.md."""

    video: SequenceSplit
    val: SequenceSplit
    train: SequenceSplit
    test: SequenceSplit


class ObjectSplits(Block):
    """The splits of rendered objects."""

    train: ImageSplit
    val: ImageSplit


class Rendered(Block):
    """What all kinds of rendered data set have: seed, frame size (height, width), samples a pixel."""

    seed: int = 0
    size: FrameSize
    samples: Count = 4


class RenderedStreet(Rendered):
    """Procedural streets driven through by a stereo pair."""

    source: Literal["rendered-street"]
    classes: Literal["cityscapes"] = "cityscapes"
    fps: Positive = 10.0
    splits: StreetSplits


class RenderedRoom(Rendered):
    """Procedural rooms looked around in with one hand-held camera."""

    source: Literal["rendered-room"]
    classes: Literal["nyu40", "nyu13"] = "nyu13"
    fps: Positive = 10.0
    splits: StreetSplits


class RenderedObject(Rendered):
    """Procedural single objects, one class an image: what stands in for ImageNet."""

    source: Literal["rendered-object"]
    splits: ObjectSplits


class CamVid(Block):
    """The 327 frames of CamVid that the manifest in the repo lists."""

    source: Literal["camvid"]
    classes: Literal["camvid"] = "camvid"
    mirror: str | None = None


class Published(Block):
    """A published data set: its folder of the data root is used as it is, and what is missing is obtained.

    ``archives``: a folder with the publisher's archives, used instead of downloading them. ``mirror``: an address that
    has them, each under its file's name (Cityscapes: another portal). ``parts``: which of the registry's are taken.
    ``sha256``: by part, the digest of a file that is another one than the registry knows, as when it was re-issued.
    """

    archives: str | None = None
    mirror: str | None = None
    parts: Annotated[list[str], Field(min_length=1)] | None = None
    sha256: dict[str, WholeDigest] = Field({})

    def needed_parts(self) -> list[str] | None:
        """The registry's parts that what this block selects is in, unless it names ``parts``; None: all usual ones."""
        return self.parts


class Kitti(Published):
    """KITTI's raw drives of the Eigen split, and the 200 labelled images of its semantic benchmark.

    ``held_out``: what pre-trained networks are measured on, Eigen's 697 test frames or the validation drives.
    ``least_motion``: metres a frame below which the camera stands still, and trains nothing. ``drives``: only these.
    """

    source: Literal["kitti"]
    classes: Literal["cityscapes"] = "cityscapes"
    held_out: Literal["test", "validation"] = "test"
    least_motion: NotNegative = 0.1
    drives: Annotated[list[Literal[tuple(drive_splits())]], Field(min_length=1)] | None = None

    def needed_parts(self) -> list[str] | None:
        """The archives of the drives, their days' calibration, and the labelled images."""
        used = [drive.name for drive in drives(self.model_dump())]
        days = sorted({name[:10] for name in used})
        return self.parts or [*(f"{day}_calib" for day in days), *(name[:21] for name in used), "data_semantics"]


class Cityscapes(Published):
    """Cityscapes' 5,000 finely labelled frames (train and val), and the video around them.

    ``video``: whether the sequence frames are there. ``crop``: first and end row, first and end column of what
    pre-training sees; the rows below are the car's hood. ``cities``: only these.
    """

    source: Literal["cityscapes"]
    classes: Literal["cityscapes"] = "cityscapes"
    video: bool = True
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] = Field([0, 768, 0, 2048])
    cities: Annotated[list[Literal[tuple(c for cs in CITIES.values() for c in cs)]], Field(min_length=1)] | None = None

    def needed_parts(self) -> list[str] | None:
        """The packages; without ``video`` not the largest, that of the sequences."""
        packages = ("leftImg8bit", "rightImg8bit", "disparity", "camera", "gtFine")
        sequences = ("leftImg8bit_sequence",) if self.video else ()
        return self.parts or [f"{name}_trainvaltest" for name in (*packages, *sequences)]


class Nyu(Published):
    """NYU-Depth-V2's labelled frames, with dense depth, and its raw recordings to pre-train on.

    ``raw``: whether the recordings are taken; without them, what pre-trains sees the labelled training frames.
    ``stride``: every n-th frame of a recording. ``raw_parts``: only these of the registry's parts.
    """

    source: Literal["nyu"]
    classes: Literal["nyu40", "nyu13"] = "nyu40"
    raw: bool = False
    stride: Count = 10
    raw_parts: Annotated[list[Literal[tuple(nyu_raw.all_parts())]], Field(min_length=1)] | None = None

    def needed_parts(self) -> list[str] | None:
        """The labelled frames with split and classes, and the raw parts."""
        return self.parts or [*(part.name for part in registry.parts("nyu")), *nyu_raw.parts(self.model_dump())]


Dataset = Annotated[
    RenderedStreet | RenderedRoom | RenderedObject | CamVid | Kitti | Cityscapes | Nyu, Field(discriminator="source")
]
