"""Weight files of the names and shapes that their publishers use, into our backbones; and files that are not."""

import pytest
import torch
from depth2seg.errors import UserError
from depth2seg.files import sha256
from depth2seg.models.backbones import ResNetEncoder
from depth2seg.training.state import load_tensors, save_tensors
from depth2seg.training.weights import imported_encoder
from torchvision.models import resnet50
from weight_files import of_resnet


@pytest.fixture(scope="module")
def torchvisions():
    """A ResNet-50's weights under torchvision's names, without its classifier, all different from any start."""
    torch.manual_seed(1)
    return {name: value for name, value in resnet50().state_dict().items() if not name.startswith("fc.")}


@pytest.mark.parametrize("layout", ["torchvision", "moco-v2", "dino", "maskcontrast", "mask-rcnn"])
def test_a_published_file_becomes_the_encoder(tmp_path, torchvisions, layout):
    path, encoder = tmp_path / "published.pth", ResNetEncoder("resnet50")
    torch.save(of_resnet(layout, torchvisions), path)
    encoder.load_state_dict(imported_encoder(str(path), sha256(path), encoder.state_dict(), layout))
    encoder.eval()
    reference = resnet50().eval()
    reference.load_state_dict(torchvisions, strict=False)
    for name, value in encoder.state_dict().items():
        if "num_batches_tracked" not in name:
            assert torch.equal(value, torchvisions[name]), name
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        x = reference.maxpool(reference.relu(reference.bn1(reference.conv1(image))))
        x = reference.layer4(reference.layer3(reference.layer2(reference.layer1(x))))
        assert torch.allclose(encoder(image)[-1], x, atol=1e-5)


@pytest.mark.parametrize(
    ("written", "read", "words"),
    [
        ("torchvision", "moco-v2", "layout 'moco-v2' has its weights under 'state_dict', this file has"),
        ("moco-v2", "torchvision", "layout 'torchvision' is names and tensors only, this file has 'epoch', 'arch'"),
        ("mask-rcnn", "torchvision", r"backbone\.body\.conv1\.weight: unknown"),
        ("maskcontrast", "moco-v2", "layout 'moco-v2' has its weights under 'state_dict', this file has 'model'"),
        ("torchvision", "mask-rcnn", "layout 'mask-rcnn' has no such names: 'bn1"),
    ],
)
def test_a_file_of_another_layout_is_refused_by_name(tmp_path, torchvisions, written, read, words):
    path = tmp_path / "published.pth"
    torch.save(of_resnet(written, torchvisions), path)
    with pytest.raises(UserError, match=words) as caught:
        imported_encoder(str(path), None, ResNetEncoder("resnet50").state_dict(), read)
    assert "published.pth" in str(caught.value)


def test_nothing_is_skipped_in_silence(tmp_path, torchvisions):
    path, expected = tmp_path / "published.pth", ResNetEncoder("resnet50").state_dict()
    odd = of_resnet("moco-v2", torchvisions)
    odd["state_dict"]["module.encoder_q.layer5.weight"] = torch.zeros(3)
    del odd["state_dict"]["module.encoder_q.layer1.0.conv1.weight"]
    torch.save(odd, path)
    with pytest.raises(UserError) as caught:
        imported_encoder(str(path), None, expected, "moco-v2")
    assert "layer5.weight: unknown" in str(caught.value) and "layer1.0.conv1.weight: lacking" in str(caught.value)


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused_by_name(tmp_path, torchvisions, cut):
    path = tmp_path / "published.pth"
    save_tensors(path, torchvisions)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    for read in (load_tensors, lambda file: imported_encoder(str(file), None, ResNetEncoder("resnet50").state_dict())):
        with pytest.raises(UserError, match=r"published\.pth"):
            read(path)
