"""Cityscapes' portal: a person's own account, from the environment, and nowhere else."""

import hashlib
import json
import logging
import random
import sys
from dataclasses import replace

import pytest
from depth2seg.__main__ import main
from depth2seg.data import registry
from depth2seg.data.obtain import obtain
from depth2seg.data.patience import Patience
from depth2seg.errors import UserError
from publishers import Portal, cut_after, serving, status, wrong_bytes, zipped

IMPATIENT = Patience(attempts=3, pause=0.01, timeout=0.3)
PART = replace(registry.part("cityscapes", "gtFine_trainvaltest"), size=None, sha256=None)  # small ones are served
FILES = {
    f"gtFine/{split}/city/city_000000_000019_gtFine_labelIds.png": random.Random(split).randbytes(200_000)
    for split in ("train", "val", "test")
}
RIGHT = {name: contents for name, contents in FILES.items() if "/test/" not in name}


@pytest.fixture
def portal(monkeypatch):
    monkeypatch.setenv("CITYSCAPES_USERNAME", "ada")
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "s3cret&word")
    files = {PART.file: zipped(FILES), "camera_trainvaltest.zip": zipped({"camera/train/a.json": b"{}"})}
    with serving(Portal(files, {"ada": "s3cret&word"})) as portal:
        yield portal


def in_place(root):
    paths = [path for path in root.rglob("*") if path.is_file() and ".downloads" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_a_package_comes_by_its_name_with_one_login(portal, tmp_path):
    obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT
    assert portal.logins == 1
    assert portal.paths == ["/file-handling/?packageID=2"]


def test_a_session_that_ends_is_renewed_and_the_download_goes_on(portal, tmp_path):
    def end_of_session(handler):
        portal.sessions.clear()
        cut_after(98_304)(handler)

    portal.script = [end_of_session]
    obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT
    assert portal.logins == 2
    assert portal.ranges == [None, "bytes=98304-"]


def test_a_busy_portal_is_asked_again(portal, tmp_path):
    portal.script = [status(503), status(429)]
    obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert in_place(tmp_path) == RIGHT


def test_the_portals_md5_is_checked(portal, tmp_path):
    portal.always = wrong_bytes
    with pytest.raises(UserError, match="sends another file") as caught:
        obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert hashlib.md5(portal.files[PART.file]).hexdigest() in str(caught.value)
    assert not in_place(tmp_path)


def test_a_wrong_password_is_said_once_and_not_shown(portal, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "wr0ng")
    with pytest.raises(UserError, match="does not accept CITYSCAPES_USERNAME with CITYSCAPES_PASSWORD") as caught:
        obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert portal.logins == 1
    assert "wr0ng" not in str(caught.value) + caplog.text and "ada" not in str(caught.value)


@pytest.mark.parametrize("missing", ["CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD"])
def test_missing_credentials_are_named_with_the_ways_out(portal, tmp_path, monkeypatch, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(UserError, match=missing) as caught:
        obtain(PART, tmp_path, portal.mirror, None, IMPATIENT)
    assert "Register" in str(caught.value) and "`archives`" in str(caught.value)
    assert portal.logins == 0


@pytest.mark.parametrize("locked", [False, True])
def test_the_password_may_be_in_the_keyring(portal, tmp_path, monkeypatch, locked):
    (tmp_path / "keyring.py").write_text(
        "class errors:\n"
        "    class KeyringError(Exception):\n        pass\n"
        "def get_password(service, username):\n"
        f"    if {locked}:\n        raise errors.KeyringError\n"
        "    return {('cityscapes', 'ada'): 's3cret&word'}[service, username]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    monkeypatch.delenv("CITYSCAPES_PASSWORD")
    if locked:
        with pytest.raises(UserError, match="set CITYSCAPES_USERNAME and CITYSCAPES_PASSWORD"):
            obtain(PART, tmp_path / "data", portal.mirror, None, IMPATIENT)
    else:
        obtain(PART, tmp_path / "data", portal.mirror, None, IMPATIENT)
        assert in_place(tmp_path / "data") == RIGHT
    sys.modules.pop("keyring", None)


def test_a_package_that_the_account_lacks_is_named(portal, tmp_path):
    with pytest.raises(UserError, match=r"no package leftImg8bit_sequence.*on request.*camera_trainvaltest\.zip"):
        obtain(
            registry.part("cityscapes", "leftImg8bit_sequence_trainvaltest"), tmp_path, portal.mirror, None, IMPATIENT
        )


def test_no_portal_gets_a_password_in_clear_text(portal, tmp_path):
    with pytest.raises(UserError, match=r"http://mirror\.example would get the password in clear text"):
        obtain(replace(PART, address="http://mirror.example"), tmp_path, None, None, IMPATIENT)


def test_archives_at_hand_need_no_account(portal, tmp_path, monkeypatch):
    monkeypatch.delenv("CITYSCAPES_PASSWORD")
    (tmp_path / PART.file).write_bytes(portal.files[PART.file])
    obtain(PART, tmp_path / "cityscapes", None, tmp_path, IMPATIENT)
    assert in_place(tmp_path / "cityscapes") == RIGHT


def test_nothing_that_is_written_or_printed_has_the_credentials(portal, tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    portal.script = [status(503), cut_after(9000)]
    digest = {PART.name: hashlib.sha256(portal.files[PART.file]).hexdigest()}
    settings = json.dumps({"source": "cityscapes", "mirror": portal.mirror, "archives": None, "sha256": digest})
    arguments = ["--part", PART.name, "--root", str(tmp_path / "data"), "--out", str(tmp_path / "placed.json")]
    assert main(["archive", "--settings", settings, *arguments]) == 0
    printed = capfd.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    told = printed.out.encode() + printed.err.encode() + caplog.text.encode() + written
    assert b"s3cret" not in told and b"ada" not in told.replace(b"metadata", b"")
