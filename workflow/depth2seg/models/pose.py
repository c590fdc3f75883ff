"""The pose network of Monodepth2: two images in, the camera's rigid motion between them out."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from depth2seg.geometry import motion_matrix
from depth2seg.models.backbones import ResNetEncoder, encoder_channels


class PoseNetwork(BaseModule):
    """A ResNet-18 on six channels and four convolutions; Godard et al. 2019, supplementary material.

    The output is scaled by 0.01, so that training starts at nearly no motion. As published, the last layer has
    outputs for two motions, of which one is used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = ResNetEncoder("resnet18", in_channels=6)
        self.head = nn.Sequential(
            nn.Conv2d(encoder_channels("resnet18")[-1], 256, 1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 12, 1),
        )

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Motion B x 4 x 4 from the first image's camera to the second's; images B x 3 x H x W."""
        features = self.encoder(torch.cat([first, second], dim=1))[-1]
        vector = 0.01 * self.head(features).float().mean(dim=(2, 3))[:, :6]
        with torch.autocast(vector.device.type, enabled=False):
            return motion_matrix(vector[:, :3], vector[:, 3:])
