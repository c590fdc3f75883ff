"""Waits until its standard input closes, then ends a build's processes and removes its folder.

Run by itself (no package around it): the build may have been killed, and whatever it left has to go.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path


def end_processes(folder: str) -> None:
    """Kill every process whose environment names the folder: Apptainer's, which outlive a parent that is killed."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            uses = f"={folder}/".encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if uses:
            try:
                os.kill(int(entry.name), signal.SIGKILL)
            except ProcessLookupError:
                continue


def remove(folder: str) -> None:
    """Remove the folder, if need be as root of a user namespace, which owns the files of subordinate ids."""
    shutil.rmtree(folder, ignore_errors=True)
    if Path(folder).exists():
        mapped = ["unshare", "--user", "--map-root-user", "--map-auto"]
        subprocess.run([*mapped, "rm", "-rf", folder], check=False)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    end_processes(sys.argv[1])
    remove(sys.argv[1])
