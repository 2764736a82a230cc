"""Weights are read whole or not at all, and the sentence says what is wrong."""

import pytest
import torch
from torch import nn

from core import weights
from core.errors import UserError


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "net.safetensors"
    weights.write(path, {"w": torch.randn(2, 3).t()}, {"note": "hello"})
    assert weights.read(path)["w"].shape == (3, 2)
    assert weights.read_metadata(path) == {"note": "hello"}
    assert [file.name for file in tmp_path.iterdir()] == ["net.safetensors"]


def test_other_formats_are_refused_by_name(tmp_path):
    path = tmp_path / "net.pth"
    torch.save({"w": torch.ones(1)}, path)
    with pytest.raises(UserError, match=r"net.pth is not a .safetensors file"):
        weights.read(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\xff" * 64])
def test_damaged_files_are_a_sentence(tmp_path, content):
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        weights.read(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="not there"):
        weights.read(tmp_path / "net.safetensors")


def test_weights_that_do_not_fit_name_the_tensor():
    net = nn.Linear(3, 2)
    good = net.state_dict()
    with pytest.raises(UserError, match="bias is missing"):
        weights.fill(net, {"weight": good["weight"]}, "Those")
    with pytest.raises(UserError, match="extra is unknown"):
        weights.fill(net, {**good, "extra": torch.ones(1)}, "Those")
    with pytest.raises(UserError, match=r"weight is \(2, 4\), expected \(2, 3\)"):
        weights.fill(net, {**good, "weight": torch.ones(2, 4)}, "Those")
    weights.fill(net, {**good, "weight": torch.ones(2, 3)}, "Those")
    assert net.weight.eq(1).all()


def test_every_shipped_file_has_a_card_and_fits_in_the_box():
    files = list(weights.WEIGHTS.glob("*.safetensors"))
    assert {file.stem for file in files} == set(weights.cards())
    assert sum(file.stat().st_size for file in files) < 80e6


def test_an_unknown_card_lists_the_known_ones():
    with pytest.raises(UserError, match="no shipped weights named nothing"):
        weights.card("nothing")
