"""The ViT against torchvision's own, published files of ViTs, the DPT decoder's scales, and masked autoencoding."""

import pytest
import torch
import torch.nn.functional as F
from depth2seg.errors import UserError
from depth2seg.models.backbones import build_encoder, encoder_channels
from depth2seg.models.decoders import build_decoder
from depth2seg.models.vit import VITS, ViTEncoder
from depth2seg.tasks import task_class
from depth2seg.tasks.masked import imaged, patchified, sine_positions, split_patches, taken
from depth2seg.training.weights import imported_encoder
from recipes import recipe
from vits import reference, timm_names
from weight_files import of_vit


@pytest.mark.parametrize(("layout", "name"), [("dino-vit", "vit-small"), ("mae", "vit-base")])
def test_a_published_file_gives_torchvisions_features(tmp_path, layout, name):
    model, encoder = reference(name), build_encoder(name)
    torch.save(of_vit(layout, timm_names(model), name), tmp_path / "vit.pth")
    encoder.load_state_dict(imported_encoder(str(tmp_path / "vit.pth"), None, encoder.state_dict(), layout))
    image = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        x = torch.cat([model.class_token.expand(2, -1, -1), model._process_input(image)], dim=1)
        x, expected = x + model.encoder.pos_embedding, []
        for place, layer in enumerate(model.encoder.layers):
            x = layer(x)
            if place in ViTEncoder.LEVELS:
                expected.append(x)
        expected[-1] = model.encoder.ln(expected[-1])
        levels = encoder.eval()(image)
    for level, tokens in zip(levels, expected, strict=True):
        assert level.shape == (2, VITS[name].channels, 14, 14)
        found = level.flatten(2).transpose(1, 2)
        assert torch.allclose(found, tokens[:, 1:], atol=1e-5 * tokens.abs().max().item())


def test_encoders_have_the_published_number_of_parameters():
    for name, count in (("vit-small", 21_665_664), ("vit-base", 85_798_656)):
        assert sum(p.numel() for p in build_encoder(name).parameters()) == count


@pytest.mark.parametrize("layout", ["dinov2", "depth-anything"])
def test_patches_of_14_pixels_and_layer_scale_become_patches_of_16(tmp_path, layout):
    """DINOv2's shapes: a grid of 37 x 37, patches of 14, a factor for each layer's output."""
    weights = timm_names(reference("vit-small", patch=14, side=518))
    assert weights["pos_embed"].shape == (1, 1370, 384) and weights["patch_embed.proj.weight"].shape == (384, 3, 14, 14)
    scales = {f"blocks.{i}.ls{j}.gamma": torch.rand(384) + 0.5 for i in range(12) for j in (1, 2)}
    torch.save(of_vit(layout, weights | scales), tmp_path / "vit.pth")
    encoder = build_encoder("vit-small")
    found = imported_encoder(str(tmp_path / "vit.pth"), None, encoder.state_dict(), layout)
    # A patch of 16 x 16 embeds as it does when it is first resized to 14 x 14.
    patch = torch.rand(1, 3, 16, 16)
    small = F.interpolate(patch, size=(14, 14), mode="bilinear", align_corners=False)
    expected = F.conv2d(small, weights["patch_embed.proj.weight"])
    assert torch.allclose(F.conv2d(patch, found["patch_embed.projection.weight"]), expected, atol=1e-5)
    assert found["pos_embed"].shape == (1, 197, 384)
    # The factor times the layer's output, by hand.
    token = torch.rand(384)
    by_hand = scales["blocks.3.ls1.gamma"] * F.linear(
        token, weights["blocks.3.attn.proj.weight"], weights["blocks.3.attn.proj.bias"]
    )
    ours = F.linear(token, found["layers.3.attn.attn.out_proj.weight"], found["layers.3.attn.attn.out_proj.bias"])
    assert torch.allclose(ours, by_hand, atol=1e-5)
    encoder.load_state_dict(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("blocks.11.mlp.fc2.bias"), r"layers\.11\.ffn\.layers\.1\.bias: lacking"),
        (lambda w: w.update({"blocks.12.norm1.weight": torch.zeros(384)}), r"layers\.12\.ln1\.weight: unknown"),
        (lambda w: w.update({"register_tokens": torch.zeros(1, 4, 384)}), r"register_tokens: unknown"),
        (lambda w: w.update({"pos_embed": torch.zeros(1, 190, 384)}), r"pos_embed: \(1, 190, 384\) instead of"),
        (lambda w: w.update({"norm.weight": torch.zeros(768)}), r"ln1\.weight: \(768,\) instead of \(384,\)"),
    ],
)
def test_what_does_not_match_is_named(tmp_path, change, words):
    weights = timm_names(reference("vit-small"))
    change(weights)
    torch.save(weights, tmp_path / "vit.pth")
    with pytest.raises(UserError, match=words):
        imported_encoder(str(tmp_path / "vit.pth"), None, build_encoder("vit-small").state_dict(), "dino-vit")


