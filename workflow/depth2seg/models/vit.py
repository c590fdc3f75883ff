"""Vision transformers (Dosovitskiy et al. 2021) as encoders: mmsegmentation's, with four levels for a DPT decoder."""

from dataclasses import dataclass

import torch
from torch import Tensor

from depth2seg.models.openmmlab import MODELS, VisionTransformer


@dataclass(frozen=True)
class Size:
    """Channels of a token and attention heads; every size here has twelve layers."""

    channels: int
    heads: int


VITS = {"vit-small": Size(384, 6), "vit-base": Size(768, 12)}


@MODELS.register_module()
class ViTEncoder(VisionTransformer):
    """mmseg's ViT with patches of 16 pixels, a class token, and position embeddings of a 14 x 14 grid.

    Position embeddings are interpolated to the grid of each image, so weights learnt at one size start another.
    Parameter names are mmseg's.

    Args:
        name: ``vit-small`` or ``vit-base``.
    """

    PATCH = 16
    GRID = 14  # of 224 x 224, which published weights were trained at
    LEVELS = (2, 5, 8, 11)  # DPT's (Ranftl et al. 2021, section 3)

    def __init__(self, name: str):
        super().__init__(
            img_size=self.GRID * self.PATCH,
            patch_size=self.PATCH,
            embed_dims=VITS[name].channels,
            num_layers=12,
            num_heads=VITS[name].heads,
            out_indices=self.LEVELS,
            patch_bias=True,
            final_norm=True,
            norm_cfg={"type": "LN", "eps": 1e-6},
        )

    def train(self, mode: bool = True) -> "ViTEncoder":
        """As of any module; mmseg's own returns nothing."""
        super().train(mode)
        return self

    def positions(self, grid: tuple[int, int]) -> Tensor:
        """Position embeddings of the class token and of a grid's patches: 1 x (1 + rows * columns) x C."""
        if grid == (self.GRID, self.GRID):
            return self.pos_embed
        return self.resize_pos_embed(self.pos_embed, grid, (self.GRID, self.GRID), self.interpolate_mode)

    def tokens(self, image: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Patches with their positions, B x (rows * columns) x C, and the grid; image sides are multiples of 16."""
        patches, grid = self.patch_embed(image)
        return patches + self.positions(tuple(grid))[:, 1:], tuple(grid)

    def transformed(self, patches: Tensor) -> list[Tensor]:
        """The tokens of any of an image's patches after each of the ``LEVELS``, class token first."""
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(patches), -1, -1)
        x, levels = torch.cat([first, patches], dim=1), []
        for place, layer in enumerate(self.layers):
            x = layer(x)
            if place in self.LEVELS:
                levels.append(x)
        levels[-1] = self.norm1(levels[-1])
        return levels

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """B x 3 x H x W to four maps of B x C x H/16 x W/16, without the class token."""
        patches, (rows, columns) = self.tokens(image)
        levels = self.transformed(patches)
        return tuple(level[:, 1:].transpose(1, 2).unflatten(2, (rows, columns)) for level in levels)
