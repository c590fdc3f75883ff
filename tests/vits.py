"""A ViT of another make than ours, and its weights under the names that publishers use."""

import torch
from depth2seg.models.vit import VITS
from torchvision.models import VisionTransformer


def reference(name, patch=16, side=224):
    """torchvision's ViT, an implementation of its own, with every weight different from its start."""
    torch.manual_seed(2)
    size = VITS[name]
    model = VisionTransformer(side, patch, 12, size.heads, size.channels, 4 * size.channels)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


def timm_names(model):
    """torchvision's weights under the names that publishers use (timm's)."""
    parts = (
        ("class_token", "cls_token"),
        ("conv_proj.", "patch_embed.proj."),
        ("encoder.pos_embedding", "pos_embed"),
        ("encoder.ln.", "norm."),
        ("encoder.layers.encoder_layer_", "blocks."),
        (".ln_", ".norm"),
        (".self_attention.in_proj_", ".attn.qkv."),
        (".self_attention.out_proj.", ".attn.proj."),
        (".mlp.0.", ".mlp.fc1."),
        (".mlp.3.", ".mlp.fc2."),
    )
    weights = {}
    for name, value in model.state_dict().items():
        for theirs, published in parts:
            name = name.replace(theirs, published)
        if not name.startswith("heads."):
            weights[name] = value
    return weights
