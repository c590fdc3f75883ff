"""The frame index: schema, order, errors, and finding a source's module."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from depth2seg.data import index, sets
from depth2seg.errors import UserError

ROW = {"split": "train", "sequence": "a", "frame": 1, "image": "a/1.png"}


def test_rows_are_sorted_and_have_every_column(tmp_path):
    rows = [
        {**ROW, "frame": 10},
        {**ROW, "frame": 9},
        {**ROW, "split": "test", "sequence": "b", "frame": 11, "fx": 1.5, "fy": 1.5, "cx": 0, "cy": 0},
    ]
    index.write(index.table(rows), tmp_path / "index.parquet")
    frames = index.read(tmp_path / "index.parquet")
    assert tuple(frames) == index.COLUMNS
    assert list(zip(frames["split"], frames["frame"], strict=True)) == [("test", 11), ("train", 9), ("train", 10)]
    assert frames["frame"].dtype == "int64"
    assert frames["fx"].dtype == "float64"
    assert frames["semantic"].isna().all()
    assert frames["fx"].isna().tolist() == [False, True, True]


def test_the_same_table_is_the_same_file(tmp_path):
    for name in ("one", "two"):
        index.write(index.table([ROW]), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"split": "trian"}, "split is not one of.*trian"),
        ({"image": None}, "image is empty"),
        ({"image": "/somewhere/1.png"}, "image is not below"),
        ({"semantic": "../1.png"}, "semantic is not below"),
        ({"fx": 1.0}, "some of fx, fy, cx, cy are empty"),
        ({"fx": -1.0, "fy": 1.0, "cx": 0.0, "cy": 0.0}, "focal length is not positive"),
        ({"right_image": "r.png"}, "right_image without a positive baseline"),
        ({"depht": "d.png"}, "unknown columns depht"),
        ({"frame": None}, "without a frame number"),
    ],
)
def test_a_row_that_breaks_the_schema_is_named(change, message):
    with pytest.raises(UserError, match=message):
        index.table([{**ROW, **change}])


def test_a_frame_that_occurs_twice_is_refused():
    with pytest.raises(UserError, match=r"frame occurs twice in 1 rows.*frame 1"):
        index.table([ROW, ROW])
    with pytest.raises(UserError, match="not one frame"):
        index.table([])


def test_reading_what_is_no_index(tmp_path):
    with pytest.raises(UserError, match="is missing: write it"):
        index.read(tmp_path / "index.parquet")
    (tmp_path / "index.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match="cannot be read"):
        index.read(tmp_path / "index.parquet")
    pd.DataFrame({"split": ["train"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match="lacks the columns sequence, frame"):
        index.read(tmp_path / "other.parquet")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A data set that is one module."""
    (tmp_path / "toy_garden.py").write_text(
        "import pandas as pd\n"
        "def build_index(root, dataset):\n"
        "    return pd.DataFrame([dict(split='train', sequence='s', frame=1, image='1.png')])\n"
    )
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(tmp_path)])
    yield {"source": "toy-garden"}
    sys.modules.pop("depth2seg.data.sets.toy_garden", None)


def test_files_that_are_missing_are_named(toy, tmp_path):
    with pytest.raises(UserError, match=r"1 of the 1 files of 'toy-garden' are missing.*1\.png"):
        index.build(tmp_path, toy)
    (tmp_path / "1.png").touch()
    assert len(index.build(tmp_path, toy)) == 1
    with pytest.raises(UserError, match=r"data folder .*/none is missing"):
        index.build(tmp_path / "none", toy)


@pytest.mark.parametrize("source", ["camvit", "classes", "no.such.thing"])
def test_an_unknown_source_is_named(source):
    with pytest.raises(UserError, match=f"source '{source}'"):
        sets.module(source)


def test_the_snakefile_can_ask_data_sets_without_heavy_imports():
    code = (
        "import sys; from depth2seg.data import sets\n"
        "assert sets.module('rendered-street').Dataset.comes_by == 'rendering'\n"
        "print(sorted({'numpy', 'pandas', 'torch', 'cv2', 'requests'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment()
    )
    assert result.stdout == "[]\n"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(index.__file__).parents[2])}


def test_a_job_of_one_data_set_imports_no_other():
    code = (
        "import sys; from depth2seg.data import sets; sets.module('rendered-street')\n"
        "from depth2seg.data.classes import class_table; class_table('cityscapes')\n"
        "print(sorted(name for name in sys.modules if name.startswith('depth2seg.data.sets.')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment()
    )
    assert result.stdout == "['depth2seg.data.sets.rendered_street']\n"
