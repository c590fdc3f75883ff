"""The README's guide to a new pre-training task, followed to the letter: its module, its block, and it trains."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import studies
import yaml

GUIDE = (studies.REPO / "README.md").read_text().split("### A pre-training task")[1].split("\n## ")[0]


def block(language):
    return re.search(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)[1]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what runs, with the guide's module in its place, and a small study with the guide's block."""
    for part in ("workflow", "config", "containers", "envs"):
        shutil.copytree(studies.REPO / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(studies.REPO / "Snakefile", tmp_path)
    (tmp_path / "workflow" / "depth2seg" / "tasks" / "upright.py").write_text(block("python"))
    config = yaml.safe_load(studies.SMOKE.read_text())
    recipe = yaml.safe_load(block("yaml"))
    recipe["upright"] |= {"dataset": "smoke-streets", "schedule": config["recipes"]["flow"]["schedule"]}
    config["recipes"] |= recipe
    config["experiments"] = {
        "upright": config["experiments"]["flow"] | {"recipes": ["none", "upright"], "seeds": 1},
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def snakemake(checkout, *arguments):
    command = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", "--nocolor", *arguments]
    return subprocess.run(command, cwd=checkout, env=studies.environment(), capture_output=True, text=True)


def test_the_guide_leads_to_a_trained_network(checkout):
    done = snakemake(checkout, "--cores", "all", "results/smoke/tables/upright.csv")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    metrics = json.loads((checkout / "results/smoke/pretrain/upright/resnet18/seed0/metrics.json").read_text())
    assert metrics["task"] == "upright" and metrics["baseline"] == {"top1": 0.5}
    assert 0 <= metrics["errors"]["top1"] <= 1
    assert "upright" in (checkout / "results/smoke/tables/upright.csv").read_text()


def test_its_keys_are_checked(checkout):
    config = yaml.safe_load((checkout / "study.yaml").read_text())
    config["recipes"]["upright"]["hiden"] = config["recipes"]["upright"].pop("hidden")
    (checkout / "study.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(checkout, "--dry-run")
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "recipes.upright.hiden: unknown key" in told and "did you mean 'hidden'" in told
