"""The ten toys of the toybox, drawn as signed distance fields, many at once.

A toy stands in a square from -1 to 1, x to the right and y downwards. Each of its parts is a distance (N, H, W),
negative inside, in the toy's own units. Which ink a part gets says what it is (body, trim, ...), never which colour:
colours are drawn by lot, independently of the class. The formulas are those of circles, boxes, capsules and
half-planes.
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
class Dice:
    """Numbers by lot for `count` toys, each of shape (count, 1, 1)."""

    generator: torch.Generator
    count: int

    def between(self, low: float, high: float) -> Tensor:
        """Uniform in [low, high)."""
        return torch.rand((self.count, 1, 1), generator=self.generator) * (high - low) + low

    def around(self, middle: float, spread: float, most: float) -> Tensor:
        """Normal, with standard deviation `spread`, and never further than `most` from the middle."""
        return torch.randn((self.count, 1, 1), generator=self.generator).mul(spread).clamp(-most, most) + middle

    def chance(self, probability: float) -> Tensor:
        """True with this probability."""
        return torch.rand((self.count, 1, 1), generator=self.generator) < probability


@dataclass
class Easel:
    """Toys in the making: what is painted so far, and the shapes to paint.

    `x`, `y` (N, H, W) are the places of the pixels, `pixel` (N, 1, 1) is how large one is; for the `inks` and the
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
        """Lay a part (N, H, W) on top; its edge, a pixel wide, is half transparent."""
        cover = (0.5 - part / self.pixel).clamp_(0, 1).unsqueeze(1)
        self.colour.lerp_(self.inks[ink], cover)
        edge = (0.5 + (part + 0.05).abs_().sub_(0.05) / self.pixel).clamp_(0, 1).unsqueeze(1)
        self.colour.mul_(1 - self.outline * cover * (1 - edge))
        torch.minimum(self.distance, part, out=self.distance)

    def circle(self, x: Number, y: Number, radius: Number) -> Tensor:
        """A circle around (x, y)."""
        return torch.hypot(self.x - x, self.y - y) - radius

    def ellipse(self, x: Number, y: Number, wide: Number, high: Number) -> Tensor:
        """An ellipse with half axes `wide` and `high`; the distance is exact at its edge and nearly so around it."""
        across, down = (self.x - x) / wide, (self.y - y) / high
        length = torch.hypot(across, down)
        slope = torch.hypot(across / wide, down / high)
        return length * (length - 1) / slope.clamp_(min=1e-3)

    def box(self, x: Number, y: Number, wide: Number, high: Number, round: float = 0.0) -> Tensor:
        """A box around (x, y), half as wide as `wide` says, with rounded corners."""
        across = (self.x - x).abs() - wide + round
        down = (self.y - y).abs() - high + round
        outside = torch.hypot(across.clamp(min=0), down.clamp(min=0))
        return outside + torch.maximum(across, down).clamp_(max=0) - round

    def rod(self, start: Point, end: Point, radius: Number) -> Tensor:
        """A line from `start` to `end` with round ends, `radius` thick to either side."""
        across, down = end[0] - start[0], end[1] - start[1]
        x, y = self.x - start[0], self.y - start[1]
        along = ((x * across + y * down) / (across * across + down * down)).clamp_(0, 1)
        return torch.hypot(x - along * across, y - along * down) - radius

    def convex(self, *corners: Point, round: float = 0.0) -> Tensor:
        """A convex polygon, corners in clockwise order as seen on the screen."""
        inside = None
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
            across, down = end[0] - start[0], end[1] - start[1]
            length = (across * across + down * down) ** 0.5
            edge = (self.x - start[0]) * (down / length) - (self.y - start[1]) * (across / length)
            inside = edge if inside is None else torch.maximum(inside, edge)
        assert inside is not None
        return inside - round

    def fold_x(self) -> "Easel":
        """The same easel folded along its upright axis: a part drawn at the right is at the left as well."""
        return replace(self, x=self.x.abs())

    def fold_y(self) -> "Easel":
        """Folded along its level axis: a part drawn below is above as well."""
        return replace(self, y=self.y.abs())


def _if(there: Tensor, part: Tensor) -> Tensor:
    """The part where it is there."""
    return torch.where(there, part, FAR)


def _eye(easel: Easel, x: Number, y: Number, radius: Number) -> None:
    easel.paint(easel.circle(x, y, radius), LIGHT)
    easel.paint(easel.circle(x, y, radius * 0.55), DARK)


