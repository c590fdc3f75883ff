"""Where a published encoder's weights lie in its file: one entry a publisher. No torch here: the study reads it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """How one publisher's file is laid out.

    Attributes:
        entry: the entry of the file that holds the weights; None: the file is the weights.
        prefix: what stands before the names of our encoder (torchvision's).
        others: beginnings of names that belong to other parts, known and left out.
        trained_by: what the weights learnt from; the column ``supervision`` of cells.csv.
        family: of the backbones that fit (``models.families``); a ViT's names are timm's, and become mmseg's.
    """

    entry: str | None
    prefix: str
    others: tuple[str, ...]
    trained_by: str
    family: str = "resnet"


SOURCES = {
    "torchvision": Source(None, "", ("fc.",), "classification"),
    # He et al. 2020; Chen et al. 2020: the query encoder, without its projection.
    "moco-v2": Source(
        "state_dict",
        "module.encoder_q.",
        ("module.encoder_q.fc.", "module.encoder_k.", "module.queue"),
        "contrastive",
    ),
    # Caron et al. 2021: the ResNet-50 backbone file.
    "dino": Source(None, "", (), "self-distillation"),
    # Van Gansbeke et al. 2021: the query network's backbone.
    "maskcontrast": Source(
        "model",
        "module.model_q.backbone.",
        ("module.model_q.decoder.", "module.model_q.head.", "module.model_k.", "module.queue", "module.obj_queue"),
        "contrastive",
    ),
    # Caron et al. 2021: ViT-S/16 and ViT-B/16.
    "dino-vit": Source(None, "", (), "self-distillation", "vit"),
    # He et al. 2022: the encoder of ViT-B/16, in the file with or without its decoder.
    "mae": Source("model", "", ("decoder_", "mask_token"), "masked", "vit"),
    # Oquab et al. 2024: ViT-S/14 and ViT-B/14, without registers.
    "dinov2": Source(None, "", ("mask_token",), "self-distillation", "vit"),
    # Yang et al. 2024: DINOv2's encoder, trained on relative depth.
    "depth-anything": Source(None, "pretrained.", ("pretrained.mask_token", "depth_head."), "relative depth", "vit"),
    # He et al. 2017, trained on COCO, as torchvision publishes it: the body of the feature pyramid.
    "mask-rcnn": Source(None, "backbone.body.", ("backbone.fpn.", "rpn.", "roi_heads."), "segmentation"),
}
