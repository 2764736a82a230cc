"""Loss networks by name: which there are, which are at hand, and sentences for those that are not."""

import pytest
import torch

from core import weights
from core.errors import UserError
from core.style import compact, sources
from tests.painting import write_loss_networks


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    """No shipped weights and no downloaded data."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))


def test_without_files_only_what_can_be_fetched_is_offered():
    assert sources.names() == ("vgg19", "vgg16")
    with pytest.raises(UserError, match=r"Compact \(built in\) is not here. It is not part of this copy yet"):
        sources.load("compact")
    with pytest.raises(UserError, match="and SqueezeNet is not here. Put vgg19_normalised"):
        sources.load("both")
    with pytest.raises(UserError, match="no loss network 'resnet'; choose one of compact, vgg19, vgg16, both"):
        sources.load("resnet")


def test_what_is_at_hand_comes_first(tmp_path):
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    write_loss_networks(tmp_path / "networks")
    assert sources.names() == ("compact", "vgg19", "vgg16")
    assert sources.names(tmp_path / "networks") == ("compact", "both", "vgg19", "vgg16")
    x = torch.rand(1, 3, 64, 64)
    for name in ("compact", "both"):
        network = sources.load(name, tmp_path / "networks")
        usual = sources.source(name).usual
        with torch.no_grad():
            assert set(network(x, usual.content | usual.style)) == set(usual.content | usual.style)


def test_both_are_found_in_the_folder_of_downloads():
    sources.folder().mkdir(parents=True)
    write_loss_networks(sources.folder())
    assert sources.at_hand("both")


@pytest.mark.parametrize("name", sources.KNOWN)
def test_usual_layers_belong_to_their_network(name):
    source = sources.source(name)
    assert set(source.usual.content) | set(source.usual.style) <= set(source.layers)
