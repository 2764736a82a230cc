"""Maps side by side: what their colours span, how they are described, and the files they become."""

import io

import numpy as np
import pytest
import torch

from core.explain.view import View
from pages.explain import map_panels
from pages.explain.map_panels import Look, Panel


def panel(map, name="cat", title=""):
    maps = torch.tensor([map], dtype=torch.float32)
    picture = np.full((4, 4, 3), 100, np.uint8)
    return Panel(View(picture, torch.tensor([0.2, 0.8]), (1,), maps, "CAM", "because"), 0, name, title)


STRONG, WEAK = panel([[0.0, 8.0], [0.0, -1.0]]), panel([[0.0, 2.0], [0.0, -4.0]])


def test_one_range_for_all_or_each_its_own():
    assert map_panels.scales([STRONG, WEAK], Look()) == [(0, 8), (0, 8)]
    assert map_panels.scales([STRONG, WEAK], Look(each_alone=True)) == [(0, 8), (0, 2)]
    assert map_panels.scales([STRONG, WEAK], Look(signed=True)) == [(-8, 8), (-8, 8)]
    assert map_panels.scales([STRONG, WEAK], Look(signed=True, each_alone=True)) == [(-8, 8), (-4, 4)]


def test_the_file_of_a_map_holds_it_raw():
    np.testing.assert_array_equal(np.load(io.BytesIO(WEAK.raw())), np.float32([[0, 2], [0, -4]]))


def test_the_description_names_range_and_box():
    assert (
        STRONG.describe(Look(threshold=0.9))
        == "CAM of cat: evidence −1.00 to 8.00; box 1 x 1 of 4 x 4 px, its corner at (3, 0)"
    )
    assert panel([[-1.0, -2.0]]).describe(Look()).endswith("no box: no evidence for the class")


def test_at_opacity_zero_the_picture_is_alone_outside_of_the_frame():
    left = slice(None, 336)  # the box is the last column of four, each 112 px wide
    faint, strong = (STRONG.heat(Look(opacity=opacity, threshold=0.9), (0, 8)) for opacity in (0, 0.6))
    np.testing.assert_array_equal(faint[:, left], STRONG.view.shown()[:, left])
    assert (strong[:, left] != STRONG.view.shown()[:, left]).any()


@pytest.mark.parametrize(
    ("text", "name"), [("CIFAR-10: cat, 93.1%", "cifar-10-cat-93-1"), ("Grad-CAM++", "grad-cam++"), ("…", "map")]
)
def test_names_of_files(text, name):
    assert map_panels.plain_name(text) == name
