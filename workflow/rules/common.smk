# The study of this config, and what rules ask it. Rules hold no logic: it is here, or in the package.

import shlex
import sys

sys.path.insert(0, f"{workflow.basedir}/workflow")

from pathlib import Path

from depth2seg.containers import holding, images, setup
from depth2seg.errors import UserError
from depth2seg.study import CELL_PATTERN, Cell, canonical, load_study
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

try:
    study = load_study(dict(config), name=", ".join(map(str, workflow.configfiles)) or "config")
except UserError as error:
    raise WorkflowError(str(error)) from None

CELL = CELL_PATTERN
RESULTS = study.config.results
DATA = study.config.data_root
IMAGES = images.FOLDER
ANALYSIS, TRAIN = f"{IMAGES}/analysis.sif", f"{IMAGES}/train.sif"
CONTAINERS = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method
# One command a rule: what is printed here can be pasted into a shell.
ON_HOST = f"PYTHONNOUSERSITE=1 PYTHONPATH={workflow.basedir}/workflow python -m depth2seg"
# Snakemake makes the working folder the home of a container; caches belong into the container's own /tmp.
DEPTH2SEG = f"HOME=/tmp {ON_HOST}" if CONTAINERS else ON_HOST
try:
    if CONTAINERS:
        setup.prepare(study.config, Path(workflow.basedir), [Path(ANALYSIS), Path(TRAIN)])
        config["images"] = images.digests()  # for the report's front page
    else:
        images.check_venv(study.config)
except UserError as error:
    raise WorkflowError(str(error)) from None
EXPERIMENTS = list(study.config.experiments)


wildcard_constraints:
    dataset="|".join(study.config.datasets),
    recipe="[a-z0-9+-]+",
    backbone="[a-z0-9-]+",
    setting="[a-z0-9+-]+",
    experiment="|".join(EXPERIMENTS),
    height=r"\d+",
    width=r"\d+",
    train_size=r"\d+",
    seed=r"\d+",
    sequence="[A-Za-z0-9_-]+",
    part="[A-Za-z0-9_.-]+",


def image(name):
    return f"{IMAGES}/{name}.sif" if CONTAINERS else []


def base_settings(wildcards):
    return canonical(images.base_settings(study.config))


def image_settings(wildcards):
    return images.image_settings(study.config, wildcards.image)


def base_image(wildcards):
    return f"{IMAGES}/base.sif" if study.config.containers.bootstrap == "debootstrap" else []


def cell_of(wildcards):
    names = ("dataset", "recipe", "backbone", "setting")
    return Cell(
        **{name: wildcards[name] for name in names},
        train_size=int(wildcards.train_size),
        seed=int(wildcards.seed),
    )


def dataset_settings(wildcards):
    return study.dataset_settings(wildcards.dataset)


def whole_study(wildcards):
    return canonical(study.config.model_dump(mode="json"))


def obtaining_settings(wildcards):
    return study.obtaining_settings(wildcards.dataset, wildcards.part)


def sequence_settings(wildcards):
    return study.sequence_settings(wildcards.dataset, wildcards.sequence)


def packing_settings(wildcards):
    return study.packing_settings(wildcards.dataset, int(wildcards.height), int(wildcards.width))


def raw_records(wildcards):
    name = wildcards.dataset
    match study.dataset(name).comes_by:
        case "rendering":
            return expand(f"{DATA}/{name}/manifests/{{sequence}}.json", sequence=study.sequences(name))
        case "archives":
            return [f"{RESULTS}/data/{name}/archives/{part.name}.json" for part in study.parts(name)]
        case "files":
            return [f"{RESULTS}/data/{name}/manifest.json"]
        case "hand":
            return []


def indexed_records(wildcards):
    name = wildcards.dataset
    if study.dataset(name).comes_by != "archives":
        return raw_records(wildcards)
    return expand(f"{RESULTS}/data/{name}/prepared/{{sequence}}.json", sequence=study.sequences(name))


