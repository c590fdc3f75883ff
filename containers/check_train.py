"""The training image's test: every package imports, and one training step computes what it should."""

import importlib
import math
from importlib.metadata import packages_distributions

import torch
import torchvision

IMPORTED_BY_HAND = {"mmcv", "mmengine", "mmseg", "torch", "torchvision", "cv2", "numpy", "pandas", "pyarrow", "mitsuba"}


def main() -> None:
    """Import everything, then one step of a ResNet-18; raises if a package or number is not as it should be."""
    missing = IMPORTED_BY_HAND - set(packages_distributions())
    if missing:
        raise SystemExit(f"not installed: {', '.join(sorted(missing))}")
    for name in sorted(IMPORTED_BY_HAND):
        importlib.import_module(name)
    torch.manual_seed(0)
    network = torchvision.models.resnet18(num_classes=4)
    loss = torch.nn.functional.cross_entropy(network(torch.rand(2, 3, 64, 64)), torch.tensor([0, 3]))
    loss.backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    if not all(gradient is not None and gradient.isfinite().all() for gradient in gradients):
        raise SystemExit("a training step left gradients that are missing or not finite")
    if not 0 < loss.item() < 10 * math.log(4):
        raise SystemExit(f"a training step's loss is {loss.item()}")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}: every package imports, one step trained")


if __name__ == "__main__":
    main()
