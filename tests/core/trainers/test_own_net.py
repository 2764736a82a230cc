"""Weights of one's own: a state dict of a listed net, under torchvision's or the package's names, with its classes."""

import re
from pathlib import Path

import pytest
import torch

from core import images, weights
from core.__main__ import main
from core.errors import UserError
from core.explain import view
from core.models import catalogue
from core.trainers.own_net import open_own
from core.vision import torchvision

DOCS = Path(__file__).resolve().parents[3] / "docs" / "photographs.md"


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(0)
    weights.write(tmp_path / "birds.safetensors", torchvision.models.resnet18(weights=None, num_classes=3).state_dict())
    (tmp_path / "birds.txt").write_text("robin\nwren\n\ncrow\n")
    return tmp_path / "birds.safetensors", tmp_path / "birds.txt"


def test_a_state_dict_of_torchvision_opens_with_its_names(files):
    own = open_own("resnet18", *files)
    theirs = torchvision.models.resnet18(weights=None, num_classes=3).eval()
    theirs.load_state_dict(weights.read(files[0]))
    x = own.prepare(own.prepare_picture(images.sample("cat")))
    torch.testing.assert_close(own.net(x), theirs(x), atol=1e-5, rtol=1e-5)
    assert own.classes == ("robin", "wren", "crow") and own.whole
    assert view.of_picture(own, images.sample("cat")).maps.shape == (1, 8, 11)


def test_a_state_dict_of_efficientnet_opens(tmp_path, files):
    net = catalogue.build("efficientnet_lite0", classes=3, channels=3, side=224).eval()
    weights.write(tmp_path / "own.safetensors", net.state_dict())
    own = open_own("efficientnet_lite0", tmp_path / "own.safetensors", files[1])
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(own.net(x), net(x), atol=1e-3, rtol=1e-3)


def test_what_does_not_fit_is_a_sentence(files, tmp_path):
    with pytest.raises(UserError, match='"nin" is none: choose one of efficientnet_lite0, resnet18'):
        open_own("nin", *files)
    with pytest.raises(UserError, match="does not fit this net"):
        open_own("resnet50", *files)
    with pytest.raises(UserError, match="holds no last layer of EfficientNet-Lite0"):
        open_own("efficientnet_lite0", *files)
    for text, sentence in (("robin\nwren\n", "has 3 classes, and few.txt names 2"), ("a\na\nb\n", '"a" twice')):
        (tmp_path / "few.txt").write_text(text)
        with pytest.raises(UserError, match=sentence):
            open_own("resnet18", files[0], tmp_path / "few.txt")
    (tmp_path / "few.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserError, match="cannot be read"):
        open_own("resnet18", files[0], tmp_path / "few.txt")


def test_the_command_takes_both_files(files, tmp_path, capsys):
    picture, out = tmp_path / "cat.png", tmp_path / "out.png"
    images.save(images.sample("cat"), picture)
    words = ["explain", str(picture), str(out), "--model", "resnet18", "--weights", str(files[0])]
    assert main(words) == 2 and "need both --weights FILE and --names FILE" in capsys.readouterr().err
    assert main([*words, "--names", str(files[1])]) == 0
    assert "birds, ResNet-18 predicts" in capsys.readouterr().out and out.is_file()


def test_the_example_of_any_module_runs():
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    names: dict = {}
    exec(code, names)
    logits = names["net"](names["x"])
    torch.testing.assert_close(names["explained"].logits, logits, atol=1e-5, rtol=1e-5)
    assert names["heat"].shape == (224, 224) and names["heat"].abs().max() > 0
