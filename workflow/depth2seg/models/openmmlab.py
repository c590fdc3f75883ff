"""Imports mmsegmentation without mmcv's compiled operators.

mmseg's model package imports ``mmcv.ops``, which wants the compiled ``mmcv._ext``; mmcv-lite has none. No network of
this study uses one, so a stand-in is registered first, whose functions raise and name the operator that was asked for.
Import mmseg through this module only.
"""

import importlib.machinery
import sys
import types


def _missing_operator(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)

    def operator(*_: object, **__: object) -> None:
        raise NotImplementedError(f"mmcv operator '{name}' is compiled code, which mmcv-lite does not have")

    return operator


def _register_stand_in() -> None:
    if "mmcv._ext" not in sys.modules:
        module = types.ModuleType("mmcv._ext")
        module.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", loader=None)
        module.__getattr__ = _missing_operator
        sys.modules["mmcv._ext"] = module


_register_stand_in()

from mmengine.registry import MODELS  # noqa: E402
from mmengine.structures import PixelData  # noqa: E402
from mmseg.models import ASPPHead, DPTHead, EncoderDecoder  # noqa: E402
from mmseg.models.backbones import ResNet, VisionTransformer  # noqa: E402
from mmseg.models.backbones.vit import TransformerEncoderLayer  # noqa: E402
from mmseg.models.decode_heads.decode_head import BaseDecodeHead  # noqa: E402
from mmseg.structures import SegDataSample  # noqa: E402

__all__ = [
    "MODELS",
    "ASPPHead",
    "BaseDecodeHead",
    "DPTHead",
    "EncoderDecoder",
    "PixelData",
    "ResNet",
    "SegDataSample",
    "TransformerEncoderLayer",
    "VisionTransformer",
]
