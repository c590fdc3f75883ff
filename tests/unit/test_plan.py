"""The plan of a study: what it takes, what is known of it, and what is said to be unknown."""

import csv
import re
from dataclasses import replace

import pytest
import studies
import yaml
from depth2seg.__main__ import main
from depth2seg.data import kitti_splits, registry
from depth2seg.errors import UserError
from depth2seg.study import load_study
from depth2seg.study.plan import COLUMNS, plan, text
from depth2seg.study.step_kinds import StepKind
from depth2seg.study.step_times import StepTime, read, step_seconds

PAPER = studies.REPO / "config" / "paper.yaml"
FLOW = StepKind("flow", "resnet18", 192, 640, 8)
HEADER = "step,backbone,height,width,batch,device,cores,seconds,source\n"


def rows_of(config, stage=None):
    rows = plan(load_study(yaml.safe_load(config.read_text())))
    return {row["item"]: row for row in rows if stage in (None, row["stage"])}


def own_times(folder, *rows):
    (folder / "times.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return str(folder / "times.csv")


@pytest.mark.parametrize("config", studies.CONFIGS, ids=lambda config: config.stem)
def test_every_study_can_be_planned(config):
    study = load_study(yaml.safe_load(config.read_text()))
    rows = plan(study)
    jobs = {stage: sum(row["jobs"] for row in rows if row["stage"] == stage) for stage in {r["stage"] for r in rows}}
    assert jobs["finetune"] == len(study.cells)
    assert jobs["pretrain"] + jobs.get("weights", 0) == len(study.networks)
    assert jobs["total"] == sum(count for stage, count in jobs.items() if stage != "total")
    assert all(tuple(row) == COLUMNS for row in rows)


def test_the_papers_downloads_are_those_of_the_registry():
    rows = rows_of(PAPER, "download")
    study = load_study(yaml.safe_load(PAPER.read_text()))
    parts = [part for name in ("kitti", "cityscapes", "nyu") for part in study.parts(name)]
    assert {item for item in rows if "/" in item} == {f"{part.dataset}/{part.name}" for part in parts}
    assert all(part in registry.read() for part in parts)
    assert rows["cityscapes/leftImg8bit_sequence_trainvaltest"]["download_gb"] == 324
    drive = rows["kitti/2011_09_26_drive_0001"]
    assert drive["download_gb"] is None and "size not published" in drive["note"]
    together = rows["kitti: raw drives"]
    assert together["download_gb"] == 175 and "README of nianticlabs/monodepth2" in together["note"]
    recordings = rows["nyu: raw parts"]
    assert (recordings["download_gb"], recordings["disk_gb"]) == (428, 625)
    assert "the publisher's page" in recordings["note"] and rows["nyu/basements"]["download_gb"] is None


def test_chosen_parts_alone_are_planned(tmp_path):
    changes = {
        "datasets.kitti": {"source": "kitti", "parts": ["data_semantics"]},
        "datasets.nyu": {"source": "nyu", "raw": True, "raw_parts": ["cafe"]},
    }
    rows = rows_of(studies.edited(tmp_path, changes, PAPER), "download")
    assert [item for item in rows if item.startswith("kitti")] == ["kitti/data_semantics"]
    assert [item for item in rows if item.startswith("nyu")][3:] == ["nyu/cafe"]
    changes["datasets.nyu"] = {"source": "nyu"}
    rows = rows_of(studies.edited(tmp_path, changes, PAPER), "download")
    assert [item for item in rows if item.startswith("nyu")] == ["nyu/labelled", "nyu/splits", "nyu/classes40"]


def test_camvids_download_is_that_of_the_registry():
    row = rows_of(studies.REPO / "config" / "camvid.yaml", "download")["camvid"]
    [part] = registry.parts("camvid")
    assert row["download_gb"] == part.size / 1e9 == pytest.approx(0.0855, abs=1e-4)
    assert row["note"] == f"one job for all files; {part.licence}"


def test_kittis_frames_are_counted_by_drive_and_packed_to_so_much():
    lengths, splits = kitti_splits.drive_lengths(), kitti_splits.drive_splits()
    # Godard et al., CVPR 2017: 42,382 stereo pairs, 23,488 of them in Eigen's training drives.
    assert sum(lengths.values()) == 42382
    assert sum(length for name, length in lengths.items() if splits[name] != "test") == 23488
    assert all(max(frames) < lengths[name] for name, frames in kitti_splits.eigen_test_frames().items())
    rows = rows_of(PAPER, "pack")
    # Video: without the validation drives, of 297, 361 and 106 frames. Val: 697 test frames and the next of each.
    assert re.match(r"at most \d+ frames \(128 train, 72 test, 22724 video, \d+ val\)", rows["kitti 192x640"]["note"])
    # Images and train ids by two protocols of all, 3 + 1 + 1 bytes a pixel; right images and lidar of drives, 3 + 4;
    # depth of what is measured, 4.
    frames = int(re.search(r"at most (\d+)", rows["kitti 192x640"]["note"])[1])
    assert 22724 + 697 + 200 < frames < 22724 + 2 * 697 + 200
    stored = 5 * frames + 7 * (frames - 200) + 4 * (frames - 200 - 22724)
    assert rows["kitti 192x640"]["disk_gb"] == pytest.approx(192 * 640 * stored / 1e9)
    assert rows["kitti 96x320"]["note"] == "at most 200 frames (128 train, 72 test)"
    assert rows["kitti 96x320"]["disk_gb"] == pytest.approx(200 * 96 * 320 * 4 / 1e9)
    # Of 2,975 snippets of 30 frames one has a right image and depth, 3 + 4 bytes a pixel.
    cityscapes = rows["cityscapes 320x800"]
    assert cityscapes["note"] == "at most 93725 frames (2975 train, 500 test, 89250 video, 1000 val)"
    assert cityscapes["disk_gb"] == pytest.approx(320 * 800 * (93725 * 4 + 3475 * 7) / 1e9)
    assert rows["nyu 384x448"]["disk_gb"] is None


def test_hours_are_jobs_times_steps_times_seconds():
    row = rows_of(PAPER, "pretrain")["depth-video resnet18"]
    assert row["jobs"] == 3
    assert row["gpu_hours"] == pytest.approx(3 * 66340 * 0.651 / 3600)
    assert "0.65 s a step on Titan Xp (Godard et al." in row["note"]


def test_hours_are_known_of_every_training_job_of_the_paper_and_of_one_gpu():
    rows = rows_of(PAPER)
    trained = [row for row in rows.values() if row["stage"] in ("pretrain", "finetune")]
    assert all(row[column] > 0 for row in trained for column in ("gpu_hours", "core_hours"))
    assert all(" s a step on Titan Xp" in row["note"] for row in trained)
    known = f"{sum(row['jobs'] for row in trained)} of {sum(row['jobs'] for row in trained)} training jobs in"
    assert f"{known} gpu_hours (of Titan Xp), {known} core_hours (of 2 cores" in rows[""]["note"]


def test_an_unknown_step_time_is_said_and_not_counted(tmp_path):
    rows = rows_of(studies.edited(tmp_path, {"settings.deeplabv3.output_stride": 8}, PAPER))
    deeplab = rows["cityscapes deeplabv3 resnet50"]
    assert deeplab["gpu_hours"] is None and deeplab["core_hours"] is None
    assert "of unknown length: no step time of finetune-deeplabv3-os8 resnet50" in deeplab["note"]
    trained = [row for row in rows.values() if row["stage"] in ("pretrain", "finetune")]
    known = sum(row["jobs"] for row in trained if row["gpu_hours"] is not None)
    assert 0 < known < sum(row["jobs"] for row in trained)
    assert f"{known} of {sum(row['jobs'] for row in trained)} training jobs in gpu_hours" in rows[""]["note"]


def test_a_studys_own_step_times_come_first(tmp_path):
    own = own_times(
        tmp_path,
        "finetune-deeplabv3,resnet50,512,512,32,H100,,0.5,measured",
        "depth-video,resnet18,192,640,12,H100,,0.1,measured",
    )
    rows = rows_of(studies.edited(tmp_path, {"step_times": own}, PAPER))
    deeplab = rows["cityscapes deeplabv3 resnet50"]
    assert deeplab["gpu_hours"] == pytest.approx(deeplab["jobs"] * 50000 * 0.5 / 3600)
    assert rows["depth-video resnet18"]["gpu_hours"] == pytest.approx(3 * 66340 * 0.1 / 3600)


def test_a_step_time_is_scaled_from_the_nearest_size():
    small = StepTime("flow", "resnet18", 64, 128, 8, "2 cores", 2, 0.2, "small")
    large = StepTime("flow", "resnet18", 192, 640, 4, "2 cores", 2, 3.0, "large")
    near = step_seconds([small, large], StepKind("flow", "resnet18", 96, 128, 4), False)
    assert (near.seconds, near.cores) == (pytest.approx(0.15), 2) and "(small)" in near.why
    assert step_seconds([small, large], FLOW, False).seconds == pytest.approx(6.0)
    assert step_seconds([small, large], FLOW, True) is None
    assert step_seconds([small, large], replace(FLOW, backbone="resnet50"), False) is None


def test_a_gpus_step_is_estimated_from_another_by_their_ratio_on_one_cpu():
    times = [
        StepTime("depth-video", "resnet18", 192, 640, 12, "Titan Xp", 0, 0.6, "paper"),
        StepTime("depth-video", "resnet18", 192, 640, 2, "1 core", 1, 1.0, "here"),
        StepTime("flow", "resnet50", 192, 640, 4, "1 core", 1, 3.0, "here"),
        StepTime("masked", "vit-base", 192, 640, 4, "another core", 1, 3.0, "there"),
    ]
    # An image of depth takes 0.05 s there and 0.5 s here; one of flow 0.75 s here, so 0.075 s there.
    estimate = step_seconds(times, replace(FLOW, backbone="resnet50"), True)
    assert (estimate.seconds, estimate.device, estimate.cores) == (pytest.approx(0.6), "Titan Xp", 0)
    told = "about 0.6 s a step on Titan Xp, estimated from depth-video resnet18 there and the ratio of both on 1 core"
    assert estimate.why == told
    assert step_seconds(times, StepKind("masked", "vit-base", 192, 640, 8), True) is None


def test_the_most_similar_step_is_the_base_of_an_estimate():
    small = StepTime("flow", "resnet18", 192, 640, 8, "1 core", 1, 2.0, "here")
    large, depth = replace(small, backbone="resnet50", seconds=3.0), replace(small, step="depth-video", seconds=4.0)
    gpu = replace(depth, device="GPU", cores=0, seconds=0.8)
    same_step = replace(small, device="GPU", cores=0, seconds=0.2)
    kind = replace(FLOW, backbone="resnet50")
    assert step_seconds([gpu, small, large, depth], kind, True).seconds == pytest.approx(0.8 * 3 / 4)
    assert step_seconds([gpu, same_step, small, large, depth], kind, True).seconds == pytest.approx(0.2 * 3 / 2)


def test_hours_are_of_the_first_device_that_can_tell():
    own = StepTime("depth-video", "resnet18", 192, 640, 8, "own GPU", 0, 0.1, "mine")
    others = [replace(own, device="Titan Xp", seconds=0.4), replace(own, step="flow", device="Titan Xp", seconds=0.2)]
    # The own GPU is four times as fast, so that flow takes 0.05 s there.
    estimate = step_seconds([own, *others], FLOW, True)
    assert (estimate.seconds, estimate.device) == (pytest.approx(0.05), "own GPU")
    assert step_seconds(others, FLOW, True).seconds == pytest.approx(0.2)


def test_each_step_time_has_its_source():
    assert all(row.seconds > 0 and row.source and row.device for row in read())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("step,seconds\nflow,1\n", "columns step, seconds; expected step, backbone"),
        (HEADER + "flow,resnet18,64,128,8,2 cores,2,fast,me\n", "cannot be read"),
    ],
)
def test_a_table_of_step_times_that_is_wrong_is_named(tmp_path, content, told):
    (tmp_path / "times.csv").write_text(content)
    with pytest.raises(UserError, match=told) as caught:
        read(str(tmp_path / "times.csv"))
    assert "times.csv" in str(caught.value)


def test_a_table_of_step_times_that_is_not_there_is_named():
    with pytest.raises(UserError, match=r"step_times: nowhere\.csv cannot be read"):
        read("nowhere.csv")


def test_the_command_prints_a_line_a_data_set_and_writes_a_row_an_archive(tmp_path, capsys):
    assert main(["plan", "--config", str(PAPER)]) == 0
    printed = capsys.readouterr().out
    assert len(re.findall(r"^download +cityscapes ", printed, flags=re.MULTILINE)) == 1
    assert printed.rstrip("\n") == text(plan(load_study(yaml.safe_load(PAPER.read_text()))))
    assert main(["plan", "--config", str(PAPER), "--out", str(tmp_path / "plan.csv")]) == 0
    with (tmp_path / "plan.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(row["item"].startswith("cityscapes/") for row in rows) == 6
    assert rows[-1]["stage"] == "total"
