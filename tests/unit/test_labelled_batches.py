"""Labelled batches: images and labels stay aligned, mapped and flipped alike."""

import pytest
import torch
from depth2seg.data.packing import Packed
from depth2seg.evaluation.confusion import KITTI7
from depth2seg.models.segmentor import LabelledPreprocessor
from depth2seg.training import finetune


def test_released_label_map_keeps_the_seven_classes_of_cityscapes():
    names = Packed.__init__.__globals__["class_table"]("cityscapes").names
    kept = [i for i, to in enumerate(finetune.released_label_map(names)) if to != 255]
    assert {names[i] for i in kept} == set(KITTI7)
    assert all(finetune.released_label_map(names)[i] == i for i in kept)
    assert finetune.released_label_map(("a", "b", "c"))[:4] == [0, 1, 2, 255]


def aligned(samples=16):
    """Images whose red tells each pixel's label."""
    labels = torch.arange(32 * 48).reshape(32, 48).remainder(251).to(torch.uint8).repeat(samples, 1, 1)
    images = torch.stack([labels, labels, labels], dim=-1)[:, None]
    return {"images": images, "semantic": labels}


def processed(batch, **options):
    torch.manual_seed(0)
    data = LabelledPreprocessor("none", **options)(batch, True)
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in data["data_samples"]])
    return data["inputs"], labels


@pytest.mark.parametrize("options", [{}, {"flip": True}, {"crop": [16, 32]}, {"flip": True, "crop": [16, 32]}])
def test_image_and_label_stay_aligned(options):
    images, labels = processed(aligned(), **options)
    assert images.shape[-2:] == labels.shape[-2:] == tuple(options.get("crop", (32, 48)))
    assert torch.equal((images[:, 0] * 255).round().long(), labels)
    different = len({tuple(label.flatten().tolist()) for label in labels})
    assert different == 1 if not options else different >= 2


def test_half_of_the_images_are_flipped():
    images, _ = processed(aligned(200), flip=True)
    flipped = (images[:, 0, 0, 0] > images[:, 0, 0, 5]).float().mean()
    assert 0.35 < flipped < 0.65


def test_crops_reach_every_corner():
    images, _ = processed(aligned(400), crop=[30, 46])
    first = (images[:, 0, 0, 0] * 255).round().int()
    assert set(first.tolist()) == {(48 * y + x) % 251 for y in range(3) for x in range(3)}


def test_labels_are_mapped_and_images_are_not_when_testing():
    batch = aligned(2)
    mapping = [255 - i for i in range(256)]
    assert torch.equal(processed(batch, label_map=mapping)[1], 255 - batch["semantic"].long())
    data = LabelledPreprocessor("none", flip=True, crop=[16, 32], jitter={**dict.fromkeys(
        ("brightness", "contrast", "saturation", "hue"), 0.5)})({"images": batch["images"]}, False)  # fmt: skip
    assert torch.equal((data["inputs"][:, 0] * 255).round().to(torch.uint8), batch["semantic"])