@pytest.mark.parametrize("name", ["vit-small", "vit-base"])
def test_images_of_any_size_have_their_grid_and_dpts_map_half_their_size(name):
    image = torch.rand(1, 3, 64, 96)
    levels = build_encoder(name).eval()(image)
    assert [tuple(level.shape) for level in levels] == [(1, encoder_channels(name)[0], 4, 6)] * 4
    [features] = build_decoder("dpt", name).eval()(levels)
    assert features.shape == (1, 64 if name == "vit-small" else 128, 32, 48)


# Masked autoencoding


def build(**changes):
    kind = task_class("masked")
    torch.manual_seed(0)
    settings = recipe("masked", decoder_width=64, decoder_layers=1, **changes).model_dump()
    model = kind(**kind.network(settings | {"backbone": "vit-small"}))
    model.init_weights()
    return model


def test_patches_are_split_as_asked_and_by_the_seed():
    kept, left_out = split_patches(3, 24, 0.75, torch.Generator().manual_seed(1))
    assert kept.shape == (3, 6) and left_out.shape == (3, 18)
    for one, other in zip(kept, left_out, strict=True):
        assert sorted([*one.tolist(), *other.tolist()]) == list(range(24))
    assert torch.equal(split_patches(3, 24, 0.75, torch.Generator().manual_seed(1))[0], kept)
    assert [part.shape[1] for part in split_patches(1, 4, 0.99)] == [1, 3]


def test_patches_and_images_are_each_others_reverse():
    image = torch.rand(2, 3, 32, 48)
    patches = patchified(image)
    assert patches.shape == (2, 6, 768)
    assert torch.equal(patches[0, 4].view(16, 16, 3).permute(2, 0, 1), image[0, :, 16:, 16:32])
    assert torch.equal(imaged(patches, image.shape[-2:]), image)


def test_positions_are_sines_of_the_place():
    positions = sine_positions((2, 3), 8)[0]
    assert positions.shape == (6, 8)
    x, y = 2, 1
    by_hand = [f(v / 10000 ** (k / 2)) for v in (x, y) for f in (torch.sin, torch.cos) for k in (0, 1)
               for v in [torch.tensor(float(v))]]  # fmt: skip
    assert torch.allclose(positions[5], torch.stack(by_hand), atol=1e-6)


def test_what_is_left_out_is_not_seen():
    model = build(masked=0.5).eval()
    image, kept = torch.rand(1, 3, 64, 64), torch.tensor([[0, 5, 10]])
    other = image.clone()
    other[..., 48:, 48:] = 0  # the last patch, which is not kept
    with torch.no_grad():
        before, after = model.predicted(image, kept), model.predicted(other, kept)
        assert torch.equal(before, after)
        other[..., :16, :16] = 0
        assert not torch.allclose(before, model.predicted(other, kept))


def test_the_loss_counts_normalised_pixels_of_patches_left_out():
    model = build()
    image = torch.rand(2, 3, 64, 64)
    patches = patchified(image)
    perfect = (patches - patches.mean(-1, keepdim=True)) / patches.std(-1, keepdim=True)
    model.predicted = lambda image, kept: perfect
    assert model.loss({"inputs": [image]})["loss_masked"] < 1e-6
    torch.manual_seed(5)
    kept, left_out = split_patches(2, 16, 0.75)
    wrong = perfect.scatter_add(1, kept[..., None].expand(-1, -1, 768), torch.ones(2, 4, 768))
    assert torch.allclose(taken(wrong, left_out), taken(perfect, left_out))
    torch.manual_seed(5)
    model.predicted = lambda image, kept: wrong
    assert model.loss({"inputs": [image]})["loss_masked"] < 1e-6
    model.predicted = lambda image, kept: perfect + 1
    assert model.loss({"inputs": [image]})["loss_masked"].item() == pytest.approx(1, abs=1e-5)