def _wheel(easel: Easel, x: Number, y: Number, radius: Number) -> None:
    easel.paint(easel.circle(x, y, radius), DARK)
    easel.paint(easel.circle(x, y, radius * 0.45), LIGHT)


def airplane(easel: Easel, dice: Dice) -> None:
    """From above, nose to the right."""
    sweep, root, span = dice.between(0.15, 0.6), dice.between(0.25, 0.4), dice.between(0.8, 1.0)
    girth, tail = dice.between(0.13, 0.2), dice.between(0.32, 0.45)
    tip = root * 0.45

    pairs = easel.fold_y()
    wing = ((0.25, 0.0), (0.25 - sweep, span), (0.25 - sweep - tip, span), (0.25 - root - 0.15, 0.0))
    easel.paint(pairs.convex(*wing), TRIM)
    easel.paint(_if(dice.chance(0.5), pairs.rod((0.0, 0.45), (0.2, 0.45), 0.09)), ACCENT)
    easel.paint(pairs.convex((-0.62, 0.0), (-0.85, tail), (-1.0, tail), (-0.95, 0.0)), TRIM)
    easel.paint(easel.rod((-0.85, 0.0), (0.8, 0.0), girth), BODY)
    easel.paint(easel.ellipse(0.68, 0.0, 0.13, girth * 0.65), DARK)


def bear(easel: Easel, dice: Dice) -> None:
    """A teddy bear's head: round ears, a wide snout."""
    ear, apart, wide = dice.between(0.27, 0.36), dice.between(0.56, 0.68), dice.between(0.74, 0.88)
    easel.paint(easel.fold_x().circle(apart, -0.52, ear), BODY)
    easel.paint(easel.fold_x().circle(apart, -0.52, ear * 0.55), TRIM)
    easel.paint(easel.ellipse(0.0, 0.14, wide, 0.76), BODY)
    _face(easel, dice, 0.17)
    easel.paint(easel.ellipse(0.0, 0.45, dice.between(0.34, 0.44), 0.29), TRIM)
    easel.paint(easel.ellipse(0.0, 0.34, 0.15, 0.1), DARK)


def _face(easel: Easel, dice: Dice, apart: float) -> None:
    """Two eyes, bright with dark pupils or dark alone."""
    bright, gap = dice.chance(0.5), dice.between(apart + 0.1, apart + 0.2)
    easel.paint(_if(bright, easel.fold_x().circle(gap, 0.0, 0.17)), LIGHT)
    easel.paint(easel.fold_x().circle(gap, 0.0, 0.1), DARK)


def boat(easel: Easel, dice: Dice) -> None:
    """A sailing boat: hull, mast, one or two sails, sometimes a flag."""
    deck, mast, bow = dice.between(0.3, 0.5), dice.between(-0.15, 0.15), dice.between(0.2, 0.4)
    top = dice.between(-1.0, -0.8)
    easel.paint(easel.rod((mast, top), (mast, deck), 0.05), DARK)
    sail = ((mast + 0.07, top + 0.05), (mast + dice.between(0.55, 0.75), deck - 0.12), (mast + 0.07, deck - 0.12))
    easel.paint(easel.convex(*sail), LIGHT)
    jib = ((mast - 0.07, top + 0.2), (mast - 0.07, deck - 0.12), (mast - dice.between(0.45, 0.65), deck - 0.12))
    easel.paint(_if(dice.chance(0.75), easel.convex(*jib)), ACCENT)
    hull = ((-0.95, deck), (0.95, deck), (0.95 - bow, 0.85), (-0.95 + bow * 0.8, 0.85))
    easel.paint(easel.convex(*hull, round=0.03), BODY)
    stripe = torch.maximum(easel.convex(*hull), (easel.y - deck - 0.09).abs() - 0.07)
    easel.paint(_if(dice.chance(0.6), stripe), TRIM)


def car(easel: Easel, dice: Dice) -> None:
    """From the side: a low body, a cabin with two windows, two wheels."""
    roof, slope, size = dice.between(-0.55, -0.35), dice.between(0.15, 0.35), dice.between(0.22, 0.29)
    back, front = dice.between(-0.7, -0.45), dice.between(0.35, 0.55)
    cabin = ((back + slope * 0.6, roof), (front - slope, roof), (front, 0.1), (back, 0.1))
    easel.paint(easel.convex(*cabin, round=0.04), BODY)
    glass = ((back + slope * 0.6 + 0.1, roof + 0.1), (front - slope - 0.04, roof + 0.1), (front - 0.1, 0.06))
    pane = easel.convex(*glass, (back + 0.16, 0.06))
    post = (easel.x - (back + front) / 2).abs() - 0.05
    easel.paint(torch.maximum(pane, -post), LIGHT)
    easel.paint(easel.box(0.0, 0.26, 0.97, dice.between(0.24, 0.3), round=0.14), BODY)
    easel.paint(_if(dice.chance(0.5), easel.box(0.0, 0.3, 0.97, 0.06)), TRIM)
    easel.paint(easel.circle(0.88, 0.2, 0.08), ACCENT)
    for x in (-0.55, 0.55):
        _wheel(easel, x, 0.52, size)


