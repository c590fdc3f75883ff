"""Parts of published data sets, from a publisher on this machine that misbehaves, and jobs that are broken off."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial as bound

import pytest
from depth2seg.data import archives
from depth2seg.data.obtain import STORE, obtain
from depth2seg.data.registry import Part
from depth2seg.errors import UserError
from obtaining import ARCHIVE, DRIVE, FILES, IMPATIENT, KEPT, RIGHT, drive, in_place, known, stored
from publishers import (
    PAGE,
    Publisher,
    cut_after,
    ignoring_ranges,
    login_page,
    send,
    serving,
    stalling,
    status,
    wrong_bytes,
    zipped,
)


@pytest.fixture
def server():
    with serving(Publisher({drive().file: ARCHIVE})) as server:
        yield server


def test_a_part_of_another_version_is_not_continued(server, tmp_path):
    server.version, server.script = '"v1"', [cut_after(100_000), *[status(503)] * 4]
    with pytest.raises(UserError, match="answers 503"):
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert f"{drive().file}.part" in stored(tmp_path)
    newer = {name: contents[::-1] for name, contents in FILES.items()}
    server.version, server.files[drive().file] = '"v2"', zipped(newer)
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == {f"raw/{name}": newer[name] for name in KEPT}


@pytest.mark.parametrize("content_type", ["text/html", "application/zip"])
def test_a_login_page_on_the_way_costs_nothing_of_what_has_come(server, tmp_path, content_type):
    server.version = '"v1"'
    server.script = [cut_after(98_304), lambda handler: send(handler, PAGE, content_type=content_type)]
    with pytest.raises(UserError, match="sends a web page"):
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert server.ranges == [None, "bytes=98304-", "bytes=98304-"]
    assert in_place(tmp_path) == RIGHT


def test_a_part_that_was_complete_but_for_its_name_is_taken(server, tmp_path):
    server.version = '"v1"'
    (tmp_path / STORE).mkdir()
    (tmp_path / STORE / f"{drive().file}.part").write_bytes(ARCHIVE)
    (tmp_path / STORE / f"{drive().file}.part.tag").write_text('"v1"')
    server.script = [status(416, Content_Type="text/html", Content_Range=f"bytes */{len(ARCHIVE)}")]
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert server.ranges == [f"bytes={len(ARCHIVE)}-"]
    assert in_place(tmp_path) == RIGHT


def test_a_part_of_the_same_version_is_continued(server, tmp_path):
    server.version, server.script = '"v1"', [cut_after(98_304), *[status(503)] * 4]
    with pytest.raises(UserError, match="answers 503"):
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert server.ranges[-1] == "bytes=98304-"
    assert in_place(tmp_path) == RIGHT
    assert stored(tmp_path) == [f"{drive().name}.json", f"{drive().name}.lock"]


@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["disk", "Ctrl-C"])
def test_an_interrupted_extraction_leaves_nothing_to_be_read_and_is_begun_anew(server, tmp_path, monkeypatch, stop):
    write = archives._write

    def interrupted(source, path, entry, archive):
        if "image_03" in entry.name:
            raise stop
        write(source, path, entry, archive)

    monkeypatch.setattr(archives, "_write", interrupted)
    with pytest.raises(type(stop)):
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert not in_place(tmp_path)
    monkeypatch.setattr(archives, "_write", write)
    left = tmp_path / STORE / f"{drive().name}.unpacking" / DRIVE  # as a killed process leaves it
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"half")
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT
    assert len(server.paths) == 1  # the archive itself was complete


@pytest.mark.parametrize("part", [drive(), known()], ids=["size unknown", "size known"])
def test_too_small_a_disk_is_noticed_before_the_first_byte(server, tmp_path, monkeypatch, part):
    free = type("Usage", (), {"free": 2 * len(ARCHIVE) - 1})
    monkeypatch.setattr("depth2seg.files.shutil.disk_usage", lambda folder: free)
    with pytest.raises(UserError, match=rf"{part.file} with its content takes 1 MB, and 1 MB are free"):
        obtain(part, tmp_path, server.mirror, None, IMPATIENT)
    assert (tmp_path / STORE / f"{part.file}.part").stat().st_size == 0


def test_two_processes_in_one_folder(server, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(obtain, drive(), tmp_path, server.mirror, None, IMPATIENT) for _ in range(4)]
    assert len({json.dumps(job.result()) for job in jobs}) == 1
    assert in_place(tmp_path) == RIGHT
    assert len(server.paths) == 1


TROUBLES: list[Callable] = [
    *(cut_after(count) for count in (1, 9_000, 120_000)),
    *(ignoring_ranges, wrong_bytes, login_page, stalling),
    *(status(429, Retry_After="0.1"), status(503)),
]


@pytest.mark.parametrize("seed", range(3))
def test_thirty_troubles_over_ten_archives(tmp_path, seed):
    rng = random.Random(seed)
    parts, contents = [], {}
    for number in range(10):
        makes = f"raw/2011_09_26/2011_09_26_drive_{number:04}_sync"
        files = {f"{makes.removeprefix('raw/')}/image_02/data/{i}.png": rng.randbytes(40_000) for i in range(4)}
        archive = zipped(files)
        checksum = hashlib.sha256(archive).hexdigest() if number % 2 else None  # half of them are known
        name = f"drive_{number:04}"
        sizes = {"size": len(archive) if checksum else None, "sha256": checksum}
        parts.append(drive(name=name, file=f"{name}.zip", makes=(makes,), **sizes))
        contents[name] = (archive, {f"raw/{path}": data for path, data in files.items()})
    right = {path: data for _, files in contents.values() for path, data in files.items()}
    done, half = threading.Event(), []

    def watch():
        while not done.is_set():
            for part in parts:
                if (tmp_path / part.makes[0]).exists():
                    found = in_place(tmp_path / part.makes[0])
                    expected = contents[part.name][1]
                    if {f"{part.makes[0]}/{path}": data for path, data in found.items()} != expected:
                        half.append(part.name)
            time.sleep(0.005)

    def tried(server: Publisher, part: Part) -> str | None:
        try:
            obtain(part, tmp_path, server.mirror, None, IMPATIENT)
        except UserError as error:
            assert part.file in str(error)
            return str(error)
        return None

    with serving(Publisher({f"{name}.zip": archive for name, (archive, _) in contents.items()})) as server:
        server.script = rng.choices(TROUBLES, k=30)
        watcher = threading.Thread(target=watch)
        watcher.start()
        refused, runs = [], 0
        while len(in_place(tmp_path)) < len(right) and runs < 31:  # a person who runs it again
            with ThreadPoolExecutor(3) as pool:
                refused += filter(None, pool.map(bound(tried, server), parts))
            runs += 1
        done.set()
        watcher.join()
        assert server.script == [], "fewer than thirty troubles"
    assert in_place(tmp_path) == right
    assert not half
    told = ("sends a web page", "sends another file", "is damaged", "tries in a row", "lacks what")
    assert all(any(words in error for words in told) for error in refused), refused
