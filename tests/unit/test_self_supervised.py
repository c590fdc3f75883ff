"""Inpainting and contrastive learning: what is blanked, what counts as alike, and what their measures say."""

import math

import numpy as np
import pytest
import torch
from depth2seg.data.packing import Packed
from depth2seg.evaluation.images import image_errors, mean_errors
from depth2seg.reporting.figures import pictures
from depth2seg.study.task_specs import task_specs
from depth2seg.tasks import task_class
from depth2seg.tasks.contrastive import Views
from depth2seg.tasks.inpainting import blanks
from recipes import recipe
from synthetic import write_classes, write_packed, write_street


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Packed(write_street(tmp_path_factory.mktemp("street") / "packed"))


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    return Packed(write_classes(tmp_path_factory.mktemp("objects") / "packed"))


def build(task, **changes):
    kind = task_class(task)
    torch.manual_seed(0)
    return kind(**kind.network(recipe(task, **changes).model_dump() | {"backbone": "resnet18"}))


# Inpainting


def test_each_image_is_blanked_by_whole_patches_of_its_own():
    torch.manual_seed(0)
    blank = blanks(50, torch.Size((64, 128)), [0.02, 0.1], 7)
    assert blank.shape == (50, 1, 64, 128)
    shares = blank.float().mean((1, 2, 3))
    assert shares.min() > 0.01 and shares.max() < 0.1 + 1e-6  # overlaps make it less, never more than was drawn
    assert shares.std() > 0.01
    # A patch of 7 x 7 covers a blank pixel: opening by that square leaves the mask as it is.
    whole = -torch.nn.functional.max_pool2d(-blank.float(), 7, 1)
    opened = torch.nn.functional.max_pool2d(torch.nn.functional.pad(whole, (6, 6, 6, 6)), 7, 1)
    assert torch.equal(opened, blank.float())


def test_a_small_share_is_one_patch_and_a_small_image_is_all_patch():
    assert blanks(3, torch.Size((64, 64)), [1e-4, 1e-4], 7).sum((1, 2, 3)).tolist() == [49] * 3
    assert blanks(1, torch.Size((4, 5)), [0.1, 0.1], 7).all()


def test_blanks_follow_the_seed():
    drawn = [blanks(4, torch.Size((64, 64)), [0.01, 0.1], 7, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_inpainting_sees_the_blanked_image_and_is_held_against_the_whole(street):
    model, seen = build("inpainting"), []
    image = torch.rand(2, 3, 64, 64) * 0.5 + 0.25
    model.restored = lambda blanked: seen.append(blanked) or image
    assert model.loss({"inputs": [image]})["loss_inpainting"] == 0
    blank = seen[0] != image
    assert blank.any() and (seen[0][blank] == 0).all()
    model.restored = lambda blanked: blanked
    assert model.loss({"inputs": [image]})["loss_inpainting"] > 0


def ssim(image, truth):
    """Wang et al. 2004, eq. 13, over 3 x 3 windows of equal weights, mirrored at the border."""

    def windows(values):
        padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="reflect")
        return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2)).astype(float)

    x, y = windows(image), windows(truth)
    mean_x, mean_y = x.mean((-2, -1)), y.mean((-2, -1))
    covariance = (x * y).mean((-2, -1)) - mean_x * mean_y
    above = (2 * mean_x * mean_y + 0.01**2) * (2 * covariance + 0.03**2)
    below = (mean_x**2 + mean_y**2 + 0.01**2) * (x.var((-2, -1)) + y.var((-2, -1)) + 0.03**2)
    return (above / below).mean()


def test_image_errors_are_those_of_their_definitions():
    torch.manual_seed(0)
    truth = torch.rand(2, 3, 32, 32)
    image = (truth + 0.1 * torch.randn_like(truth)).clamp(0, 1)
    blank = torch.zeros(2, 1, 32, 32, dtype=torch.bool)
    blank[:, :, 3:10, 4:11] = True
    for errors, one, other, where in zip(image_errors(image, truth, blank), image, truth, blank, strict=True):
        square = (one - other).square()
        assert errors["psnr"] == pytest.approx(10 * math.log10(1 / square.mean()), abs=1e-4)
        assert errors["psnr_blanked"] == pytest.approx(10 * math.log10(1 / square[:, where[0]].mean()), abs=1e-4)
        assert errors["ssim"] == pytest.approx(ssim(one.numpy(), other.numpy()), abs=1e-4)
    assert mean_errors([{"psnr": 1.0}, {"psnr": 3.0}]) == {"psnr": 2.0}
    perfect = image_errors(truth, truth, blank)[0]
    assert perfect["ssim"] == pytest.approx(1) and 58 < perfect["psnr"] < 60