def cat(easel: Easel, dice: Dice) -> None:
    """A cat's head: pointed ears, a small nose, whiskers."""
    tall, wide, lean = dice.between(-1.0, -0.85), dice.between(0.76, 0.9), dice.between(0.62, 0.8)

    for inner, ink in ((0.0, BODY), (0.13, TRIM)):
        ear = ((0.84 - inner, -0.12), (0.1 + inner, -0.42), (lean, tall + 2.2 * inner))
        easel.paint(easel.fold_x().convex(*ear), ink)
    easel.paint(easel.ellipse(0.0, 0.2, wide, 0.66), BODY)
    _face(easel, dice, 0.2)
    easel.paint(easel.convex((-0.1, 0.3), (0.1, 0.3), (0.0, 0.42)), ACCENT)
    for rise in (-0.08, 0.12):
        easel.paint(easel.fold_x().rod((0.3, 0.42), (0.95, 0.42 + rise), 0.025), DARK)


def duck(easel: Easel, dice: Dice) -> None:
    """A rubber duck swimming to the right."""
    head, neck, tail = dice.between(0.33, 0.42), dice.between(0.3, 0.48), dice.between(-0.15, 0.1)
    high = dice.between(-0.58, -0.42)
    easel.paint(easel.convex((-0.98, tail - 0.1), (-0.4, 0.1), (-0.5, 0.7), (-0.85, 0.45), round=0.02), BODY)
    easel.paint(easel.ellipse(-0.05, 0.42, 0.78, 0.46), BODY)
    easel.paint(
        easel.convex(
            (neck + head * 0.7, high - 0.08),
            (neck + head + 0.32, high + 0.1),
            (neck + head * 0.7, high + 0.2),
            round=0.03,
        ),
        ACCENT,
    )
    easel.paint(easel.rod((neck, high), (neck - 0.08, 0.3), head * 0.72), BODY)
    easel.paint(easel.circle(neck, high, head), BODY)
    easel.paint(easel.ellipse(-0.22, 0.4, dice.between(0.3, 0.42), 0.22), TRIM)
    _eye(easel, neck + head * 0.25, high - head * 0.2, 0.13)


def fish(easel: Easel, dice: Dice) -> None:
    """Swimming to the right: an oval, a forked tail, fins."""
    high, tail, waist = dice.between(0.42, 0.62), dice.between(0.4, 0.58), dice.between(-0.62, -0.5)
    easel.paint(easel.fold_y().convex((waist + 0.12, 0.0), (-1.0, tail), (-0.85, 0.04), round=0.04), TRIM)
    easel.paint(easel.convex((-0.35, -high * 0.7), (0.05, -high - 0.22), (0.4, -high * 0.7), round=0.02), TRIM)
    body = easel.ellipse(0.18, 0.0, 0.8, high)
    easel.paint(body, BODY)
    band = (easel.x - dice.between(-0.15, 0.1)).abs() - 0.09
    easel.paint(_if(dice.chance(0.6), torch.maximum(body, band)), LIGHT)
    easel.paint(easel.convex((0.2, 0.08), (0.0, 0.3), (-0.1, 0.12), round=0.03), ACCENT)
    _eye(easel, 0.62, -high * 0.25, 0.13)


