"""Monocular depth: self-supervised from video, a stereo pair or both (Monodepth2), or supervised by measured depth."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from depth2seg.data.packing import Packed
from depth2seg.evaluation.depth import best_constant, errors_both_ways, has_truth
from depth2seg.geometry import disparity_to_depth, inverse_motion, reproject
from depth2seg.models.backbones import build_encoder
from depth2seg.models.decoder import MultiScaleOutput
from depth2seg.models.decoders import build_decoder
from depth2seg.models.families import OUTPUT_STRIDES
from depth2seg.models.openmmlab import MODELS
from depth2seg.models.pose import PoseNetwork
from depth2seg.tasks.base import PretrainingTask
from depth2seg.tasks.heldout import held_out_batches, pictures
from depth2seg.tasks.photometric import LocalStatistics, photometric_error, smoothness

RECIPE = {
    "trains_on": "video",
    "hands_on": ["encoder", "decoder"],
    "backbones": ["resnet", "vit"],
    "keys": {
        "supervision": {"choices": ["video", "stereo", "video+stereo", "lidar", "dense"]},
        "decoder": {"default": "depth-decoder", "choices": ["depth-decoder", "deeplabv3", "dpt"]},
        "depth_range": {"default": [0.1, 100.0], "gt": 0.0},
        "smoothness": {"default": 1e-3, "ge": 0.0},  # Monodepth2's
        "automask": {"default": True},
        "frame_stride": {"default": 1, "ge": 1},
    },
}
# What supervises where depth is measured: the array of packed frames.
MEASURED = {"lidar": "lidar", "dense": "depth"}
# Added to the error of the unmoved source, so that ties (textureless pixels) are not decided by rounding.
TIE = 1e-5


@MODELS.register_module()
class DepthTask(PretrainingTask):
    """Encoder, decoder, disparity at each of the decoder's scales, and a pose network where there is video.

    Args:
        backbone: any of the study's.
        decoder: ``depth-decoder`` (four scales, the finest at full size), ``deeplabv3`` or ``dpt`` (one scale each).
        supervision: ``video``, ``stereo``, ``video+stereo``, ``lidar`` (sparse) or ``dense`` (every pixel's depth).
        depth_range: nearest and farthest depth, in metres times an unknown scale where video alone supervises.
        smoothness: weight of the edge-aware smoothness of mean-normalised disparity, at scale 0.
        automask: leave out pixels that the unmoved source explains better, i.e. that move with the camera.
    """

    def __init__(
        self,
        backbone: str,
        decoder: str,
        supervision: str,
        depth_range: list[float],
        smoothness: float,
        automask: bool,
        normalisation: str,
        jitter: dict | None,
    ):
        super().__init__(normalisation, jitter)
        self.supervision, self.depth_range = supervision, depth_range
        self.smoothness_weight, self.automask = smoothness, automask
        self.encoder = build_encoder(backbone, OUTPUT_STRIDES[decoder])
        self.decoder = build_decoder(decoder, backbone)
        self.output = MultiScaleOutput(1, self.decoder.outputs)
        self.pose = PoseNetwork() if "video" in supervision else None

    @staticmethod
    def frames(settings: dict) -> dict:
        """Target first, then its sources."""
        supervision, step = settings["supervision"], settings["frame_stride"]
        return {
            "offsets": [0, -step, step] if "video" in supervision else [0],
            "right": "stereo" in supervision,
            "arrays": [MEASURED[supervision]] if supervision in MEASURED else [],
        }

    @staticmethod
    def network(settings: dict) -> dict:
        """As the constructor has them."""
        names = (
            "backbone",
            "decoder",
            "supervision",
            "depth_range",
            "smoothness",
            "automask",
            "normalisation",
            "jitter",
        )
        return {name: settings[name] for name in names}

    def disparities(self, image: Tensor) -> list[Tensor]:
        """B x 3 x H x W to sigmoid outputs: B x 1 x H/2^s x W/2^s for s = 0..3, or one at the decoder's stride."""
        return self.output(self.decoder(self.encoder(self.normalise(image))))

    def depth(self, image: Tensor) -> Tensor:
        """Depth at full size, B x 1 x H x W."""
        return disparity_to_depth(_resize(self.disparities(image)[0], image.shape[-2:]), *self.depth_range)

    def loss(self, batch: dict) -> dict[str, Tensor]:
        """Scales weigh 1/2^s where depth is supervised, and alike where it is not, as Monodepth2 has it."""
        disparities = self.disparities(batch["inputs"][0])
        motions = self._motions(batch)
        with torch.autocast(batch["images"][0].device.type, enabled=False):  # errors of 8 bits need float32
            if self.supervision in MEASURED:
                return {"loss_depth": self._supervised(disparities, batch[MEASURED[self.supervision]])}
            return self._self_supervised(disparities, motions, batch)

    def _supervised(self, disparities: list[Tensor], truth: Tensor) -> Tensor:
        truth = truth.unsqueeze(1)
        valid = (truth >= self.depth_range[0]) & (truth <= self.depth_range[1])
        count, total = valid.sum().clamp(min=1), truth.new_zeros(())
        for scale, disparity in enumerate(disparities):
            depth = disparity_to_depth(_resize(disparity, truth.shape[-2:]), *self.depth_range)
            total = total + ((depth - truth).abs() * valid).sum() / count / 2**scale
        return total

    def _self_supervised(self, disparities: list[Tensor], motions: list[Tensor], batch: dict) -> dict[str, Tensor]:
        target, *sources = batch["images"]
        statistics = LocalStatistics.of(target)
        still = None
        if self.automask:
            still = torch.cat([photometric_error(source, statistics) for source in sources], dim=1)
            still = (still + TIE * torch.rand_like(still)).min(1, keepdim=True).values
        photometric, smooth = target.new_zeros(()), target.new_zeros(())
        for scale, disparity in enumerate(disparities):
            depth = disparity_to_depth(_resize(disparity, target.shape[-2:]), *self.depth_range)
            errors = [
                photometric_error(reproject(source, depth, batch["camera"], motion), statistics)
                for source, motion in zip(sources, motions, strict=True)
            ]
            error = torch.cat(errors, dim=1).min(1, keepdim=True).values
            photometric = photometric + (error if still is None else torch.minimum(error, still)).mean()
            normalised = disparity / (disparity.mean((2, 3), keepdim=True) + 1e-7)
            smooth = smooth + smoothness(normalised, target) / 2**scale
        return {
            "loss_photometric": photometric / len(disparities),
            "loss_smoothness": self.smoothness_weight * smooth / len(disparities),
        }

    def _motions(self, batch: dict) -> list[Tensor]:
        """From the target's camera to each source's, in the order of ``frames``."""
        motions, inputs = [], batch["inputs"]
        if self.pose is not None:
            # The pose network always sees the earlier image first, so that it learns one direction of driving.
            first = self.normalise(torch.cat([inputs[1], inputs[0]]))
            second = self.normalise(torch.cat([inputs[0], inputs[2]]))
            to_target, to_next = self.pose(first, second).chunk(2)
            motions += [inverse_motion(to_target), to_next]
        if "stereo" in self.supervision:
            right = torch.eye(4, device=batch["baseline"].device).repeat(len(batch["baseline"]), 1, 1)
            right[:, 0, 3] = -batch["baseline"]
            motions.append(right)
        return motions

    @torch.no_grad()
    def assess(self, packed: Packed, batch_size: int) -> tuple[dict | None, dict | None, dict]:
        """Depth errors on the held-out video; scaled by the median ratio where video alone supervises.

        The same errors without that scaling (with it, where depth is in metres) have names of their own.
        """
        depths, truths, images = [], [], []
        for batch in held_out_batches(self, packed, ["depth"], batch_size):
            depths.append(self.depth(batch["images"][0])[:, 0].float().cpu().numpy())
            images.append(batch["raw"])
            truths.append(batch.get("depth"))
        predicted = np.concatenate(depths)
        truth = None if truths[0] is None else np.concatenate(truths)
        if truth is None or not has_truth(truth):
            return None, None, pictures(images, depth=predicted)
        errors = errors_both_ways(predicted, truth, median_scaling=self.supervision == "video")
        return errors, best_constant(truth), pictures(images, depth=predicted, truth=truth)


def _resize(values: Tensor, size: torch.Size) -> Tensor:
    if values.shape[-2:] == size:
        return values
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False)
