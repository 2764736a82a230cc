"""Painting with a trained net: photograph -> style network with blended normalisation (equation 5.14) -> picture."""

import copy
import functools
import math
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.style import paint_settings, prints, strength, stroke
from core.style.network import MIN_SIDE, PasticheNet
from core.style.origin import origin_of
from core.style.paint_settings import PaintSettings
from core.style.prints import Progress
from core.style.rows import Rows, rows_of

MAX_PIXELS = images.MAX_PIXELS
# In one piece a picture takes about 240 bytes a pixel in float32 and half of that in bfloat16: larger ones are painted
# in strips, which take some 60.
WHOLE_PIXELS = 4_000_000
# The memory of larger pictures is returned to the system after each; that of smaller ones is kept for the next.
KEPT_PIXELS = 1_500_000
# Where a net's card says that bfloat16 differs from float32 by more than this on average (of 0 to 1), it is not used.
HALF_TOLERANCE = 0.02
DISTANCE_SIDE = 256  # px, of the copy on which a painting is compared with its photograph
SWATCH_SAMPLE = "temple"
SWATCH_SIDE = 160
FULL = PaintSettings()


def silent(part: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Painter:
    """A net in evaluation mode, the rows of its parameters, and its number format."""

    net: PasticheNet
    rows: Rows
    dtype: torch.dtype
    guard: threading.Lock

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the styles that the net paints."""
        return self.rows.styles

    def paint(
        self,
        picture: Picture,
        styles: Mapping[str, float],
        settings: PaintSettings = FULL,
        progress: Progress = silent,
    ) -> Picture:
        """Paint uint8 (H, W, 3) with the blend of `styles` (name -> weight of zero or more): the same shape.

        At a strength of 0 the result is the photograph itself. `progress` is called now and then with the part that
        is done, from 0 to 1; what it raises cancels the painting. Raises UserError for weights that cannot be used
        (see `mixture`), a picture with a side under 8 px, or one of more than MAX_PIXELS.
        """
        check_size(picture)
        check_styles(styles, self.names)
        blend = strength.blend_of(styles, settings.strength, self.rows)
        if settings.strength == 0:
            return picture.copy()
        manner = Manner(blend, settings.strength, self._distance(picture, styles) if settings.strength < 1 else 0.0)
        drafts = stroke.drafts(picture.shape[0], picture.shape[1], settings.stroke)
        work = 1 + sum(draft.scale**2 for draft in drafts)
        done, source = 0.0, None  # a round's painting, and its part in what the next one paints
        for draft in drafts:
            photograph = stroke.scaled(picture, draft.scale)
            step = draft.scale**2 / work
            watch = functools.partial(_report, progress, done, step)
            source = self._round(photograph, source, manner, watch), draft.part
            done += step
        watch = functools.partial(_report, progress, done, 1 / work)
        painting = self._round(picture, source, manner, watch)
        if picture.shape[0] * picture.shape[1] > KEPT_PIXELS:
            hardware.return_freed_memory()
        return with_luminance(picture, painting) if settings.colours else painting

    def _distance(self, picture: Picture, styles: Mapping[str, float]) -> float:
        """Return the mean absolute difference, 0 to 1, of a picture and its painting in full, on a small copy."""
        small = images.fit(picture, DISTANCE_SIDE)
        if min(small.shape[:2]) < MIN_SIDE:
            small = images.resize(small, max(MIN_SIDE, small.shape[1]), max(MIN_SIDE, small.shape[0]))
        return float(np.abs(self.paint(small, styles).astype(np.float32) - small).mean()) / 255

    def _round(
        self, photograph: Picture, draft: tuple[Picture, float] | None, manner: "Manner", progress: Progress
    ) -> Picture:
        """Paint a photograph, mixed with a smaller painting of it and that one's part; lead it back to a strength."""
        source = photograph if draft is None else stroke.with_draft(photograph, *draft)
        # One picture at a time: two at once would share the cores and double the memory.
        with self.guard, torch.inference_mode():
            painted = self._painted(source, manner.blend.to(self.dtype), progress)
            target = images.to_tensor(photograph)
            return images.from_tensor(strength.led_back(painted, target, manner.strength, manner.distance))

    def _painted(self, picture: Picture, blend: Tensor, progress: Progress) -> Tensor:
        """Return uint8 (H, W, 3) as the net paints it, float32 (1, 3, H, W) from 0 to 1; a large picture in strips."""
        progress(0.0)
        if picture.shape[0] * picture.shape[1] > WHOLE_PIXELS:
            hardware.return_freed_memory()
            painted = prints.paint(self.net, picture, blend, progress)
        else:
            hardware.keep_freed_memory()
            x = images.to_tensor(picture).to(self.dtype).contiguous(memory_format=torch.channels_last)
            painted = self.net(x, blend)
        progress(1.0)
        return painted.clamp_(0, 1).contiguous()


@dataclass(frozen=True)
class Manner:
    """How all rounds are painted: `blend` (1, rows), the strength, and the distance of the painting in full."""

    blend: Tensor
    strength: float
    distance: float


def _report(progress: Progress, done: float, step: float, part: float) -> None:
    """Report `part` of a step of the whole work to `progress`."""
    progress(done + step * part)


def check_size(picture: Picture) -> None:
    """Raise UserError for a picture (H, W, 3) that is too small or too large to be painted."""
    height, width = picture.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise UserError(f"The picture is {width} x {height} pixels; painting needs at least {MIN_SIDE} on each side.")
    if height * width > MAX_PIXELS:
        raise UserError(
            f"The picture is {width} x {height} pixels; painting takes up to "
            f"{MAX_PIXELS // 1_000_000} megapixels, so make it smaller first."
        )


def with_luminance(photograph: Picture, painting: Picture) -> Picture:
    """Return the colours of a photograph with the luminance of a painting, both uint8 (H, W, 3).

    The Y of YIQ is the painting's, I and Q the photograph's (Gatys et al., 2016, "Preserving color").
    """
    weights = np.array(images.LUMINANCE, np.float32)
    change = (painting @ weights) - (photograph @ weights)
    return np.rint((photograph + change[..., None]).clip(0, 255)).astype(np.uint8)


def read_net(path: Path, rows: int, width: float) -> PasticheNet:
    """Return the net whose weights are in `path`. Raises UserError where they belong to another, or are no numbers."""
    tensors = weights.read(path)
    first = tensors.get("enter.norm.scale")
    # Before a net is made: rows and width come from another file, and may ask for any amount of memory.
    if first is None or not math.isfinite(width) or first.shape != (rows, round(16 * width)):
        raise UserError(
            f"{path.name} does not fit this net: it has not the scales and shifts of {rows} rows at width {width:g}. "
            "Choose the weights that belong to the net."
        )
    net = PasticheNet(rows, width)
    weights.fill(net, tensors, path.name)
    if not all(parameter.isfinite().all() for parameter in net.parameters()):
        raise UserError(f"{path.name} has weights that are no numbers; choose others, or train the net again.")
    return net


def painter_of(net: PasticheNet, names: tuple[str, ...], half: bool) -> Painter:
    """Return a painter with `net`, whose rows have these `names`, converted to bfloat16 if `half`, else in float32."""
    net = hardware.channels_last(net.eval().requires_grad_(False))
    dtype = torch.bfloat16 if half else torch.float32
    return Painter(net.to(dtype), Rows(names), dtype, threading.Lock())


def half_error(net: PasticheNet, pictures: Sequence[Picture]) -> float:
    """Return the mean difference, 0 to 1, of `net` in bfloat16 from float32 on pictures, for the worst style."""
    names = tuple(str(style) for style in range(net.styles))
    exact, near = (painter_of(copy.deepcopy(net), names, half) for half in (False, True))
    errors = [
        np.abs(exact.paint(picture, {name: 1}).astype(np.float32) - near.paint(picture, {name: 1})).mean() / 255
        for name in names
        for picture in pictures
    ]
    return float(np.max(np.reshape(errors, (len(names), -1)).mean(1)))


@functools.cache
def shipped(net: str) -> Painter:
    """Return the painter of the shipped net of that name, read once; in bfloat16 where fast and exact enough."""
    card = weights.card(net)
    if card["kind"] != "pastiche":
        raise UserError(f"{net} is a {card['kind']}, which cannot paint; the painting nets are {', '.join(nets())}.")
    names = rows_of(card)
    half = hardware.bf16_is_fast() and card.get("bfloat16_error", math.inf) <= HALF_TOLERANCE
    return painter_of(read_net(weights.WEIGHTS / f"{net}.safetensors", len(names), card["width"]), names, half)


def nets() -> tuple[str, ...]:
    """Return the names of the shipped style networks."""
    return tuple(weights.cards("pastiche"))


def palettes() -> tuple[str, ...]:
    """Return the shipped nets of several styles, which can blend; where there is none, all nets."""
    return tuple(net for net in nets() if len(weights.card(net)["styles"]) > 1) or nets()


def single(style: str) -> str | None:
    """Return the shipped net of that style alone; None where there is none."""
    alone = (net for net in nets() if [row["name"] for row in weights.card(net)["styles"]] == [style])
    return next(alone, None)


def title(net: str) -> str:
    """Return the title of a shipped net."""
    return weights.card(net)["title"]


def styles() -> list[dict[str, str]]:
    """Return the shipped styles as rows of name, title, artist, year and net (the one that paints it), each once."""
    rows: dict[str, dict[str, str]] = {}
    for net in (*palettes(), *nets()):
        for row in styles_of(net):
            rows.setdefault(row["name"], row)
    return list(rows.values())


def styles_of(net: str) -> list[dict[str, str]]:
    """Return the styles of one shipped net as rows of name, title, artist, year and net."""
    entries = weights.card(net)["styles"]
    return [{**{key: style[key] for key in ("name", "title", "artist", "year")}, "net": net} for style in entries]


def check_styles(styles: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise UserError for a style that is not among `names`, or a weight that is no number of zero or more."""
    for name in styles:
        if name not in names:
            raise UserError(no_style(name, names))
    paint_settings.check_weights(styles)


def no_style(name: str, names: Collection[str]) -> str:
    """Return the sentence that there is no style `name` among `names`."""
    return f"There is no style {paint_settings.quoted(name)}; the styles are {', '.join(names)}."


def net_of(names: Mapping[str, float]) -> str:
    """Return the shipped net that paints all of `names`. Raises UserError for an unknown style or a mix of nets."""
    rows = styles()
    if not rows:
        raise UserError("No painting net is shipped with this copy; train one with python -m training.pastiche.")
    net_by_style = {row["name"]: row["net"] for row in rows}
    for name in names:
        if name not in net_by_style:
            raise UserError(no_style(name, net_by_style))
    nets = {net_by_style[name] for name in names} or {rows[0]["net"]}
    if len(nets) > 1:
        raise UserError(f"These styles belong to different nets ({', '.join(sorted(nets))}) and cannot be blended.")
    return nets.pop()


def named(name: str) -> Painter:
    """Return the painter of a shipped net, of a run of `training.pastiche`, or of a file of weights with its card.

    Raises UserError for others.
    """
    if name in nets():
        return shipped(name)
    net, rows = float32_net(name)
    return painter_of(net, rows.names, half=False)


def float32_net(name: str) -> tuple[PasticheNet, Rows]:
    """Return a net, named as for `named`, read anew in float32, and its rows. Raises UserError as `named`."""
    origin = origin_of(name)
    return read_net(origin.path, len(origin.names), origin.width).eval().requires_grad_(False), Rows(origin.names)


def stylise(
    picture: Picture,
    blend: Mapping[str, float],
    *,
    net: str | None = None,
    settings: PaintSettings = FULL,
    progress: Progress = silent,
) -> Picture:
    """Paint uint8 (H, W, 3) with shipped styles, `blend` mapping names to weights (equation 5.14): the same shape.

    `net` is the shipped net that paints, by default the first that has the styles; `progress` as in `Painter.paint`.
    Raises UserError for unknown styles, weights that cannot be used, and pictures that are too small or too large.
    """
    return shipped(net or net_of(blend)).paint(picture, blend, settings, progress)


def number_format(net: str) -> str:
    """Return the number format in which a shipped net computes here: bfloat16 or float32."""
    return str(shipped(net).dtype).removeprefix("torch.")


def shares(blend: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each style with any weight in a valid `blend`; they add up to one."""
    total = sum(blend.values())
    return {name: weight / total for name, weight in blend.items() if weight > 0}


@functools.cache
def swatch(style: str, net: str) -> bytes:
    """Return a small JPEG of a sample photograph painted in one style of a shipped net, made once a process."""
    name = SWATCH_SAMPLE if SWATCH_SAMPLE in images.sample_names() else images.sample_names()[0]
    picture = images.fit(images.sample(name), 2 * SWATCH_SIDE)
    painted = stylise(picture, {style: 1.0}, net=net)
    side = min(painted.shape[:2])
    square = painted[:side, (painted.shape[1] - side) // 2 :][:, :side]
    return images.encode(images.fit(square, SWATCH_SIDE), "JPEG")
