"""Cityscapes as published: disparity and cameras by hand, the index from the packages, packing without hood."""

import json

import cv2
import numpy as np
import publishers_data as data
import pytest
from depth2seg.__main__ import main
from depth2seg.data import cityscapes_files, decode, disparity, index, packer
from depth2seg.data.packing import Packed
from depth2seg.data.sets import cityscapes
from depth2seg.errors import UserError

SETTINGS = cityscapes.Dataset(source="cityscapes", cities=["aachen", "frankfurt"]).model_dump(mode="json")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return data.write_cityscapes(tmp_path_factory.mktemp("cityscapes"))


@pytest.fixture
def root(published, tmp_path):
    """A copy whose files may be spoilt: folders are real, files are links to the original."""
    for path in published.rglob("*.*"):
        if path.is_file() and "depth" not in path.parts:
            target = tmp_path / "cityscapes" / path.relative_to(published)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    return tmp_path / "cityscapes"


def verb(name, root, out, *arguments, settings=SETTINGS):
    return main([name, "--settings", json.dumps(settings), "--root", str(root), "--out", str(out), *arguments])


def prepared(root, tmp_path, settings=SETTINGS):
    for city in cityscapes.sequences(settings):
        assert verb("prepare", root, tmp_path / f"{city}.json", "--sequence", city, settings=settings) == 0
    return index.build(root, settings)


def test_disparity_becomes_depth(tmp_path):
    stored = np.array([[0, 1, 257, 256 * 40 + 1, 65535]], np.uint16)  # none, 0, 1, 40 and 255.99 pixels
    cv2.imwrite(str(tmp_path / "disparity.png"), stored)
    disparity.write_depth(tmp_path / "disparity.png", tmp_path / "depth.png", 2262.52 * 0.209313)
    depth = decode.depth(tmp_path / "depth.png")
    # fx * baseline = 473.575 m pixels: beyond the format's 256 m at 1 pixel, 11.839 m at 40, 1.85 m at 255.99.
    assert depth[0].tolist() == pytest.approx([0, 0, 0, 11.839, 1.850], abs=1 / 512)
    cv2.imwrite(str(tmp_path / "disparity.png"), stored.astype(np.uint8))
    with pytest.raises(UserError, match=r"disparity\.png is no 16-bit disparity image"):
        disparity.write_depth(tmp_path / "disparity.png", tmp_path / "depth.png", 1.0)


def test_the_published_camera(root):
    camera = cityscapes_files.read_camera(root / "camera/train/aachen/aachen_000000_000019_camera.json")
    assert camera == {"fx": 2262.52, "fy": 2265.3017905988554, "cx": 1096.98, "cy": 513.137, "baseline": 0.209313}


def test_the_index_of_the_packages(root, tmp_path):
    frames = prepared(root, tmp_path)
    assert frames["split"].value_counts().to_dict() == {"video": 60, "train": 2, "val": 2, "test": 1}
    video = frames.query("split == 'video' and sequence == 'aachen_000001'")
    assert video["frame"].tolist() == list(range(30))
    measured = video[video["depth"].notna()]
    assert measured["frame"].tolist() == [19]
    assert measured["image"].item() == "leftImg8bit/train/aachen/aachen_000001_000019_leftImg8bit.png"
    assert measured["right_image"].item() == "rightImg8bit/train/aachen/aachen_000001_000019_rightImg8bit.png"
    assert video["image"].iloc[20] == "leftImg8bit_sequence/train/aachen/aachen_000001_000020_leftImg8bit.png"
    assert (video["baseline"] == 0.209313).all()
    val = frames[frames["split"] == "val"]
    assert val["frame"].tolist() == [19, 20] and val["depth"].notna().tolist() == [True, False]
    assert frames.loc[frames["split"] == "test", "semantic"].item().startswith("gtFine/val/frankfurt/frankfurt_000000_")


def test_without_the_sequences_only_labelled_frames_are_left(root, tmp_path):
    for path in (root / "leftImg8bit_sequence").rglob("*.png"):
        path.unlink()
    settings = SETTINGS | {"video": False}
    assert verb("preflight", root, tmp_path / "report.json", settings=settings) == 0
    frames = prepared(root, tmp_path, settings)
    assert frames["split"].value_counts().to_dict() == {"video": 2, "train": 2, "val": 1, "test": 1}


def test_depth_of_the_disparity_package(root, tmp_path):
    frames = prepared(root, tmp_path)
    row = frames[frames["depth"].notna()].iloc[0]
    stored = cv2.imread(str(root / row["depth"].replace("depth", "disparity")), cv2.IMREAD_UNCHANGED)
    depth = decode.depth(root / row["depth"])
    assert (depth[stored == 0] == 0).all()
    assert depth[stored == 40 * 256 + 1] == pytest.approx(2262.52 * 0.209313 / 40, abs=1 / 256)


