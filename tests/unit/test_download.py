"""Downloads against a server on this machine that misbehaves in the ways real ones do."""

import hashlib
import os
import resource
import threading
import time

import pytest
from depth2seg.data.download import fetch
from depth2seg.data.manifest import RawFile
from depth2seg.data.patience import Patience
from depth2seg.errors import UserError
from publishers import Publisher, cut_after, hanging_up, ignoring_ranges, serving, stalling, status, whole

CONTENTS = bytes(range(256)) * 2000  # 512 kB: several blocks of the reader
IMPATIENT = Patience(attempts=3, pause=0.01, timeout=0.3)


@pytest.fixture
def server():
    with serving(Publisher(contents=CONTENTS)) as server:
        yield server


@pytest.fixture
def file():
    return RawFile("Set/a b.png", len(CONTENTS), hashlib.sha256(CONTENTS).hexdigest())


def left(root):
    return {path.name: path.stat().st_size for path in root.rglob("*") if path.is_file()}


def test_missing_files_arrive_and_those_there_are_not_asked_for(server, tmp_path, file):
    there = RawFile("Set/there.png", 3, hashlib.sha256(b"abc").hexdigest())
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set/there.png").write_bytes(b"abc")
    stamp = (tmp_path / "Set/there.png").stat().st_mtime_ns
    fetch(tmp_path, [there, file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS
    assert server.paths == ["/mirror/Set/a%20b.png"]
    assert (tmp_path / "Set/there.png").stat().st_mtime_ns == stamp
    fetch(tmp_path, [there, file], server.mirror, IMPATIENT)
    assert len(server.paths) == 1


def test_a_cut_connection_is_resumed_from_where_it_broke(server, tmp_path, file):
    server.script = [cut_after(196_608), cut_after(98_304)]
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS
    first, second, third = server.ranges
    assert first is None
    assert (second, third) == ("bytes=196608-", "bytes=294912-")
    assert left(tmp_path) == {"a b.png": len(CONTENTS)}


def test_only_tries_that_bring_nothing_count(server, tmp_path, file):
    server.always = cut_after(98_304)  # six tries for the file, though only three may fail in a row
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert len(server.ranges) == 6


def test_a_later_run_resumes_what_an_earlier_one_left(server, tmp_path, file):
    server.script = [cut_after(49_152), status(503), status(503)]
    with pytest.raises(UserError, match="answers 503"):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert left(tmp_path) == {"a b.png.part": 49_152}
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert server.ranges == [None, *["bytes=49152-"] * 3]
    assert (tmp_path / file.path).read_bytes() == CONTENTS


def test_a_server_that_ignores_ranges_sends_it_all_again(server, tmp_path, file):
    server.script = [cut_after(200_000), ignoring_ranges]
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS


def test_a_part_of_something_else_is_dropped_once(server, tmp_path, file):
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set/a b.png.part").write_bytes(b"x" * 1000)
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert server.ranges == ["bytes=1000-", None]
    assert (tmp_path / file.path).read_bytes() == CONTENTS


@pytest.mark.parametrize("size", [len(CONTENTS), len(CONTENTS) + 5])
def test_a_part_that_is_too_long_or_wrong_to_the_end_is_dropped(server, tmp_path, file, size):
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set/a b.png.part").write_bytes(b"x" * size)
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert server.ranges == [None]
    assert (tmp_path / file.path).read_bytes() == CONTENTS


def test_a_part_that_was_complete_needs_no_server(server, tmp_path, file):
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set/a b.png.part").write_bytes(CONTENTS)
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert server.ranges == []
    assert left(tmp_path) == {"a b.png": len(CONTENTS)}


@pytest.mark.parametrize("trouble", [status(429), status(500), status(503), hanging_up, stalling, status(416)])
def test_what_passes_is_tried_again(server, tmp_path, file, trouble):
    server.script = [trouble, trouble]
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS
    assert len(server.ranges) == 3


def test_pauses_grow_and_a_server_may_ask_for_longer(server, tmp_path, file):
    server.script = [status(503), status(503), status(429, Retry_After="0.9")]
    started = time.monotonic()
    fetch(tmp_path, [file], server.mirror, Patience(attempts=9, pause=0.1))
    assert 0.1 + 0.2 + 0.9 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("trouble", "reason"), [(status(503), "answers 503"), (hanging_up, "connection broke"), (stalling, "timed out")]
)
def test_a_server_that_never_recovers_is_given_up(server, tmp_path, file, trouble, reason):
    server.script = [trouble]
    server.always = trouble if trouble is not stalling else lambda handler: time.sleep(0.5)
    with pytest.raises(UserError, match=reason) as error:
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert "Set/a b.png" in str(error.value)
    assert f"{server.mirror}/Set/a%20b.png" in str(error.value)
    assert "data_root" in str(error.value)


def test_no_server_at_all(server, tmp_path, file):
    mirror = server.mirror
    server.shutdown()
    server.server_close()
    with pytest.raises(UserError, match=r"connection broke.*refused"):
        fetch(tmp_path, [file], mirror, IMPATIENT)
    with pytest.raises(UserError, match="Check `mirror`"):
        fetch(tmp_path, [file], "no-address", IMPATIENT)


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_clear_no_is_not_asked_again(server, tmp_path, file, code):
    server.always = status(code)
    with pytest.raises(UserError, match=rf"Set/a b\.png: http.*a%20b\.png answers {code}"):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert len(server.ranges) == 1


@pytest.mark.parametrize(
    ("content_type", "page"),
    [("text/html; charset=utf-8", b"Please log in"), ("image/png", b"\n<!DOCTYPE html><html><p>Log in</html>")],
)
def test_a_login_page_is_refused_by_name(server, tmp_path, file, content_type, page):
    server.always = lambda handler: whole(handler, page, content_type=content_type)
    with pytest.raises(UserError, match=r"sends a web page instead of Set/a b\.png: a login page"):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert not (tmp_path / file.path).exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (CONTENTS[:-1] + b"!", "sends another file than"),
        (CONTENTS + b"!", f"sends another file, of {len(CONTENTS) + 1} bytes, than"),
        (CONTENTS[:-1], f"sends another file, of {len(CONTENTS) - 1} bytes, than"),
    ],
)
def test_wrong_bytes_never_get_the_files_name(server, tmp_path, file, wrong, message):
    server.contents = wrong
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set/a b.png.part").write_bytes(b"x" * 1000)
    with pytest.raises(UserError, match=message):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert not (tmp_path / file.path).exists()
    server.contents = CONTENTS
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS


