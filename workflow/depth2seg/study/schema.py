"""The config's schema: every key typed, unknown keys refused. One class a block of the YAML file."""

from typing import Annotated, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from depth2seg.data.cityscapes import CITIES
from depth2seg.data.kitti_splits import drive_splits, drives
from depth2seg.models.families import DECODERS, FAMILIES
from depth2seg.models.sources import SOURCES
from depth2seg.study.task_specs import TaskSpec, task_specs

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+-]*$")]  # names become folders and wildcards
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
# At stride 32, reflection padding needs two pixels.
Size = Annotated[list[Annotated[int, Field(ge=64, multiple_of=32)]], Field(min_length=2, max_length=2)]
CropSize = Annotated[list[Annotated[int, Field(ge=32, multiple_of=32)]], Field(min_length=2, max_length=2)]
FrameSize = Annotated[list[Annotated[int, Field(ge=16)]], Field(min_length=2, max_length=2)]
Backbone = Literal[tuple(FAMILIES)]
Protocol = Literal["corrected", "released"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]


class Block(BaseModel):
    """A block of the config: strict types, no unknown keys, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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
    """

    archives: str | None = None
    mirror: str | None = None
    parts: Annotated[list[str], Field(min_length=1)] | None = None

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
    crop: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=4, max_length=4)] = [0, 768, 0, 2048]
    cities: Annotated[list[Literal[tuple(c for cs in CITIES.values() for c in cs)]], Field(min_length=1)] | None = None

    def needed_parts(self) -> list[str] | None:
        """The packages; without ``video`` not the largest, that of the sequences."""
        packages = ("leftImg8bit", "rightImg8bit", "disparity", "camera", "gtFine")
        sequences = ("leftImg8bit_sequence",) if self.video else ()
        return self.parts or [f"{name}_trainvaltest" for name in (*packages, *sequences)]


class Nyu(Published):
    """NYU-Depth-V2's labelled frames, with dense depth."""

    source: Literal["nyu"]
    classes: Literal["nyu40", "nyu13"] = "nyu40"


Dataset = Annotated[
    RenderedStreet | RenderedRoom | RenderedObject | CamVid | Kitti | Cityscapes | Nyu, Field(discriminator="source")
]


class Schedule(Block):
    """How long and how fast a run trains.

    ``milestones`` are iterations at which ``policy: step`` multiplies the learning rate by ``gamma``. It rises in a
    straight line over the first ``warmup`` iterations.
    """

    iterations: Count
    batch: Count
    optimizer: Literal["adam", "sgd"] = "adam"
    lr: Positive
    policy: Literal["constant", "step", "cosine", "poly"] = "constant"
    milestones: list[Count] = []
    gamma: Positive = 0.1
    warmup: Annotated[int, Field(ge=0)] = 0
    momentum: NotNegative = 0.9
    weight_decay: NotNegative = 0.0


class Jitter(Block):
    """Colour jitter: each factor drawn from 1 - x to 1 + x; hue from -x to x turns."""

    brightness: NotNegative = 0.2
    contrast: NotNegative = 0.2
    saturation: NotNegative = 0.2
    hue: NotNegative = 0.1


class RecipeBlock(Block):
    """How the weights that fine-tuning starts from were made: what every recipe has."""

    label: str
    seeds: Count = 1
    normalisation: Literal["none", "imagenet"] = "none"
    supervision: None = None  # which depth alone has


class UntrainedRecipe(RecipeBlock):
    """A recipe that trains nothing."""

    init: Literal["random"] = "random"
    dataset: None = None
    size: None = None
    schedule: None = None


class RandomRecipe(UntrainedRecipe):
    """Random weights."""

    task: Literal["none"]


class ImportedRecipe(UntrainedRecipe):
    """Published weights, laid out as their publisher does, from a file or an http address.

    ``{backbone}`` in path or address is filled in. ``sha256`` is the whole digest or its beginning, which names of
    published files often hold. Both may be one for all backbones, or one for each.
    """

    task: Literal["imported"]
    weights: str | dict[Backbone, str]
    layout: Literal[tuple(SOURCES)] = "torchvision"
    sha256: Digest | dict[Backbone, Digest] | None = None

    def published(self, backbone: str) -> tuple[str | None, str | None]:
        """Path or address of a backbone's weights, and the digest; None where the block has none for it."""
        weights, digest = (
            value.get(backbone) if isinstance(value, dict) else value for value in (self.weights, self.sha256)
        )
        return weights and weights.format(backbone=backbone), digest


