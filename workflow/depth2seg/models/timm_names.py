"""A vision transformer's weights under timm's names, which publishers use, as those of our ``ViTEncoder`` (mmseg's)."""

import re

import torch
import torch.nn.functional as F
from torch import Tensor

from depth2seg.models.vit import ViTEncoder

# In order: the parts of a timm name that mmseg calls otherwise.
PARTS = (
    (r"^patch_embed\.proj\.", "patch_embed.projection."),
    (r"^norm\.", "ln1."),
    (r"^blocks\.(\d+)\.norm([12])\.", r"layers.\1.ln\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"layers.\1.attn.attn.in_proj_"),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"layers.\1.attn.attn.out_proj."),
    (r"^blocks\.(\d+)\.mlp\.fc1\.", r"layers.\1.ffn.layers.0.0."),
    (r"^blocks\.(\d+)\.mlp\.fc2\.", r"layers.\1.ffn.layers.1."),
)
SCALED = {"ls1": "attn.proj", "ls2": "mlp.fc2"}


def from_timm(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a ViT with patches of any size, for patches of 16 pixels and a grid of 14 x 14.

    LayerScale (Touvron et al. 2021) is multiplied into the layers before it, which changes no output. The patch
    embedding of another size becomes that of a patch resized to it; position embeddings are interpolated. Names that
    are not a ViT's stay as they are, for the caller to refuse.
    """
    weights = _without_layer_scale(weights)
    if (kernel := weights.get("patch_embed.proj.weight")) is not None and kernel.ndim == 4:
        weights["patch_embed.proj.weight"] = _for_patches_of(ViTEncoder.PATCH, kernel)
    if (positions := weights.get("pos_embed")) is not None and positions.ndim == 3:
        weights["pos_embed"] = _for_grid_of(ViTEncoder.GRID, positions)
    return {_name(name): value for name, value in weights.items()}


def _name(name: str) -> str:
    for pattern, ours in PARTS:
        name = re.sub(pattern, ours, name)
    return name


def _without_layer_scale(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    folded = dict(weights)
    for name, gamma in weights.items():
        found = re.fullmatch(r"(blocks\.\d+)\.(ls[12])\.gamma", name)
        if found is None:
            continue
        layer = f"{found[1]}.{SCALED[found[2]]}"
        if f"{layer}.weight" in weights and f"{layer}.bias" in weights:
            folded[f"{layer}.weight"] = gamma[:, None] * weights[f"{layer}.weight"]
            folded[f"{layer}.bias"] = gamma * weights[f"{layer}.bias"]
            del folded[name]
    return folded


def _for_patches_of(side: int, kernel: Tensor) -> Tensor:
    """C x 3 x P x P to C x 3 x side x side, which gives for a patch what the first gives for it resized to P x P."""
    published = kernel.shape[-1]
    if published == side:
        return kernel
    pixels = torch.eye(side * side, dtype=kernel.dtype).view(-1, 1, side, side)
    resized = F.interpolate(pixels, size=(published, published), mode="bilinear", align_corners=False)
    return (kernel.flatten(2) @ resized.flatten(1).T).unflatten(2, (side, side))


def _for_grid_of(side: int, positions: Tensor) -> Tensor:
    published = round((positions.shape[1] - 1) ** 0.5)
    if published == side or published**2 != positions.shape[1] - 1:
        return positions  # as it is, or no square grid, which the check of shapes refuses
    return ViTEncoder.resize_pos_embed(positions, (side, side), (published, published), "bicubic")
