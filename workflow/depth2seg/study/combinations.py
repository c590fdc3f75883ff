"""Which recipes, backbones and heads go together in an experiment, and why others do not."""

from depth2seg.models.families import DECODERS, FAMILIES
from depth2seg.models.sources import SOURCES
from depth2seg.study.schema import Config, Experiment, RecipeBlock, Setting
from depth2seg.study.task_specs import task_specs


def combination_problems(config: Config, key: str, experiment: Experiment) -> list[str]:
    """A line for each recipe, backbone and setting of the experiment at ``key`` that cannot go together.

    Names that the config lacks are left out: another check says so.
    """
    recipes = {name: config.recipes[name] for name in experiment.recipes if name in config.recipes}
    settings = {name: config.settings[name] for name in experiment.settings if name in config.settings}
    problems = []
    for backbone in experiment.backbones:
        for name in recipes:
            problems += [f"{key}.recipes: {line}" for line in _training_problems(config, name, backbone)]
        for name, setting in settings.items():
            if DECODERS[setting.head] != FAMILIES[backbone]:
                problems.append(
                    f"{key}.settings: head '{setting.head}' of '{name}' cannot take {backbone}; {_fitting(backbone)}"
                )
    for name, setting in settings.items():
        if setting.transfer == "encoder+decoder":
            problems += _transfer_problems(key, name, setting, recipes)
    return list(dict.fromkeys(problems))


def _training_problems(config: Config, name: str, backbone: str) -> list[str]:
    """Why a recipe, or one that it starts from, cannot be had with this backbone."""
    problems, seen = [], set()
    while name in config.recipes and name not in seen:
        seen.add(name)
        recipe, family = config.recipes[name], FAMILIES[backbone]
        spec = task_specs().get(recipe.task)
        if spec is not None and family not in spec.backbones:
            problems.append(f"task '{recipe.task}' of '{name}' cannot train {backbone}")
        elif handed_decoder(recipe) is not None and DECODERS[handed_decoder(recipe)] != family:
            problems.append(
                f"decoder '{handed_decoder(recipe)}' of '{name}' cannot take {backbone}; {_fitting(backbone)}"
            )
        if recipe.task == "imported":
            problems += _published_problems(name, recipe, backbone)
        name = recipe.init
    return problems


def _published_problems(name: str, recipe: RecipeBlock, backbone: str) -> list[str]:
    if SOURCES[recipe.layout].family != FAMILIES[backbone]:
        return [f"layout '{recipe.layout}' of '{name}' is not of a {backbone}"]
    weights, digest = recipe.published(backbone)
    if weights is None:
        return [f"'{name}' has weights for {', '.join(recipe.weights)}, not for {backbone}"]
    if is_address(weights) and digest is None:
        return [f"'{name}' has no sha256 for {backbone}; weights from an address are verified, so give its digest"]
    return []


def is_address(weights: str) -> bool:
    """Whether an imported recipe's ``weights`` are to be downloaded."""
    return weights.startswith(("http://", "https://"))


def _transfer_problems(key: str, name: str, setting: Setting, recipes: dict[str, RecipeBlock]) -> list[str]:
    # The baseline ``none`` is left out: its decoder is random too, as its encoder is.
    handed = {recipe: handed_decoder(block) for recipe, block in recipes.items() if block.task != "none"}
    without = [recipe for recipe, decoder in handed.items() if decoder is None]
    others = [recipe for recipe, decoder in handed.items() if decoder not in (None, setting.head)]
    problems = []
    if without:
        problems.append(f"{key}.recipes: {without} hand on no decoder, which '{setting.label}' transfers")
    if others:
        problems.append(
            f"{key}.settings: head '{setting.head}' of '{name}' is not the decoder that {others} hand on; choose "
            "another head, or transfer: encoder"
        )
    return problems


def handed_decoder(recipe: RecipeBlock) -> str | None:
    """The kind of decoder that a recipe hands on, of ``DECODERS``; None if it hands on an encoder alone."""
    spec = task_specs().get(recipe.task)
    if spec is None or "decoder" not in spec.hands_on:
        return None
    return getattr(recipe, "decoder", "depth-decoder")


def _fitting(backbone: str) -> str:
    kinds = [f"'{kind}'" for kind, family in DECODERS.items() if family == FAMILIES[backbone]]
    return f"use {' or '.join(kinds)}"
