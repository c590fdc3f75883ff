"""The paper study, cut to a few frames and steps: from publishers on loopback to all.csv."""

import hashlib
import json

import pandas as pd
import publishers_data
import pytest
import studies
from depth2seg.study import load_study
from paper_cut import PAPER, cut_study, publish_weights
from publishers import Portal, Publisher, cut_after, serving, status
from yaml import safe_load

ACCOUNT = {"ada": "s3cret&word"}
MAKERS = {
    "kitti": publishers_data.write_kitti,
    "cityscapes": publishers_data.write_cityscapes,
    "nyu": publishers_data.write_nyu,
}


def test_the_cut_leaves_nothing_out(tmp_path):
    paper, cut = (safe_load(path.read_text()) for path in (PAPER, cut_study(tmp_path)))
    for kind in ("datasets", "recipes", "settings", "experiments"):
        assert list(cut[kind]) == list(paper[kind])
    for name, block in paper["experiments"].items():
        for key in ("dataset", "recipes", "settings", "baseline"):
            assert cut["experiments"][name][key] == block[key]
    for name, block in paper["recipes"].items():
        for key in ("task", "supervision", "dataset", "init", "layout", "decoder"):
            assert cut["recipes"][name].get(key) == block.get(key)


def test_from_the_publishers_to_all_csv(tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.setenv("CITYSCAPES_USERNAME", "ada")
    monkeypatch.setenv("CITYSCAPES_PASSWORD", ACCOUNT["ada"])
    parts = load_study(safe_load(cut_study(tmp_path).read_text())).parts
    files = {
        name: publishers_data.archives(make(tmp_path / "published" / name), parts(name))
        for name, make in MAKERS.items()
    }
    folder = tmp_path / "study"
    with (
        serving(Publisher(files["kitti"])) as kitti,
        serving(Portal(files["cityscapes"], ACCOUNT)) as cityscapes,
        serving(Publisher(files["nyu"])) as nyu,
        serving(Publisher()) as networks,
    ):
        kitti.script = [status(503), cut_after(50_000)]
        servers = {"kitti": kitti, "cityscapes": cityscapes, "nyu": nyu}
        datasets = {
            name: {"mirror": server.mirror, "sha256": digests(files[name], parts(name))}
            for name, server in servers.items()
        }
        config = cut_study(tmp_path, datasets, publish_weights(networks, folder))
        studies.run(folder, "results/paper/tables/all.csv", config=config)
        assert ACCOUNT["ada"] not in "".join(path.read_text() for path in (folder / "results").rglob("*.log"))
        assert {path.rsplit("/", 1)[1] for path in networks.paths} == set(networks.files)
    results = folder / "results/paper"
    table = pd.read_csv(results / "tables/all.csv")
    experiments = safe_load(PAPER.read_text())["experiments"]
    assert {name: set(rows["recipe"]) for name, rows in table.groupby("experiment")} == {
        name: set(block["recipes"]) for name, block in experiments.items()
    }
    assert table["miou"].between(0, 1).all()
    recorded = pd.read_parquet(results / "data/nyu/index.parquet").query("split == 'video'")
    assert len(recorded) == 6, "what depth-nyu trains on"
    for dataset, pretrained in (("kitti", "depth-lidar"), ("cityscapes", "depth-cityscapes"), ("nyu", "depth-nyu")):
        metrics = json.loads((results / f"pretrain/{pretrained}/resnet18/seed0/metrics.json").read_text())
        assert metrics["errors"]["abs_rel"] > 0, f"{dataset}: measured on held-out depth"
        assert (results / f"data/{dataset}/preflight.json").is_file()


def digests(files, parts):
    """For a data set's block, the sha256 of the files that the registry knows in the published version."""
    return {part.name: hashlib.sha256(files[part.file]).hexdigest() for part in parts if part.sha256}
