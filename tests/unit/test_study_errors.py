"""Mistakes in a config: each message names the key, the value, and what was expected."""

import pytest
import studies
import yaml
from depth2seg.errors import UserError
from depth2seg.study import load_study


def message(folder, changes):
    config = studies.edited(folder, changes)
    with pytest.raises(UserError) as caught:
        load_study(yaml.safe_load(config.read_text()), name="study.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"titel": "x"}, ["study.yaml", "titel", "'x'", "did you mean 'title'"]),
        ({"title": None}, ["title", "missing"]),
        ({"recipes.flow.schedule.iterations": 0}, ["recipes.flow.schedule.iterations", "0", "greater than or equal"]),
        ({"recipes.flow.schedule.iterations": "4"}, ["recipes.flow.schedule.iterations", "'4'", "integer"]),
        ({"recipes.flow.schedule.iterations": 4.5}, ["recipes.flow.schedule.iterations", "4.5", "integer"]),
        ({"recipes.flow.schedule.lr": "1e-4"}, ["recipes.flow.schedule.lr", "'1e-4'", "number", "write 1.0e-4"]),
        ({"recipes.flow.schedule.lr": -1.0}, ["recipes.flow.schedule.lr", "-1.0", "greater than 0"]),
        ({"recipes.flow.schedule.rate": 1.0}, ["recipes.flow.schedule.rate", "unknown key", "1.0"]),
        ({"recipes.flow.task": "optical-flow"}, ["recipes.flow.task", "'optical-flow'", "'flow'"]),
        ({"recipes.flow.automask": True}, ["recipes.flow.automask", "unknown key", "True"]),
        ({"recipes.flow.smoothnes": 1.0}, ["recipes.flow.smoothnes", "unknown key", "did you mean 'smoothness'"]),
        ({"recipes.flow.smoothness": -1.0}, ["recipes.flow.smoothness", "-1.0", "greater than or equal to 0"]),
        ({"recipes.depth-video.depth_range": [0.0, 1.0]}, ["recipes.depth-video.depth_range", "0.0", "greater than 0"]),
        ({"recipes.flow.task": None}, ["recipes.flow.task", "missing"]),
        ({"settings.unet.size": [64, 100]}, ["settings.unet.size", "100", "multiple of 32"]),
        ({"settings.unet.size": [64]}, ["settings.unet.size", "[64]", "2 items"]),
        ({"settings.unet.flip": "yes"}, ["settings.unet.flip", "'yes'", "boolean"]),
        ({"settings.unet.protocol": "paper"}, ["settings.unet.protocol", "'paper'", "'corrected' or 'released'"]),
        ({"recipes.Depth Video": {"label": "x", "task": "none"}}, ["recipes.Depth Video", "lower-case"]),
        ({"datasets.smoke-streets.source": "carla"}, ["datasets.smoke-streets.source", "'carla'", "rendered-street"]),
        ({"datasets.smoke-streets.source": None}, ["datasets.smoke-streets.source", "missing"]),
        ({"datasets.smoke-streets.seeed": 3}, ["datasets.smoke-streets.seeed", "3", "did you mean 'seed'"]),
        ({"datasets.smoke-rooms.classes": "nyu37"}, ["datasets.smoke-rooms.classes", "'nyu37'", "'nyu40' or 'nyu13'"]),
        ({"datasets.smoke-rooms.splits.test": None}, ["datasets.smoke-rooms.splits.test", "missing"]),
        ({"datasets.smoke-streets.splits.train.frames": -1}, ["datasets.smoke-streets.splits.train.frames", "-1"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_key_or_value(tmp_path, changes, named):
    told = message(tmp_path, changes)
    for words in named:
        assert words in told


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"recipes.classification.init": "depth-video-after-classification"}, ["init", "in a circle", " <- "]),
        ({"recipes.flow.init": "flow"}, ["recipes.flow.init", "in a circle"]),
        ({"recipes.flow.init": "imagenet"}, ["recipes.flow.init", "'imagenet'", "'random'", "'classification'"]),
        ({"recipes.none.init": "flow"}, ["recipes.none.init", "'flow'", "'random'"]),
        ({"recipes.flow.dataset": "kitti"}, ["recipes.flow.dataset", "'kitti'", "'smoke-streets'"]),
        ({"recipes.flow.dataset": "smoke-objects"}, ["recipes.flow.dataset", "cannot train task 'flow'"]),
        ({"recipes.flow.dataset": None}, ["recipes.flow.dataset", "missing"]),
        ({"recipes.flow.schedule.warmup": 4}, ["recipes.flow.schedule.warmup", "4 is not less"]),
        ({"settings.unet.schedule.milestones": [2, 9]}, ["settings.unet.schedule.milestones", "[9]", "4 iterations"]),
        ({"recipes.flow.supervision": "video"}, ["recipes.flow.supervision", "'video'", "None"]),
        (
            {"recipes.depth-room.supervision": "stereo"},
            ["depth-room.supervision", "for 'stereo'; ", "for 'video', 'dense'"],
        ),
        ({"recipes.depth-room.supervision": "lidar"}, ["recipes.depth-room.supervision", "nothing for 'lidar'"]),
        ({"recipes.depth-room.supervision": "video+stereo"}, ["recipes.depth-room.supervision", "rendered-room"]),
        ({"recipes.classification.dataset": "smoke-rooms"}, ["classification.dataset", "cannot train task"]),
        ({"experiments.domain.dataset": "smoke-rooms"}, ["experiments.domain.train_sizes", "4", "2 labelled", "rooms"]),
        ({"recipes.depth-video.supervision": None}, ["recipes.depth-video.supervision", "missing"]),
        ({"recipes.depth-video.depth_range": [80.0, 2.0]}, ["recipes.depth-video.depth_range", "[80.0, 2.0]"]),
        (
            {"settings.deeplabv3.transfer": "encoder+decoder"},
            ["experiments.transfer.settings", "head 'deeplabv3'", "not the decoder", "['depth-video']", "or transfer"],
        ),
        ({"settings.unet.head": "dpt"}, ["experiments.pretraining.settings", "'dpt' of 'unet' cannot take resnet18"]),
        (
            {"experiments.architecture.backbones": ["vit-small"]},
            ["experiments.architecture.settings", "'depth-decoder' of 'unet' cannot take vit-small", "use 'dpt'"],
        ),
        (
            {"experiments.flow.backbones": ["vit-base"]},
            ["task 'flow' of 'flow' cannot train vit-base", "decoder 'depth-decoder' of 'depth-video'", "use 'dpt'"],
        ),
        (
            {"recipes.depth-video.decoder": "dpt"},
            ["experiments.pretraining.recipes", "decoder 'dpt' of 'depth-video' cannot take resnet18"],
        ),
        (
            {"recipes.none": {"label": "x", "task": "imported", "layout": "mae", "weights": "mae.pth", "seeds": 2}},
            ["experiments.pretraining.recipes", "layout 'mae' of 'none' is not of a resnet18"],
        ),
        ({"settings.deeplabv3.crop": [96, 96]}, ["settings.deeplabv3.crop", "[96, 96]", "[64, 128]"]),
        ({"experiments.flow.dataset": "smoke-street"}, ["experiments.flow.dataset", "'smoke-street'", "smoke-streets"]),
        ({"experiments.flow.dataset": "smoke-objects"}, ["experiments.flow.dataset", "no labelled data set"]),
        ({"experiments.flow.recipes": ["none", "flo"]}, ["experiments.flow.recipes", "'flo'", "'flow'"]),
        ({"experiments.flow.settings": ["u-net"]}, ["experiments.flow.settings", "'u-net'", "'unet'"]),
        ({"experiments.flow.baseline": "depth-lidar"}, ["experiments.flow.baseline", "'depth-lidar'", "its recipes"]),
        ({"experiments.flow.train_sizes": [4, 9]}, ["experiments.flow.train_sizes", "9", "8 labelled"]),
        (
            {"experiments.transfer.recipes": ["none", "flow"]},
            ["experiments.transfer.recipes", "flow", "no decoder"],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_values_that_do_not_go_together(tmp_path, changes, named):
    told = message(tmp_path, changes)
    for words in named:
        assert words in told


def test_all_mistakes_are_told_at_once(tmp_path):
    told = message(tmp_path, {"titel": "x", "recipes.flow.schedule.lr": "fast", "settings.unet.flip": 3})
    for key in ("3 mistakes", "titel", "recipes.flow.schedule.lr", "settings.unet.flip"):
        assert key in told
