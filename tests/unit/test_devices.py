"""Locks that outlive no process, and devices that jobs lease from one another."""

import os
import subprocess
import sys
import time
from pathlib import Path

import depth2seg
import pytest
import torch
from depth2seg.training import device
from depth2seg.training.runner import work_folder

HOLD = """
import sys, time
from pathlib import Path
from depth2seg.training.device import try_lock
assert try_lock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def hold(path):
    """Another process that holds a lock."""
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_waits_for_the_first_and_a_killed_one_frees_its_lock(tmp_path):
    with work_folder(tmp_path, "a run") as folder:
        name = folder.name
        (folder / "state.pth").touch()
    assert not list((tmp_path / "work").iterdir())  # nothing stays after success
    lock = tmp_path / "work" / f"{name}.lock"
    holder = hold(lock)
    assert not device.try_lock(lock)
    began = time.monotonic()
    with work_folder(tmp_path, "another run"):
        assert time.monotonic() - began < 0.5  # another run's lock is no obstacle
    os.kill(holder.pid, 9)
    holder.wait()
    with work_folder(tmp_path, "a run") as folder:
        assert folder.name == name and not device.try_lock(lock)


def test_waiting_ends_when_the_holder_does(tmp_path):
    import threading

    with work_folder(tmp_path, "a run") as folder:
        name = folder.name
    holder = hold(tmp_path / "work" / f"{name}.lock")
    entered = []

    def enter():
        with work_folder(tmp_path, "a run"):
            entered.append(time.monotonic())

    waiter = threading.Thread(target=enter)
    waiter.start()
    time.sleep(0.5)
    assert not entered
    killed = time.monotonic()
    holder.kill()
    holder.wait()
    waiter.join(10)
    assert entered and entered[0] >= killed


def test_a_failed_run_keeps_its_state_and_a_successful_one_removes_it(tmp_path):
    with pytest.raises(RuntimeError), work_folder(tmp_path, "fails") as folder:
        (folder / "state.pth").touch()
        raise RuntimeError
    assert (folder / "state.pth").exists()


def test_a_lock_whose_file_is_gone_is_not_taken(tmp_path, monkeypatch):
    path, real = tmp_path / "x.lock", device.fcntl.flock

    def removed_meanwhile(file, operation):
        path.unlink()
        return real(file, operation)

    monkeypatch.setattr(device.fcntl, "flock", removed_meanwhile)
    assert not device.try_lock(path)


def test_jobs_lease_different_devices(tmp_path, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-aa, 5")
    assert device.visible_devices(2) == ["GPU-aa", "5"]
    other = hold(tmp_path / "depth2seg-gpu-GPU-aa.lock")
    assert device.lease_device(tmp_path) == torch.device("cuda", 1) and chosen == [1]
    other.kill()
    other.wait()
    assert device.lease_device(tmp_path, poll=0.1) == torch.device("cuda", 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.visible_devices(3) == ["0", "1", "2"]


def test_without_a_gpu_the_cpu_is_leased(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.lease_device() == torch.device("cpu")
