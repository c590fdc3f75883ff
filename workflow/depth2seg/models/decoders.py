"""The decoders that dense pre-training and fine-tuning share, by name: the depth decoder's shape, DeepLabV3, DPT."""

from torch import Tensor, nn

from depth2seg.models.backbones import encoder_channels
from depth2seg.models.decoder import UNetDecoder
from depth2seg.models.openmmlab import ASPPHead, DPTHead
from depth2seg.models.vit import VITS

# What mmseg's heads are told alike; their last layer, of ``num_classes`` outputs, is taken off.
COMMON = {"norm_cfg": {"type": "BN", "requires_grad": True}, "align_corners": False, "num_classes": 2, "init_cfg": None}


class ASPPDecoder(ASPPHead):
    """DeepLabV3's atrous spatial pyramid pooling (Chen et al. 2017), mmseg's without its last layer."""

    def __init__(self, encoder_channels: list[int]):
        super().__init__(
            in_channels=encoder_channels[-1],
            in_index=len(encoder_channels) - 1,
            channels=256,
            dilations=(1, 6, 12, 18),
            **COMMON,
        )
        del self.conv_seg
        self.outputs = (self.channels,)

    def forward(self, levels: tuple[Tensor, ...]) -> list[Tensor]:
        """Encoder levels to one map of 256 channels at the encoder's output stride."""
        return [self._forward_feature(levels)]


class DPTDecoder(DPTHead):
    """DPT (Ranftl et al. 2021) without its last layer; mmseg's, with the class token left out ("ignore").

    Widths are those of Depth Anything (Yang et al. 2024): 64 channels for ViT-S, 128 for ViT-B.
    """

    def __init__(self, encoder_channels: list[int]):
        width = encoder_channels[-1]
        small = width == VITS["vit-small"].channels
        super().__init__(
            embed_dims=width,
            post_process_channels=[width // 8, width // 4, width // 2, width],
            readout_type="ignore",
            in_channels=encoder_channels,
            in_index=list(range(len(encoder_channels))),
            input_transform="multiple_select",
            channels=64 if small else 128,
            **COMMON,
        )
        del self.conv_seg
        self.outputs = (self.channels,)

    def cls_seg(self, features: Tensor) -> Tensor:
        """What mmseg calls last: nothing here."""
        return features

    def forward(self, levels: tuple[Tensor, ...]) -> list[Tensor]:
        """Encoder levels at stride 16 to one map at stride 2."""
        return [super().forward([(level, None) for level in levels])]


DECODERS = {"depth-decoder": UNetDecoder, "deeplabv3": ASPPDecoder, "dpt": DPTDecoder}


def build_decoder(kind: str, backbone: str) -> nn.Module:
    """The decoder ``kind`` over ``backbone``: encoder levels to a list of maps, finest first.

    Its ``outputs`` are the channels of the maps.
    """
    return DECODERS[kind](encoder_channels(backbone))