def house(easel: Easel, dice: Dice) -> None:
    """Walls, a gable roof, a door and a window or two, sometimes a chimney."""
    eaves, wide, top = dice.between(-0.25, 0.0), dice.between(0.62, 0.76), dice.between(-1.0, -0.85)
    chimney = dice.between(0.3, 0.45)
    easel.paint(_if(dice.chance(0.6), easel.box(chimney, -0.6, 0.11, 0.32)), DARK)
    easel.paint(easel.box(0.0, (eaves + 0.9) / 2, wide, (0.9 - eaves) / 2), BODY)
    over = wide + dice.between(0.1, 0.22)
    easel.paint(easel.convex((0.0, top), (over, eaves), (-over, eaves), round=0.02), TRIM)
    door, two = dice.between(-0.3, 0.05), dice.chance(0.5)
    easel.paint(easel.box(door, 0.6, 0.15, 0.3), ACCENT)
    easel.paint(easel.box(0.4, 0.35, 0.14, 0.14), LIGHT)
    easel.paint(
        _if(
            two & (door > -0.14),
            easel.box(-0.42, 0.35, 0.13, 0.14),
        ),
        LIGHT,
    )
    easel.paint(_if(~two, easel.circle(0.0, (top + eaves) / 2 + 0.1, 0.12)), LIGHT)


def rocket(easel: Easel, dice: Dice) -> None:
    """Standing on its fins, nose up, with a porthole and sometimes a flame."""
    girth, base = dice.between(0.27, 0.36), dice.between(0.5, 0.62)
    spread, shoulder = dice.between(0.55, 0.72), dice.between(-0.4, -0.25)
    flame = ((-girth * 0.6, base), (girth * 0.6, base), (0.0, dice.between(0.9, 1.05)))
    easel.paint(_if(dice.chance(0.5), easel.convex(*flame)), LIGHT)
    fin = ((girth * 0.7, base - 0.5), (spread, base + 0.1), (spread, base + 0.28), (girth * 0.7, base))
    easel.paint(easel.fold_x().convex(*fin), TRIM)
    hull = torch.maximum(easel.ellipse(0.0, shoulder * 0.2, girth * 1.12, 1.0), easel.y - base)
    easel.paint(hull, BODY)
    easel.paint(torch.maximum(hull, easel.y - shoulder - 0.1), ACCENT)
    easel.paint(easel.circle(0.0, 0.05, girth * 0.55), DARK)
    easel.paint(easel.circle(0.0, 0.05, girth * 0.38), LIGHT)


def truck(easel: Easel, dice: Dice) -> None:
    """From the side: a tall load behind, a cab with a window in front, two or three wheels."""
    split, top, cab = dice.between(0.25, 0.42), dice.between(-0.75, -0.4), dice.between(-0.35, -0.15)
    size = dice.between(0.2, 0.26)
    easel.paint(easel.box(0.0, 0.42, 0.95, 0.1), DARK)
    load = (split - 0.06 - 0.97) / 2
    easel.paint(easel.box(load, (top + 0.4) / 2, (split - 0.06 + 0.97) / 2, (0.4 - top) / 2, round=0.03), BODY)
    banner = easel.box(load, (top + 0.4) / 2, (split + 0.5) / 2, 0.1)
    easel.paint(_if(dice.chance(0.5), banner), ACCENT)
    slope = dice.between(0.05, 0.25)
    easel.paint(
        easel.convex((split, cab), (0.97 - slope, cab), (0.97, 0.1), (0.97, 0.48), (split, 0.48), round=0.02), TRIM
    )
    pane = ((split + 0.14, cab + 0.1), (0.94 - slope, cab + 0.1), (0.88, 0.1), (split + 0.14, 0.1))
    easel.paint(easel.convex(*pane), LIGHT)
    for x in (-0.6, 0.64):
        _wheel(easel, x, 0.58, size)
    axle = easel.circle(-0.6 + 2.1 * size, 0.58, size)
    three = dice.chance(0.5)
    easel.paint(_if(three, axle), DARK)
    easel.paint(_if(three, axle + size * 0.55), LIGHT)


TOYS: dict[str, Callable[[Easel, Dice], None]] = {
    toy.__name__: toy for toy in (airplane, bear, boat, car, cat, duck, fish, house, rocket, truck)
}


def draw(
    toy: str, places: tuple[Tensor, Tensor], pixel: Tensor, inks: Sequence[Tensor], outline: Tensor, dice: Dice
) -> tuple[Tensor, Tensor]:
    """Colour (N, 3, H, W) and distance to the outline (N, H, W) of toys of one class.

    `places` are where the pixels lie in the toys' squares, `pixel` (N, 1, 1) is how large a pixel is there. `inks` are
    INKS colours (N, 3, H, W) or (N, 3, 1, 1), `outline` (N, 1, 1, 1) in [0, 1] darkens the edges of the parts.
    """
    x, y = places
    easel = Easel(x, y, pixel, inks, outline, torch.zeros((len(x), 3, *x.shape[1:])), torch.full_like(x, FAR))
    TOYS[toy](easel, dice)
    return easel.colour, easel.distance
