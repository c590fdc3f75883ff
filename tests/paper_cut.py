"""The paper study, cut to a few frames and steps: the same data sets, tasks and experiments, small."""

import copy

import publishers_data
import yaml
from studies import REPO

CUT = {
    "kitti": {"drives": list(publishers_data.KITTI_DRIVES)},
    "cityscapes": {"cities": [city for _, city in publishers_data.CITYSCAPES]},
    "nyu": {"raw_parts": list(publishers_data.NYU_RAW), "stride": 2},
}


def cut_study(folder, mirrors):
    """Write the cut study's config; ``mirrors`` are addresses by data set. Returns its path.

    Left out are recipes that start from a file of published weights, and experiments that are left with one recipe.
    """
    config = copy.deepcopy(yaml.safe_load((REPO / "config/paper.yaml").read_text()))
    for name, block in config["datasets"].items():
        block.update(CUT[name], mirror=mirrors.get(name))
    config["recipes"] = recipes = {name: block for name, block in config["recipes"].items() if _trains(config, name)}
    for block in (*recipes.values(), *config["settings"].values()):
        if "schedule" in block:
            block["size"] = [64, 32 * max(2, round(2 * block["size"][1] / block["size"][0]))]
            step = {"policy": "step", "milestones": [1]} if "milestones" in block["schedule"] else {}
            kept = {key: block["schedule"][key] for key in ("optimizer", "lr") if key in block["schedule"]}
            block["schedule"] = {"iterations": 2, "batch": 2, **kept, **step}
        if "evaluate_every" in block:
            block["evaluate_every"] = 1
        if "crop" in block:
            block["crop"] = [64, 64]
        if "seeds" in block:
            block["seeds"] = 1
    for name, block in list(config["experiments"].items()):
        block["recipes"] = [recipe for recipe in block["recipes"] if recipe in recipes]
        small = "vit-small" if block["backbones"][0].startswith("vit") else "resnet18"
        block |= {"backbones": [small], "train_sizes": [2], "seeds": 1}
        if len(block["recipes"]) < 2:
            del config["experiments"][name]
    path = folder / "cut.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def _trains(config, name):
    """Whether a recipe and all that it starts from are trained here, on data of this study."""
    block = config["recipes"][name]
    if block["task"] == "imported" or block.get("dataset", "kitti") not in config["datasets"]:
        return False
    return block.get("init", "random") == "random" or _trains(config, block["init"])