class TrainedRecipe(RecipeBlock):
    """A pre-training: the keys that all tasks share. Each task adds its own, see ``task_specs``."""

    init: str = "random"
    dataset: str
    size: Size
    schedule: Schedule
    jitter: Jitter | None = None


def _trained_recipe(name: str, spec: TaskSpec) -> type[TrainedRecipe]:
    keys = {key: _key(**rule) for key, rule in spec.keys.items()}
    return create_model(f"{name.capitalize()}Recipe", __base__=TrainedRecipe, task=(Literal[name], ...), **keys)


def _key(default: object = ..., choices: list[str] | None = None, **limits: float) -> tuple:
    if choices is not None:
        return (Literal[tuple(choices)], default)
    if isinstance(default, list):
        items = list[Annotated[type(default[0]), Field(**limits)]]
        return (Annotated[items, Field(min_length=len(default), max_length=len(default))], default)
    return (Annotated[type(default), Field(**limits)], default)


_RECIPES = (RandomRecipe, ImportedRecipe, *(_trained_recipe(name, spec) for name, spec in task_specs().items()))
Recipe = Annotated[Union[_RECIPES], Field(discriminator="task")]  # noqa: UP007 (a tuple made at run time)


def recipe_block(**values: object) -> RecipeBlock:
    """One recipe outside a config, checked like those in one; pydantic.ValidationError if it is wrong."""
    return TypeAdapter(Recipe).validate_python(values)


class Setting(Block):
    """How fine-tuning is done.

    For curves, not for choosing: every ``evaluate_every`` iterations (0: never) the test images are predicted, and at
    the end they are again at each of ``scales``, factors of their size.
    """

    label: str
    head: Literal[tuple(DECODERS)] = "depth-decoder"
    transfer: Literal["encoder", "encoder+decoder"] = "encoder"
    frozen: bool = False
    size: Size
    schedule: Schedule
    protocol: Protocol = "corrected"
    jitter: Jitter | None = None
    flip: bool = False
    crop: CropSize | None = None
    output_stride: Literal[8, 16, 32] = 32
    evaluate_every: Annotated[int, Field(ge=0)] = 0
    scales: list[Annotated[float, Field(ge=0.25, le=4)]] = []


class Experiment(Block):
    """One question: a selection of cells, the recipe they are held against, a table and a figure."""

    title: str
    dataset: str
    recipes: Annotated[list[str], Field(min_length=1)]
    backbones: Annotated[list[Backbone], Field(min_length=1)]
    settings: Annotated[list[str], Field(min_length=1)]
    train_sizes: Annotated[list[Count], Field(min_length=1)]
    seeds: Count
    baseline: str


class Containers(Block):
    """What the images of ``--use-apptainer`` are built on.

    ``docker``: the OCI image ``image``, from a hub. ``debootstrap``: a minimal Debian ``suite`` from the mirror in this
    machine's package sources, for places without a hub.
    """

    bootstrap: Literal["docker", "debootstrap"] = "docker"
    image: str = "python:3.11-slim-bookworm"
    suite: Literal["bookworm"] = "bookworm"  # the last Debian whose Python is 3.11, which the locks are for


class Config(Block):
    """The whole file.

    ``cuda`` chooses the lock of .venv and of the training image: PyTorch 2.14 for CUDA 13, or 2.9 for CUDA 12.8.
    ``step_times`` names a table of step times on your own machine, for plans (see study/step_times.py).
    """

    study: Name
    title: str
    results: str
    data_root: str = "data"
    cuda: Literal["cu130", "cu128"] = "cu130"
    step_times: str | None = None
    containers: Containers = Containers()
    datasets: dict[Name, Dataset]
    recipes: dict[Name, Recipe]
    settings: dict[Name, Setting]
    experiments: dict[Name, Experiment]
