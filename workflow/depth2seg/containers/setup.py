"""What has to be right, and set, before Snakemake starts jobs in containers."""

import os
from pathlib import Path

from depth2seg.containers import apptainer, record
from depth2seg.study.schema import Config
from depth2seg.training.provenance import commit


def prepare(config: Config, checkout: Path, images: list[Path]) -> None:
    """Check Apptainer and the images that are there, and set this process's environment for the jobs that it starts.

    Jobs write to the folder that Snakemake runs in and to the data and results folders, wherever these are, and read
    the checkout.

    Raises:
        UserError: Apptainer will not do here, or an image is not the one recorded.
    """
    apptainer.check()
    for image in images:
        record.verify(image)
    outside = []
    for folder in (Path(config.data_root), Path(config.results)):
        folder.mkdir(parents=True, exist_ok=True)  # only what exists can be bound
        # A link leads outside as much as a path does, and is followed in the container too.
        outside += [path for path in (folder.absolute(), folder.resolve()) if not path.is_relative_to(Path.cwd())]
    brought = [
        Path(folder).absolute() for block in config.datasets.values() if (folder := getattr(block, "archives", None))
    ]
    read = [folder for folder in [checkout, *brought] if folder.exists() and not folder.is_relative_to(Path.cwd())]
    os.environ.update(apptainer.job_environment(sorted(set(outside)), read))
    os.environ["APPTAINERENV_DEPTH2SEG_COMMIT"] = commit() or ""  # there is no git in the images
