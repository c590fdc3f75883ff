"""The whole config file, and its blocks of experiments and containers."""

from typing import Annotated, Literal, Union

from pydantic import Field

from depth2seg.block import Backbone, Block, Count, Name
from depth2seg.data import sets
from depth2seg.study.schema.recipes import Recipe
from depth2seg.study.schema.training import Setting

Dataset = Annotated[
    Union[tuple(module.Dataset for module in sets.modules())],  # noqa: UP007 (a tuple made at run time)
    Field(discriminator="source"),
]


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
