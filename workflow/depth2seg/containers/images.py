"""Which images there are, what each is built from, and what rebuilds it."""

import re
from importlib import metadata
from pathlib import Path

from depth2seg.containers import record
from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.study.schema import Config
from depth2seg.study.study import canonical

FOLDER = "results/images"
REPOSITORY = Path(__file__).parents[3]
# The second lock, for drivers that are too old for PyTorch's CUDA 13 build. Only training has a CUDA build.
SUFFIX = {"cu130": "", "cu128": "-cu128"}


def image_settings(config: Config, name: str) -> str:
    """What an image is built from, as canonical JSON: files by content, so that touching them rebuilds nothing.

    Raises:
        OSError: the definition or lock is missing.
    """
    definition = f"containers/{name}.def"
    lock = f"envs/{name}{SUFFIX[config.cuda] if name == 'train' else ''}.txt"
    files = {path: sha256(REPOSITORY / path) for path in (definition, lock, f"containers/check_{name}.py")}
    return canonical(base_settings(config) | {"name": name, "definition": definition, "lock": lock, "files": files})


def base_settings(config: Config) -> dict[str, str]:
    """What every image starts from."""
    chosen = config.containers
    start = {"suite": chosen.suite} if chosen.bootstrap == "debootstrap" else {"image": chosen.image}
    return {"bootstrap": chosen.bootstrap} | start


def digests() -> dict[str, str]:
    """The recorded digest of each image that has been built."""
    found = {name: record.digest(Path(FOLDER) / f"{name}.sif") for name in ("analysis", "train")}
    return {name: digest for name, digest in found.items() if digest}


def check_venv(config: Config) -> None:
    """Raise UserError if this environment, where jobs without containers run, has not the PyTorch of the lock."""
    lock = REPOSITORY / f"envs/venv{SUFFIX[config.cuda]}.txt"
    wanted = re.search(r"^torch==([\d.]+)", lock.read_text(), flags=re.MULTILINE)[1]
    try:
        installed = metadata.version("torch").partition("+")[0]
    except metadata.PackageNotFoundError:
        installed = "none"
    if installed != wanted:
        raise UserError(
            f"cuda: {config.cuda} means PyTorch {wanted} ({lock.name}); this environment has {installed}. Run the "
            "study by make results CONFIG=..., which makes the right .venv, or with --use-apptainer"
        )