@pytest.mark.parametrize(
    ("contents", "message"), [(CONTENTS + b"!", "sends more than"), (CONTENTS[:-1], "tries in a row")]
)
def test_a_server_that_says_no_length_and_sends_another_file_is_given_up(server, tmp_path, file, contents, message):
    def without_length(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(contents)
        handler.close_connection = True

    server.always = without_length
    with pytest.raises(UserError, match=message):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert not (tmp_path / file.path).exists()


def test_one_failure_stops_the_others(server, tmp_path, file):
    files = [RawFile(f"Set/{i}.png", file.size, file.sha256) for i in range(50)]
    server.always = lambda handler: (status(404) if "/3.png" in handler.path else whole)(handler)
    with pytest.raises(UserError, match=r"Set/3\.png"):
        fetch(tmp_path, files, server.mirror, IMPATIENT, connections=2)
    assert len(server.paths) < 50


def test_a_failure_does_not_wait_for_others_to_give_up(server, tmp_path, file):
    files = [RawFile(f"Set/{i}.png", file.size, file.sha256) for i in range(2)]
    server.always = lambda handler: status(404 if "/1.png" in handler.path else 503)(handler)
    started = time.monotonic()
    with pytest.raises(UserError, match=r"Set/1\.png"):
        fetch(tmp_path, files, server.mirror, Patience(pause=20))
    assert time.monotonic() - started < 5


def test_two_fetches_in_one_folder(server, tmp_path, file):
    files = [RawFile(f"Set/{i}.png", file.size, file.sha256) for i in range(10)]
    errors = []

    def run():
        try:
            fetch(tmp_path, files, server.mirror, IMPATIENT)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert left(tmp_path) == {f"{i}.png": len(CONTENTS) for i in range(10)}


def test_a_folder_without_write_permission_is_named(server, tmp_path, file, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # to root, every folder can be written to
    with pytest.raises(UserError, match=r"cannot be downloaded there: .*Set: not writable"):
        fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert server.paths == []


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path, file):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"1 files are missing in .*Set/a b\.png.*Not a directory"):
        fetch(tmp_path / "file", [file], server.mirror, IMPATIENT)


def test_a_full_disk_keeps_what_came_and_says_so(server, tmp_path, file):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(UserError, match=r"cannot write .*a b\.png\.part"):
            fetch(tmp_path, [file], server.mirror, IMPATIENT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / file.path).exists()
    fetch(tmp_path, [file], server.mirror, IMPATIENT)
    assert (tmp_path / file.path).read_bytes() == CONTENTS


def test_too_little_room_is_noticed_before_the_first_byte(server, tmp_path):
    with pytest.raises(UserError, match=r"takes 1000000000000 MB, and \d+ MB are free"):
        fetch(tmp_path, [RawFile("a.png", 10**18, "0" * 64)], server.mirror, IMPATIENT)
    assert server.paths == []
