"""A checked study, and what each of its jobs has to know."""

import json

from pydantic import ValidationError

from depth2seg.errors import UserError
from depth2seg.models.sources import SOURCES
from depth2seg.study.cells import Cell
from depth2seg.study.checks import check
from depth2seg.study.messages import config_error
from depth2seg.study.schema import Config
from depth2seg.study.selection import Selection
from depth2seg.study.task_specs import task_specs

# Fields that name or count things and change no number: left out of what a job is given, so that editing them
# reruns nothing.
_LABELS = {"label", "seeds"}
# Where archives come from and what they are known by: nothing that is made of them depends on it.
_OBTAINING = {"archives", "mirror", "sha256"}


def load_study(config: dict, name: str = "config") -> "Study":
    """Check a config (as read from YAML) and return its study.

    Raises:
        UserError: with every mistake: key, value, what was expected.
    """
    try:
        checked = Config.model_validate(config)
    except ValidationError as error:
        raise config_error(error, name) from None
    check(checked)
    return Study(checked)


def canonical(value: object) -> str:
    """JSON that is the same text for the same value: what Snakemake compares and what hashes are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Study(Selection):
    """One config file, checked: what it selects, and what each of its jobs has to know, as canonical JSON."""

    def pretrain_settings(self, recipe: str, backbone: str, seed: int) -> str:
        """All that changes the numbers of one pre-training, as canonical JSON."""
        block = self.recipe(recipe).model_dump(mode="json", exclude=_LABELS)
        if block["task"] == "imported":
            block |= self.published_weights(recipe, backbone)
        return canonical(block | {"recipe": recipe, "backbone": backbone, "seed": seed})

    def finetune_settings(self, cell: Cell) -> str:
        """All that changes the numbers of one cell and is not in its inputs, and the labels its table row shows."""
        recipe = self.recipe(cell.recipe)
        block = self.setting(cell.setting).model_dump(mode="json", exclude=_LABELS)
        described = {
            "source": recipe.dataset,
            "task": recipe.task,
            "supervision": SOURCES[recipe.layout].trained_by if recipe.task == "imported" else recipe.supervision,
            "init": recipe.init,
        }
        return canonical(block | vars(cell) | described)

    def dataset_settings(self, name: str) -> str:
        """A data set's block, as canonical JSON, without what a published one's archives are known by."""
        left_out = _OBTAINING if self.dataset(name).comes_by == "archives" else ()
        return canonical({key: value for key, value in self.block(name).items() if key not in left_out})

    def obtaining_settings(self, name: str, part: str) -> str:
        """What a job that obtains a part of a published data set needs of its block, as canonical JSON."""
        needed = {key: value for key, value in self.block(name).items() if key in {"source", *_OBTAINING}}
        digests = needed.pop("sha256")
        return canonical(needed | ({"sha256": {part: digests[part]}} if part in digests else {}))

    def sequence_settings(self, name: str, sequence: str) -> str:
        """What one job of a rendered data set depends on: its block without the other splits, as canonical JSON.

        A longer list of sequences leaves those before as they are, so it is cut off behind this one.
        """
        block, (split, _, place) = self.block(name), sequence.partition("-")
        if split not in block["splits"]:
            raise UserError(f"'{sequence}' is no sequence of data set '{name}': its splits are {list(block['splits'])}")
        own = block["splits"][split]
        return canonical(
            block | {"splits": {split: own | ({"sequences": int(place) + 1} if "sequences" in own else {})}}
        )

    def packing_settings(self, name: str, height: int, width: int) -> str:
        """What packing needs to know of a data set, as canonical JSON."""
        columns = ["image", "right_image", "semantic", "depth", "lidar", "flow"]
        if any(self._uses_filtered_labels(cell, name, [height, width]) for cell in self.cells):
            columns.append("semantic_filtered")
        classes = self.block(name).get("classes")
        settings = {"dataset": name, "size": [height, width], "classes": classes, "columns": columns}
        recipes = [self.recipe(recipe) for recipe, _, _ in self.networks]
        if not any((recipe.dataset, recipe.size) == (name, [height, width]) for recipe in recipes):
            settings["splits"] = ["train", "test"]  # no pre-training at this size: its video need not be packed
        if crop := self.block(name).get("crop"):
            settings["windows"] = {"video": crop, "val": crop}  # of what is labelled, the whole image counts
        return canonical(settings)

    def _uses_filtered_labels(self, cell: Cell, dataset: str, size: list[int]) -> bool:
        setting = self.setting(cell.setting)
        return (cell.dataset, setting.size, setting.protocol) == (dataset, size, "released")

    def label_settings(self) -> str:
        """The label of every recipe, for figures of pre-trained networks, as canonical JSON."""
        return canonical({"recipe_labels": {name: recipe.label for name, recipe in self.config.recipes.items()}})

    def picture_settings(self, task: str) -> str:
        """What the picture of a task's networks shows, with labels, as canonical JSON."""
        return canonical(json.loads(self.label_settings()) | {"shows": task_specs()[task].shows})

    def all_experiments_settings(self) -> str:
        """Every experiment's settings, as one canonical JSON list."""
        return canonical([json.loads(self.experiment_settings(name)) for name in self.config.experiments])

    def experiment_settings(self, name: str) -> str:
        """An experiment's block with the labels that its table and figure show, as canonical JSON."""
        block = self._get("experiments", name).model_dump(mode="json")
        labels = {recipe: self.recipe(recipe).label for recipe in block["recipes"]}
        networks = {recipe: self.recipe(recipe).seeds for recipe in block["recipes"]}
        settings = {setting: self.setting(setting).label for setting in block["settings"]}
        described = {"recipe_labels": labels, "setting_labels": settings, "pretraining_seeds": networks}
        described["measures"] = self.measures(name)
        return canonical(block | described | {"experiment": name})
