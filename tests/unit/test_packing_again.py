"""Packing that was broken off: the next run goes on, to the same bytes, and only with the same work."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import depth2seg
import numpy as np
import pytest
from depth2seg.data import decode, index, pack_rows, packer
from depth2seg.data.work_folder import work_folder
from depth2seg.errors import UserError
from publishers_data import labels, picture, write

FRAMES, SIZE = 30, (24, 40)


@pytest.fixture
def root(tmp_path):
    """Two drives whose images differ in size, with labels."""
    rng, rows = np.random.default_rng(0), []
    for frame in range(FRAMES):
        size = (48, 80) if frame < 20 else (50, 80)
        write(tmp_path / f"raw/image/{frame}.png", picture(rng, size))
        write(tmp_path / f"raw/label/{frame}.png", labels(rng, size, (7, 8, 11)))
        files = {"image": f"image/{frame}.png", "semantic": f"label/{frame}.png"}
        rows.append({"split": "train", "sequence": "a" if frame < 20 else "b", "frame": frame, **files}
                    | dict.fromkeys(("fx", "fy", "cx", "cy"), 40.0))  # fmt: skip
    index.write(index.table(rows), tmp_path / "index.parquet")
    return tmp_path / "raw"


def pack(root, out, **settings):
    folder = root.parent
    packer.pack(folder / "index.parquet", root, folder / out, packer.Settings(SIZE, "cityscapes", **settings), 2)
    return {path.name: path.read_bytes() for path in (folder / out).iterdir()}


def break_off(monkeypatch, after, error):
    """Let decoding end with an error after so many images; returns the list of what is decoded."""
    decoded, original = [], decode.image

    def counted(path):
        decoded.append(int(path.stem))
        if len(decoded) > after:
            raise error
        return original(path)

    monkeypatch.setattr(decode, "image", counted)
    return decoded


def test_the_next_run_goes_on_to_the_same_bytes(root, monkeypatch, caplog):
    whole = pack(root, "whole")
    monkeypatch.setattr(pack_rows, "RECORD_SECONDS", 0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        break_off(patch, 24, KeyboardInterrupt())
        pack(root, "packed")
    assert not (root.parent / "packed").exists()
    decoded = break_off(monkeypatch, FRAMES, AssertionError())
    with caplog.at_level(logging.INFO):
        again = pack(root, "packed")
    assert again == whole
    assert "going on after 24 frames" in caplog.text
    assert sorted(decoded) == list(range(24, 30))
    assert not list(root.parent.glob(".packed*"))


def test_a_damaged_file_costs_nothing_of_what_was_packed_before(root, monkeypatch):
    monkeypatch.setattr(pack_rows, "RECORD_SECONDS", 0)
    image = root / "image/25.png"
    contents = image.read_bytes()
    image.write_bytes(contents[:-30])
    with pytest.raises(UserError, match=r"cannot decode .*25\.png"):
        pack(root, "packed")
    image.write_bytes(contents)
    decoded = break_off(monkeypatch, FRAMES, AssertionError())
    pack(root, "packed")
    assert sorted(decoded) == list(range(25, 30))


def test_other_work_begins_anew(root, monkeypatch):
    monkeypatch.setattr(pack_rows, "RECORD_SECONDS", 0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        break_off(patch, 24, KeyboardInterrupt())
        pack(root, "packed")
    (left,) = root.parent.glob(".packed.*.partial")
    decoded = break_off(monkeypatch, FRAMES, AssertionError())
    pack(root, "packed", columns=("image",))
    assert sorted(decoded) == list(range(30))
    assert not left.exists()


def test_a_full_disk_is_given_back(root, monkeypatch):
    monkeypatch.setattr(pack_rows, "RECORD_SECONDS", 0)
    break_off(monkeypatch, 24, OSError(28, "No space left on device"))
    with pytest.raises(UserError, match="Nothing of it is left behind"):
        pack(root, "packed")
    assert not list(root.parent.glob(".packed*"))


def test_a_record_that_a_crash_has_torn_is_none(root, monkeypatch):
    monkeypatch.setattr(pack_rows, "RECORD_SECONDS", 0)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        break_off(patch, 24, KeyboardInterrupt())
        pack(root, "packed")
    (record,) = root.parent.glob(".packed.*.partial/progress.json")
    record.write_text(record.read_text()[:20])
    assert pack(root, "packed") == pack(root, "whole")


def test_two_at_once_do_not_share_a_folder(tmp_path):
    with work_folder(tmp_path / "out", "key") as first:
        first.record(rows=1)
        with work_folder(tmp_path / "out", "key") as second:
            assert second.path != first.path and second.progress is None


def test_a_killed_process_is_gone_on_with(root):
    settings = {"size": [384, 640], "classes": "cityscapes"}
    folder = root.parent
    line = ["pack", "--settings", json.dumps(settings), "--index", folder / "index.parquet", "--root", root]
    code = (
        "import sys, time; from depth2seg.data import decode, pack_rows; from depth2seg.__main__ import main\n"
        "pack_rows.RECORD_SECONDS, image = 0, decode.image\n"
        "decode.image = lambda path: (time.sleep(0.02), image(path))[1]\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = [sys.executable, "-c", code, *map(str, line), "--out", str(folder / "packed")]
    environment = {**os.environ, "PYTHONPATH": str(Path(depth2seg.__file__).parents[1])}
    process = subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(folder.glob(".packed.*/progress.json")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "packed").exists()
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert "frames that an earlier run has packed" in done.stderr
    assert sorted(path.name for path in (folder / "packed").iterdir()) == [
        "image.npy", "index.parquet", "packed.json", "semantic.npy"
    ]  # fmt: skip
    assert not list(folder.glob(".packed*"))
