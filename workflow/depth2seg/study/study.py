"""A checked study: which cells exist, which experiment uses them, and what each job has to know."""

import json
from functools import cached_property
from itertools import product

from pydantic import ValidationError

from depth2seg.data import registry
from depth2seg.data.registry import Part
from depth2seg.errors import UserError
from depth2seg.models.sources import SOURCES
from depth2seg.study.cells import Cell
from depth2seg.study.checks import check
from depth2seg.study.combinations import is_address
from depth2seg.study.messages import config_error
from depth2seg.study.schema import Config, Published, RecipeBlock, Setting
from depth2seg.study.task_specs import task_specs

# Fields that name or count things and change no number: left out of what a job is given, so that editing them
# reruns nothing.
_LABELS = {"label", "seeds"}
# What cells are scored by besides mIoU and pixel accuracy, and the key of a setting that makes them have it.
_MEASURES = {"convergence": "evaluate_every", "robustness": "scales"}


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


class Study:
    """One config file, checked. ``config`` is the schema's object; the rest is derived from it."""

    def __init__(self, config: Config):
        self.config = config

    @cached_property
    def cells(self) -> list[Cell]:
        """Every cell that any experiment uses, once, in a fixed order."""
        return sorted({cell for name in self.config.experiments for cell in self.experiment_cells(name)})

    def experiment_cells(self, name: str) -> list[Cell]:
        """The cells of one experiment: the product of what it selects."""
        chosen = self._get("experiments", name)
        return [
            Cell(chosen.dataset, recipe, backbone, setting, size, seed)
            for recipe, backbone, setting, size, seed in product(
                chosen.recipes, chosen.backbones, chosen.settings, chosen.train_sizes, range(chosen.seeds)
            )
        ]

    @cached_property
    def networks(self) -> list[tuple[str, str, int]]:
        """(recipe, backbone, seed) of every pre-trained network that the cells start from, directly or by init."""
        found: set[tuple[str, str, int]] = set()
        todo = [(cell.recipe, cell.backbone, self.pretraining_seed(cell.recipe, cell.seed)) for cell in self.cells]
        while todo:
            network = todo.pop()
            if network not in found:
                found.add(network)
                init = self.recipe(network[0]).init
                if init != "random":
                    todo.append((init, network[1], self.pretraining_seed(init, network[2])))
        return sorted(found)

    def recipe(self, name: str) -> RecipeBlock:
        """A recipe by name; UserError if there is none."""
        return self._get("recipes", name)

    def setting(self, name: str) -> Setting:
        """A setting by name; UserError if there is none."""
        return self._get("settings", name)

    def pretraining_seed(self, recipe: str, seed: int) -> int:
        """The seed of the pre-training that a run of seed ``seed`` starts from."""
        return seed % self.recipe(recipe).seeds

    def pretrain_settings(self, recipe: str, backbone: str, seed: int) -> str:
        """All that changes the numbers of one pre-training, as canonical JSON."""
        block = self.recipe(recipe).model_dump(mode="json", exclude=_LABELS)
        if block["task"] == "imported":
            block |= self.published_weights(recipe, backbone)
        return canonical(block | {"recipe": recipe, "backbone": backbone, "seed": seed})

    def published_weights(self, recipe: str, backbone: str) -> dict[str, str | None]:
        """``weights``, the file or address of an imported recipe for a backbone, and its ``sha256``.

        Raises:
            UserError: the recipe has none for this backbone.
        """
        weights, digest = self.recipe(recipe).published(backbone)
        if weights is None:
            raise UserError(f"recipes.{recipe}.weights: has none for {backbone}")
        return {"weights": weights, "sha256": digest}

    def downloads_weights(self, recipe: str, backbone: str) -> bool:
        """Whether an imported recipe's weights are at an address, and not in a file that is there."""
        return self.recipe(recipe).task == "imported" and is_address(
            self.published_weights(recipe, backbone)["weights"]
        )

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
        return canonical({key: value for key, value in self.dataset(name).items() if not self._tells_where(name, key)})

    def obtaining_settings(self, name: str, part: str) -> str:
        """What a job that obtains a part of a published data set needs of its block, as canonical JSON."""
        block = self.dataset(name)
        needed = {key: block[key] for key in block if key == "source" or self._tells_where(name, key)}
        digests = needed.pop("sha256")
        return canonical(needed | ({"sha256": {part: digests[part]}} if part in digests else {}))

    def published(self, name: str) -> bool:
        """Whether a data set comes as archives of its publisher."""
        return isinstance(self._get("datasets", name), Published)

    def parts(self, name: str) -> list[Part]:
        """The parts of a published data set that this study takes, from the registry."""
        block = self._get("datasets", name)
        return [registry.reissued(part, block.sha256) for part in registry.parts(block.source, block.needed_parts())]

    def _tells_where(self, name: str, key: str) -> bool:
        return self.published(name) and key in ("archives", "mirror", "sha256")

    def dataset(self, name: str) -> dict:
        """A data set's block, as a plain dict."""
        return self._get("datasets", name).model_dump(mode="json")

    def rendered(self, name: str) -> bool:
        """Whether a data set's raw files are rendered, and not downloaded or brought."""
        return self._get("datasets", name).source.startswith("rendered-")

    def sequence_settings(self, name: str, sequence: str) -> str:
        """What one job of a rendered data set depends on: its block without the other splits, as canonical JSON.

        A longer list of sequences leaves those before as they are, so it is cut off behind this one.
        """
        block, (split, _, place) = self.dataset(name), sequence.partition("-")
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
        classes = self.dataset(name).get("classes")
        settings = {"dataset": name, "size": [height, width], "classes": classes, "columns": columns}
        recipes = [self.recipe(recipe) for recipe, _, _ in self.networks]
        if not any((recipe.dataset, recipe.size) == (name, [height, width]) for recipe in recipes):
            settings["splits"] = ["train", "test"]  # no pre-training at this size: its video need not be packed
        if crop := self.dataset(name).get("crop"):
            settings["windows"] = {"video": crop, "val": crop}  # of what is labelled, the whole image counts
        return canonical(settings)

    def _uses_filtered_labels(self, cell: Cell, dataset: str, size: list[int]) -> bool:
        setting = self.setting(cell.setting)
        return (cell.dataset, setting.size, setting.protocol) == (dataset, size, "released")

    def label_settings(self) -> str:
        """The label of every recipe, for figures of pre-trained networks, as canonical JSON."""
        return canonical({"recipe_labels": {name: recipe.label for name, recipe in self.config.recipes.items()}})

    @cached_property
    def pictured_tasks(self) -> list[str]:
        """Tasks of this study's networks whose held-out images make a picture; depth and flow have other figures."""
        used = {self.recipe(recipe).task for recipe, _, _ in self.networks}
        return [name for name, spec in task_specs().items() if spec.shows and name in used]

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

    def measures(self, experiment: str) -> list[str]:
        """What an experiment's cells are scored by besides mIoU and pixel accuracy: see ``evaluation.scores``."""
        settings = [self.setting(name) for name in self._get("experiments", experiment).settings]
        return [name for name, key in _MEASURES.items() if all(getattr(setting, key) for setting in settings)]

    def _get(self, kind: str, name: str) -> object:
        known = getattr(self.config, kind)
        if name not in known:
            raise UserError(f"{kind}: '{name}' is not in the study '{self.config.study}'; it has {', '.join(known)}")
        return known[name]
