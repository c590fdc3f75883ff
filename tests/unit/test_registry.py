"""The registry of publishers' archives: the table in the repo, and what is said of a table that is wrong."""

import csv
import re
from collections import Counter

import pytest
from depth2seg.data import registry
from depth2seg.data.manifest import read_manifest
from depth2seg.data.sets import camvid
from depth2seg.errors import UserError


def changed(folder, values, row=0):
    """A copy of the table with some values of one row replaced, of its first if nothing is said."""
    with registry.TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[row].update(values)
    path = folder / "registry.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_table_is_well_formed_and_each_archive_is_in_it_once():
    parts = registry.read()
    assert {part.dataset for part in parts} == {"kitti", "cityscapes", "nyu", "camvid"}
    addresses = Counter(part.address for part in parts if part.dataset != "cityscapes")
    assert set(addresses.values()) == {1}
    single = [part for part in parts if part.dataset not in ("cityscapes", "camvid")]
    assert all(part.address.endswith(f"/{part.file}") for part in single)


def test_camvids_row_is_its_manifest():
    [part] = registry.parts("camvid")
    files = read_manifest(registry.manifest(part))
    assert (len(files), part.size) == (654, sum(file.size for file in files))
    assert part.address == camvid.MIRROR and part.address.endswith("/")


def test_kitti_has_the_eigen_splits_drives_with_the_calibration_of_each_day():
    parts = [part for part in registry.parts("kitti") if part.name != "data_semantics"]
    drives = [part for part in parts if "_drive_" in part.name]
    days = {part.name[:10] for part in drives}
    assert {part.name for part in parts} - {part.name for part in drives} == {f"{day}_calib" for day in days}
    # Of Eigen's 28 test scenes and 33 training scenes, as many as monodepth2's list of archives has.
    assert Counter(part.name[:10] for part in drives) == {
        "2011_09_26": 45,
        "2011_09_28": 2,
        "2011_09_29": 3,
        "2011_09_30": 7,
        "2011_10_03": 4,
    }
    base = r"https://s3\.eu-central-1\.amazonaws\.com/avg-kitti/raw_data/"
    for part in drives:
        assert re.fullmatch(rf"{base}{part.name}/{part.name}_sync\.zip", part.address)
        assert part.makes == (f"raw/{part.name[:10]}/{part.name}_sync",)
    test = (
        "2011_09_26_drive_0002 2011_09_26_drive_0117 2011_09_28_drive_0002 2011_09_29_drive_0071 2011_10_03_drive_0047"
    )
    assert set(test.split()) <= {part.name for part in drives}


def test_only_needed_parts_are_taken_unless_others_are_chosen():
    assert [part.name for part in registry.parts("nyu")] == ["labelled", "splits", "classes40"]
    assert [part.name for part in registry.parts("nyu", ["bathrooms_part1"])] == ["bathrooms_part1"]
    with pytest.raises(UserError, match=r"nyu has no 'attic'; it has labelled, splits"):
        registry.parts("nyu", ["splits", "attic"])
    assert registry.parts("rendered-street") == []


def test_what_is_not_known_is_none_and_sizes_are_bytes():
    drive, sequence = registry.part("kitti", "2011_09_26_drive_0001"), "leftImg8bit_sequence_trainvaltest"
    assert (drive.size, drive.sha256, drive.mirror, drive.about) == (None, None, None, None)
    assert registry.part("cityscapes", sequence).about == 324e9
    images = registry.part("cityscapes", "leftImg8bit_trainvaltest")
    assert images.about == images.size == 11_592_327_197 and images.published == 11e9
    labelled = registry.part("nyu", "labelled")
    assert labelled.about == labelled.size == 2_972_037_809


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"address": "http://example.org/a.zip"}, "address is not https"),
        ({"mirror": "ftp://example.org/a.zip"}, "mirror is not https"),
        ({"size": "3 GB"}, "size is not a number of bytes"),
        ({"published": "much"}, "published is not a size"),
        ({"sha256": "abc", "size": "3"}, "sha256 is not 64 hex digits"),
        ({"sha256": "0" * 64}, "sha256 without a size"),
        ({"makes": ""}, "makes is empty"),
        ({"makes": "../raw"}, "lead out of the data set's folder"),
        ({"folder": "/raw"}, "lead out of the data set's folder"),
        ({"file": "calib.txt"}, "a plain file makes itself"),
        ({"file": "a/b.zip"}, "file is not the name of one file"),
        ({"needed": "maybe"}, "needed is neither yes nor no"),
        ({"licence": ""}, "licence, citation or terms are empty"),
        ({"part": "2011_09_26_drive_0001"}, "kitti/2011_09_26_drive_0001 occurs twice"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_row_is_named(tmp_path, values, told):
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        registry.read(changed(tmp_path, values))
    assert "registry.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"file": "frames.csv"}, "there is no manifest frames.csv beside the table"),
        ({"address": "https://example.org/CamVid"}, "is a folder, and ends in '/'"),
        ({"size": "85531532"}, "size is not the 85531533 bytes of the manifest's files"),
        ({"sha256": "0" * 64}, "the manifest has a sha256 for each file, the row has none"),
        ({"makes": "SegNet"}, "makes is not where the manifest's files are"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_row_of_a_manifest_is_named(tmp_path, values, told):
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        registry.read(changed(tmp_path, values, row=-1))
    assert "camvid/frames" in str(caught.value)


def test_a_table_with_other_columns_is_refused(tmp_path):
    (tmp_path / "registry.csv").write_text("dataset,part\nkitti,calib\n")
    with pytest.raises(UserError, match="columns dataset, part; expected dataset, part, file"):
        registry.read(tmp_path / "registry.csv")
