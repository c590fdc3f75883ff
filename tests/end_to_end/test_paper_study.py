"""The paper study, cut to a few frames and steps: from publishers on loopback to all.csv."""

import json

import pandas as pd
import publishers_data
import pytest
import studies
from depth2seg.study import load_study
from paper_cut import cut_study
from publishers import Portal, Publisher, cut_after, serving, status
from yaml import safe_load

ACCOUNT = {"ada": "s3cret&word"}
MAKERS = {"kitti": publishers_data.write_kitti, "cityscapes": publishers_data.write_cityscapes}


def test_from_the_publishers_to_all_csv(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.setenv("CITYSCAPES_USERNAME", "ada")
    monkeypatch.setenv("CITYSCAPES_PASSWORD", ACCOUNT["ada"])
    unserved = load_study(safe_load(cut_study(tmp_path, {}).read_text()))
    files = {
        name: publishers_data.archives(make(tmp_path / "published" / name), unserved.parts(name))
        for name, make in MAKERS.items()
    }
    folder = tmp_path / "study"
    publishers_data.write_nyu(folder / "data/nyu")  # brought: the published .mat is known by its checksum
    with serving(Publisher(files["kitti"])) as kitti, serving(Portal(files["cityscapes"], ACCOUNT)) as cityscapes:
        kitti.script = [status(503), cut_after(50_000)]
        config = cut_study(tmp_path, {"kitti": kitti.mirror, "cityscapes": cityscapes.mirror})
        studies.run(folder, "results/paper/tables/all.csv", config=config)
        assert ACCOUNT["ada"] not in "".join(path.read_text() for path in (folder / "results").rglob("*.log"))
    results = folder / "results/paper"
    table = pd.read_csv(results / "tables/all.csv")
    assert set(table["experiment"]) == set(load_study(safe_load(config.read_text())).config.experiments)
    assert table["miou"].between(0, 1).all()
    recorded = pd.read_parquet(results / "data/nyu/index.parquet").query("split == 'video'")
    assert len(recorded) == 6, "what depth-nyu trains on"
    for dataset, pretrained in (("kitti", "depth-lidar"), ("cityscapes", "depth-cityscapes"), ("nyu", "depth-nyu")):
        metrics = json.loads((results / f"pretrain/{pretrained}/resnet18/seed0/metrics.json").read_text())
        assert metrics["errors"]["abs_rel"] > 0, f"{dataset}: measured on held-out depth"
    assert (results / "data/kitti/preflight.json").is_file()
