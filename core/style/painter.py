"""Painting with a trained net: photograph -> style network with blended normalisation (equation 5.14) -> picture."""

import copy
import functools
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.style.network import PasticheNet, mixture

# One picture takes about 240 bytes a pixel in float32 and half of that in bfloat16: at this size, under 4 GB.
MAX_PIXELS = 16_000_000
# Where a net's card says that bfloat16 differs from float32 by more than this on average (of 0 to 1), it is not used.
HALF_TOLERANCE = 0.02
SWATCH_SAMPLE = "temple"
SWATCH_SIDE = 160


@dataclass(frozen=True)
class Painter:
    """A net in evaluation mode, the names of its styles in the order of its parameters, and its number format."""

    net: PasticheNet
    names: tuple[str, ...]
    dtype: torch.dtype
    guard: threading.Lock

    def paint(self, picture: Picture, styles: Mapping[str, float]) -> Picture:
        """Paint uint8 (H, W, 3) with the blend of `styles` (name -> weight of zero or more): the same shape.

        Raises UserError for weights that cannot be used (see `mixture`), a picture with a side under 8 px, or
        one of more than MAX_PIXELS.
        """
        height, width = picture.shape[:2]
        if height * width > MAX_PIXELS:
            raise UserError(
                f"The picture is {width} x {height} pixels; painting takes up to "
                f"{MAX_PIXELS // 1_000_000} megapixels, so make it smaller first."
            )
        blend = mixture(dict(styles), self.names)
        x = images.to_tensor(picture).to(self.dtype).contiguous(memory_format=torch.channels_last)
        # One picture at a time: two at once would share the cores and double the memory.
        with self.guard, torch.inference_mode():
            return images.from_tensor(self.net(x, blend.to(self.dtype)))


def read_net(path: Path, styles: int, width: float) -> PasticheNet:
    """Return the net whose weights are in `path`. Raises UserError where they belong to another."""
    net = PasticheNet(styles, width)
    weights.fill(net, weights.read(path), path.name)
    return net


def painter_of(net: PasticheNet, names: tuple[str, ...], half: bool) -> Painter:
    """Return a painter with `net`, which is converted to bfloat16 if `half`, else left in float32."""
    net = hardware.channels_last(net.eval().requires_grad_(False))
    dtype = torch.bfloat16 if half else torch.float32
    return Painter(net.to(dtype), names, dtype, threading.Lock())


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
    names = tuple(style["name"] for style in card["styles"])
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


def net_of(names: Mapping[str, float]) -> str:
    """Return the shipped net that paints all of `names`. Raises UserError for an unknown style or a mix of nets."""
    rows = styles()
    if not rows:
        raise UserError("No painting net is shipped with this copy; train one with python -m training.pastiche.")
    net_by_style = {row["name"]: row["net"] for row in rows}
    for name in names:
        if name not in net_by_style:
            raise UserError(f"There is no style {name!r}; the styles are {', '.join(net_by_style)}.")
    nets = {net_by_style[name] for name in names} or {rows[0]["net"]}
    if len(nets) > 1:
        raise UserError(f"These styles belong to different nets ({', '.join(sorted(nets))}) and cannot be blended.")
    return nets.pop()


def stylise(
    picture: Picture, blend: Mapping[str, float], *, net: str | None = None, photograph: float = 0.0
) -> Picture:
    """Paint uint8 (H, W, 3) with shipped styles, `blend` mapping names to weights (equation 5.14): the same shape.

    `net` is the shipped net that paints, by default the first that has the styles. `photograph`, from 0 to 1, is
    the photograph's part in a plain average of its pixels with the painting's.
    Raises UserError for unknown styles, weights that cannot be used, and pictures that are too small or too large.
    """
    if not 0 <= photograph <= 1:
        raise UserError(f"The part of the photograph is {photograph}; it must be from 0 to 1.")
    painted = shipped(net or net_of(blend)).paint(picture, blend)
    if photograph == 0:
        return painted
    mixed = (1 - photograph) * painted.astype(np.float32) + photograph * picture
    return np.rint(mixed).astype(np.uint8)


def largest_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height themselves or, beyond MAX_PIXELS, those of the largest copy that can be painted."""
    scale = math.sqrt(MAX_PIXELS / (height * width))
    if scale >= 1:
        return width, height
    scale = int(max(height, width) * scale) / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def largest(picture: Picture) -> Picture:
    """Return the picture itself or, where it has more than MAX_PIXELS, the largest copy that can be painted."""
    height, width = picture.shape[:2]
    return images.fit(picture, max(largest_size(width, height)))


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
