"""Files appear complete or not at all."""

import math

import pytest
from depth2seg.files import atomic_path, sha256, write_json


def test_a_file_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "folder" / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "a": 1\n}\n' and [p.name for p in path.parent.iterdir()] == ["value.json"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    for content in ("old", "new"):
        with atomic_path(tmp_path / "packed") as temporary:
            temporary.mkdir()
            (temporary / content).touch()
    assert [p.name for p in (tmp_path / "packed").iterdir()] == ["new"]
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "packed") as temporary:
        temporary.mkdir()
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["packed", "new"]


def test_json_holds_no_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "metrics.json", {"miou": math.nan})
    assert not list(tmp_path.iterdir())


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
