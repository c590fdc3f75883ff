"""What a config's types cannot say: names that must exist, combinations that make sense, sizes that fit."""

from depth2seg.data import registry
from depth2seg.data.blocks import DatasetBlock
from depth2seg.errors import UserError
from depth2seg.study.combinations import combination_problems
from depth2seg.study.schema import Config, RecipeBlock, Schedule
from depth2seg.study.task_specs import task_specs


def check(config: Config) -> None:
    """Raise one UserError that lists every inconsistency of the config; return if there is none."""
    problems: list[str] = []
    for name, recipe in config.recipes.items():
        problems += _recipe_problems(config, name, recipe)
    problems += _circles(config)
    for name, dataset in config.datasets.items():
        problems += _dataset_problems(f"datasets.{name}", dataset)
    for name, setting in config.settings.items():
        key = f"settings.{name}"
        problems += _schedule_problems(f"{key}.schedule", setting.schedule)
        if setting.head == "depth-decoder" and setting.output_stride != 32:
            problems.append(f"{key}.output_stride: the depth decoder takes the five levels of stride 2 to 32")
        if setting.head == "dpt" and setting.output_stride != 32:
            problems.append(f"{key}.output_stride: is a ResNet's; leave it out with head 'dpt'")
        if setting.crop and any(c > s for c, s in zip(setting.crop, setting.size, strict=True)):
            problems.append(f"{key}.crop: {setting.crop} is larger than the image, {setting.size}")
        if setting.evaluate_every >= setting.schedule.iterations:
            problems.append(
                f"{key}.evaluate_every: {setting.evaluate_every} is not less than the {setting.schedule.iterations} "
                "iterations; the last one is evaluated anyway"
            )
        if 1.0 in setting.scales or len(set(setting.scales)) < len(setting.scales):
            problems.append(
                f"{key}.scales: {setting.scales}; leave out 1.0, which is evaluated anyway, and repetitions"
            )
    for name in config.experiments:
        problems += _experiment_problems(config, name)
    if problems:
        raise UserError(f"study '{config.study}':\n" + "\n".join(f"  {line}" for line in problems))


def _dataset_problems(key: str, dataset: DatasetBlock) -> list[str]:
    problems = [f"{key}.{problem}" for problem in dataset.problems()]
    for field in ("parts", "sha256"):
        try:
            registry.parts(dataset.source, getattr(dataset, field, None))
        except UserError as error:
            problems.append(f"{key}.{field}: {error}")
    return problems


def _schedule_problems(key: str, schedule: Schedule) -> list[str]:
    problems, length = [], schedule.iterations
    if schedule.warmup >= length:
        problems.append(f"{key}.warmup: {schedule.warmup} is not less than the {length} iterations")
    outside = [milestone for milestone in schedule.milestones if not schedule.warmup < milestone < length]
    if outside:
        problems.append(f"{key}.milestones: {outside} not between the warm-up and the {length} iterations")
    return problems


def _recipe_problems(config: Config, name: str, recipe: RecipeBlock) -> list[str]:
    if recipe.schedule is None:
        return []
    key = f"recipes.{name}"
    problems = _schedule_problems(f"{key}.schedule", recipe.schedule)
    if recipe.init != "random" and recipe.init not in config.recipes:
        problems.append(f"{key}.init: no recipe is called '{recipe.init}'; use 'random' or {_names(config.recipes)}")
    if recipe.dataset not in config.datasets:
        problems.append(f"{key}.dataset: no data set is called '{recipe.dataset}'; use {_names(config.datasets)}")
    else:
        problems += _fit_problems(key, recipe, config.datasets[recipe.dataset])
    if recipe.task == "depth" and recipe.depth_range[0] >= recipe.depth_range[1]:
        problems.append(f"{key}.depth_range: {recipe.depth_range}, expected nearest then farthest, in metres")
    return problems


def _fit_problems(key: str, recipe: RecipeBlock, dataset: DatasetBlock) -> list[str]:
    asked, shown = task_specs()[recipe.task].trains_on, dataset.shows
    if recipe.supervision is not None and dataset.supervisions:
        if recipe.supervision in dataset.supervisions:
            return []
        return [
            f"{key}.supervision: '{recipe.dataset}' ({dataset.source}) has nothing for '{recipe.supervision}'; it has "
            f"what it takes for {_names(dataset.supervisions)}"
        ]
    if asked in (shown, "images"):
        return []
    return [
        f"{key}.dataset: '{recipe.dataset}' ({dataset.source}) shows {shown}, and cannot train task '{recipe.task}', "
        f"which wants {asked}"
    ]


def _circles(config: Config) -> list[str]:
    for start in config.recipes:
        chain, name = [start], config.recipes[start].init
        while name in config.recipes:
            if name == start:
                return [f"recipes.{start}.init: goes in a circle: {' <- '.join([*chain, start])}"]
            if name in chain:
                break  # a circle further up: found from one of its own members
            chain.append(name)
            name = config.recipes[name].init
    return []


def _experiment_problems(config: Config, name: str) -> list[str]:
    experiment, key, problems = config.experiments[name], f"experiments.{name}", []
    for field, known in (("recipes", config.recipes), ("settings", config.settings)):
        for value in getattr(experiment, field):
            if value not in known:
                problems.append(f"{key}.{field}: no {field[:-1]} is called '{value}'; use {_names(known)}")
    if experiment.baseline not in experiment.recipes:
        problems.append(f"{key}.baseline: '{experiment.baseline}' is not one of its recipes: {experiment.recipes}")
    dataset = config.datasets.get(experiment.dataset)
    if dataset is None or not hasattr(dataset, "classes"):
        labelled = [n for n, d in config.datasets.items() if hasattr(d, "classes")]
        return [
            *problems,
            f"{key}.dataset: '{experiment.dataset}' is no labelled data set; use {_names(labelled)}",
        ]
    available = dataset.labelled
    for size in experiment.train_sizes:
        if available is not None and size > available:
            problems.append(
                f"{key}.train_sizes: {size} is more than the {available} labelled training images "
                f"of '{experiment.dataset}'"
            )
    return problems + combination_problems(config, key, experiment)


def _names(names: object) -> str:
    return ", ".join(f"'{name}'" for name in names)