def packed_folder(dataset, size):
    return f"{RESULTS}/data/{dataset}/{size[0]}x{size[1]}"


def pretrain_settings(wildcards):
    return study.pretrain_settings(wildcards.recipe, wildcards.backbone, int(wildcards.seed))


def pretrain_frames(wildcards):
    recipe = study.recipe(wildcards.recipe)
    return packed_folder(recipe.dataset, recipe.size) if recipe.schedule else []


def published_weights(wildcards):
    return study.published_weights(wildcards.recipe, wildcards.backbone)


def pretrain_init(wildcards):
    recipe = study.recipe(wildcards.recipe)
    if study.downloads_weights(wildcards.recipe, wildcards.backbone):
        return f"{DATA}/weights/{wildcards.recipe}/{wildcards.backbone}.pth"
    if recipe.init == "random":
        return []
    seed = study.pretraining_seed(recipe.init, int(wildcards.seed))
    return f"{RESULTS}/pretrain/{recipe.init}/{wildcards.backbone}/seed{seed}/encoder.pth"


def option(flag, value):
    return f"{flag} {value}" if value else ""


def finetune_settings(wildcards):
    return study.finetune_settings(cell_of(wildcards))


def finetune_frames(wildcards):
    return packed_folder(wildcards.dataset, study.setting(wildcards.setting).size)


def finetune_encoder(wildcards):
    seed = study.pretraining_seed(wildcards.recipe, int(wildcards.seed))
    return f"{RESULTS}/pretrain/{wildcards.recipe}/{wildcards.backbone}/seed{seed}/encoder.pth"


def cell_files(name, experiment=None):
    cells = study.cells if experiment is None else study.experiment_cells(experiment)
    return [f"{RESULTS}/{cell.path}/{name}" for cell in cells]


def network_files(task, name):
    return [
        f"{RESULTS}/pretrain/{recipe}/{backbone}/seed{seed}/{name}"
        for recipe, backbone, seed in study.networks
        if study.recipe(recipe).task == task and seed == 0
    ]


def compared_encoders():
    chosen = study.config.experiments[EXPERIMENTS[0]]
    return [
        f"{RESULTS}/pretrain/{recipe}/{chosen.backbones[0]}/seed{seed}/encoder.pth"
        for recipe in chosen.recipes
        for seed in range(min(study.recipe(recipe).seeds, chosen.seeds))
    ]


def compared_frames():
    chosen = study.config.experiments[EXPERIMENTS[0]]
    return packed_folder(chosen.dataset, study.setting(chosen.settings[0]).size)


def experiment_settings(wildcards):
    return study.experiment_settings(wildcards.experiment)


def all_experiments_settings(wildcards):
    return study.all_experiments_settings()


def label_settings(wildcards):
    return study.label_settings()


def picture_settings(wildcards):
    return study.picture_settings(wildcards.task)


def first_experiment_settings(wildcards):
    return study.experiment_settings(EXPERIMENTS[0])


def figure_files():
    names = [*EXPERIMENTS, "claims", "predictions", "convergence", "activations"]
    names += ["scales"] if "robustness" in study.measures(EXPERIMENTS[0]) else []
    names += [f"{task}-maps" for task in ("depth", "flow") if network_files(task, "samples.npz")]
    names += [f"{task}-pictures" for task in study.pictured_tasks]
    return [f"{RESULTS}/figures/{name}.png" for name in names]


def final_files():
    return [f"{RESULTS}/tables/all.csv", f"{RESULTS}/tables/claims.csv", *figure_files()]


def config_arguments():
    """The arguments that show another Snakemake the same study."""
    arguments = ["--use-apptainer"] if CONTAINERS else []
    arguments += ["--configfile", *map(str, workflow.configfiles)]
    if workflow.config_settings.config_args:
        arguments += ["--config", *workflow.config_settings.config_args]
    return shlex.join(arguments)
