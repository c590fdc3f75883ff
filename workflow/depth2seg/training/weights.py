"""Published encoder weights from a file: torchvision's ResNets, whose names are those of our backbones."""

from pathlib import Path

from torch import Tensor

from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.training.state import load_tensors

# Of the classifier on top, which no encoder has.
LEFT_OUT = ("fc.weight", "fc.bias")


def imported_encoder(path: str, digest: str | None, expected: dict[str, Tensor]) -> dict[str, Tensor]:
    """Encoder weights of a torchvision ResNet's state dict.

    Args:
        path: the weight file.
        digest: its sha256, or None if it is not to be checked.
        expected: the encoder's own state dict: the names and shapes that must be there.

    Raises:
        UserError: the file is missing, not the expected one, or does not fit; nothing in it runs.
    """
    found = sha256(path) if Path(path).is_file() else None
    if found is None:
        raise UserError(f"{path}: there is no such weight file (recipe key 'weights')")
    if digest is not None and found != digest:
        raise UserError(f"{path}: its sha256 is {found}, the recipe expects {digest}; it is another file or damaged")
    weights = {name: value for name, value in load_tensors(path).items() if name not in LEFT_OUT}
    own = {name: value for name, value in expected.items() if name in weights or "num_batches_tracked" not in name}
    wrong = misfits(weights, own)
    if wrong:
        raise UserError(f"{path} does not fit this backbone:\n  " + "\n  ".join(wrong))
    return expected | weights


def misfits(weights: dict[str, Tensor], expected: dict[str, Tensor]) -> list[str]:
    """Names that one state dict lacks, does not know, or has in another shape than the expected one; sorted."""
    wrong = [f"{name}: lacking" for name in expected.keys() - weights.keys()]
    wrong += [f"{name}: unknown" for name in weights.keys() - expected.keys()]
    wrong += [
        f"{name}: {tuple(weights[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected.keys() & weights.keys()
        if weights[name].shape != expected[name].shape
    ]
    return sorted(wrong)
