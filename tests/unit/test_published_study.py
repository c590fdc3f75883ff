"""Published data sets in a study: their blocks, the archives that they need, what is packed at which size."""

import json

import publishers_data as data
import pytest
import yaml
from depth2seg.errors import UserError
from depth2seg.study import load_study
from studies import REPO


def paper(**datasets):
    """The paper study's config with some keys of its data sets' blocks replaced."""
    config = yaml.safe_load((REPO / "config/paper.yaml").read_text())
    for name, keys in datasets.items():
        config["datasets"][name] |= keys
    return config


def names(study, dataset):
    return [part.name for part in study.parts(dataset)]


def test_the_whole_study_takes_the_archives_of_the_drives_that_it_uses():
    parts = names(load_study(paper()), "kitti")
    assert len(parts) == 5 + 58 + 1  # days, drives without the three for validation, labelled images
    assert "2011_09_26_drive_0002" in parts and "2011_09_26_drive_0015" not in parts
    assert "2011_09_26_drive_0015" in names(load_study(paper(kitti={"held_out": "validation"})), "kitti")


def test_a_few_drives_or_no_video_need_fewer_archives():
    config = paper(kitti={"drives": [data.TRAINED, data.TESTED]}, cityscapes={"video": False})
    with pytest.raises(UserError, match=r"recipes.depth-cityscapes.supervision: .* nothing for 'video'"):
        load_study(config)
    config["recipes"]["depth-cityscapes"] |= {"supervision": "stereo"}
    few = load_study(config)
    assert names(few, "kitti") == [
        "2011_09_26_calib", "2011_09_26_drive_0001", "2011_09_26_drive_0048", "data_semantics"
    ]  # fmt: skip
    assert "leftImg8bit_sequence_trainvaltest" not in names(few, "cityscapes")
    assert "leftImg8bit_sequence_trainvaltest" in names(load_study(paper()), "cityscapes")


def test_nyus_recordings_are_taken_where_the_study_says_so():
    labelled = ["labelled", "splits", "classes40"]
    assert len(names(load_study(paper()), "nyu")) == 3 + 38
    assert names(load_study(paper(nyu={"raw": False})), "nyu") == labelled
    assert names(load_study(paper(nyu={"raw_parts": ["cafe"]})), "nyu") == [*labelled, "cafe"]
    few = load_study(paper(nyu={"parts": [*labelled, "cafe", "basements"]}))
    assert few.sequences("nyu") == ["labelled", "basements", "cafe"]
    assert load_study(paper(nyu={"raw": False})).sequences("nyu") == ["labelled"]


def test_recordings_are_video():
    config = paper()
    config["recipes"]["depth-nyu"] |= {"supervision": "video"}
    config["recipes"]["flow"] |= {"dataset": "nyu"}
    assert load_study(config).recipe("flow").dataset == "nyu"


def test_where_archives_come_from_reruns_nothing():
    moved = load_study(paper(kitti={"archives": "/archives", "mirror": "http://mirror"}))
    assert moved.dataset_settings("kitti") == load_study(paper()).dataset_settings("kitti")


def test_a_digest_replaces_the_registrys_and_reruns_the_job_of_its_part_alone():
    digest = "0" * 64
    plain, changed = load_study(paper()), load_study(paper(nyu={"sha256": {"labelled": digest}}))
    known, part = (study.parts("nyu")[0] for study in (plain, changed))
    assert (part.sha256, part.size, part.about) == (digest, None, known.size)
    assert changed.dataset_settings("nyu") == plain.dataset_settings("nyu")
    assert json.loads(changed.obtaining_settings("nyu", "labelled"))["sha256"] == {"labelled": digest}
    assert changed.obtaining_settings("nyu", "splits") == plain.obtaining_settings("nyu", "splits")


def test_video_is_packed_only_where_something_pretrains():
    study = load_study(paper())
    full, half = (json.loads(study.packing_settings("kitti", *size)) for size in ((192, 640), (96, 320)))
    assert "splits" not in full and half["splits"] == ["train", "test"]


def test_the_hood_is_cut_off_what_pretrains():
    settings = json.loads(load_study(paper()).packing_settings("cityscapes", 320, 800))
    assert settings["windows"] == {"video": [0, 768, 0, 2048], "val": [0, 768, 0, 2048]}


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"kitti": {"drives": ["2011_09_26_drive_0003_sync"]}}, r"datasets\.kitti.*drives.*0003_sync"),
        ({"kitti": {"held_out": "train"}}, r"datasets\.kitti.*held_out: 'train' is not valid"),
        ({"cityscapes": {"cities": ["berlin"]}}, r"datasets\.cityscapes.*berlin"),
        ({"cityscapes": {"crop": [0, 768]}}, r"datasets\.cityscapes.*crop"),
        ({"nyu": {"sha256": {"mat": "0" * 64}}}, r"datasets\.nyu\.sha256: nyu has no 'mat'; it has labelled"),
        ({"nyu": {"sha256": {"labelled": "2d724b0c"}}}, r"datasets\.nyu.*sha256.*labelled: '2d724b0c' is not valid"),
        ({"nyu": {"classes": "nyu41"}}, r"datasets\.nyu.*classes: 'nyu41' is not valid"),
        ({"nyu": {"raw_parts": ["attics"]}}, r"datasets\.nyu.*raw_parts.*attics"),
        ({"nyu": {"stride": 0}}, r"datasets\.nyu.*stride"),
        ({"nyu": {"parts": ["labelled"]}}, r"datasets\.nyu\.parts: with raw: true they hold none of the recordings"),
    ],
)
def test_a_block_that_cannot_be_is_refused_by_key(datasets, message):
    with pytest.raises(UserError, match=message):
        load_study(paper(**datasets))


@pytest.mark.parametrize(
    ("recipe", "change", "message"),
    [
        (
            "depth-nyu",
            {"supervision": "video", "dataset": "labelled"},
            r"recipes.depth-nyu.supervision: 'labelled' \(nyu\) has nothing for 'video'; .* for 'dense'",
        ),
        (
            "flow",
            {"dataset": "labelled"},
            r"recipes.flow.dataset: 'labelled' \(nyu\) shows images, .*'flow', which wants video",
        ),
        (
            "depth-nyu",
            {"supervision": "stereo"},
            r"recipes.depth-nyu.supervision: .* nothing for 'stereo'; .* 'video', 'dense'",
        ),
        ("depth-lidar", {"supervision": "dense"}, "recipes.depth-lidar.supervision: .* nothing for 'dense'"),
        ("depth-cityscapes", {"supervision": "lidar"}, "recipes.depth-cityscapes.supervision: .* nothing for 'lidar'"),
    ],
)
def test_a_recipe_that_its_data_cannot_train_is_refused_with_the_reason(recipe, change, message):
    config = paper()
    config["datasets"]["labelled"] = {"source": "nyu"}
    config["recipes"][recipe] = config["recipes"][recipe] | change
    with pytest.raises(UserError, match=message):
        load_study(config)


def test_more_labels_than_there_are_are_refused():
    config = paper()
    config["experiments"]["train-size"]["train_sizes"] = [129]
    with pytest.raises(UserError, match="129 is more than the 128 labelled training images of 'kitti'"):
        load_study(config)
