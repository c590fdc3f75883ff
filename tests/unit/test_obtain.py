"""Parts of published data sets, from a publisher on this machine that misbehaves, to their places."""

import hashlib
import json
import random
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial as bound

import pytest
from depth2seg.__main__ import main
from depth2seg.data import archives, registry
from depth2seg.data.obtain import STORE, obtain
from depth2seg.data.patience import Patience
from depth2seg.data.registry import Part
from depth2seg.errors import UserError
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

IMPATIENT = Patience(attempts=4, pause=0.01, timeout=0.3)
DRIVE = "2011_09_26/2011_09_26_drive_0001_sync"
FILES = {
    f"{DRIVE}/image_00/data/0000000000.png": b"grey" * 5000,
    f"{DRIVE}/image_02/data/0000000000.png": random.Random(0).randbytes(200_000),
    f"{DRIVE}/image_03/data/0000000000.png": random.Random(1).randbytes(200_000),
    f"{DRIVE}/oxts/data/0000000000.txt": b"49.0 8.4 112.8 " * 20,
    f"{DRIVE}/velodyne_points/data/0000000000.bin": random.Random(2).randbytes(100_000),
}
KEPT = {name: contents for name, contents in FILES.items() if "image_00" not in name}
ARCHIVE = zipped(FILES)


def drive(**changes) -> Part:
    return replace(registry.part("kitti", "2011_09_26_drive_0001"), **changes)


def known(archive=ARCHIVE, **changes) -> Part:
    return drive(size=len(archive), sha256=hashlib.sha256(archive).hexdigest(), **changes)


