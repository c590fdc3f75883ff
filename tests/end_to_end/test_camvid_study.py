"""A cut of the CamVid study, on the real frames."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
import studies

# A data root that holds the extract: the variable's, or the one beside the checkout.
DATA = Path(os.environ.get("DEPTH2SEG_TEST_DATA", studies.REPO.parent / "shared" / "data")).resolve()
CONFIG = [studies.REPO / "config" / "camvid.yaml", Path(__file__).with_name("camvid-cut.yaml")]

pytestmark = pytest.mark.skipif(
    not (DATA / "camvid").is_dir(),
    reason=f"no CamVid extract at {DATA}/camvid; DEPTH2SEG_TEST_DATA names its data root",
)


def test_the_study_runs_on_the_real_frames(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (DATA / "camvid").rglob("*")}
    studies.run(tmp_path, config=CONFIG, options=["--config", f"data_root={DATA}"])
    results = tmp_path / "results" / "camvid"

    index = pd.read_parquet(results / "data" / "camvid" / "index.parquet")
    assert len(index) == 327
    assert set(index["split"]) == {"video", "train", "test"}
    assert index.loc[index["split"] != "video", "semantic"].notna().all()

    table = pd.read_csv(results / "tables" / "pretraining.csv")
    assert sorted(table["recipe"]) == ["depth-video", "none"]
    assert table["miou"].between(0, 1, inclusive="neither").all()
    assert table["miou_low"].notna().all()

    page = (results / "report.html").read_text()
    assert "results/camvid/figures/predictions.png" in page
    metrics = json.loads((results / "pretrain/depth-video/resnet18/seed0/metrics.json").read_text())
    assert metrics["errors"] is None  # no true depth: nothing to hold it against

    assert before == {path: path.stat().st_mtime_ns for path in (DATA / "camvid").rglob("*")}
