"""Painting in strips: the same picture as in one piece, of any size, with progress and in bounded memory."""

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch

from core import images
from core.style import painter, prints
from core.style.network import PasticheNet
from core.style.paint_settings import PaintSettings
from tests.painting import STYLES, net, picture, ship

BLEND = torch.tensor([[0.2, 0.5, 0.3]])
MEASURED = """
import resource
import numpy as np
from core import hardware
from core.style import painter
from core.style.network import PasticheNet
from core.style.paint_settings import PaintSettings
net = painter.painter_of(PasticheNet(3, 1.0), ("a", "a__soft", "photograph"), half=hardware.bf16_is_fast())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
picture = np.random.default_rng(0).integers(0, 256, (1500, 4000, 3), np.uint8)
net.paint(picture, {{"a": 1.0}}, PaintSettings({strength}, colours=True))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("size", [(8, 8), (9, 200), (64, 64), (101, 67), (250, 33)])
def test_strips_paint_what_one_piece_is(monkeypatch, size):
    monkeypatch.setattr(prints, "STRIP_PIXELS", 12 * size[1])
    photograph = picture(*size)
    with torch.inference_mode():
        whole = net()(images.to_tensor(photograph), BLEND)
        parts = prints.paint(net(), photograph, BLEND, painter.silent)
    assert parts.shape == whole.shape
    assert (parts - whole).abs().max() < 1e-3, "a quarter of a step of 255"


def test_strips_in_bfloat16_are_as_near_to_float32_as_one_piece_and_have_no_seams(monkeypatch):
    torch.manual_seed(3)
    photograph = images.resize(picture(), 200, 160)
    made = PasticheNet(1, 1.0)
    exact, half = (painter.painter_of(copy.deepcopy(made), ("ink",), half) for half in (False, True))
    expected = exact.paint(photograph, {"ink": 1.0}).astype(int)
    whole = np.abs(half.paint(photograph, {"ink": 1.0}) - expected)
    monkeypatch.setattr(painter, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(prints, "STRIP_PIXELS", 16 * 200)
    parts = np.abs(half.paint(photograph, {"ink": 1.0}) - expected)
    assert parts.mean() < 1.1 * whole.mean()
    at_edges = parts[[row + side for row in range(16, 160, 16) for side in (-1, 0)]]
    assert at_edges.mean() < 1.1 * parts.mean()


def test_a_large_picture_is_painted_in_strips_with_progress(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    photograph = picture(90, 120)
    settings = PaintSettings(0.8, colours=True)
    whole = painter.stylise(photograph, {"dots": 1.0}, settings=settings)
    monkeypatch.setattr(painter, "WHOLE_PIXELS", 2000)
    monkeypatch.setattr(prints, "STRIP_PIXELS", 1000)
    reported: list[float] = []
    parts = painter.stylise(photograph, {"dots": 1.0}, settings=settings, progress=reported.append)
    assert np.abs(parts.astype(int) - whole).max() <= 1
    assert len(reported) > 50 and max(np.diff(reported)) < 0.3
    for stroke in (0.0, 1.0):
        reported.clear()
        painter.stylise(photograph, {"dots": 1.0}, settings=PaintSettings(stroke=stroke), progress=reported.append)
        assert reported == sorted(reported) and reported[0] == 0 and reported[-1] == pytest.approx(1)
    painter.shipped.cache_clear()


def test_what_progress_raises_cancels(monkeypatch):
    monkeypatch.setattr(painter, "WHOLE_PIXELS", 2000)
    monkeypatch.setattr(prints, "STRIP_PIXELS", 1000)

    class Cancelled(Exception):
        pass

    def cancel(part: float) -> None:
        if part > 0.4:
            raise Cancelled

    one = painter.painter_of(net(), STYLES, half=False)
    with pytest.raises(Cancelled):
        one.paint(picture(90, 120), {"dots": 1.0}, progress=cancel)
    assert one.paint(picture(90, 120), {"dots": 1.0}).shape == (90, 120, 3), "the painter is free again"


@pytest.mark.slow
@pytest.mark.parametrize("strength", [1.0, 0.2])
def test_a_print_takes_less_than_90_bytes_a_pixel_beside_its_strips(strength):
    """So 24 megapixels take under 3 GB, 500 MB of the program itself included."""
    script = MEASURED.format(strength=strength)
    kilobytes = int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert kilobytes * 1024 < 300e6 + 90 * 6_000_000
