"""Which backbones and decoders there are, and which go together. No torch here: the study reads it."""

FAMILIES = {"resnet18": "resnet", "resnet50": "resnet", "vit-small": "vit", "vit-base": "vit"}
# The decoders of dense pre-training, which are the heads of fine-tuning too, with the backbones that they take.
DECODERS = {"depth-decoder": "resnet", "deeplabv3": "resnet", "dpt": "vit"}
# Output stride of the encoder below each decoder while it is pre-trained; fine-tuning has a key for it.
OUTPUT_STRIDES = {"depth-decoder": 32, "deeplabv3": 16, "dpt": 32}
