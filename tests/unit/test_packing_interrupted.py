"""What packing leaves behind when it goes wrong, and what it needs."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import depth2seg
import pytest
from depth2seg.__main__ import main
from depth2seg.data import decode, index, packer, work_folder
from depth2seg.data.packing import Packed
from depth2seg.errors import UserError
from raw_frames import command_line, left, packed, picture, rows, save, write_raw


@pytest.fixture
def root(tmp_path):
    return write_raw(tmp_path / "raw")


def test_the_command_packs(root):
    index.write(index.table(rows()), root.parent / "index.parquet")
    assert main(command_line(root, {"size": [2, 3], "classes": "camvid", "dataset": "toys"})) == 0
    assert Packed(root.parent / "packed").info["dataset"] == "toys"
    assert left(root) == ["index.parquet", "packed", "raw"]


def test_a_disk_that_runs_full_leaves_the_older_folder_as_it_was(root, monkeypatch):
    before = packed(root).info
    write, calls = os.pwrite, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(UserError, match=r"cannot write .*packed: No space left on device. Nothing of it is left"):
        packed(root, size=(4, 6), workers=2)
    assert left(root) == ["index.parquet", "packed", "raw"]
    assert Packed(root.parent / "packed").info == before


def test_a_file_size_limit_is_told_like_a_full_disk(root):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    index.write(index.table(rows()), root.parent / "index.parquet")
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(UserError, match=r"cannot write .*File too large"):
            packer.pack(root.parent / "index.parquet", root, root.parent / "p", packer.Settings((96, 128), "camvid"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(root) == ["index.parquet", "raw"]


def test_too_little_room_is_noticed_before_the_first_frame(root, monkeypatch):
    monkeypatch.setattr(decode, "image", lambda path: pytest.fail("decoded"))
    with pytest.raises(UserError, match=r"[\d.]+ GB are needed and [\d.]+ GB are free"):
        packed(root, size=(400_000, 400_000))
    assert left(root) == ["index.parquet", "raw"]


def test_a_kill_leaves_no_folder_and_the_next_run_cleans_up(root):
    records = rows()
    for frame in range(3, 3000):
        records.append({**records[0], "sequence": "a", "frame": frame})
    index.write(index.table(records), root.parent / "index.parquet")
    line = command_line(root, {"size": [96, 320], "classes": "camvid"})
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-m", "depth2seg", *line], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not list(root.parent.glob(".packed.*/flow.npy")) and time.monotonic() < deadline:
        time.sleep(0.005)
    running = list(root.parent.glob(".packed.*"))
    work_folder.remove_abandoned(root.parent / "packed")
    assert running
    assert list(root.parent.glob(".packed.*")) == running, "a folder in work is nobody else's to remove"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (root.parent / "packed").exists()
    packed(root)
    assert left(root) == ["index.parquet", "packed", "raw"]


def test_memory_does_not_grow_with_the_number_of_frames(root):
    save(root / "image/a0.png", picture(0, 375, 1242))
    row = {"split": "train", "sequence": "s", "image": "image/a0.png"}
    index.write(index.table([{**row, "frame": i} for i in range(300)]), root.parent / "index.parquet")
    code = (
        "import sys; from depth2seg.__main__ import main; assert main(sys.argv[1:]) == 0\n"
        # Its own peak in kB: ru_maxrss would count what the test process held when it started this one.
        "print(next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    line = [sys.executable, "-c", code, *command_line(root, {"size": [375, 1242]})]
    result = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert (root.parent / "packed/image.npy").stat().st_size > 400e6
    assert int(result.stdout) < 400  # MB, of which 150 are the libraries
