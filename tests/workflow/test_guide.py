"""The README's guides to a new pre-training task and data set, followed to the letter: module, block, and it trains."""

import json
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import studies
import yaml

README = (studies.REPO / "README.md").read_text()
TASK, DATASET = "A pre-training task", "A data set"


def block(guide, language):
    text = re.split(r"\n##+ ", README.split(f"### {guide}\n")[1])[0]
    return re.search(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)[1]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what runs, with the guide's module in its place, and a small study with the guide's block."""
    for part in ("workflow", "config", "containers", "envs"):
        shutil.copytree(studies.REPO / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(studies.REPO / "Snakefile", tmp_path)
    package = tmp_path / "workflow" / "depth2seg"
    (package / "tasks" / "upright.py").write_text(block(TASK, "python"))
    (package / "data" / "sets" / "garden.py").write_text(block(DATASET, "python"))
    config = yaml.safe_load(studies.SMOKE.read_text())
    recipe = yaml.safe_load(block(TASK, "yaml"))
    recipe["upright"] |= {"dataset": "smoke-streets", "schedule": config["recipes"]["flow"]["schedule"]}
    config["recipes"] |= recipe | {"of-gardens": config["recipes"]["inpainting"] | {"dataset": "garden"}}
    config["datasets"] |= yaml.safe_load(block(DATASET, "yaml"))["datasets"]
    experiment = config["experiments"]["flow"] | {"seeds": 1}
    config["experiments"] = {
        "upright": experiment | {"recipes": ["none", "upright"]},
        "gardens": experiment | {"dataset": "garden", "recipes": ["none", "of-gardens"], "train_sizes": [2]},
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def snakemake(checkout, *arguments):
    command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--nocolor", *arguments]
    return subprocess.run(command, cwd=checkout, env=studies.environment(), capture_output=True, text=True)


def write_gardens(root):
    rng = np.random.default_rng(0)
    for split, count in (("train", 4), ("test", 2)):
        for number in range(count):
            for kind, pixels in (
                ("images", rng.integers(0, 256, (80, 160, 3))),
                ("labels", rng.integers(0, 4, (80, 160))),
            ):
                path = root / kind / split / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), pixels.astype(np.uint8))


def test_the_guides_lead_to_trained_networks(checkout):
    write_gardens(checkout / "data" / "garden")
    results = checkout / "results/smoke"
    tables = [f"results/smoke/tables/{name}.csv" for name in ("upright", "gardens")]
    done = snakemake(checkout, "--cores", "all", *tables)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    metrics = json.loads((results / "pretrain/upright/resnet18/seed0/metrics.json").read_text())
    assert metrics["task"] == "upright" and metrics["baseline"] == {"top1": 0.5}
    assert 0 <= metrics["errors"]["top1"] <= 1
    assert "upright" in (results / "tables/upright.csv").read_text()
    metrics = json.loads((results / "pretrain/of-gardens/resnet18/seed0/metrics.json").read_text())
    assert metrics["dataset"] == "garden" and metrics["errors"]["psnr"] > 0
    assert {"iou_lawn", "iou_path", "iou_plant"} <= set((results / "tables/cells.csv").read_text().split(","))


def test_a_folder_that_nobody_filled_is_named(checkout):
    done = snakemake(checkout, "--cores", "1", "results/smoke/data/garden/index.parquet")
    assert done.returncode != 0
    assert "data folder data/garden is missing" in (checkout / "results/smoke/logs/index/garden.log").read_text()


def test_its_keys_are_checked(checkout):
    config = yaml.safe_load((checkout / "study.yaml").read_text())
    config["recipes"]["upright"]["hiden"] = config["recipes"]["upright"].pop("hidden")
    (checkout / "study.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(checkout, "--dry-run")
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "recipes.upright.hiden: unknown key" in told and "did you mean 'hidden'" in told
