"""The ten toys of the toybox, drawn as signed distance fields, many at once.

A toy stands in a square from -1 to 1, x to the right and y downwards. Each of its parts is a distance (N, H, W),
negative inside, in the toy's own units. The ink of a part is its role (body, trim, ...), never a colour: colours are
random and independent of the class. The formulas are those of circles, boxes, capsules and half-planes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

BODY, TRIM, ACCENT, DARK, LIGHT = range(5)
INKS = 5
FAR = 9.0
Number = float | Tensor
Point = tuple[Number, Number]


@dataclass
class Sampler:
    """Random numbers for `count` toys, each of shape (count, 1, 1)."""

    generator: torch.Generator
    count: int

    def uniform(self, low: float, high: float) -> Tensor:
        """Return uniform numbers in [low, high)."""
        return torch.rand((self.count, 1, 1), generator=self.generator) * (high - low) + low

    def normal(self, middle: float, spread: float, most: float) -> Tensor:
        """Return normal numbers of standard deviation `spread`, clamped to `most` on either side of the middle."""
        return torch.randn((self.count, 1, 1), generator=self.generator).mul(spread).clamp(-most, most) + middle

    def bernoulli(self, probability: float) -> Tensor:
        """Return booleans that are true with this probability."""
        return torch.rand((self.count, 1, 1), generator=self.generator) < probability


@dataclass
class Canvas:
    """A canvas for N toys: the parts painted so far, and the shapes to paint.

    `x`, `y` (N, H, W) are the pixels' coordinates, `pixel` (N, 1, 1) is the size of one; for the `inks` and the
    `outline` see `draw`. `colour` is (N, 3, H, W), `distance` (N, H, W) that to the outline of all parts together.
    """

    x: Tensor
    y: Tensor
    pixel: Tensor
    inks: Sequence[Tensor]
    outline: Tensor
    colour: Tensor
    distance: Tensor

    def paint(self, part: Tensor, ink: int) -> None:
        """Paint a part (N, H, W) on top; its edge, a pixel wide, is half transparent."""
        cover = (0.5 - part / self.pixel).clamp_(0, 1).unsqueeze(1)
        self.colour.lerp_(self.inks[ink], cover)
        edge = (0.5 + (part + 0.05).abs_().sub_(0.05) / self.pixel).clamp_(0, 1).unsqueeze(1)
        self.colour.mul_(1 - self.outline * cover * (1 - edge))
        torch.minimum(self.distance, part, out=self.distance)

    def circle(self, x: Number, y: Number, radius: Number) -> Tensor:
        """Return the signed distance (N, H, W) to a circle around (x, y)."""
        return torch.hypot(self.x - x, self.y - y) - radius

    def ellipse(self, x: Number, y: Number, wide: Number, high: Number) -> Tensor:
        """Return the distance to an ellipse with half axes `wide` and `high`: exact at its edge, else approximate."""
        across, down = (self.x - x) / wide, (self.y - y) / high
        length = torch.hypot(across, down)
        slope = torch.hypot(across / wide, down / high)
        return length * (length - 1) / slope.clamp_(min=1e-3)

    def box(self, x: Number, y: Number, wide: Number, high: Number, round: float = 0.0) -> Tensor:
        """Return the distance to a rounded box around (x, y) of half width `wide` and half height `high`."""
        across = (self.x - x).abs() - wide + round
        down = (self.y - y).abs() - high + round
        outside = torch.hypot(across.clamp(min=0), down.clamp(min=0))
        return outside + torch.maximum(across, down).clamp_(max=0) - round

    def rod(self, start: Point, end: Point, radius: Number) -> Tensor:
        """Return the distance to a capsule: a line from `start` to `end` with round ends and this radius."""
        across, down = end[0] - start[0], end[1] - start[1]
        x, y = self.x - start[0], self.y - start[1]
        along = ((x * across + y * down) / (across * across + down * down)).clamp_(0, 1)
        return torch.hypot(x - along * across, y - along * down) - radius

    def convex(self, *corners: Point, round: float = 0.0) -> Tensor:
        """Return the distance to a convex polygon, its corners in clockwise order on the screen."""
        inside = None
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
            across, down = end[0] - start[0], end[1] - start[1]
            length = (across * across + down * down) ** 0.5
            edge = (self.x - start[0]) * (down / length) - (self.y - start[1]) * (across / length)
            inside = edge if inside is None else torch.maximum(inside, edge)
        assert inside is not None
        return inside - round

    def fold_x(self) -> "Canvas":
        """Return the same canvas folded along its upright axis: a part drawn at the right is at the left as well."""
        return replace(self, x=self.x.abs())

    def fold_y(self) -> "Canvas":
        """Return the same canvas folded along its level axis: a part drawn below is above as well."""
        return replace(self, y=self.y.abs())


def _if(there: Tensor, part: Tensor) -> Tensor:
    """Return the part where it exists, else a distance far outside."""
    return torch.where(there, part, FAR)


def _eye(canvas: Canvas, x: Number, y: Number, radius: Number) -> None:
    canvas.paint(canvas.circle(x, y, radius), LIGHT)
    canvas.paint(canvas.circle(x, y, radius * 0.55), DARK)


def _wheel(canvas: Canvas, x: Number, y: Number, radius: Number) -> None:
    canvas.paint(canvas.circle(x, y, radius), DARK)
    canvas.paint(canvas.circle(x, y, radius * 0.45), LIGHT)


def airplane(canvas: Canvas, sampler: Sampler) -> None:
    """Paint an airplane from above, nose to the right."""
    sweep, root, span = sampler.uniform(0.15, 0.6), sampler.uniform(0.25, 0.4), sampler.uniform(0.8, 1.0)
    girth, tail = sampler.uniform(0.13, 0.2), sampler.uniform(0.32, 0.45)
    tip = root * 0.45

    pairs = canvas.fold_y()
    wing = ((0.25, 0.0), (0.25 - sweep, span), (0.25 - sweep - tip, span), (0.25 - root - 0.15, 0.0))
    canvas.paint(pairs.convex(*wing), TRIM)
    canvas.paint(_if(sampler.bernoulli(0.5), pairs.rod((0.0, 0.45), (0.2, 0.45), 0.09)), ACCENT)
    canvas.paint(pairs.convex((-0.62, 0.0), (-0.85, tail), (-1.0, tail), (-0.95, 0.0)), TRIM)
    canvas.paint(canvas.rod((-0.85, 0.0), (0.8, 0.0), girth), BODY)
    canvas.paint(canvas.ellipse(0.68, 0.0, 0.13, girth * 0.65), DARK)


def bear(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a teddy bear's head: round ears, a wide snout."""
    ear, apart, wide = sampler.uniform(0.27, 0.36), sampler.uniform(0.56, 0.68), sampler.uniform(0.74, 0.88)
    canvas.paint(canvas.fold_x().circle(apart, -0.52, ear), BODY)
    canvas.paint(canvas.fold_x().circle(apart, -0.52, ear * 0.55), TRIM)
    canvas.paint(canvas.ellipse(0.0, 0.14, wide, 0.76), BODY)
    _face(canvas, sampler, 0.17)
    canvas.paint(canvas.ellipse(0.0, 0.45, sampler.uniform(0.34, 0.44), 0.29), TRIM)
    canvas.paint(canvas.ellipse(0.0, 0.34, 0.15, 0.1), DARK)


