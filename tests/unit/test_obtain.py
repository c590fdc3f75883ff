"""Parts of published data sets, from a publisher on this machine or a person's own archives, to their places."""

import hashlib
import json
import shutil
from dataclasses import replace

import pytest
from depth2seg.__main__ import main
from depth2seg.data import registry
from depth2seg.data.obtain import STORE, obtain
from depth2seg.errors import UserError
from obtaining import ARCHIVE, DRIVE, FILES, IMPATIENT, KEPT, RIGHT, drive, in_place, known, stored
from publishers import (
    Publisher,
    serving,
    zipped,
)


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
