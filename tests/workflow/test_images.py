"""What Snakemake plans with --use-apptainer: images first, rebuilt for what they are made of and nothing else."""

import json
from pathlib import Path

import pytest
import studies
from depth2seg.containers.record import write_record

FAKE = "#!/bin/sh\ncase $1 in --version) echo apptainer version 1.4.5;; *) exit 1;; esac\n"


@pytest.fixture
def apptainer(tmp_path):
    """A folder whose apptainer says its version and runs nothing: enough for a plan."""
    program = tmp_path / "bin" / "apptainer"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    (program.parent / "unshare").write_text("#!/bin/sh\n")
    (program.parent / "unshare").chmod(0o755)
    return program.parent


def plan(folder, apptainer, *options):
    path = f"{apptainer}:{studies.environment()['PATH']}"
    return studies.snakemake(folder, "--dry-run", "--use-apptainer", *options, variables={"PATH": path})


def counted(printed):
    lines = [line.split() for line in printed.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_without_the_option_no_image_is_planned(tmp_path):
    jobs = counted(studies.snakemake(tmp_path, "--dry-run").stdout)
    assert "finetune" in jobs and not {"image", "base_image"} & set(jobs)


def test_with_it_both_images_are_and_the_base_as_the_config_says(tmp_path, apptainer):
    jobs = counted(plan(tmp_path, apptainer).stdout)
    assert jobs["image"] == 2 and "base_image" not in jobs
    jobs = counted(plan(tmp_path, apptainer, "--config", "containers={bootstrap: debootstrap}").stdout)
    assert (jobs["image"], jobs["base_image"]) == (2, 1)


def test_a_missing_apptainer_is_said_before_any_job(tmp_path):
    path = [part for part in studies.environment()["PATH"].split(":") if not (Path(part) / "apptainer").exists()]
    done = studies.snakemake(tmp_path, "--dry-run", "--use-apptainer", variables={"PATH": ":".join(path)})
    assert done.returncode != 0
    assert "no apptainer in PATH" in done.stdout and "install-apptainer.sh" in done.stdout
    assert "rule " not in done.stdout


def test_a_truncated_image_is_named_and_not_used(tmp_path, apptainer):
    image = tmp_path / "results" / "images" / "train.sif"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"whole")
    write_record(image, {}, image)
    image.write_bytes(b"who")
    done = plan(tmp_path, apptainer)
    assert done.returncode != 0
    assert "train.sif has 3 bytes, the recorded image 5" in done.stdout


def test_a_pytorch_that_is_not_installed_is_said(tmp_path):
    done = studies.snakemake(tmp_path, "--dry-run", "--config", "cuda=cu128")
    assert done.returncode != 0
    assert "cuda: cu128 means PyTorch 2.9.1" in done.stdout


def test_an_image_is_made_from_its_lock_and_definition_by_content():
    import yaml
    from depth2seg.containers.images import image_settings
    from depth2seg.study import load_study

    config = yaml.safe_load(studies.SMOKE.read_text())
    train, other = (
        json.loads(image_settings(load_study(config | {"cuda": cuda}).config, "train")) for cuda in ("cu130", "cu128")
    )
    assert set(train["files"]) == {"containers/train.def", "containers/check_train.py", "envs/train.txt"}
    assert set(other["files"]) == {"containers/train.def", "containers/check_train.py", "envs/train-cu128.txt"}
    small = [image_settings(load_study(config | {"cuda": cuda}).config, "analysis") for cuda in ("cu130", "cu128")]
    assert small[0] == small[1]
