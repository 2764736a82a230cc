"""Backgrounds of the toybox: meadow, sky, sand, water, planks, tiles, pebbles and cloth, many at once.

All are sums of smooth noise, waves and grids in natural colours, lit from one side.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

KINDS = 8
_OCTAVES = ((3, 0.5), (7, 0.27), (15, 0.15), (31, 0.08))  # cells a side, and weight


def noise(count: int, side: int, generator: torch.Generator, stretch: int = 1) -> Tensor:
    """Return smooth noise with detail at every scale (count, side, side), about 0 to 1, stretched horizontally."""
    total = torch.zeros((count, 1, side, side))
    for cells, weight in _OCTAVES:
        grid = torch.rand((count, 1, cells + 1, max(2, cells // stretch + 1)), generator=generator)
        total += weight * F.interpolate(grid, size=(side, side), mode="bilinear", align_corners=True)
    return total.squeeze(1).sub_(0.5).mul_(1.7).add_(0.5).clamp_(0, 1)


def colours(count: int, generator: torch.Generator) -> Tensor:
    """Return random colours (count, 3) in [0, 1] of every hue, saturation and brightness."""
    hue, much, bright = torch.rand((3, count), generator=generator).unbind()
    return hsv(hue, much.sqrt(), 0.15 + 0.85 * bright)


def hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return RGB (N, 3) in [0, 1] of hue, saturation and value (N,) in [0, 1]."""
    turn = (hue.unsqueeze(1) * 6 + torch.tensor([5.0, 3.0, 1.0])) % 6
    part = torch.minimum(turn, 4 - turn).clamp(0, 1)
    return value.unsqueeze(1) * (1 - saturation.unsqueeze(1) * part)


def _near(hue: float, spread: float, count: int, generator: torch.Generator) -> Tensor:
    """Return muted natural colours (count, 3) around a hue."""
    random = torch.rand((3, count), generator=generator)
    return hsv((hue + spread * (random[0] - 0.5)) % 1, 0.15 + 0.45 * random[1], 0.3 + 0.6 * random[2])


def _blend(low: Tensor, high: Tensor, share: Tensor) -> Tensor:
    """Return colours (N, 3, H, W) between `low` and `high` (N, 3) by `share` (N, H, W), 0 to 1."""
    return torch.lerp(low[:, :, None, None], high[:, :, None, None], share.unsqueeze(1))


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand((count, 1, 1), generator=generator) * (high - low) + low


def _axes(side: int) -> tuple[Tensor, Tensor]:
    """Return the pixels' centres from 0 to 1: x (1, 1, side) and y (1, side, 1)."""
    line = (torch.arange(side) + 0.5) / side
    return line.view(1, 1, side), line.view(1, side, 1)


