"""Published encoder weights from a file: names as its publisher has them, to those of our backbones."""

from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.models.sources import SOURCES
from depth2seg.models.timm_names import from_timm
from depth2seg.training.state import load_tensors


def imported_encoder(
    path: str, digest: str | None, expected: dict[str, Tensor], layout: str = "torchvision"
) -> dict[str, Tensor]:
    """Encoder weights of a published file.

    Args:
        path: the weight file.
        digest: its sha256, or the beginning of it, or None if it is not to be checked.
        expected: the encoder's own state dict: the names and shapes that must be there.
        layout: whose file it is, of ``SOURCES``.

    Raises:
        UserError: the file is missing, not the expected one, or does not fit; nothing in it runs.
    """
    found = sha256(path) if Path(path).is_file() else None
    if found is None:
        raise UserError(f"{path}: there is no such weight file (recipe key 'weights')")
    if digest is not None and not found.startswith(digest):
        raise UserError(f"{path}: its sha256 is {found}, the recipe expects {digest}; it is another file or damaged")
    weights = _encoder_weights(path, load_tensors(path), layout)
    own = {name: value for name, value in expected.items() if name in weights or "num_batches_tracked" not in name}
    wrong = misfits(weights, own)
    if wrong:
        raise UserError(f"{path}, read as layout '{layout}', does not fit this backbone:\n  " + "\n  ".join(wrong))
    return expected | weights


def _encoder_weights(path: str, content: dict, layout: str) -> dict[str, Tensor]:
    """The weights under the encoder's prefix, which is taken off; names of no known part are an error."""
    source = SOURCES[layout]
    if source.entry is not None:
        if not isinstance(content.get(source.entry), dict):
            raise UserError(
                f"{path}: layout '{layout}' has its weights under '{source.entry}', this file has {_names(content)}"
            )
        content = content[source.entry]
    if not all(isinstance(value, Tensor) for value in content.values()):
        raise UserError(f"{path}: layout '{layout}' is names and tensors only, this file has {_names(content)}")
    weights = {name: value for name, value in content.items() if not name.startswith(source.others)}
    strange = {name for name in weights if not name.startswith(source.prefix)}
    if strange:
        raise UserError(f"{path}: layout '{layout}' has no such names: {_names(sorted(strange))}")
    weights = {name.removeprefix(source.prefix): value for name, value in weights.items()}
    return from_timm(weights) if source.family == "vit" else weights


def _names(content: Iterable[str]) -> str:
    names = [f"'{name}'" for name in content]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


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
