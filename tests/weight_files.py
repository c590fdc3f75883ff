"""Weight files in the layouts of their publishers, around an encoder's weights that a test has made."""

import torch
from depth2seg.models.vit import VITS
from torch import Tensor
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone


def of_resnet(layout: str, weights: dict[str, Tensor], backbone: str = "resnet50") -> dict:
    """A file around a ResNet's weights under torchvision's names, without its classifier."""
    width = weights["layer4.1.bn2.weight" if backbone == "resnet18" else "layer4.2.bn3.weight"].numel()
    projection = {"fc.0.weight": torch.zeros(width, width), "fc.2.bias": torch.zeros(128)}
    match layout:
        case "torchvision":
            return weights | {"fc.weight": torch.zeros(1000, width), "fc.bias": torch.zeros(1000)}
        case "moco-v2":
            both = _renamed(weights | projection, "module.encoder_q.") | _renamed(_others(weights), "module.encoder_k.")
            queue = {"module.queue": torch.zeros(128, 65536), "module.queue_ptr": torch.zeros(1)}
            return {"epoch": 800, "arch": backbone, "state_dict": both | queue, "optimizer": {"state": {}}}
        case "dino":
            return weights
        case "maskcontrast":
            query = _renamed(weights, "module.model_q.backbone.") | {"module.model_q.decoder.4.weight": torch.zeros(32)}
            key = _renamed(_others(weights), "module.model_k.backbone.")
            return {"model": query | key | {"module.queue": torch.zeros(32, 128)}, "epoch": 60}
        case "mask-rcnn":
            model = MaskRCNN(resnet_fpn_backbone(backbone_name=backbone, weights=None), 91).state_dict()
            body = _renamed({n: v for n, v in weights.items() if "num_batches" not in n}, "backbone.body.")
            model = {name: value for name, value in model.items() if "num_batches" not in name}
            assert body.keys() == {name for name in model if name.startswith("backbone.body.")} < model.keys()
            return model | body  # without num_batches_tracked, which frozen statistics have not


def of_vit(layout: str, weights: dict[str, Tensor], backbone: str = "vit-small") -> dict:
    """A file around a ViT's weights under timm's names."""
    mask = {"mask_token": torch.zeros(1, VITS[backbone].channels)}
    match layout:
        case "dino-vit":
            return weights
        case "mae":
            return {"model": weights | {"decoder_pos_embed": torch.zeros(1, 197, 512)}}
        case "dinov2":
            return weights | mask
        case "depth-anything":
            head = {"depth_head.scratch.output_conv1.weight": torch.zeros(32, 64, 3, 3)}
            return _renamed(weights | mask, "pretrained.") | head


def _renamed(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in weights.items()}


def _others(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the same names and shapes that are not these: a second network's of the same file."""
    return {name: value + 1 for name, value in weights.items()}
