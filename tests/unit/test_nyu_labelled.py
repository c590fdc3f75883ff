"""NYU-Depth-V2's labelled frames: from the MATLAB files to image files, crop, classes, split, preflight."""

import json

import cv2
import numpy as np
import publishers_data as data
import pytest
from depth2seg.__main__ import main
from depth2seg.data import index, nyu_labelled, packer
from depth2seg.data.classes import class_table
from depth2seg.data.packing import Packed
from depth2seg.data.sets import nyu as nyu_set

h5py = pytest.importorskip("h5py")

SETTINGS = nyu_set.Dataset(source="nyu").model_dump(mode="json")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return data.write_nyu(tmp_path_factory.mktemp("nyu"))


@pytest.fixture
def root(published, tmp_path):
    folder = tmp_path / "nyu"
    folder.mkdir()
    for path in published.glob("*.mat"):
        (folder / path.name).symlink_to(path)
    return folder


def verb(name, root, out, *arguments):
    return main([name, "--settings", json.dumps(SETTINGS), "--root", str(root), "--out", str(out), *arguments])


def prepare(root, tmp_path):
    return verb("prepare", root, tmp_path / "record.json", "--sequence", "labelled")


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_frames_are_written_upright_cropped_and_mapped(root, tmp_path):
    assert prepare(root, tmp_path) == 0
    assert json.loads((tmp_path / "record.json").read_text()) == {
        "source": "nyu", "sequence": "labelled", "frames": 6, "scenes": 4
    }  # fmt: skip
    folder, name = root / "labelled/bedroom_0010", "000005.png"
    with h5py.File(root / "nyu_depth_v2_labeled.mat") as file:
        # Axes as MATLAB's readers see them, reversed: frame, colour, column, row.
        image, depth, label = (file[key][4] for key in ("images", "depths", "labels"))
    assert read(folder / "image" / name).shape == (427, 561, 3)
    for row, column in ((0, 0), (100, 300), (426, 560)):
        at = column + 40, row + 44  # columns 41 to 601 and rows 45 to 471 of the publisher's toolbox
        assert read(folder / "image" / name)[row, column, ::-1].tolist() == image[:, *at].tolist()
        assert read(folder / "depth" / name)[row, column] == round(float(depth[at]) * 1000)
        assert read(folder / "label" / name)[row, column] == (
            0 if label[at] == 0 else data.nyu_classes()[label[at] - 1]
        )
    assert read(folder / "label" / name)[60, 65] == data.nyu_classes()[893]  # the last label, 894
    camera = json.loads((folder / "camera.json").read_text())
    assert (camera["width"], camera["height"]) == (561, 427)
    assert camera["cx"] == pytest.approx(325.5824 - 1 - 40, abs=1e-3)
    assert camera["fx"] == pytest.approx(518.8579, abs=1e-3)


def test_preparing_goes_on_where_it_was(root, tmp_path):
    assert prepare(root, tmp_path) == 0
    lost, kept = (
        root / f"labelled/{place}.png" for place in ("office_0002a/label/000003", "kitchen_0004/label/000001")
    )
    (root / "labelled/splits.json").unlink()
    lost.unlink()
    assert prepare(root, tmp_path) == 0
    assert lost.is_file() and kept.is_file() and (root / "labelled/splits.json").is_file()


def test_the_index_has_the_official_split(root, tmp_path):
    pytest.importorskip("depth2seg.data.nyu")
    assert prepare(root, tmp_path) == 0
    frames = index.build(root, SETTINGS)
    numbers = {split: rows["frame"].tolist() for split, rows in frames.groupby("split")}
    assert numbers == {"train": [1, 2, 3], "test": [4, 5, 6], "val": [4, 5, 6]}
    assert frames["depth"].notna().all()
    assert frames["semantic"].notna().tolist() == (frames["split"] != "val").tolist()
    assert frames.query("split == 'train'")["sequence"].tolist() == ["kitchen_0004", "kitchen_0004", "office_0002a"]


def test_an_index_before_everything_is_prepared_is_refused(root, tmp_path, capsys):
    assert verb("index", root, tmp_path / "index.parquet") == 1
    assert "splits.json is missing" in capsys.readouterr().err


def test_preflight_counts_what_is_there(root, tmp_path):
    assert verb("preflight", root, tmp_path / "report.json") == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report == {"source": "nyu", "frames": 6, "scenes": 4, "train": 3, "test": 3}


def test_preflight_says_all_that_is_wrong_in_one_message(root, tmp_path, capsys):
    (root / "splits.mat").unlink()
    (root / "classMapping40.mat").unlink()
    (root / "classMapping40.mat").write_bytes(b"<html>")
    whole = (root / "nyu_depth_v2_labeled.mat").read_bytes()
    (root / "nyu_depth_v2_labeled.mat").unlink()
    (root / "nyu_depth_v2_labeled.mat").write_bytes(whole[: len(whole) // 2])
    assert verb("preflight", root, tmp_path / "report.json") == 1
    message = capsys.readouterr().err
    for part in ("splits.mat is missing", "classMapping40.mat is no MATLAB file", "labeled.mat is cut off"):
        assert part in message, message


def test_preflight_of_another_files_arrays(root, tmp_path, capsys):
    (root / "nyu_depth_v2_labeled.mat").unlink()
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = np.zeros((2, 640, 480, 3), np.uint8)
    assert verb("preflight", root, tmp_path / "report.json") == 1
    assert "3 of 4 arrays of" in capsys.readouterr().err


def test_few_frames_are_in_memory_at_a_time(root, monkeypatch):
    monkeypatch.setattr(nyu_labelled, "_BLOCK", 2)
    taken = [frame[:2] for frame in nyu_labelled.labelled_frames(root, lambda scene, number: number > 2)]
    assert taken == list(enumerate(data.NYU_SCENES, 1))
    frames = list(nyu_labelled.labelled_frames(root, lambda scene, number: number > 2))
    assert [image is None for _, _, image, _, _ in frames] == [True, True, False, False, False, False]


@pytest.mark.parametrize("classes", ["nyu40", "nyu13"])
def test_packing_reads_metres_and_classes(root, tmp_path, classes):
    assert prepare(root, tmp_path) == 0
    index.write(index.build(root, SETTINGS), tmp_path / "index.parquet")
    settings = packer.Settings((427, 561), classes, ("semantic", "depth"))
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "packed", settings)
    packed = Packed(tmp_path / "packed")
    row = packed.index.query("split == 'train' and frame == 3")["row"].item()
    with h5py.File(root / "nyu_depth_v2_labeled.mat") as file:
        depth, label = file["depths"][2].T[44:471, 40:601], file["labels"][2].T[44:471, 40:601]
    assert np.abs(packed.arrays["depth"][row] - depth).max() <= 0.0005 + 1e-6  # half a millimetre
    ids = np.where(label > 0, (label.astype(int) - 1) % 40 + 1, 0)
    np.testing.assert_array_equal(packed.arrays["semantic"][row], class_table(classes).to_train_ids(ids, "truth"))