def test_packing_cuts_the_hood_off_what_pretrains_and_off_nothing_else(root, tmp_path):
    frames = prepared(root, tmp_path)
    keep = frames.query("frame in [18, 19, 20]")
    index.write(keep, tmp_path / "index.parquet")
    settings = packer.Settings((96, 256), "cityscapes", windows=dict.fromkeys(("video", "val"), (0, 768, 0, 2048)))
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "packed", settings)
    packed = Packed(tmp_path / "packed")
    whole = cv2.imread(str(root / "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"))[..., ::-1]
    at = packed.index.query("sequence == 'aachen_000000' and frame == 19").set_index("split")["row"]
    for split, part in (("video", whole[:768]), ("train", whole)):
        wanted = cv2.resize(part, (256, 96), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(packed.arrays["image"][at[split]], wanted)
    camera = packed.index.set_index(["split", "sequence", "frame"]).loc["video", "aachen_000000", 19]
    assert camera["fx"] == pytest.approx(2262.52 / 8) and camera["fy"] == pytest.approx(2265.3017905988554 / 8)
    assert camera["cy"] == pytest.approx((513.137 + 0.5) / 8 - 0.5)  # 768 rows to 96: an eighth, counted from the top
    uncut = packed.index.set_index(["split", "sequence", "frame"]).loc["train", "aachen_000000", 19]
    assert uncut["fy"] == pytest.approx(2265.3017905988554 * 96 / 1024)


def test_a_window_may_start_anywhere_and_must_be_inside(root, tmp_path):
    frames = prepared(root, tmp_path).query("split == 'val' and frame == 19")
    index.write(frames, tmp_path / "index.parquet")
    window = {"val": (100, 700, 200, 1400)}  # about what the released code keeps: 10 to 70 % of rows and columns
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "a", packer.Settings((300, 600), None, windows=window))
    packed = Packed(tmp_path / "a")
    assert packed.index["cx"].item() == pytest.approx((1096.98 - 200 + 0.5) / 2 - 0.5)
    assert packed.index["cy"].item() == pytest.approx((513.137 - 100 + 0.5) / 2 - 0.5)
    whole = cv2.imread(str(root / frames["image"].item()))[..., ::-1]
    wanted = cv2.resize(whole[100:700, 200:1400], (600, 300), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(packed.arrays["image"][0], wanted)
    with pytest.raises(UserError, match=r"has 1024 rows and 2048 columns: rows 0 to 1025"):
        settings = packer.Settings((32, 64), None, windows={"val": (0, 1025, 0, 2048)})
        packer.pack(tmp_path / "index.parquet", root, tmp_path / "b", settings)


def test_a_size_that_nothing_pretrains_at_holds_no_video(root, tmp_path):
    index.write(prepared(root, tmp_path), tmp_path / "index.parquet")
    settings = packer.Settings((32, 64), "cityscapes", splits=("train", "test"))
    packer.pack(tmp_path / "index.parquet", root, tmp_path / "packed", settings)
    assert Packed(tmp_path / "packed").info["splits"] == {"train": 2, "test": 1}
    with pytest.raises(UserError, match=r"has no frames of the splits nothing"):
        packer.pack(tmp_path / "index.parquet", root, tmp_path / "p", packer.Settings((32, 64), splits=("nothing",)))


def test_preflight_says_all_that_is_wrong_in_one_message(root, tmp_path, capsys):
    assert verb("preflight", root, tmp_path / "report.json") == 0
    assert json.loads((tmp_path / "report.json").read_text())["train_frames"] == 2
    (root / "rightImg8bit/train/aachen/aachen_000000_000019_rightImg8bit.png").unlink()
    (root / "leftImg8bit_sequence/train/aachen/aachen_000001_000003_leftImg8bit.png").unlink()
    camera = root / "camera/val/frankfurt/frankfurt_000000_000019_camera.json"
    camera.unlink()
    camera.write_text(json.dumps(data.CITYSCAPES_CAMERA).replace("0.209313", "20.9"))
    labels = root / "gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png"
    labels.unlink()
    data.write(labels, np.full((1024, 2048), 255, np.uint8))  # train ids in the place of label ids
    assert verb("preflight", root, tmp_path / "other.json") == 1
    message = capsys.readouterr().err
    for part in (
        "is not ready as the data set 'cityscapes':",
        "1 of 2 files are missing (rightImg8bit/train/aachen/aachen_000000_000019_rightImg8bit.png): extract right",
        "1 of 60 files are missing (leftImg8bit_sequence/train/aachen/aachen_000001_000003_leftImg8bit.png)",
        "frankfurt_000000_000019_camera.json: baseline 20.9 cannot be of a camera",
        "aachen_000001_000019_gtFine_labelIds.png holds 255 (2097152 pixels)",
    ):
        assert part in message, message


def test_all_cities_must_hold_the_published_number(root, tmp_path, capsys):
    settings = cityscapes.Dataset(source="cityscapes").model_dump(mode="json")
    assert verb("preflight", root, tmp_path / "report.json", settings=settings) == 1
    message = capsys.readouterr().err
    assert "holds 2 images, 2975 are published" in message
    assert "bochum: no images named bochum_000000_000019_leftImg8bit.png" in message