def in_place(root):
    """Every file but those of the store, with its contents."""
    paths = [path for path in root.rglob("*") if path.is_file() and STORE not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def stored(root):
    return sorted(path.name for path in (root / STORE).iterdir())


RIGHT = {f"raw/{name}": contents for name, contents in KEPT.items()}


@pytest.fixture
def server():
    with serving(Publisher({drive().file: ARCHIVE})) as server:
        yield server


@pytest.mark.parametrize("part", [drive(), known()], ids=["nothing known", "checksum known"])
def test_a_missing_part_is_downloaded_verified_and_put_in_place(server, tmp_path, part):
    placed = obtain(part, tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT
    assert server.paths == ["/mirror/2011_09_26_drive_0001_sync.zip"]
    assert stored(tmp_path) == [f"{part.name}.json", f"{part.name}.lock"]
    assert placed == {
        "dataset": "kitti",
        "part": "2011_09_26_drive_0001",
        "makes": [f"raw/{DRIVE}"],
        "size": len(ARCHIVE),
        "sha256": hashlib.sha256(ARCHIVE).hexdigest(),
        "files": 4,
        "bytes": sum(map(len, KEPT.values())),
    }
    assert obtain(part, tmp_path, server.mirror, None, IMPATIENT) == placed
    assert len(server.paths) == 1


def test_a_checksum_is_recorded_at_first_use_and_holds_from_then_on(server, tmp_path):
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    shutil.rmtree(tmp_path / "raw")
    server.files[drive().file] = zipped(FILES | {f"{DRIVE}/new.txt": b"another version"})
    with pytest.raises(UserError, match="first use") as caught:
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    record = tmp_path / STORE / "2011_09_26_drive_0001.json"
    assert f"remove {record}" in str(caught.value)
    assert not in_place(tmp_path)
    record.unlink()
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT


def test_a_file_that_was_issued_anew_is_known_by_the_configs_digest(server, tmp_path):
    newer = server.files[drive().file] = zipped(FILES | {f"{DRIVE}/oxts/new.txt": b"another version, and longer"})
    digest = hashlib.sha256(newer).hexdigest()
    told = r"Try another mirror; if the publisher has re-issued it.*`sha256: {2011_09_26_drive_0001: \.\.\.}`"
    with pytest.raises(UserError, match=told):
        obtain(known(), tmp_path, server.mirror, None, IMPATIENT)
    placed = obtain(registry.reissued(known(), {drive().name: digest}), tmp_path, server.mirror, None, IMPATIENT)
    assert placed["sha256"] == digest and placed["size"] == len(newer)
    with pytest.raises(UserError, match=r"expects .*\(2011_09_26_drive_0001_sync\.zip, sha256 0000"):
        wrong = registry.reissued(known(), {drive().name: "0" * 64})
        obtain(wrong, tmp_path / "elsewhere", server.mirror, None, IMPATIENT)


def test_what_is_in_place_of_another_file_than_is_expected_now_is_not_taken_for_it(server, tmp_path):
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    other = registry.reissued(drive(), {drive().name: "0" * 64})
    told = rf"the config \(sha256, {drive().name}\) expects 0000.*remove raw/{DRIVE} there"
    with pytest.raises(UserError, match=told):
        obtain(other, tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT


def test_a_folder_that_is_there_is_used_as_it_is(server, tmp_path):
    (tmp_path / "raw" / DRIVE).mkdir(parents=True)
    placed = obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert placed["sha256"] is None and placed["makes"] == [f"raw/{DRIVE}"]
    assert server.paths == [] and not (tmp_path / STORE).exists()


def test_an_archive_that_a_person_has_is_used_and_left_alone(server, tmp_path):
    brought = tmp_path / "mine" / "2011_09_26_drive_0001" / drive().file
    brought.parent.mkdir(parents=True)
    brought.write_bytes(ARCHIVE)
    brought.chmod(0o444)
    stamp = brought.stat()
    placed = obtain(known(), tmp_path / "kitti", None, tmp_path / "mine", IMPATIENT)
    assert in_place(tmp_path / "kitti") == RIGHT
    assert placed["sha256"] == hashlib.sha256(ARCHIVE).hexdigest()
    assert brought.stat().st_mtime_ns == stamp.st_mtime_ns and brought.read_bytes() == ARCHIVE
    assert server.paths == []


def test_a_brought_archive_that_is_another_one_is_named_and_left_alone(tmp_path):
    brought = tmp_path / drive().file
    brought.write_bytes(ARCHIVE[:-1])
    with pytest.raises(UserError, match="is another file than the registry expects") as caught:
        obtain(known(), tmp_path / "kitti", None, tmp_path, IMPATIENT)
    assert str(brought) in str(caught.value) and str(len(ARCHIVE)) in str(caught.value)
    with pytest.raises(UserError, match="is damaged"):
        obtain(drive(), tmp_path / "kitti", None, tmp_path, IMPATIENT)
    assert brought.read_bytes() == ARCHIVE[:-1]
    assert not in_place(tmp_path / "kitti")


def test_a_missing_folder_of_archives_is_named(tmp_path):
    with pytest.raises(UserError, match=r"archives: there is no folder .*nowhere"):
        obtain(drive(), tmp_path, None, tmp_path / "nowhere", IMPATIENT)


def test_a_plain_file_is_put_in_place_downloaded_or_brought(server, tmp_path):
    contents = b"MATLAB 5.0 MAT-file" * 99
    part = replace(registry.part("nyu", "splits"), size=len(contents), sha256=hashlib.sha256(contents).hexdigest())
    server.files["splits.mat"] = contents
    obtain(part, tmp_path / "downloaded", server.mirror, None, IMPATIENT)
    (tmp_path / "splits.mat").write_bytes(contents)
    obtain(part, tmp_path / "brought", None, tmp_path, IMPATIENT)
    for name in ("downloaded", "brought"):
        assert in_place(tmp_path / name) == {"splits.mat": contents}


def test_the_registrys_mirror_is_tried_when_the_address_fails(server, tmp_path):
    part = known(address=f"{server.mirror}/gone/away.zip", mirror=f"{server.mirror}/{drive().file}")
    obtain(part, tmp_path, None, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT
    assert [path.rsplit("/", 1)[1] for path in server.paths] == ["away.zip", drive().file]


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


def test_files_that_are_there_stay_as_they_are(server, tmp_path):
    calib = registry.part("kitti", "2011_09_26_calib")
    names = [path.removeprefix("raw/") for path in calib.makes]
    server.files[calib.file] = zipped(dict.fromkeys(names, b"published"))
    mine = tmp_path / calib.makes[0]
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    obtain(calib, tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == dict.fromkeys(calib.makes, b"published") | {calib.makes[0]: b"mine"}


def test_an_archive_without_what_readers_need_is_refused(server, tmp_path):
    server.files[drive().file] = zipped({"2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0.png": b"x"})
    with pytest.raises(UserError, match=rf"lacks what makes raw/{DRIVE}") as caught:
        obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert "try another mirror" in str(caught.value)
    assert not in_place(tmp_path)
    server.files[drive().file] = ARCHIVE
    obtain(drive(), tmp_path, server.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT


def test_a_harmful_archive_is_refused_and_removed(server, tmp_path):
    server.files[drive().file] = zipped(FILES | {"../../escaped.txt": b"x"})
    with pytest.raises(UserError, match=r"refused.*'\.\./\.\./escaped\.txt'"):
        obtain(drive(), tmp_path / "kitti", server.mirror, None, IMPATIENT)
    assert not in_place(tmp_path / "kitti") and not list(tmp_path.rglob("escaped.txt"))
    assert drive().file not in stored(tmp_path / "kitti")


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


def test_the_command_obtains_a_part_and_says_what_is_in_place(server, tmp_path):
    settings = {"source": "kitti", "mirror": server.mirror, "archives": None}
    arguments = ["--part", drive().name, "--root", str(tmp_path / "kitti"), "--out", str(tmp_path / "placed.json")]
    assert main(["archive", "--settings", json.dumps(settings), *arguments]) == 0
    placed = json.loads((tmp_path / "placed.json").read_text())
    assert placed["files"] == 4 and str(tmp_path) not in json.dumps(placed)
    assert in_place(tmp_path / "kitti") == RIGHT


def test_the_command_goes_by_the_configs_digest(server, tmp_path, capsys):
    settings = {"source": "kitti", "mirror": server.mirror, "sha256": {drive().name: "0" * 64}}
    arguments = ["--part", drive().name, "--root", str(tmp_path), "--out", str(tmp_path / "placed.json")]
    assert main(["archive", "--settings", json.dumps(settings), *arguments]) == 1
    assert f"the config (sha256, {drive().name}) expects" in capsys.readouterr().err