def test_a_perfect_network_is_measured_better_than_the_mean_colour(street):
    model = build("inpainting", blanked=[0.05, 0.05])
    images = {}
    processed = model.data_preprocessor.forward
    model.data_preprocessor.forward = lambda data, training: images.update(processed(data, training)) or images
    model.restored = lambda blanked: images["images"][0]
    errors, trivial, shown = model.assess(street, 4)
    assert errors["psnr"] > 50 and errors["ssim"] > 0.999 and errors["psnr_blanked"] > 50
    assert trivial["psnr"] < 30 and trivial["ssim"] < 0.9
    assert set(task_specs()["inpainting"].shows) < set(shown)
    assert shown["blanked"].shape == shown["image"].shape == shown["restored"].shape
    assert (shown["blanked"] != shown["image"]).any()


# Contrastive


def test_the_key_network_starts_as_the_query_network_and_follows_it_slowly():
    model = build("contrastive", momentum=0.9, queue=8)
    model.encoder.conv1.weight.data.fill_(1.0)  # as weights that it starts from are loaded
    batch = {"images": [torch.rand(2, 3, 64, 64)]}
    model.loss(batch)
    assert torch.equal(model.key_encoder.conv1.weight, model.encoder.conv1.weight)
    model.encoder.conv1.weight.data.fill_(2.0)
    model.loss(batch)
    assert torch.allclose(model.key_encoder.conv1.weight, torch.tensor(1.1))
    assert not any(p.requires_grad for p in (*model.key_encoder.parameters(), *model.key_projection.parameters()))


def test_keys_take_the_places_of_the_oldest():
    model = build("contrastive", queue=5)
    keys = torch.nn.functional.normalize(torch.arange(6 * 128.0).view(6, 128).sin(), dim=1)
    before = model.queue.clone()
    model._keep(keys[:3])
    assert torch.equal(model.queue[:3], keys[:3]) and torch.equal(model.queue[3:], before[3:])
    model._keep(keys[3:])
    assert torch.equal(model.queue, torch.stack([keys[5], keys[1], keys[2], keys[3], keys[4]]))
    model._keep(torch.cat([keys, keys]))  # more than there are places: the newest stay
    assert sorted(map(tuple, model.queue.tolist())) == sorted(map(tuple, keys[1:].tolist()))


def test_the_loss_is_low_where_two_views_are_alike_and_unlike_the_queue():
    model = build("contrastive", queue=16, temperature=0.1)
    model.views = lambda image: image
    model.train(False)
    image = torch.rand(4, 3, 64, 64)
    alike = model.loss({"images": [image]})["loss_contrastive"].item()
    with torch.no_grad():
        key = torch.nn.functional.normalize(model.projection(model.features(image)), dim=1)
        model.queue.copy_(key.repeat(4, 1))
    assert model.loss({"images": [image]})["loss_contrastive"].item() > alike + 1
    assert alike < math.log(17)


def test_views_are_drawn_from_the_seed_and_differ():
    image, make = torch.rand(2, 3, 64, 96), Views(0.4, 0.4, 0.4, 0.1)
    torch.manual_seed(3)
    first, second = make(image), make(image)
    assert first.shape == image.shape and first.min() >= 0 and first.max() <= 1
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(make(image), first)


@pytest.mark.parametrize("tells", [True, False])
def test_neighbours_are_counted_by_class(objects, tells):
    model = build("contrastive", queue=8)
    rows = objects.rows("val") if len(objects.rows("val")) else objects.rows("video")
    classes = objects.index["sequence"].to_numpy(str)[rows]
    codes = torch.eye(len(rows))
    if tells:  # features that say the class and nothing else, but for a little of the image's own
        names = sorted(set(classes))
        codes = torch.stack([torch.eye(len(names))[names.index(name)] for name in classes])
    place = iter(range(0, len(rows), 2))
    model.features = lambda image: (lambda start: codes[start : start + len(image)])(next(place))
    errors, chance, shown = model.assess(objects, 2)
    alike = (classes[:, None] == classes).sum(1) - 1
    assert chance["knn"] == pytest.approx((alike / (len(rows) - 1)).mean())
    if tells and (alike > 0).all():
        assert errors["knn"] == 1
    assert 0 <= errors["knn"] <= 1 and shown["nearest"].shape == shown["image"].shape


def test_a_single_held_out_image_has_no_neighbour_and_still_makes_a_picture(tmp_path):
    image = np.full((64, 64, 3), 200, np.uint8)
    row = {"split": "val", "sequence": "only", "frame": 0, "image": "-"}
    packed = Packed(write_packed(tmp_path / "packed", [row], {"image": [image]}, (64, 64), None))
    errors, chance, shown = build("contrastive", queue=8).assess(packed, 2)
    assert errors is None and chance is None
    assert shown["image"].shape == shown["nearest"].shape == (1, 64, 64, 3) and not shown["nearest"].any()
    np.savez(tmp_path / "samples.npz", **shown)
    (tmp_path / "metrics.json").write_text('{"recipe": "contrastive"}')
    settings = {"recipe_labels": {"contrastive": "MoCo v2"}, "shows": task_specs()["contrastive"].shows}
    assert len(pictures.draw(settings, [tmp_path / "samples.npz"]).axes) == 2
