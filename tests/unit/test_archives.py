"""Archives that mean harm, or are broken: nothing leaves the folder, and everything wrong is named."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

import pytest
from depth2seg.data import archives
from depth2seg.data.archives import DamagedError, Extracted, extract
from depth2seg.errors import UserError
from publishers import zipped

FILES = {"drive/image/0.png": b"\x89PNG" * 1000, "drive/image/1.png": b"other", "drive/calib.txt": b"K: 1 2 3\n"}


def written(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tarred(path, members):
    """A tar archive, compressed if its name says so, of (name, contents, attributes of its TarInfo)."""
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        for name, contents, attributes in members:
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(contents))
    return path


def zip_with(path, name, contents=b"x", mode=None):
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    if mode is not None:
        info.external_attr = mode << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("innocent.txt", "hello")
        archive.writestr(info, contents)
    return path


def snapshot(folder):
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz"])
def test_what_is_in_an_archive_comes_out(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        path.write_bytes(zipped(FILES | {"drive/empty/": b""}))
    else:
        folders = [(".", b"", {"type": tarfile.DIRTYPE}), ("drive", b"", {"type": tarfile.DIRTYPE, "mode": 0})]
        tarred(path, folders + [(name, contents, {"mode": 0o4755}) for name, contents in FILES.items()])
    content = extract(path, tmp_path / "out")
    assert written(tmp_path / "out") == FILES
    assert content == Extracted(3, sum(map(len, FILES.values())))
    assert {path.stat().st_mode & 0o7111 for path in (tmp_path / "out").rglob("*.png")} == {0}


def test_only_what_is_needed_is_written(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(FILES))
    content = extract(tmp_path / "a.zip", tmp_path / "out", keep=["*/image/*"])
    assert sorted(written(tmp_path / "out")) == ["drive/image/0.png", "drive/image/1.png"]
    assert content.files == 2


@pytest.mark.parametrize("keep", [(), ("innocent.txt",)], ids=["all", "some"])
@pytest.mark.parametrize(
    "name", ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "a/..", "C:\\out.txt", "a\\..\\..\\out.txt", "/"]
)
def test_entries_that_lead_out_of_the_folder_are_refused(tmp_path, name, keep):
    (tmp_path / "deep").mkdir()
    paths = [zip_with(tmp_path / "a.zip", name)]
    paths.append(tarred(tmp_path / "a.tar", [("innocent.txt", b"", {}), (name, b"x", {})]))
    before = snapshot(tmp_path)
    for path in paths:
        with pytest.raises(UserError, match=r"refused, nothing was written: 1 entry .*outside the folder") as caught:
            extract(path, tmp_path / "deep" / "out", keep)
        assert str(path) in str(caught.value) and repr(name) in str(caught.value)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc"}, "a symbolic link"),
        ({"type": tarfile.SYMTYPE, "linkname": "innocent.txt"}, "a symbolic link"),
        ({"type": tarfile.LNKTYPE, "linkname": "../secret"}, "a hard link"),
        ({"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, "a device"),
        ({"type": tarfile.BLKTYPE, "devmajor": 8, "devminor": 0}, "a device"),
        ({"type": tarfile.FIFOTYPE}, "another special file"),
    ],
    ids=["link out", "link in", "hard link", "character device", "block device", "pipe"],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, attributes, told):
    path = tarred(tmp_path / "a.tar", [("innocent.txt", b"", {}), ("bad/one", b"", attributes), ("bad/one/x", b"", {})])
    before = snapshot(tmp_path)
    with pytest.raises(UserError, match=rf"\('bad/one'\): .*{told}"):
        extract(path, tmp_path / "out")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("mode", "told"), [(0o120777, "a symbolic link"), (0o020666, "a device"), (0o010666, "special")]
)
def test_links_and_devices_in_a_zip_are_refused(tmp_path, mode, told):
    path = zip_with(tmp_path / "a.zip", "bad", b"/etc/passwd", mode)
    with pytest.raises(UserError, match=rf"1 entry \('bad'\): .*{told}"):
        extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_encrypted_entry_is_refused(tmp_path):
    packed = bytearray(zipped(FILES))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + offset] |= 1
    (tmp_path / "a.zip").write_bytes(packed)
    with pytest.raises(UserError, match=r"1 entry \('drive/image/0\.png'\): encrypted"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_all_that_is_wrong_is_named_at_once(tmp_path):
    bad = [(f"../{i}", b"", {}) for i in range(7)] + [("link", b"", {"type": tarfile.SYMTYPE, "linkname": "x"})]
    twice = [("a.txt", b"1", {}), ("./a.txt", b"2", {}), ("a.txt/b", b"3", {})]
    with pytest.raises(UserError) as caught:
        extract(tarred(tmp_path / "a.tar", bad + twice), tmp_path / "out")
    told = str(caught.value)
    for words in (
        "7 entries ('../0', '../1', '../2', '../3', '../4', ...)",
        "'link'",
        "more than once",
        "below a file",
    ):
        assert words in told


def test_a_bomb_of_a_gigabyte_in_a_zip_is_refused(tmp_path):
    path, block = tmp_path / "bomb.zip", bytes(1 << 24)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("zeros.bin", "w") as entry,
    ):
        for _ in range(64):
            entry.write(block)
    assert path.stat().st_size < 1 << 21
    with pytest.raises(UserError, match=r"would unpack to 1073741824, more than 100 times.*zeros\.bin"):
        extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bomb_of_a_gigabyte_in_a_tar_is_refused(tmp_path):
    head = tarfile.TarInfo("zeros.bin")
    head.size = 1 << 30
    path = tmp_path / "bomb.tar.gz"
    zeros = gzip.compress(bytes(1 << 24))
    path.write_bytes(gzip.compress(head.tobuf()) + zeros * 64)
    assert path.stat().st_size < 1 << 21
    with pytest.raises(UserError, match=r"bomb\.tar\.gz: refused: it unpacks to more than it may"):
        extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_header_that_unpacks_to_a_gigabyte_takes_no_memory(tmp_path):
    head = tarfile.TarInfo("long")
    head.size, head.type = 1 << 30, tarfile.GNUTYPE_LONGNAME  # tarfile reads such a header whole
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(head.tobuf()) + gzip.compress(bytes(1 << 24)) * 64)
    with pytest.raises(UserError, match="more than it may"):
        extract(tmp_path / "bomb.tar.gz", tmp_path / "out")


def test_a_zip_that_lies_about_its_size_writes_no_more_than_it_says(tmp_path):
    packed = bytearray(zipped({"zeros.bin": bytes(1 << 26)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = packed.index(mark) + offset
        packed[start : start + 4] = struct.pack("<I", 1000)
    (tmp_path / "a.zip").write_bytes(packed)
    with pytest.raises(DamagedError, match=r"a\.zip is damaged"):
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert sum(map(len, written(tmp_path / "out").values())) <= 1000


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "page"])
def test_a_damaged_archive_is_named(tmp_path, kind, harm):
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        path.write_bytes(zipped(FILES))
    else:
        tarred(path, [(name, contents, {}) for name, contents in FILES.items()])
    whole = path.read_bytes()
    start = 40 if kind == "zip" else len(whole) - 6  # in the first entry's data; in the checksum of the stream
    flipped = whole[:start] + bytes([whole[start] ^ 0xFF]) + whole[start + 1 :]
    page = b"<html>" + b" " * 600
    path.write_bytes({"cut": whole[: len(whole) // 2], "flipped": flipped, "empty": b"", "page": page}[harm])
    with pytest.raises(DamagedError, match=r"a\.(zip|tar\.gz) is damaged"):
        extract(path, tmp_path / "out")


def test_a_disk_that_is_too_small_is_noticed_before_the_first_byte(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zipped(FILES))
    free = type("Usage", (), {"free": 10})
    monkeypatch.setattr("depth2seg.files.shutil.disk_usage", lambda folder: free)
    with pytest.raises(UserError, match=r"the content of a\.zip takes 0 MB, and 0 MB are free"):
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert not written(tmp_path / "out")


def test_the_limit_leaves_room_for_text(tmp_path):
    text = "".join(f"{i} {zlib.crc32(str(i).encode())}\n" for i in range(100_000)).encode()
    (tmp_path / "a.zip").write_bytes(zipped({f"{i}.txt": text[: 1000 * (i + 1)] for i in range(50)}))
    assert extract(tmp_path / "a.zip", tmp_path / "out").files == 50
    assert archives.EXPANSION < 1 << 30 >> 20  # or the bombs above would pass
