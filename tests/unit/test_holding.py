"""Images are held while their process lives: an idle container each, which ends with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import studies

PROGRAM = "import time; from pathlib import Path; from depth2seg.containers.holding import hold; "
PROGRAM += "hold([Path('train.sif')], every=0.05); print(flush=True); time.sleep(60)"
APPTAINER = '#!/bin/sh\necho "$$ $*" >> started\nshift 2\nexec "$@"\n'


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except FileNotFoundError:
        return False


def test_an_image_is_held_when_it_is_there_and_let_go_with_its_process(tmp_path):
    program = tmp_path / "bin" / "apptainer"
    program.parent.mkdir()
    program.write_text(APPTAINER)
    program.chmod(0o755)
    environment = studies.environment() | {"PYTHONPATH": str(studies.REPO / "workflow")}
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    holder = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    started = tmp_path / "started"
    try:
        holder.stdout.readline()
        (tmp_path / "train.sif").write_bytes(b"an image")
        time.sleep(0.3)
        assert not started.exists()  # not recorded yet: it may be half built
        (tmp_path / "train.json").write_text("{}")
        wait_until(started.exists)
        other = tmp_path / "other.sif"
        other.write_bytes(b"built anew")
        other.rename(tmp_path / "train.sif")
        wait_until(lambda: len(started.read_text().splitlines()) == 2)
        first, second = (int(line.split()[0]) for line in started.read_text().splitlines())
        assert started.read_text().splitlines()[0].split()[1:] == ["exec", "train.sif", "cat"]
        wait_until(lambda: not alive(first))
        assert alive(second)
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    wait_until(lambda: not alive(second))
