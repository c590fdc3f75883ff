"""Apptainer's check, the record of an image, what jobs see, and a build's folder, without building anything."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import studies
from depth2seg.containers import apptainer, build, record
from depth2seg.errors import UserError
from depth2seg.training.device import check_driver


@pytest.fixture
def only_programs_of(tmp_path, monkeypatch):
    """A PATH with the programs that a test writes and nothing else."""

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    return write


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ({}, "no apptainer in PATH"),
        ({"apptainer": "echo apptainer version 1.1.9-1"}, "version 1.1.9-1, too old: 1.4 or newer"),
        ({"apptainer": "echo broken library >&2; exit 127"}, "broken library"),
        ({"apptainer": "echo apptainer version 1.4.5", "unshare": "exit 1"}, "no user namespaces"),
    ],
    ids=["missing", "too old", "broken", "no user namespaces"],
)
def test_an_apptainer_that_will_not_do_is_refused_with_the_way_out(only_programs_of, programs, said):
    only_programs_of(**programs)
    with pytest.raises(UserError, match=said) as raised:
        apptainer.check()
    assert "install" in str(raised.value)


def test_an_apptainer_that_will_do(only_programs_of):
    only_programs_of(apptainer="echo apptainer version 1.4.5", unshare="exit 0")
    apptainer.check()


def test_jobs_get_a_schedulers_devices_and_the_folders_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setattr(apptainer, "NVIDIA_DRIVER", tmp_path / "none")
    variables = apptainer.job_environment([Path("/data")], [Path("/checkout")])
    assert variables["APPTAINERENV_CUDA_VISIBLE_DEVICES"] == "3"
    assert variables["APPTAINER_CONTAINALL"] == "1"
    assert "APPTAINER_NV" not in variables
    binds = variables["APPTAINER_BIND"].split(",")
    assert {"/data", "/checkout:/checkout:ro", str(apptainer.LEASES)} <= set(binds)
    assert not any(bind.startswith(str(Path.home())) for bind in binds)
    monkeypatch.setattr(apptainer, "NVIDIA_DRIVER", Path(__file__))
    assert apptainer.job_environment([], [])["APPTAINER_NV"] == "1"


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "train.sif"
    path.write_bytes(b"an image")
    record.write_record(path, {"depth2seg.lock": "0"}, path)
    return path


def test_a_recorded_image_and_its_copy_are_believed(image):
    record.verify(image)
    os.utime(image, (1, 1))
    record.verify(image)
    assert record.digest(image).startswith("sha256:")
    recorded = json.loads(record.record_path(image).read_text())
    assert recorded["mtime_ns"] == 10**9 and recorded["labels"] == {"depth2seg.lock": "0"}  # not digested again


@pytest.mark.parametrize("content", [b"an ima", b"an IMAGE"], ids=["truncated", "another"])
def test_a_file_that_is_not_the_recorded_image_is_named(image, content):
    image.write_bytes(content)
    os.utime(image, (1, 1))
    with pytest.raises(UserError, match=r"train\.sif .* recorded image .* Remove it") as raised:
        record.verify(image)
    assert str(image) in str(raised.value)


def test_an_image_that_is_not_there_is_left_to_its_rule(tmp_path):
    record.verify(tmp_path / "train.sif")
    assert record.digest(tmp_path / "train.sif") is None


def test_too_small_a_disk_is_said_with_what_is_needed(tmp_path, monkeypatch):
    monkeypatch.setitem(build.NEEDED_GB, "train", 1e9)
    with pytest.raises(UserError, match=r"takes 1000000000 GB .* are free"):
        build.check_disk(tmp_path / "images", "train")


HOLDS_A_FOLDER = """
import subprocess, sys, time
from pathlib import Path
from depth2seg.containers.build import build_folder
with build_folder(Path(sys.argv[1]), "train") as folder:
    (folder / "left").mkdir()
    child = subprocess.Popen(["sleep", "600"], env={"APPTAINER_TMPDIR": f"{folder}/"}, start_new_session=True)
    print(child.pid, flush=True)
    if sys.argv[2] == "fails":
        raise SystemExit(3)
    time.sleep(600)
"""


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "fails"])
def test_a_build_that_ends_early_leaves_no_folder_and_no_process(tmp_path, end):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_FOLDER, tmp_path, end],
        env=os.environ | {"PYTHONPATH": str(studies.REPO / "workflow")},
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(process.stdout.readline())
    if end != "fails":
        process.send_signal({"SIGKILL": 9, "SIGTERM": 15}[end])
    process.wait(timeout=30)
    waited_until = time.monotonic() + 30
    while list(tmp_path.iterdir()) and time.monotonic() < waited_until:
        time.sleep(0.1)
    assert not list(tmp_path.iterdir())
    status = Path(f"/proc/{child}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()


def test_what_a_crashed_machine_left_goes_before_the_next_build(tmp_path):
    stray = tmp_path / ".build-train-0" / "tree"
    stray.mkdir(parents=True)
    with build.build_folder(tmp_path, "train"):
        assert not stray.exists()


DRIVER = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}.86.10  Wed Jan 1 00:00:00 UTC 2025\nGCC version: 12\n"
OPEN_DRIVER = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}.86.10  Release Build\n"


@pytest.mark.parametrize("text", [DRIVER, OPEN_DRIVER], ids=["closed", "open"])
def test_too_old_a_driver_is_said_before_training(tmp_path, monkeypatch, text):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    driver = tmp_path / "version"
    driver.write_text(text.format(570))
    with pytest.raises(UserError, match=r"570 series.* wants 580 .*cuda: cu128"):
        check_driver("13.0", driver)
    check_driver("12.8", driver)
    driver.write_text(text.format(580))
    check_driver("13.0", driver)
    driver.write_text(text.format(470))
    with pytest.raises(UserError, match="wants 525"):
        check_driver("12.8", driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # a person who wants the CPU gets it
    check_driver("12.8", driver)


def test_without_a_driver_or_without_cuda_there_is_nothing_to_say(tmp_path):
    check_driver("13.0", tmp_path / "none")
    check_driver(None, Path(__file__))
