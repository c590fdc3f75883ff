"""Images built for real, and the smoke study in them: the same numbers as without."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
import registry
import studies
from depth2seg.containers import build, packages
from depth2seg.errors import UserError

PREFIX = studies.REPO / ".apptainer"
# No hub is needed for this base: it comes from the machine's own Debian mirror.
OPTIONS = ["--use-apptainer", "--config", "containers={bootstrap: debootstrap}"]

pytestmark = pytest.mark.timeout(1800)  # the first test waits for both studies and the builds


@pytest.fixture(scope="module", autouse=True)
def apptainer():
    """Apptainer in PATH, here and for what is started from here."""
    if (PREFIX / "bin" / "apptainer").exists():
        os.environ["PATH"] = f"{PREFIX / 'bin'}:{os.environ['PATH']}"
    if shutil.which("apptainer") is None:
        pytest.skip("no apptainer: containers/install-apptainer.sh installs it")
    if shutil.which("mmdebstrap") is None:
        pytest.skip("no mmdebstrap, which builds the base from a Debian mirror: apt install mmdebstrap")


@pytest.fixture(scope="module")
def contained(tmp_path_factory):
    """The smoke study in containers, images and all: folder and what was printed."""
    folder = tmp_path_factory.mktemp("contained")
    printed = studies.run(folder, options=OPTIONS)
    return folder, printed


def images(folder):
    return folder / "results" / "images"


def test_every_number_is_that_of_the_study_without_containers(contained, smoke):
    tables = [
        pd.read_csv(results / "tables" / "cells.csv") for results in (contained[0] / "results/smoke", smoke.results)
    ]
    inside, outside = (table.set_index("cell").sort_index() for table in tables)
    numbers = [c for c in inside.columns if c.startswith(("miou", "iou_", "pixel", "mean_")) or c == "iterations"]
    pd.testing.assert_frame_equal(inside[numbers], outside[numbers], check_exact=True)


def test_every_run_records_the_image_that_it_ran_in(contained):
    digest = json.loads((images(contained[0]) / "train.json").read_text())["digest"]
    cells = pd.read_csv(contained[0] / "results/smoke/tables/cells.csv")
    assert (cells["image"] == digest).all()
    for metrics in (contained[0] / "results/smoke/pretrain").glob("*/*/*/metrics.json"):
        assert json.loads(metrics.read_text())["image"] == digest
    assert digest.removeprefix("sha256:") in (contained[0] / "results/smoke/report.html").read_text()


def test_the_images_are_small_enough_and_say_what_they_are(contained):
    sizes = {name: (images(contained[0]) / f"{name}.sif").stat().st_size / 1e6 for name in ("train", "analysis")}
    assert sizes["train"] < 4000 and sizes["analysis"] < 400
    labels = json.loads((images(contained[0]) / "train.json").read_text())["labels"]
    assert len(labels["depth2seg.lock"]) == 64
    assert len(labels["depth2seg.commit"].removesuffix("-changed")) == 40


def test_nothing_is_left_of_the_builds_and_nothing_is_to_do(contained):
    names = {path.name for path in images(contained[0]).iterdir()}
    assert names == {f"{name}.{suffix}" for name in ("base", "train", "analysis") for suffix in ("sif", "json")}
    done = studies.snakemake(contained[0], "--dry-run", *OPTIONS)
    assert "Nothing to be done" in done.stdout
    outside = studies.REPO / "workflow" / "depth2seg" / "training" / "loop.py"
    os.utime(outside)  # a changed Python file rebuilds no image
    assert "Nothing to be done" in studies.snakemake(contained[0], "--dry-run", *OPTIONS).stdout


def test_a_changed_lock_rebuilds_its_image_and_what_ran_in_it(contained):
    done = studies.snakemake(contained[0], "--dry-run", *OPTIONS, "cuda=cu128")
    jobs = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if len(line.split()) == 2}
    assert jobs["image"] == "1"
    assert {"pretrain", "finetune"} <= set(jobs)
    assert not {"render", "pack", "base_image"} & set(jobs)


def test_a_job_sees_the_project_and_not_the_home_or_the_hosts_python(contained, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text("")
    code = (
        "import sys, os, json; print(json.dumps({'home': os.path.exists(sys.argv[1]), 'path': sys.path,"
        " 'variables': dict(os.environ), 'here': os.listdir('.')}))"
    )
    image = images(contained[0]) / "analysis.sif"
    done = subprocess.run(
        ["apptainer", "exec", "--home", contained[0], image, "python", "-c", code, home / "secret"],
        cwd=contained[0],
        env=os.environ | {"APPTAINER_CONTAINALL": "1", "APPTAINER_NO_PRIVS": "1", "HOME": str(home), "SECRET": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert not seen["home"] and "SECRET" not in seen["variables"]
    assert "results" in seen["here"]
    assert not any(str(sys.prefix) in path for path in seen["path"])


def test_a_failing_test_leaves_no_image(contained, tmp_path):
    definition = tmp_path / "broken.def"
    definition.write_text(
        f"Bootstrap: localimage\nFrom: {images(contained[0]) / 'base.sif'}\n\n%test\n    echo no good\n    exit 1\n"
    )
    out = tmp_path / "images" / "broken.sif"
    with (
        pytest.raises(UserError, match=r"building broken\.sif failed"),
        build.build_folder(out.parent, "broken") as folder,
    ):
        build.build(definition, {}, [], folder, out)
    assert not list(out.parent.iterdir())


def test_a_killed_build_leaves_nothing(contained, tmp_path):
    base = images(contained[0]) / "base.sif"
    settings = json.dumps(
        {
            "name": "analysis",
            "definition": "containers/analysis.def",
            "lock": "envs/analysis.txt",
        }
    )
    out = tmp_path / "images" / "analysis.sif"
    command = [sys.executable, "-m", "depth2seg", "image", "--settings", settings, "--base", base, "--out", out]
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(studies.REPO / "workflow")}, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not list(out.parent.glob(".build-*/tmp/*")) and time.monotonic() < until and process.poll() is None:
        time.sleep(0.1)
    assert process.poll() is None, "the build ended before it could be killed"
    process.kill()
    process.wait()
    while list(out.parent.iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    assert not list(out.parent.iterdir())


def test_the_definitions_say_how_to_use_the_images_alone(contained):
    for name in ("train", "analysis"):
        command = ["apptainer", "run-help", images(contained[0]) / f"{name}.sif"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "apptainer exec" in printed and f"{name}.sif" in printed


@pytest.mark.skipif(registry.PROGRAM is None, reason="no docker-registry: apt install docker-registry")
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user, who builds here")
def test_an_ordinary_user_builds_from_a_registry(contained, tmp_path):
    """The commands of a build, run as nobody: this Python may lie in a home that nobody cannot read."""
    exported = ["apptainer", "exec", "--containall", "--no-privs", images(contained[0]) / "base.sif"]
    exported += ["tar", "--create", "--one-file-system", "--exclude=./proc/*", "--exclude=./dev/*", "--exclude=./tmp/*"]
    tree = subprocess.run([*exported, "--directory=/", "."], stdout=subprocess.PIPE, check=True).stdout
    # pytest's folders are its user's alone.
    with tempfile.TemporaryDirectory() as name, registry.serving(tmp_path) as address:
        registry.push(address, "base", tree)
        folder = Path(name)
        folder.chmod(0o755)
        home = folder / "home"
        home.mkdir()
        shutil.chown(home, "nobody")
        checkout = folder / "checkout"
        for part in ("containers", "envs"):
            shutil.copytree(studies.REPO / part, checkout / part)
        packages.download_wheels(studies.REPO / "envs/analysis.txt", folder / "wheels")
        arguments = {
            "from": f"{address}/base:latest",
            "lock": f"{checkout}/envs/analysis.txt",
            "check": f"{checkout}/containers/check_analysis.py",
        }
        command = [*build.BUILD, *(f"--build-arg={key}={value}" for key, value in arguments.items())]
        command += [f"--bind={folder / 'wheels'}:/mnt", home / "analysis.sif", checkout / "containers/analysis.def"]
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], "APPTAINER_NOHTTPS": "1", "TMPDIR": str(home)}
        done = subprocess.run(
            command, env=variables, cwd=home, user="nobody", extra_groups=[], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert build.labels(home / "analysis.sif")["depth2seg.from"] == arguments["from"]
