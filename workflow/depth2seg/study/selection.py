"""What a study selects: its blocks by name, cells, networks and data sets."""

from functools import cached_property
from itertools import product

from depth2seg.data import registry, sets
from depth2seg.data.blocks import DatasetBlock
from depth2seg.data.registry import Part
from depth2seg.errors import UserError
from depth2seg.study.cells import Cell
from depth2seg.study.combinations import is_address
from depth2seg.study.schema import Config, RecipeBlock, Setting
from depth2seg.study.task_specs import task_specs

# What cells are scored by besides mIoU and pixel accuracy, and the key of a setting that makes them have it.
_MEASURES = {"convergence": "evaluate_every", "robustness": "scales"}


class Selection:
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

    def dataset(self, name: str) -> DatasetBlock:
        """A data set's block by name; UserError if there is none."""
        return self._get("datasets", name)

    def sequences(self, name: str) -> list[str]:
        """Names of the jobs that render a data set's raw files, or prepare them."""
        return sets.module(self.dataset(name).source).sequences(self.block(name))

    def block(self, name: str) -> dict:
        """A data set's block, as a plain dict."""
        return self.dataset(name).model_dump(mode="json")

    def parts(self, name: str) -> list[Part]:
        """The parts of a published data set that this study takes, from the registry."""
        block = self.dataset(name)
        return [registry.reissued(part, block.sha256) for part in registry.parts(block.source, block.needed_parts())]

    @cached_property
    def pictured_tasks(self) -> list[str]:
        """Tasks of this study's networks whose held-out images make a picture; depth and flow have other figures."""
        used = {self.recipe(recipe).task for recipe, _, _ in self.networks}
        return [name for name, spec in task_specs().items() if spec.shows and name in used]

    def measures(self, experiment: str) -> list[str]:
        """What an experiment's cells are scored by besides mIoU and pixel accuracy: see ``evaluation.scores``."""
        settings = [self.setting(name) for name in self._get("experiments", experiment).settings]
        return [name for name, key in _MEASURES.items() if all(getattr(setting, key) for setting in settings)]

    def _get(self, kind: str, name: str) -> object:
        known = getattr(self.config, kind)
        if name not in known:
            raise UserError(f"{kind}: '{name}' is not in the study '{self.config.study}'; it has {', '.join(known)}")
        return known[name]
