"""ResNet encoders with the five levels that a depth decoder needs, and the choice of an encoder by its name."""

from torch import Tensor, nn

from depth2seg.models.families import FAMILIES
from depth2seg.models.openmmlab import MODELS, ResNet
from depth2seg.models.vit import VITS, ViTEncoder

DEPTHS = {"resnet18": 18, "resnet50": 50}


@MODELS.register_module()
class ResNetEncoder(ResNet):
    """mmseg's ResNet, which also hands out the stem's features, at stride 2.

    Parameter names are torchvision's and mmseg's (conv1, bn1, layer1.0...), so published weights fit. The last layer
    of each residual branch is initialised as any other (``zero_init_residual=False``), as torchvision does.

    Args:
        name: ``resnet18`` or ``resnet50``.
        in_channels: 3, or 6 for the pose network, which sees two images.
        output_stride: 32; 16 or 8 replace the last strides by dilations, for DeepLabV3.
    """

    def __init__(self, name: str, in_channels: int = 3, output_stride: int = 32):
        strides, dilations = {
            32: ((1, 2, 2, 2), (1, 1, 1, 1)),
            16: ((1, 2, 2, 1), (1, 1, 1, 2)),
            8: ((1, 2, 1, 1), (1, 1, 2, 4)),
        }[output_stride]
        super().__init__(
            depth=DEPTHS[name],
            in_channels=in_channels,
            strides=strides,
            dilations=dilations,
            norm_eval=False,
            zero_init_residual=False,
        )
        self.channels = encoder_channels(name)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """B x C x H x W to five maps, at strides 2, 4, 8, 16, 32 (or less, by ``output_stride``)."""
        x = self.relu(self.norm1(self.conv1(image)))
        levels = [x]
        x = self.maxpool(x)
        for name in self.res_layers:
            x = getattr(self, name)(x)
            levels.append(x)
        return tuple(levels)


def encoder_config(name: str, output_stride: int = 32) -> dict:
    """mmengine's config of the encoder called ``name``; ``output_stride`` is a ResNet's alone."""
    if FAMILIES[name] == "vit":
        return {"type": "ViTEncoder", "name": name}
    return {"type": "ResNetEncoder", "name": name, "output_stride": output_stride}


def build_encoder(name: str, output_stride: int = 32) -> nn.Module:
    """The encoder called ``name``: B x 3 x H x W to its levels, finest first."""
    return MODELS.build(encoder_config(name, output_stride))


def encoder_channels(name: str) -> list[int]:
    """Channels of an encoder's levels, finest first: five of a ResNet, four of a ViT."""
    if FAMILIES[name] == "vit":
        return [VITS[name].channels] * len(ViTEncoder.LEVELS)
    return [64, *(c * (1 if DEPTHS[name] < 50 else 4) for c in (64, 128, 256, 512))]


def encoder_strides(name: str) -> tuple[int, ...]:
    """Pixels of the image between neighbours in each level, at a ResNet's output stride of 32."""
    return (ViTEncoder.PATCH,) * len(ViTEncoder.LEVELS) if FAMILIES[name] == "vit" else (2, 4, 8, 16, 32)