def _turned(count: int, side: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the axes rotated by a random angle for each image."""
    x, y = _axes(side)
    angle = _uniform(count, 0, 6.2832, generator)
    return x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()


def _meadow(count: int, side: int, generator: torch.Generator) -> Tensor:
    low, high = (_near(0.28, 0.16, count, generator) for _ in range(2))
    blades = torch.rand((count, side, side), generator=generator)
    return _blend(low * 0.7, high, 0.75 * noise(count, side, generator) + 0.25 * blades)


def _sky(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return sky with clouds over ground of any natural colour."""
    _, y = _axes(side)
    horizon = _uniform(count, 0.55, 0.95, generator) + 0.08 * noise(count, side, generator, stretch=3)
    clouds = ((noise(count, side, generator, stretch=2) - 0.45) * 3).clamp(0, 1)
    blue = _near(0.58, 0.08, count, generator).sqrt()
    sky = _blend(blue, torch.full_like(blue, 0.95), (clouds * 0.8 + y * 0.3).clamp(0, 1))
    hue = 0.09 if float(torch.rand((), generator=generator)) < 0.5 else 0.27
    ground = _blend(
        _near(hue, 0.1, count, generator) * 0.7, _near(hue, 0.1, count, generator), noise(count, side, generator)
    )
    below = ((y - horizon) * side).clamp(0, 1).unsqueeze(1)
    return torch.lerp(sky, ground, below)


def _sand(count: int, side: int, generator: torch.Generator) -> Tensor:
    grain = torch.rand((count, side, side), generator=generator)
    across, _ = _turned(count, side, generator)
    ripples = (across * _uniform(count, 15, 40, generator) + 3 * noise(count, side, generator)).sin() * 0.5 + 0.5
    low, high = (_near(0.1, 0.07, count, generator) for _ in range(2))
    return _blend(low, high.sqrt(), 0.3 * grain + 0.7 * ripples)


def _water(count: int, side: int, generator: torch.Generator) -> Tensor:
    _, y = _axes(side)
    waves = (y * _uniform(count, 25, 60, generator) + 7 * noise(count, side, generator, stretch=3)).sin() * 0.5 + 0.5
    low, high = (_near(0.54, 0.14, count, generator) for _ in range(2))
    return _blend(low * 0.7, high.sqrt(), 0.6 * waves * (0.3 + y) + 0.4 * noise(count, side, generator, stretch=2))


def _planks(count: int, side: int, generator: torch.Generator) -> Tensor:
    across, along = _turned(count, side, generator)
    place = across * _uniform(count, 3, 7, generator)
    grain = ((across * 40 + 5 * noise(count, side, generator, stretch=2)).sin() * 0.5 + 0.5) * 0.4
    board = (place.floor() * 12.9898).sin().mul(43758.5453).frac().abs() * 0.6  # a brightness for each board
    gap = 1 - 0.6 * ((place.frac().abs() - 0.5).abs() * 2 - 0.8).clamp(min=0) * 5
    low, high = (_near(0.075, 0.06, count, generator) for _ in range(2))
    return _blend(low * 0.8, high, grain + board) * gap.unsqueeze(1)


def _tiles(count: int, side: int, generator: torch.Generator) -> Tensor:
    across, along = _turned(count, side, generator)
    size = _uniform(count, 2.5, 6, generator)
    across, along = across * size, along * size * _uniform(count, 0.7, 2, generator)
    across = across + 0.5 * (along.floor() % 2) * (torch.rand((count, 1, 1), generator=generator) < 0.5)  # bricks
    edge = torch.maximum((across.frac().abs() - 0.5).abs(), (along.frac().abs() - 0.5).abs())
    joint = ((edge - 0.42) * 12).clamp(0, 1).unsqueeze(1)
    checks = ((across.floor() + along.floor()) % 2) * _uniform(count, 0, 1, generator)
    stone = _blend(
        colours(count, generator), colours(count, generator), (checks + 0.4 * noise(count, side, generator)).clamp(0, 1)
    )
    return torch.lerp(stone, _near(0.1, 0.3, count, generator)[:, :, None, None], joint)


def _pebbles(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return cells around random points, each of its own brightness, dark between."""
    x, y = _axes(side)
    points = torch.rand((24, 2, count, 1, 1), generator=generator) * 1.1 - 0.05
    shades = torch.rand((24, count, 1, 1), generator=generator)
    first = torch.full((count, side, side), 9.0)
    second, shade = first.clone(), torch.zeros((count, side, side))
    for (right, down), own in zip(points, shades, strict=True):
        away = torch.hypot(x - right, y - down)
        nearer = away < first
        second = torch.where(nearer, first, torch.minimum(second, away))
        shade = torch.where(nearer, own, shade)
        first = torch.minimum(first, away)
    dome = ((second - first) * 9).clamp(0, 1).sqrt()
    low, high = (_near(0.1, 0.5, count, generator) for _ in range(2))
    return _blend(low, high, (0.7 * shade + 0.3 * noise(count, side, generator)).clamp(0, 1)) * dome.unsqueeze(1)


def _cloth(count: int, side: int, generator: torch.Generator) -> Tensor:
    across, along = _turned(count, side, generator)
    stripes = (across * _uniform(count, 15, 45, generator)).sin() * 0.5 + 0.5
    crossed = (along * _uniform(count, 15, 45, generator)).sin() * 0.5 + 0.5
    checked = torch.rand((count, 1, 1), generator=generator) < 0.5
    pattern = torch.where(checked, 0.5 * (stripes + crossed), stripes)
    folds = 0.7 + 0.5 * noise(count, side, generator, stretch=3)
    return _blend(colours(count, generator), colours(count, generator), pattern) * folds.unsqueeze(1)


_DRAWN: tuple[Callable[[int, int, torch.Generator], Tensor], ...] = (
    *(_meadow, _sky, _sand, _water),
    *(_planks, _tiles, _pebbles, _cloth),
)


def draw(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return `count` backgrounds (count, 3, side, side) in [0, 1], every kind equally often, in random order."""
    shares = [len(part) for part in torch.arange(count).tensor_split(len(_DRAWN))]
    made = [kind(share, side, generator) for kind, share in zip(_DRAWN, shares, strict=True) if share]
    order = torch.randperm(count, generator=generator)
    return torch.cat(made)[order].clamp_(0, 1)
