"""Two studies at once in one folder, and jobs or all of Snakemake killed: nothing lost, and a rerun goes on."""

import json
import shutil
import time

import pytest
import studies

CELL = "results/smoke/finetune/smoke-streets/none/resnet18/unet/n2/seed0"
TARGET = f"{CELL}/metrics.json"


def wait_for(condition, process, seconds=120):
    """Return once ``condition()`` holds; fail when the process ends, or the seconds are over, before it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "Snakemake ended too early"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def config(tmp_path):
    """The smoke study, with a fine-tuning that would go on for hours."""
    return studies.edited(tmp_path, {"settings.unet.schedule.iterations": 100_000})


def test_a_second_study_in_the_folder_is_refused_and_the_first_finishes(tmp_path):
    target = "results/smoke/data/smoke-streets/index.parquet"  # a dozen sequences: longer than a start takes
    with studies.started(tmp_path, "--cores", 1, target) as first:
        wait_for(lambda: any((tmp_path / ".snakemake" / "locks").glob("*")), first)
        second = studies.snakemake(tmp_path, "--cores", 1, target)
        assert first.wait() == 0
    assert second.returncode != 0
    assert "cannot be locked" in second.stdout
    assert "Traceback" not in second.stdout
    assert (tmp_path / target).exists()


def test_killed_with_its_job_and_started_again_it_keeps_finished_work(tmp_path, config):
    log = tmp_path / "results/smoke/logs/finetune/smoke-streets-none-resnet18-unet-n2-seed0.log"
    with studies.started(tmp_path, "--cores", "all", TARGET, config=config) as process:
        wait_for(lambda: log.exists() and any((tmp_path / "results/smoke/work").glob("*.lock")), process, 300)
        studies.kill_group(process)
    assert not (tmp_path / TARGET).exists()
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*.json")}
    finished |= {path: path.stat().st_mtime_ns for path in (tmp_path / "results/smoke/pretrain").rglob("encoder.pth")}
    assert len(finished) > 10

    refused = studies.snakemake(tmp_path, "--cores", "all", TARGET)
    assert refused.returncode != 0
    assert "--unlock" in refused.stdout  # Snakemake cannot know that the other is dead: it says how to go on
    assert studies.snakemake(tmp_path, "--unlock").returncode == 0
    printed = studies.run(tmp_path, TARGET)
    assert "rule finetune" in printed or "Fine-tuning" in printed
    assert json.loads((tmp_path / TARGET).read_text())["iterations"] == 4
    assert finished == {path: path.stat().st_mtime_ns for path in finished}


def test_a_killed_job_fails_alone_and_its_log_is_named(smoke, tmp_path):
    """The job ends itself by SIGKILL at its second step; Snakemake says which, and a rerun finishes."""
    for part in ("data", "results", ".snakemake"):  # a copy of the finished study, at no cost
        shutil.copytree(smoke.folder / part, tmp_path / part)
    (tmp_path / TARGET).unlink()
    died = studies.snakemake(tmp_path, "--cores", 1, TARGET, variables={"DEPTH2SEG_TEST_DIE_AT": "2"})
    assert died.returncode != 0
    assert "Error in rule finetune" in died.stdout
    assert "smoke-streets-none-resnet18-unet-n2-seed0.log" in died.stdout
    assert not (tmp_path / TARGET).exists()
    printed = studies.run(tmp_path, TARGET)
    assert "1 of 1 steps (100%) done" in printed
    again, before = (json.loads((root / TARGET).read_text()) for root in (tmp_path, smoke.folder))
    assert again["miou"] == before["miou"]