def _face(canvas: Canvas, sampler: Sampler, apart: float) -> None:
    """Paint two eyes, bright with dark pupils or dark alone."""
    bright, gap = sampler.bernoulli(0.5), sampler.uniform(apart + 0.1, apart + 0.2)
    canvas.paint(_if(bright, canvas.fold_x().circle(gap, 0.0, 0.17)), LIGHT)
    canvas.paint(canvas.fold_x().circle(gap, 0.0, 0.1), DARK)


def boat(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a sailing boat: hull, mast, one or two sails, sometimes a flag."""
    deck, mast, bow = sampler.uniform(0.3, 0.5), sampler.uniform(-0.15, 0.15), sampler.uniform(0.2, 0.4)
    top = sampler.uniform(-1.0, -0.8)
    canvas.paint(canvas.rod((mast, top), (mast, deck), 0.05), DARK)
    sail = ((mast + 0.07, top + 0.05), (mast + sampler.uniform(0.55, 0.75), deck - 0.12), (mast + 0.07, deck - 0.12))
    canvas.paint(canvas.convex(*sail), LIGHT)
    jib = ((mast - 0.07, top + 0.2), (mast - 0.07, deck - 0.12), (mast - sampler.uniform(0.45, 0.65), deck - 0.12))
    canvas.paint(_if(sampler.bernoulli(0.75), canvas.convex(*jib)), ACCENT)
    hull = ((-0.95, deck), (0.95, deck), (0.95 - bow, 0.85), (-0.95 + bow * 0.8, 0.85))
    canvas.paint(canvas.convex(*hull, round=0.03), BODY)
    stripe = torch.maximum(canvas.convex(*hull), (canvas.y - deck - 0.09).abs() - 0.07)
    canvas.paint(_if(sampler.bernoulli(0.6), stripe), TRIM)


def car(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a car from the side: a low body, a cabin with two windows, two wheels."""
    roof, slope, size = sampler.uniform(-0.55, -0.35), sampler.uniform(0.15, 0.35), sampler.uniform(0.22, 0.29)
    back, front = sampler.uniform(-0.7, -0.45), sampler.uniform(0.35, 0.55)
    cabin = ((back + slope * 0.6, roof), (front - slope, roof), (front, 0.1), (back, 0.1))
    canvas.paint(canvas.convex(*cabin, round=0.04), BODY)
    glass = ((back + slope * 0.6 + 0.1, roof + 0.1), (front - slope - 0.04, roof + 0.1), (front - 0.1, 0.06))
    pane = canvas.convex(*glass, (back + 0.16, 0.06))
    post = (canvas.x - (back + front) / 2).abs() - 0.05
    canvas.paint(torch.maximum(pane, -post), LIGHT)
    canvas.paint(canvas.box(0.0, 0.26, 0.97, sampler.uniform(0.24, 0.3), round=0.14), BODY)
    canvas.paint(_if(sampler.bernoulli(0.5), canvas.box(0.0, 0.3, 0.97, 0.06)), TRIM)
    canvas.paint(canvas.circle(0.88, 0.2, 0.08), ACCENT)
    for x in (-0.55, 0.55):
        _wheel(canvas, x, 0.52, size)


def cat(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a cat's head: pointed ears, a small nose, whiskers."""
    tall, wide, lean = sampler.uniform(-1.0, -0.85), sampler.uniform(0.76, 0.9), sampler.uniform(0.62, 0.8)

    for inner, ink in ((0.0, BODY), (0.13, TRIM)):
        ear = ((0.84 - inner, -0.12), (0.1 + inner, -0.42), (lean, tall + 2.2 * inner))
        canvas.paint(canvas.fold_x().convex(*ear), ink)
    canvas.paint(canvas.ellipse(0.0, 0.2, wide, 0.66), BODY)
    _face(canvas, sampler, 0.2)
    canvas.paint(canvas.convex((-0.1, 0.3), (0.1, 0.3), (0.0, 0.42)), ACCENT)
    for rise in (-0.08, 0.12):
        canvas.paint(canvas.fold_x().rod((0.3, 0.42), (0.95, 0.42 + rise), 0.025), DARK)


def duck(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a rubber duck swimming to the right."""
    head, neck, tail = sampler.uniform(0.33, 0.42), sampler.uniform(0.3, 0.48), sampler.uniform(-0.15, 0.1)
    high = sampler.uniform(-0.58, -0.42)
    canvas.paint(canvas.convex((-0.98, tail - 0.1), (-0.4, 0.1), (-0.5, 0.7), (-0.85, 0.45), round=0.02), BODY)
    canvas.paint(canvas.ellipse(-0.05, 0.42, 0.78, 0.46), BODY)
    canvas.paint(
        canvas.convex(
            (neck + head * 0.7, high - 0.08),
            (neck + head + 0.32, high + 0.1),
            (neck + head * 0.7, high + 0.2),
            round=0.03,
        ),
        ACCENT,
    )
    canvas.paint(canvas.rod((neck, high), (neck - 0.08, 0.3), head * 0.72), BODY)
    canvas.paint(canvas.circle(neck, high, head), BODY)
    canvas.paint(canvas.ellipse(-0.22, 0.4, sampler.uniform(0.3, 0.42), 0.22), TRIM)
    _eye(canvas, neck + head * 0.25, high - head * 0.2, 0.13)


def fish(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a fish swimming to the right: an oval, a forked tail, fins."""
    high, tail, waist = sampler.uniform(0.42, 0.62), sampler.uniform(0.4, 0.58), sampler.uniform(-0.62, -0.5)
    canvas.paint(canvas.fold_y().convex((waist + 0.12, 0.0), (-1.0, tail), (-0.85, 0.04), round=0.04), TRIM)
    canvas.paint(canvas.convex((-0.35, -high * 0.7), (0.05, -high - 0.22), (0.4, -high * 0.7), round=0.02), TRIM)
    body = canvas.ellipse(0.18, 0.0, 0.8, high)
    canvas.paint(body, BODY)
    band = (canvas.x - sampler.uniform(-0.15, 0.1)).abs() - 0.09
    canvas.paint(_if(sampler.bernoulli(0.6), torch.maximum(body, band)), LIGHT)
    canvas.paint(canvas.convex((0.2, 0.08), (0.0, 0.3), (-0.1, 0.12), round=0.03), ACCENT)
    _eye(canvas, 0.62, -high * 0.25, 0.13)


def house(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a house: walls, a gable roof, a door and a window or two, sometimes a chimney."""
    eaves, wide, top = sampler.uniform(-0.25, 0.0), sampler.uniform(0.62, 0.76), sampler.uniform(-1.0, -0.85)
    chimney = sampler.uniform(0.3, 0.45)
    canvas.paint(_if(sampler.bernoulli(0.6), canvas.box(chimney, -0.6, 0.11, 0.32)), DARK)
    canvas.paint(canvas.box(0.0, (eaves + 0.9) / 2, wide, (0.9 - eaves) / 2), BODY)
    over = wide + sampler.uniform(0.1, 0.22)
    canvas.paint(canvas.convex((0.0, top), (over, eaves), (-over, eaves), round=0.02), TRIM)
    door, two = sampler.uniform(-0.3, 0.05), sampler.bernoulli(0.5)
    canvas.paint(canvas.box(door, 0.6, 0.15, 0.3), ACCENT)
    canvas.paint(canvas.box(0.4, 0.35, 0.14, 0.14), LIGHT)
    canvas.paint(
        _if(
            two & (door > -0.14),
            canvas.box(-0.42, 0.35, 0.13, 0.14),
        ),
        LIGHT,
    )
    canvas.paint(_if(~two, canvas.circle(0.0, (top + eaves) / 2 + 0.1, 0.12)), LIGHT)


def rocket(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a rocket standing on its fins, nose up, with a porthole and sometimes a flame."""
    girth, base = sampler.uniform(0.27, 0.36), sampler.uniform(0.5, 0.62)
    spread, shoulder = sampler.uniform(0.55, 0.72), sampler.uniform(-0.4, -0.25)
    flame = ((-girth * 0.6, base), (girth * 0.6, base), (0.0, sampler.uniform(0.9, 1.05)))
    canvas.paint(_if(sampler.bernoulli(0.5), canvas.convex(*flame)), LIGHT)
    fin = ((girth * 0.7, base - 0.5), (spread, base + 0.1), (spread, base + 0.28), (girth * 0.7, base))
    canvas.paint(canvas.fold_x().convex(*fin), TRIM)
    hull = torch.maximum(canvas.ellipse(0.0, shoulder * 0.2, girth * 1.12, 1.0), canvas.y - base)
    canvas.paint(hull, BODY)
    canvas.paint(torch.maximum(hull, canvas.y - shoulder - 0.1), ACCENT)
    canvas.paint(canvas.circle(0.0, 0.05, girth * 0.55), DARK)
    canvas.paint(canvas.circle(0.0, 0.05, girth * 0.38), LIGHT)


def truck(canvas: Canvas, sampler: Sampler) -> None:
    """Paint a truck from the side: a tall load behind, a cab with a window in front, two or three wheels."""
    split, top, cab = sampler.uniform(0.25, 0.42), sampler.uniform(-0.75, -0.4), sampler.uniform(-0.35, -0.15)
    size = sampler.uniform(0.2, 0.26)
    canvas.paint(canvas.box(0.0, 0.42, 0.95, 0.1), DARK)
    load = (split - 0.06 - 0.97) / 2
    canvas.paint(canvas.box(load, (top + 0.4) / 2, (split - 0.06 + 0.97) / 2, (0.4 - top) / 2, round=0.03), BODY)
    banner = canvas.box(load, (top + 0.4) / 2, (split + 0.5) / 2, 0.1)
    canvas.paint(_if(sampler.bernoulli(0.5), banner), ACCENT)
    slope = sampler.uniform(0.05, 0.25)
    canvas.paint(
        canvas.convex((split, cab), (0.97 - slope, cab), (0.97, 0.1), (0.97, 0.48), (split, 0.48), round=0.02), TRIM
    )
    pane = ((split + 0.14, cab + 0.1), (0.94 - slope, cab + 0.1), (0.88, 0.1), (split + 0.14, 0.1))
    canvas.paint(canvas.convex(*pane), LIGHT)
    for x in (-0.6, 0.64):
        _wheel(canvas, x, 0.58, size)
    axle = canvas.circle(-0.6 + 2.1 * size, 0.58, size)
    three = sampler.bernoulli(0.5)
    canvas.paint(_if(three, axle), DARK)
    canvas.paint(_if(three, axle + size * 0.55), LIGHT)


TOYS: dict[str, Callable[[Canvas, Sampler], None]] = {
    toy.__name__: toy for toy in (airplane, bear, boat, car, cat, duck, fish, house, rocket, truck)
}


def draw(
    toy: str, places: tuple[Tensor, Tensor], pixel: Tensor, inks: Sequence[Tensor], outline: Tensor, sampler: Sampler
) -> tuple[Tensor, Tensor]:
    """Return colour (N, 3, H, W) and distance to the outline (N, H, W) of toys of one class.

    `places` are where the pixels lie in the toys' squares, `pixel` (N, 1, 1) is how large a pixel is there. `inks` are
    INKS colours (N, 3, H, W) or (N, 3, 1, 1), `outline` (N, 1, 1, 1) in [0, 1] darkens the edges of the parts.
    """
    x, y = places
    canvas = Canvas(x, y, pixel, inks, outline, torch.zeros((len(x), 3, *x.shape[1:])), torch.full_like(x, FAR))
    TOYS[toy](canvas, sampler)
    return canvas.colour, canvas.distance
