"""The paper study, cut to a few frames and steps: all its data sets, recipes, settings and experiments, small."""

import copy
import hashlib
import io

import publishers_data
import torch
import yaml
from depth2seg.models.sources import SOURCES
from depth2seg.study.combinations import is_address
from publishers import Publisher
from studies import REPO
from torchvision.models import resnet18
from vits import reference, timm_names
from weight_files import of_resnet, of_vit

PAPER = REPO / "config/paper.yaml"
CUT = {
    "kitti": {"drives": list(publishers_data.KITTI_DRIVES)},
    "cityscapes": {"cities": [city for _, city in publishers_data.CITYSCAPES]},
    "nyu": {"raw_parts": list(publishers_data.NYU_RAW), "stride": 2},
}
SMALL = {"resnet": "resnet18", "vit": "vit-small"}


def cut_study(folder, datasets=None, weights=None):
    """Write the cut study's config.

    Args:
        datasets: further keys of data sets' blocks, by name: where they are served, by which digests.
        weights: keys ``weights`` and ``sha256`` of recipes' blocks, by name.

    Returns:
        its path.
    """
    config = copy.deepcopy(yaml.safe_load(PAPER.read_text()))
    for name, block in config["datasets"].items():
        block |= CUT[name] | (datasets or {}).get(name, {})
    for name, block in config["recipes"].items():
        block |= (weights or {}).get(name, {})
    for block in (*config["recipes"].values(), *config["settings"].values()):
        if "schedule" in block:
            block["size"] = [64, 32 * max(2, round(2 * block["size"][1] / block["size"][0]))]
            step = {"policy": "step", "milestones": [1]} if "milestones" in block["schedule"] else {}
            kept = {key: block["schedule"][key] for key in ("optimizer", "lr") if key in block["schedule"]}
            block["schedule"] = {"iterations": 2, "batch": 2, **kept, **step}
        if "evaluate_every" in block:
            block |= {"evaluate_every": 1, "scales": [0.5]}  # 72 test images: a scale of 2 alone takes as long as four
        if "crop" in block:
            block["crop"] = [64, 64]
        if "seeds" in block:
            block["seeds"] = 1
    for block in config["experiments"].values():
        family = "vit" if block["backbones"][0].startswith("vit") else "resnet"
        block |= {"backbones": [SMALL[family]], "train_sizes": [2], "seeds": 1}
    path = folder / "cut.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def publish_weights(publisher: Publisher, folder):
    """Random weights in the layout of each imported recipe: served where the paper study has an address, else as files.

    Returns:
        what the recipes' blocks have to say of the addresses.
    """
    changes = {}
    for name, block in yaml.safe_load(PAPER.read_text())["recipes"].items():
        if block["task"] != "imported":
            continue
        layout = block.get("layout", "torchvision")
        backbone = SMALL[SOURCES[layout].family]
        content, address = published_weights(layout), block["weights"]
        address = address[backbone] if isinstance(address, dict) else address.format(backbone=backbone)
        if is_address(address):
            file, digest = address.rsplit("/", 1)[1], hashlib.sha256(content).hexdigest()
            publisher.files[file] = content
            changes[name] = {
                "weights": {backbone: f"{publisher.mirror}/{file}"},
                "sha256": {backbone: digest if name == "coco" else digest[:8]},
            }
        else:
            (folder / address).parent.mkdir(parents=True, exist_ok=True)
            (folder / address).write_bytes(content)
    return changes


def published_weights(layout):
    """The bytes of a file of this layout, around random weights of the family's small backbone."""
    torch.manual_seed(0)
    if SOURCES[layout].family == "resnet":
        weights = {name: value for name, value in resnet18().state_dict().items() if not name.startswith("fc.")}
        content = of_resnet(layout, weights, "resnet18")
    else:
        patches = {"patch": 14, "side": 518} if layout in ("dinov2", "depth-anything") else {}
        weights = timm_names(reference("vit-small", **patches))
        if patches:  # LayerScale: DINOv2's, and with it Depth Anything's
            weights |= {f"blocks.{i}.ls{j}.gamma": torch.full((384,), 1e-5) for i in range(12) for j in (1, 2)}
        content = of_vit(layout, weights)
    written = io.BytesIO()
    torch.save(content, written)
    return written.getvalue()
