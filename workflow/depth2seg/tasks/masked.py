"""Masked autoencoding (He et al. 2022): most patches of an image are left out, and the network gives them back."""

import numpy as np
import torch
from torch import Tensor, nn

from depth2seg.data.packing import Packed
from depth2seg.models.backbones import build_encoder
from depth2seg.models.openmmlab import MODELS, TransformerEncoderLayer
from depth2seg.models.vit import VITS, ViTEncoder
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import as_bytes, held_out_batches, pictures

# The defaults are the paper's, for its ViT-B.
RECIPE = {
    "trains_on": "images",
    "hands_on": ["encoder"],
    "backbones": ["vit"],
    "keys": {
        "masked": {"default": 0.75, "gt": 0.0, "lt": 1.0},
        "decoder_width": {"default": 512, "ge": 64},
        "decoder_layers": {"default": 8, "ge": 1},
    },
    "shows": {"masked": "what is seen", "restored": "given back"},
}
HEAD = 32  # channels of one attention head of the decoder
ASSESSMENT_SEED = 0  # of the patches left out of held-out images: the same for every network
PATCH = ViTEncoder.PATCH


@MODELS.register_module()
class MaskedTask(PretrainingTask):
    """A ViT sees some of the patches; a small transformer predicts the pixels of the others.

    The pixels of each patch are normalised by its own mean and deviation, and the mean squared error counts on patches
    that were left out. Positions are fixed sines and cosines, in the encoder too.

    Args:
        backbone: ``vit-small`` or ``vit-base``.
        masked: share of the patches that are left out.
        decoder_width: channels of the decoder's tokens, a multiple of 32.
        decoder_layers: how many layers it has.
    """

    def __init__(
        self,
        backbone: str,
        masked: float,
        decoder_width: int,
        decoder_layers: int,
        normalisation: str,
        jitter: dict | None,
    ):
        super().__init__(normalisation, jitter)
        self.masked, self.width = masked, decoder_width - decoder_width % HEAD
        self.encoder = build_encoder(backbone)
        self.channels = VITS[backbone].channels
        self.encoder.pos_embed.requires_grad_(False)
        self.embedding = nn.Linear(self.channels, self.width)
        self.blank = nn.Parameter(torch.zeros(1, 1, self.width))
        layer = {"embed_dims": self.width, "num_heads": self.width // HEAD, "feedforward_channels": 4 * self.width}
        self.layers = nn.ModuleList(TransformerEncoderLayer(**layer) for _ in range(decoder_layers))
        self.output = nn.Sequential(nn.LayerNorm(self.width), nn.Linear(self.width, 3 * PATCH**2))

    def init_weights(self) -> None:
        """As mmseg's ViT, with fixed positions."""
        super().init_weights()
        with torch.no_grad():
            nn.init.normal_(self.blank, std=0.02)
            grid = (ViTEncoder.GRID, ViTEncoder.GRID)
            self.encoder.pos_embed.copy_(with_class(sine_positions(grid, self.channels)))

    @staticmethod
    def frames(settings: dict) -> dict:
        """Single images."""
        return {}

    @staticmethod
    def network(settings: dict) -> dict:
        """As the constructor has them."""
        names = ("backbone", "masked", "decoder_width", "decoder_layers", "normalisation", "jitter")
        return {name: settings[name] for name in names}

    def predicted(self, image: Tensor, kept: Tensor) -> Tensor:
        """Normalised pixels of every patch, B x N x 768, float32, from those ``kept`` (B x K, their places)."""
        patches, grid = self.encoder.tokens(self.normalise(image))
        x = self.encoder.transformed(taken(patches, kept))[-1]
        x = self.embedding(x)
        positions = sine_positions(grid, self.width).to(x)
        tokens = self.blank.to(x).expand(len(x), positions.shape[1], -1)
        tokens = tokens.scatter(1, kept[..., None].expand(-1, -1, self.width), x[:, 1:])
        x = torch.cat([x[:, :1], tokens + positions], dim=1)
        for layer in self.layers:
            x = layer(x)
        return self.output(x[:, 1:]).float()

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Mean squared error of normalised pixels over the patches that were left out."""
        image = batch["inputs"][0]
        kept, left_out = split_patches(len(image), patch_count(image), self.masked)
        kept, left_out = kept.to(image.device), left_out.to(image.device)
        predicted = taken(self.predicted(image, kept), left_out)
        return {"loss_masked": (predicted - taken(normalised(patchified(image))[0], left_out)).square().mean()}

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """The loss on held-out images, patches drawn by a fixed seed; the trivial guess is each patch's mean."""
        generator = torch.Generator().manual_seed(ASSESSMENT_SEED)
        errors, trivial, images, seen, restored = [], [], [], [], []
        for batch in held_out_batches(self, packed, [], batch_size):
            image = batch["images"][0]
            kept, left_out = split_patches(len(image), patch_count(image), self.masked, generator)
            kept, left_out = kept.to(image.device), left_out.to(image.device)
            guess, (truth, mean, deviation) = self.predicted(image, kept), normalised(patchified(image))
            errors.append((taken(guess, left_out) - taken(truth, left_out)).square().mean((1, 2)).cpu())
            trivial.append(taken(truth, left_out).square().mean((1, 2)).cpu())
            places = left_out[..., None].expand(-1, -1, truth.shape[-1])
            whole = patchified(image)
            images.append(batch["raw"])
            seen.append(as_bytes(imaged(whole.scatter(1, places, 0.5), image.shape[-2:])))
            pixels = taken(guess * deviation + mean, left_out)
            restored.append(as_bytes(imaged(whole.scatter(1, places, pixels), image.shape[-2:])))
        found, without = torch.cat(errors).mean().item(), torch.cat(trivial).mean().item()
        shown = pictures(images, masked=np.concatenate(seen), restored=np.concatenate(restored))
        return {"masked_mse": found}, {"masked_mse": without}, shown


def patch_count(image: Tensor) -> int:
    """How many patches an image has."""
    return (image.shape[-2] // PATCH) * (image.shape[-1] // PATCH)


def split_patches(
    count: int, patches: int, masked: float, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Places of the patches that are kept and left out, count x K and count x L; at least one of each."""
    left_out = min(max(round(masked * patches), 1), patches - 1)
    order = torch.rand(count, patches, generator=generator).argsort(1)
    return order[:, left_out:], order[:, :left_out]


def taken(tokens: Tensor, places: Tensor) -> Tensor:
    """The tokens (B x N x C) at ``places`` (B x K): B x K x C."""
    return tokens.gather(1, places[..., None].expand(-1, -1, tokens.shape[-1]))


def patchified(image: Tensor) -> Tensor:
    """B x 3 x H x W to B x N x 768: the pixels of each patch, row by row."""
    blocks = image.unflatten(3, (-1, PATCH)).unflatten(2, (-1, PATCH))  # B, 3, rows, PATCH, columns, PATCH
    return blocks.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)


def imaged(patches: Tensor, size: torch.Size) -> Tensor:
    """The reverse of ``patchified``."""
    rows, columns = size[0] // PATCH, size[1] // PATCH
    blocks = patches.unflatten(1, (rows, columns)).unflatten(3, (PATCH, PATCH, 3))
    return blocks.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)


def normalised(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Patches by their own mean and deviation, and both (He et al. 2022, "Reconstruction target")."""
    mean, variance = patches.mean(-1, keepdim=True), patches.var(-1, keepdim=True)
    deviation = (variance + 1e-6).sqrt()
    return (patches - mean) / deviation, mean, deviation


def sine_positions(grid: tuple[int, int], channels: int) -> Tensor:
    """Positions of a grid's patches as sines and cosines (Vaswani et al. 2017, section 3.5), half the channels a side.

    Returns:
        1 x (rows * columns) x channels; channels are a multiple of 4.
    """
    frequencies = 10000.0 ** -(torch.arange(channels // 4) / (channels / 4))
    sides = [torch.outer(torch.arange(side).float(), frequencies) for side in grid]
    waves = [torch.cat([side.sin(), side.cos()], dim=1) for side in sides]
    down = waves[0][:, None].expand(-1, grid[1], -1)
    across = waves[1][None].expand(grid[0], -1, -1)
    return torch.cat([across, down], dim=2).flatten(0, 1)[None]


def with_class(positions: Tensor) -> Tensor:
    """Positions with zeros before them, for the class token."""
    return torch.cat([torch.zeros_like(positions[:, :1]), positions], dim=1)
