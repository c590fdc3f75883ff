"""Where a number comes from: the image, the commit, the time and memory that it took."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from depth2seg.containers import record


def image() -> str | None:
    """Recorded digest of the container image that this process runs in; None outside one."""
    path = os.environ.get("APPTAINER_CONTAINER")  # set by Apptainer in every container
    return record.digest(Path(path)) if path else None


def commit() -> str | None:
    """The code's commit, with ``-changed`` if the working tree differs; None where git cannot tell."""
    if "DEPTH2SEG_COMMIT" in os.environ:  # the workflow tells jobs in containers, which have no git
        return os.environ["DEPTH2SEG_COMMIT"] or None
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=-changed", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def peak_memory_mb() -> float:
    """Largest resident size of this process so far, in MB of 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)
