"""CamVid: the manifest against the real extract, the index, and folders that are not what they should be."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from depth2seg.__main__ import main
from depth2seg.data import index, packer, registry
from depth2seg.data.manifest import survey
from depth2seg.data.packing import Packed
from depth2seg.data.sets import camvid
from depth2seg.errors import UserError

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("DEPTH2SEG_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
EXTRACT = DATA / "camvid"
BLOCK = {"source": "camvid", "classes": "camvid"}

needs_extract = pytest.mark.skipif(
    not (EXTRACT / "CamVid").is_dir(), reason=f"no CamVid extract in {EXTRACT}; name its folder by DEPTH2SEG_TEST_DATA"
)


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A CamVid of four files, as the manifest wants them."""
    (tmp_path / "made").mkdir()
    rows = ["path,size,sha256"]
    for folder, name in [("val", "0016E5_07959"), ("test", "0001TP_008550")]:
        for kind in (folder, f"{folder}annot"):
            path = tmp_path / "camvid" / "CamVid" / kind / f"{name}.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(f"{kind} of {name}".encode() * 20)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            rows.append(f"{path.relative_to(tmp_path / 'camvid')},{path.stat().st_size},{digest}")
    (tmp_path / "made" / "camvid.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.setattr(registry, "TABLE", tmp_path / "made" / "registry.csv")
    return tmp_path / "camvid"


def test_index_of_a_small_set(small):
    frames = index.build(small, BLOCK)
    assert frames["split"].tolist() == ["test", "video"]
    assert frames["sequence"].tolist() == ["0001TP", "0016E5"]
    assert frames["frame"].tolist() == [4275, 3979]
    assert frames["semantic"].tolist()[1] == "CamVid/valannot/0016E5_07959.png"


def test_folder_that_is_missing(small):
    with pytest.raises(UserError, match="is missing"):
        index.build(small.with_name("nothing"), BLOCK)


def test_folder_that_is_half_there(small):
    (small / "CamVid/test/0001TP_008550.png").unlink()
    with pytest.raises(UserError, match=r"half there: 1 of 4 files is missing \(CamVid/test/0001TP_008550\.png\)"):
        index.build(small, BLOCK)


def test_folder_of_another_data_set(small):
    shutil.rmtree(small / "CamVid")
    (small / "2011_09_26").mkdir()
    (small / "2011_09_26" / "0000000000.png").write_bytes(b"kitti")
    with pytest.raises(UserError, match=r"another data set: none of the 4 expected files.*2011_09_26/0000000000\.png"):
        index.build(small, BLOCK)


def test_the_same_names_in_another_version_of_the_set(small):
    for path in small.rglob("*.png"):
        path.write_bytes(b"larger than it should be" * 99)
    with pytest.raises(UserError, match="another version of this one: 4 of 4 files are different in contents"):
        index.build(small, BLOCK)


def test_fetch_reports_all_that_is_wrong_at_once_and_touches_nothing(small, tmp_path, capsys):
    files = sorted(path for path in small.rglob("*.png"))
    flipped, cut, gone, _ = files
    contents = bytearray(flipped.read_bytes())
    contents[30] ^= 1
    flipped.write_bytes(contents)
    cut.write_bytes(cut.read_bytes()[:-1])
    gone.unlink()
    before = {path: path.read_bytes() for path in files if path.exists()}
    code = main(["fetch", "--settings", json.dumps(BLOCK), "--root", str(small), "--out", str(tmp_path / "out.json")])
    message = capsys.readouterr().err
    assert code == 1
    for path, kind in ((flipped, "different in contents"), (cut, "truncated"), (gone, "missing")):
        assert f"1 of 4 files is {kind} ({path.relative_to(small)})" in message
    assert not (tmp_path / "out.json").exists()
    assert {path: path.read_bytes() for path in small.rglob("*.png")} == before


def test_fetch_writes_the_manifest_of_a_complete_folder(small, tmp_path):
    out = tmp_path / "out.json"
    assert main(["fetch", "--settings", json.dumps(BLOCK), "--root", str(small), "--out", str(out)]) == 0
    written = json.loads(out.read_text())
    assert [file["path"] for file in written["files"]] == [file.path for file in camvid.manifest()]
    assert str(small) not in out.read_text()
    assert len(written["sha256"]) == 64


def test_manifest_in_the_repo_is_well_formed():
    files = camvid.manifest()
    assert len(files) == len({file.path for file in files}) == 654
    assert all(len(file.sha256) == 64 and file.size > 0 for file in files)


@needs_extract
def test_extract_is_what_the_manifest_says():
    started = time.monotonic()
    state = survey(EXTRACT, camvid.manifest())
    assert len(state.good) == 654
    assert time.monotonic() - started < 2


@needs_extract
def test_index_and_packed_frames_of_the_extract(tmp_path):
    frames = index.build(EXTRACT, BLOCK)
    assert frames["split"].value_counts().to_dict() == {"train": 164, "video": 101, "test": 62}
    video = frames[frames["split"] == "video"]
    assert set(video["sequence"]) == {"0016E5"}
    assert video["frame"].diff().dropna().eq(1).all()
    assert frames.loc[0, ["fx", "fy", "cx", "cy"]].tolist() == [556.8, 556.8, 239.5, 179.5]

    index.write(frames, tmp_path / "index.parquet")
    packer.pack(tmp_path / "index.parquet", EXTRACT, tmp_path / "24x32", packer.Settings((24, 32), "camvid"), 2)
    packed = Packed(tmp_path / "24x32")
    assert packed.triplets("video").shape == (99, 3)
    assert len(packed.triplets("train")) == len(packed.triplets("test")) == 0
    labels = packed.arrays["semantic"]
    assert set(np.unique(labels)) == {*range(11), 255}
    counts = packed.info["label_counts"]["test"]
    assert counts["road"] == (labels[packed.rows("test")] == 3).sum()
    assert sum(counts.values()) == 62 * 24 * 32
    # A street seen from a car: the sky is above, the road below.
    assert (labels[:, :4] == 0).mean() > (labels[:, -4:] == 0).mean()
    assert (labels[:, -4:] == 3).mean() > 0.5
