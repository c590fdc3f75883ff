"""Names and numbers of the rendered data sets: which sequence is which drive and which labelled image.

Plain Python without heavy imports: the Snakefile reads it to know the jobs, the KITTI reader to know what to expect.

A sequence of rooms is one scene of NYU, named as its job. A street sequence of the splits ``video`` and ``val`` is one
raw drive of KITTI; one of ``train`` and ``test`` is a run of labelled images. Numbers depend on split and place alone,
so that a longer list leaves earlier ones as they were: drive ``DRIVE_BASE[split] + i``; image ``LABEL_BASE[split] +
1000 i + frame``, the frame being the video's own.
"""

from dataclasses import dataclass

from depth2seg.errors import UserError

DATE = "2024_01_01"  # all rendered drives share one recording day, hence one set of calibration files
DRIVE_BASE = {"video": 1, "val": 5001}
LABEL_BASE = {"train": 0, "test": 500_000}
MOST_SEQUENCES = {"video": 5000, "val": 4999, "train": 500, "test": 500}
DEPTH_FOLDER = {"video": "train", "val": "val"}  # data_depth_annotated knows these two

OBJECT_CLASSES = (
    "bench", "bicycle", "building", "bus", "bush", "car", "conifer", "fence", "house", "lamp",
    "motorcycle", "person", "rider", "traffic_light", "traffic_sign", "tree", "truck", "van",
)  # fmt: skip


@dataclass(frozen=True)
class Drive:
    """A raw drive; ``frames`` is the number it must have, None where whatever is on disk counts."""

    name: str
    date: str
    split: str
    number: int
    frames: int | None = None
    depth_folder: str = "train"


@dataclass(frozen=True)
class LabelledImage:
    """An image of KITTI's semantics/training: number of its files, and what it was cut from."""

    number: int
    split: str
    sequence: str
    frame: int


def drive_name(date: str, number: int) -> str:
    """Folder name of a synchronised raw drive."""
    return f"{date}_drive_{number:04d}_sync"


def frame_numbers(split: dict) -> list[int]:
    """Video frame numbers of a split's sequences that are rendered."""
    return [k * int(split.get("stride") or 1) for k in range(int(split["frames"]))]


def job_name(split: str, index: int) -> str:
    """Name of the job that renders one sequence."""
    return f"{split}-{index:04d}"


def street_jobs(dataset: dict) -> list[str]:
    """Jobs of a rendered street data set, one a sequence."""
    return [job_name(s, i) for s, block in dataset["splits"].items() for i in range(_count(s, block))]


def drives(dataset: dict) -> list[Drive]:
    """Raw drives of a rendered street data set."""
    return [
        Drive(drive_name(DATE, DRIVE_BASE[split] + i), DATE, split, DRIVE_BASE[split] + i,
              len(frame_numbers(block)), DEPTH_FOLDER[split])
        for split, block in dataset["splits"].items() if split in DRIVE_BASE
        for i in range(_count(split, block))
    ]  # fmt: skip


def labelled_images(dataset: dict) -> list[LabelledImage]:
    """Labelled images of a rendered street data set."""
    return [
        LabelledImage(LABEL_BASE[split] + 1000 * i + frame, split, job_name(split, i), frame)
        for split, block in dataset["splits"].items() if split in LABEL_BASE
        for i in range(_count(split, block))
        for frame in frame_numbers(block)
    ]  # fmt: skip


def _count(split: str, block: dict) -> int:
    if split not in MOST_SEQUENCES:
        raise UserError(f"datasets: split {split!r} of a rendered street; it must be one of {list(MOST_SEQUENCES)}")
    if int(block["sequences"]) > MOST_SEQUENCES[split]:
        raise UserError(f"datasets: {split}.sequences is {block['sequences']}, the most is {MOST_SEQUENCES[split]}")
    if split in LABEL_BASE and frame_numbers(block)[-1:] > [999]:
        raise UserError(f"datasets: {split}: frame {frame_numbers(block)[-1]} of a labelled sequence; the last is 999")
    return int(block["sequences"])
