"""Class tables: label ids, train ids, and values that cannot be."""

import numpy as np
import pytest
from depth2seg.data.classes import IGNORE, ClassTable, class_table
from depth2seg.errors import UserError


def test_cityscapes_maps_the_published_label_ids():
    table = class_table("cityscapes")
    published = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert table.to_train_ids(np.array(published, np.uint8), "f").tolist() == list(range(19))
    others = [label for label in range(34) if label not in published]
    assert set(table.to_train_ids(np.array(others, np.uint8), "f").tolist()) == {IGNORE}
    assert (table.names[0], table.names[10], table.names[18]) == ("road", "sky", "bicycle")
    assert len(table) == len(table.colours) == 19
    assert table.colours[13] == (0, 0, 142)


def test_kitti7_are_the_classes_that_the_released_code_counts():
    table = class_table("cityscapes")
    names = [table.names[i] for i in table.subsets["kitti7"]]
    assert names == ["road", "sidewalk", "building", "vegetation", "terrain", "sky", "car"]


def test_camvid_ignores_its_twelfth_value():
    table = class_table("camvid")
    assert table.to_train_ids(np.arange(12, dtype=np.uint8), "f").tolist() == [*range(11), IGNORE]
    assert (table.names[0], table.names[10]) == ("sky", "bicyclist")


def test_nyu_has_40_classes_and_ignores_0():
    table = class_table("nyu40")
    assert table.to_train_ids(np.arange(41, dtype=np.uint8), "f").tolist() == [IGNORE, *range(40)]
    assert (table.names[0], table.names[3], table.names[21], table.names[39]) == (
        "wall",
        "bed",
        "ceiling",
        "other prop",
    )
    # The first colours of the PASCAL VOC development kit.
    assert table.colours[:5] == ((128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128))
    assert len(set(table.colours)) == 40


def test_nyus_13_classes_are_those_of_the_published_mapping():
    """class13Mapping.mat, entry by entry: the place (from 1) among the 13 of each of the 40."""
    published = [12, 5, 6, 1, 4, 9, 10, 12, 13, 6, 8, 6, 13, 10, 6, 13, 6, 7, 7, 5,
                 7, 3, 2, 6, 11, 7, 7, 7, 7, 7, 7, 6, 7, 7, 7, 7, 7, 7, 6, 7]  # fmt: skip
    table = class_table("nyu13")
    train_ids = table.to_train_ids(np.arange(41, dtype=np.uint8), "f").tolist()
    assert train_ids == [IGNORE, *(number - 1 for number in published)]
    assert len(table) == len(table.colours) == 13


@pytest.mark.parametrize(
    ("classes", "value"),
    [("camvid", 12), ("camvid", 255), ("cityscapes", 34), ("cityscapes", 255), ("nyu40", 41), ("nyu13", 255)],
)
def test_a_value_that_cannot_be_names_file_and_value(classes, value):
    labels = np.array([[1, 2], [value, value]], np.uint8)
    with pytest.raises(UserError, match=rf"drive/frame\.png holds {value} \(2 pixels\)"):
        class_table(classes).to_train_ids(labels, "drive/frame.png")


def test_sixteen_bit_values_do_not_wrap_around():
    with pytest.raises(UserError, match="holds 256"):
        class_table("camvid").to_train_ids(np.array([[256]], np.uint16), "f")


def test_a_table_with_gaps_notices_what_falls_into_one():
    table = ClassTable("gappy", ("a", "b"), ((1, 1, 1), (2, 2, 2)), {0: 0, 2: 1})
    assert table.to_train_ids(np.array([0, 2], np.uint8), "f").tolist() == [0, 1]
    with pytest.raises(UserError, match=r"holds 1 \(1 pixels\)"):
        table.to_train_ids(np.array([0, 1], np.uint8), "f")


def test_palette_has_black_where_there_is_no_class():
    palette = class_table("camvid").palette()
    assert palette[3].tolist() == [128, 64, 128]
    assert not palette[11:].any()


def test_unknown_table_names_those_there_are():
    with pytest.raises(UserError, match=r"'cityscape'.*cityscapes, .*camvid"):
        class_table("cityscape")
