"""Published data sets through the workflow: one job an archive, from publishers on this machine."""

import hashlib
import json

import pytest
import studies
import torch
from depth2seg.training.state import load_tensors
from publishers import Portal, Publisher, serving, zipped
from vits import reference, timm_names

DRIVE = "2011_09_26/2011_09_26_drive_0001_sync"
KITTI = {
    "2011_09_26_calib.zip": zipped(
        {f"2011_09_26/calib_{name}.txt": b"T: 0 0 0\n" for name in ("cam_to_cam", "imu_to_velo", "velo_to_cam")}
    ),
    "2011_09_26_drive_0001_sync.zip": zipped({f"{DRIVE}/image_02/data/0000000000.png": b"png"}),
    "data_semantics.zip": zipped({f"training/{name}/000000_10.png": b"png" for name in ("image_2", "semantic")}),
}
PARTS = ["2011_09_26_calib", "2011_09_26_drive_0001", "data_semantics"]
TARGETS = [f"results/smoke/data/kitti/archives/{part}.json" for part in PARTS]
GTFINE = "results/smoke/data/cityscapes/archives/gtFine_trainvaltest.json"
ACCOUNT = {"CITYSCAPES_USERNAME": "ada", "CITYSCAPES_PASSWORD": "s3cret", "NO_PROXY": "127.0.0.1"}


def config(folder, **keys):
    return studies.edited(folder, {"datasets.kitti": {"source": "kitti", "parts": PARTS, **keys}})


def test_archives_are_jobs_of_their_own_and_come_once(tmp_path):
    with serving(Publisher(KITTI)) as publisher:
        study = config(tmp_path, mirror=publisher.mirror)
        printed = studies.run(tmp_path, *TARGETS, "results/smoke/plan.csv", config=study)
        assert "Obtaining 2011_09_26_drive_0001 of kitti" in printed
        assert sorted(path.rsplit("/", 1)[1] for path in publisher.paths) == sorted(KITTI)
        assert (tmp_path / "data/kitti/raw" / DRIVE / "image_02/data/0000000000.png").read_bytes() == b"png"
        assert (tmp_path / "data/kitti/semantics/training/semantic/000000_10.png").is_file()
        assert not studies.pending(tmp_path, *TARGETS, config=study)
        assert "kitti" not in (tmp_path / "results/smoke/plan.csv").read_text()  # no experiment uses it

        before = [(tmp_path / target).read_bytes() for target in TARGETS]
        elsewhere = config(tmp_path, mirror="http://127.0.0.1:9/", archives=str(tmp_path))
        studies.run(tmp_path, *TARGETS, config=elsewhere)  # looked at again, and nothing asked for
        assert [(tmp_path / target).read_bytes() for target in TARGETS] == before
        assert len(publisher.paths) == len(KITTI)


def test_the_index_waits_for_every_archive(tmp_path):
    planned = studies.outputs(tmp_path, "results/smoke/data/kitti/index.parquet", config=config(tmp_path))
    assert {job.output for job in planned if job.rule == "archive"} == set(TARGETS)


def test_what_cannot_be_had_is_named_and_the_others_come(tmp_path):
    with serving(Publisher({name: KITTI[name] for name in list(KITTI)[:2]})) as publisher:
        study = config(tmp_path, mirror=publisher.mirror)
        done = studies.snakemake(tmp_path, "--cores", "2", "--keep-going", *TARGETS, config=study)
    assert done.returncode != 0
    assert f"{publisher.mirror}/data_semantics.zip answers 404" in done.stdout
    assert [(tmp_path / target).is_file() for target in TARGETS] == [True, True, False]


def test_the_account_is_in_no_file_and_nowhere_on_the_screen(tmp_path):
    files = {"gtFine_trainvaltest.zip": zipped({f"gtFine/{split}/a/a.png": b"png" for split in ("train", "val")})}
    with serving(Portal(files, {"ada": "s3cret"})) as portal:
        digest = {"gtFine_trainvaltest": hashlib.sha256(files["gtFine_trainvaltest.zip"]).hexdigest()}
        block = {"source": "cityscapes", "parts": [*digest], "mirror": portal.mirror, "sha256": digest}
        study = studies.edited(tmp_path, {"datasets.cityscapes": block})
        arguments = ["--cores", "1", "--printshellcmds", "--verbose", GTFINE]
        done = studies.snakemake(tmp_path, *arguments, config=study, variables=ACCOUNT)
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / GTFINE).read_text())["files"] == 2
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert b"s3cret" not in done.stdout.encode() + b"".join(written)


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ({"source": "kitti", "parts": ["drive_1"]}, ["datasets.kitti.parts", "'drive_1'", "2011_09_26_drive_0001"]),
        ({"source": "kitti", "parts": []}, ["datasets.kitti.parts", "at least 1 item"]),
        ({"source": "kitti", "archive": "x"}, ["datasets.kitti.archive", "did you mean 'archives'"]),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_block_is_refused_before_anything_runs(tmp_path, block, named):
    done = studies.snakemake(tmp_path, "--dry-run", config=studies.edited(tmp_path, {"datasets.kitti": block}))
    assert done.returncode != 0
    for words in named:
        assert words in done.stdout


def with_address(folder, publisher, weights, digest):
    """The smoke study with weights from an address, of a recipe and a backbone with dashes in their names."""
    block = {"label": "x", "task": "imported", "weights": f"{publisher.mirror}/vit.pth", "layout": "dino-vit"}
    changes = {"recipes.dino-vit": block | {"sha256": digest}, "experiments.vit.recipes": ["none", "dino-vit"]}
    publisher.files["vit.pth"] = weights
    return studies.edited(folder, changes)


def test_weights_from_an_address_become_the_recipes(tmp_path):
    torch.manual_seed(4)
    weights = timm_names(reference("vit-small"))
    torch.save(weights, tmp_path / "vit.pth")
    content, target = (tmp_path / "vit.pth").read_bytes(), "results/smoke/pretrain/dino-vit/vit-small/seed0/encoder.pth"
    digest = hashlib.sha256(content).hexdigest()
    with serving(Publisher()) as publisher:
        wrong = with_address(tmp_path, publisher, content, "0" * 8)
        done = studies.snakemake(tmp_path, "--cores", "1", target, config=wrong)
        assert (
            done.returncode != 0
            and "vit.pth" in done.stdout
            and not (tmp_path / "data/weights/dino-vit/vit-small.pth").exists()
        )
        studies.run(tmp_path, target, config=with_address(tmp_path, publisher, content, digest[:8]))
    assert (tmp_path / "data/weights/dino-vit/vit-small.pth").read_bytes() == content
    encoder = load_tensors(tmp_path / target)["encoder"]
    assert torch.equal(encoder["layers.3.ffn.layers.1.weight"], weights["blocks.3.mlp.fc2.weight"])
