"""Where the cells of maps lie: measured on nets whose places are known, and shown by an object that is moved."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.explain import cam, cell_offset, view
from core.explain.cam import Grid
from core.trainers import trained
from core.trainers.trained import TrainedClassifier
from tests.nets import a_net

pytestmark = pytest.mark.slow


class Corner(nn.Module):
    """A net whose cell (i, j) reads the pixel (4 i + 3, 4 j) and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 1, 1, 1), requires_grad=False)

    def features(self, x: Tensor) -> Tensor:
        return F.conv2d(x[..., 3::4, ::4], self.weight)


def test_the_offset_of_a_net_is_that_of_the_pixels_that_it_reads():
    offset = cell_offset.measure(replace(a_net("bn_nin"), net=Corner()), draws=1)
    assert (offset.right, offset.down, offset.step) == pytest.approx((-1.5, 1.5, 4))


@pytest.fixture(params=trained.packaged())
def photograph_net(request) -> TrainedClassifier:
    return trained.open_named(request.param)


def test_the_maps_of_the_net_for_photographs_are_placed_where_it_reads(photograph_net):
    offset = cell_offset.measure(photograph_net, draws=1)
    assert abs(offset.right - offset.placed) < 2 and abs(offset.down - offset.placed) < 2


def ball(x: float, y: float, colour: tuple[int, int, int], ground: int, side: int = 352) -> np.ndarray:
    """A shaded ball of 40 px radius on a plain ground: its map is symmetric about its centre, however it is turned."""
    down, right = np.mgrid[0:side, 0:side] + 0.5
    distance = np.hypot(right - x, down - y)
    inside = np.clip(40 - distance, 0, 1)[..., None]
    shade = 1 - 0.5 * (distance / 40)[..., None] ** 2
    return np.clip(ground * (1 - inside) + np.array(colour) * shade * inside, 0, 255).astype(np.uint8)


def centroid(map: Tensor) -> tuple[float, float]:
    """The centroid (x, y) of what lies above half of the map's maximum."""
    weight = (map - map.max() / 2).clamp(min=0)
    down, right = (torch.arange(side) + 0.5 for side in map.shape)
    return float(weight.sum(0) @ right / weight.sum()), float(weight.sum(1) @ down / weight.sum())


def test_a_ball_that_is_moved_lies_under_its_map(photograph_net):
    placed, usual = [], []
    for colour, ground in (((240, 140, 30), 128), ((250, 250, 250), 128), ((240, 140, 30), 225), ((250, 250, 250), 60)):
        for shift in (-28, -12, 4, 20):
            x, y = 176 + shift, 176 - shift / 2
            seen = view.of_picture(photograph_net, ball(x, y, colour, ground))
            for where, seen_by in ((placed, seen), (usual, replace(seen, grid=None))):
                right, down = centroid(seen_by.map(0, (352, 352)))
                where.append((right - x, down - y))
    error = np.abs(np.mean(placed, 0)).max()
    assert error < 4  # an eighth of a cell of the plain net, which is 32 px wide
    assert error < np.abs(np.mean(usual, 0)).max()


def test_a_grid_interpolates_between_the_centres_of_its_cells():
    maps = torch.tensor([[[0.0, 8.0]]])
    even = Grid((0.5, 0.25), (1.0, 0.5))
    torch.testing.assert_close(cam.upsample(maps, (2, 8), even), cam.upsample(maps, (2, 8)))
    row = cam.upsample(maps, (1, 8), Grid((0.5, 0.0625), (1.0, 0.5)))[0, 0]
    assert row.tolist() == pytest.approx([0, 2, 4, 6, 8, 8, 8, 8])


def test_a_map_that_hangs_over_the_edge_is_not_squeezed():
    net = trained.open_named("efficientnet_lite0")
    wide = view.of_picture(net, np.zeros((200, 300, 3), np.uint8))
    assert wide.maps.shape == (1, 8, 11) and wide.input.shape == (235, 352, 3)
    assert wide.grid.step == pytest.approx((32 / 235, 32 / 352))
    assert view.of_picture(net, np.zeros((40, 60, 3), np.uint8), (1,), "occlusion").grid is None
