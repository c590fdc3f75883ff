"""What blocks of data sets share, by the way that their files come: rendered, in archives, in files, or by hand."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from depth2seg.block import Block, Count, FrameSize, Positive, WholeDigest


class DatasetBlock(Block):
    """A data set's block of the config. Each module of ``data.sets`` has one, ``Dataset``, with its own ``source``.

    Attributes:
        comes_by: how its raw files come to its folder: ``rendering`` them; in a publisher's ``archives``, as the
            registry lists them; as the ``files`` of a manifest; or brought by ``hand``.
    """

    comes_by: ClassVar[Literal["rendering", "archives", "files", "hand"]] = "hand"

    @property
    def shows(self) -> Literal["video", "images", "objects"]:
        """What tasks can train on: frames with neighbours in time, single images, or objects with their class."""
        return "video"

    @property
    def supervisions(self) -> tuple[str, ...]:
        """The kinds of depth supervision that it has what it takes for."""
        return ("video",) if self.shows == "video" else ()

    @property
    def labelled(self) -> int | None:
        """How many labelled training images its block promises; None where only its files tell."""
        return None

    def problems(self) -> list[str]:
        """What is wrong with the block that types cannot say, each ``key: what is wrong``."""
        return []


class SequenceSplit(Block):
    """How many sequences a split of rendered streets or rooms has, and which frames of each are rendered."""

    sequences: Count
    frames: Count
    stride: Count = 1


class SequenceSplits(Block):
    """The splits of rendered streets and rooms: see the frame index in results/README.md."""

    video: SequenceSplit
    val: SequenceSplit
    train: SequenceSplit
    test: SequenceSplit


class Rendered(DatasetBlock):
    """What all kinds of rendered data set have: seed, frame size (height, width), samples a pixel."""

    comes_by = "rendering"

    seed: int = 0
    size: FrameSize
    samples: Count = 4


class Filmed(Rendered):
    """Rendered sequences, with splits that serve all tasks."""

    fps: Positive = 10.0
    splits: SequenceSplits

    @property
    def labelled(self) -> int:
        """All images of the split ``train``."""
        return self.splits.train.sequences * self.splits.train.frames


@dataclass(frozen=True)
class Together:
    """A published total of parts that have no published sizes of their own: for plans.

    Attributes:
        what: the parts, in words.
        download, disk: bytes.
        source: where they are from.
    """

    what: str
    download: float
    disk: float
    source: str


class Published(DatasetBlock):
    """A published data set: its folder of the data root is used as it is, and what is missing is obtained.

    ``archives``: a folder with the publisher's archives, used instead of downloading them. ``mirror``: an address that
    has them, each under its file's name (Cityscapes: another portal). ``parts``: which of the registry's are taken.
    ``sha256``: by part, the digest of a file that is another one than the registry knows, as when it was re-issued.
    """

    comes_by = "archives"

    archives: str | None = None
    mirror: str | None = None
    parts: Annotated[list[str], Field(min_length=1)] | None = None
    sha256: dict[str, WholeDigest] = Field({})

    def needed_parts(self) -> list[str] | None:
        """The registry's parts that what this block selects is in, unless it names ``parts``; None: all usual ones."""
        return self.parts

    @property
    def together(self) -> Together | None:
        """The total of the parts without a size, where it is published and all of them are taken."""
        return None
