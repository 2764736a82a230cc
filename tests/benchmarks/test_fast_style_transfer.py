"""The layers of the peer's net."""

import json

import numpy as np
import pytest
import torch

from benchmarks.fast_style_transfer import PeerNet
from core import images


@pytest.fixture
def peer(tmp_path):
    torch.manual_seed(1)
    shapes = {0: (9, 9, 3, 4), 3: (3, 3, 4, 6), 6: (3, 3, 6, 8), 39: (3, 3, 6, 8), 42: (3, 3, 4, 6), 45: (9, 9, 4, 3)}
    shapes |= {number + more: (3, 3, 8, 8) for number in PeerNet.RESIDUALS for more in (0, 3)}
    manifest = {}
    for number, shape in shapes.items():
        outputs = shape[2] if number in (39, 42) else shape[3]
        for offset, values in enumerate((torch.randn(shape), torch.zeros(outputs), torch.ones(outputs))):
            name = f"Variable_{number + offset}" if number + offset else "Variable"
            manifest[name] = {"filename": name, "shape": list(values.shape)}
            values.numpy().astype("<f4").tofile(tmp_path / name)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return PeerNet(tmp_path)


def test_the_peer_s_pictures_have_the_photograph_s_size(peer):
    painted = peer.paint(images.resize(images.sample("coffee"), 37, 30))
    assert painted.shape == (30, 37, 3)
    assert painted.dtype == np.uint8


def test_the_peer_pads_the_odd_pixel_at_the_end(peer):
    filters = torch.zeros(3, 3, 1, 2)
    filters[0, 0, 0, 0] = filters[1, 1, 0, 1] = 1  # the corner of the window, and its middle
    peer.variables |= {"Variable_3": filters, "Variable_4": torch.zeros(2), "Variable_5": torch.ones(2)}
    x = torch.arange(16.0).view(1, 1, 4, 4)
    normalised = peer.convolution(x, 3, stride=2)[0]
    for maps, picked in zip(normalised, ([[0, 2], [8, 10]], [[5, 7], [13, 15]]), strict=True):
        wanted = torch.tensor(picked, dtype=torch.float32)
        assert torch.allclose(maps, (wanted - wanted.mean()) / (wanted.var(correction=0) + 1e-3).sqrt(), atol=1e-5)


def test_a_photograph_of_odd_sides_is_painted_as_one_whose_edges_go_on(peer):
    photograph = images.resize(images.sample("coffee"), 37, 30)
    whole = np.pad(photograph, ((0, 2), (0, 3), (0, 0)), mode="edge")
    assert np.array_equal(peer.paint(photograph), peer.paint(whole)[:30, :37])
