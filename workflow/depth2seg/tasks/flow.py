"""Optical flow by the same photometric objective as depth: the paper's control for "any geometry will do"."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depth2seg.data.packing import Packed
from depth2seg.evaluation.flow import flow_errors
from depth2seg.geometry import flow_warp
from depth2seg.models.backbones import ResNetEncoder, encoder_channels
from depth2seg.models.decoder import SCALES, MultiScaleOutput, UNetDecoder
from depth2seg.models.openmmlab import MODELS
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import held_out_batches, pictures
from depth2seg.tasks.photometric import LocalStatistics, photometric_error, smoothness

RECIPE = {
    "trains_on": "video",
    "hands_on": ["encoder"],
    "keys": {
        "smoothness": {"default": 2.0, "ge": 0.0},  # the released code's
        "frame_stride": {"default": 1, "ge": 1},
        "swap": {"default": True},  # the released code's
    },
}
# The largest motion that the output reaches, as a share of the image's width or height, is half of this.
RANGE = 0.4


@MODELS.register_module()
class FlowTask(PretrainingTask):
    """One encoder on both frames, features joined at every level, the depth decoder's shape with two outputs.

    Settings of the released code (see the README's protocol table): output (sigmoid - 0.5) * 0.4 in units of image
    width and height, smoothness weighted 2.0, scale s weighted 1/2^s, frame order swapped at random.

    With ``swap``, a network that never looks at the order still gains by always giving one direction: the photometric
    error falls more where that is right than it rises where it is wrong. Short trainings stay there, and which
    direction they give is chance. ``epe_reversed``, the error on frames in reverse order, tells.
    """

    def __init__(self, backbone: str, smoothness: float, swap: bool, normalisation: str, jitter: dict | None):
        super().__init__(normalisation, jitter)
        self.smoothness_weight, self.swap = smoothness, swap
        self.encoder = ResNetEncoder(backbone)
        # Not ``decoder``: it reads two frames' features, so a segmentor cannot take it over.
        self.matcher = UNetDecoder([2 * channels for channels in encoder_channels(backbone)])
        self.output = MultiScaleOutput(2)
        # Training starts from zero flow, a better first guess than vectors at random.
        for conv in self.output.convs:
            nn.init.zeros_(conv.weight)
            nn.init.zeros_(conv.bias)

    @staticmethod
    def frames(settings: dict) -> dict:
        """Two consecutive frames."""
        return {"offsets": [0, settings["frame_stride"]]}

    @staticmethod
    def network(settings: dict) -> dict:
        """As the constructor has them."""
        return {name: settings[name] for name in ("backbone", "smoothness", "swap", "normalisation", "jitter")}

    def flows(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """Flow from first to second at four scales: B x 2 x H/2^s x W/2^s, in units of image width and height."""
        levels = self.encoder(self.normalise(torch.cat([first, second])))
        joined = tuple(torch.cat(level.chunk(2), dim=1) for level in levels)
        return [(output - 0.5) * RANGE for output in self.output(self.matcher(joined))]

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Photometric error of the first frame against the warped second, and the flow's smoothness."""
        swap = torch.rand(len(batch["images"][0]), device=batch["images"][0].device) < (0.5 if self.swap else 0.0)
        flows = self.flows(*_swapped(batch["inputs"], swap))
        first, second = _swapped(batch["images"], swap)
        with torch.autocast(first.device.type, enabled=False):
            statistics = LocalStatistics.of(first)
            photometric, smooth = first.new_zeros(()), first.new_zeros(())
            for scale, flow in zip(SCALES, flows, strict=True):
                warped = flow_warp(second, _to_pixels(flow, first.shape[-2:]))
                photometric = photometric + photometric_error(warped, statistics).mean() / 2**scale
                smooth = smooth + smoothness(flow, first) / 2**scale
        return {"loss_photometric": photometric, "loss_smoothness": self.smoothness_weight * smooth}

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """End-point error on the held-out video, in its order and (``epe_reversed``) in reverse."""
        flows, truths, back, back_truths, images = [], [], [], [], []
        for batch in held_out_batches(self, packed, ["flow"], batch_size, offsets=[0, 1]):
            first, second = batch["images"]
            flows.append(_arrays(_to_pixels(self.flows(first, second)[0], first.shape[-2:])))
            images.append(batch["raw"])
            truths.append(batch.get("flow"))
            if truths[-1] is not None:
                backward = _to_pixels(self.flows(second, first)[0], first.shape[-2:])
                truth = torch.from_numpy(truths[-1]).to(backward.device).permute(0, 3, 1, 2)
                # At the place that a pixel moves to, the flow back is the opposite of its own.
                back.append(_arrays(flow_warp(backward.float(), truth.nan_to_num())))
                back_truths.append(_arrays(-_inside(truth)))
        predicted = np.concatenate(flows)
        if truths[0] is None:
            return None, None, pictures(images, flow=predicted)
        truth, back, back_truth = (np.concatenate(arrays) for arrays in (truths, back, back_truths))
        errors = flow_errors(predicted, truth) | {"epe_reversed": flow_errors(back, back_truth)["epe"]}
        zero = np.zeros_like(predicted)
        trivial = flow_errors(zero, truth) | {"epe_reversed": flow_errors(zero, back_truth)["epe"]}
        return errors, trivial, pictures(images, flow=predicted, truth=truth)


def _arrays(flow: Tensor) -> np.ndarray:
    return flow.permute(0, 2, 3, 1).float().cpu().numpy()


def _inside(flow: Tensor) -> Tensor:
    """Flow, B x 2 x H x W in pixels, NaN where it leads out of the image."""
    height, width = flow.shape[-2:]
    x = torch.arange(width, device=flow.device) + flow[:, :1]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1:]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return flow.where(inside, torch.nan)


def _swapped(pair: tuple[Tensor, Tensor], swap: Tensor) -> tuple[Tensor, Tensor]:
    """Both frames, B x 3 x H x W, in the other order where ``swap`` (B) is true."""
    first, second = pair
    chosen = swap.view(-1, 1, 1, 1)
    return torch.where(chosen, second, first), torch.where(chosen, first, second)


def _to_pixels(flow: Tensor, size: torch.Size) -> Tensor:
    height, width = size
    if flow.shape[-2:] != size:
        flow = F.interpolate(flow, size=size, mode="bilinear", align_corners=False)
    return flow * flow.new_tensor([width, height]).view(1, 2, 1, 1)
