"""Painting with a trained net: photograph -> pastiche net with blended normalisation (equation 5.14) -> picture."""

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from core import hardware, images, weights
from core.errors import UserError
from core.images import Picture
from core.style.network import PasticheNet, mixture

# One picture takes about 240 bytes a pixel in float32 and half of that in bfloat16: at this size, under 4 GB.
MAX_PIXELS = 16_000_000
# Where bfloat16 differs from float32 by more than this on average (of the range 0 to 1), it is not used.
HALF_TOLERANCE = 0.02
SWATCH_SAMPLE = "temple"
SWATCH_SIDE = 160


@dataclass(frozen=True)
class Painter:
    """A net in evaluation, the names of its styles in the order of its parameters, and its number format."""

    net: PasticheNet
    names: tuple[str, ...]
    dtype: torch.dtype
    guard: threading.Lock

    def paint(self, picture: Picture, styles: Mapping[str, float]) -> Picture:
        """Paint uint8 (H, W, 3) with the blend of `styles` (name -> weight of zero or more): the same shape.

        Raises UserError for weights that mean nothing (see `mixture`), a picture with a side under 8 px, or
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


def open_painter(path: Path, names: tuple[str, ...], width: float, half: bool | None = None) -> Painter:
    """Read a net's weights from `path`. `half` chooses bfloat16; by default where it is fast and near enough."""
    net = PasticheNet(len(names), width)
    weights.fill(net, weights.read(path), path.name)
    return prepared(net, names, half)


def prepared(net: PasticheNet, names: tuple[str, ...], half: bool | None = None) -> Painter:
    """A painter of a net that is already in memory; see `open_painter`."""
    net = hardware.channels_last(net.eval().requires_grad_(False))
    if half is None:
        half = hardware.bf16_is_fast() and not torch.cuda.is_available() and half_error(net) <= HALF_TOLERANCE
    dtype = torch.bfloat16 if half else torch.float32
    return Painter(net.to(dtype), names, dtype, threading.Lock())


def half_error(net: PasticheNet) -> float:
    """Mean absolute difference of `net` in bfloat16 from float32, worst style, on a scale of 0 to 1.

    Measured on a smooth picture with edges, since flat regions are what rounding harms first.
    """
    ramp = torch.linspace(0, 1, 64)
    x = torch.stack((ramp[:, None].expand(64, 64), ramp[None].expand(64, 64), (ramp[:, None] > ramp[None]).float()))
    x = x[None].contiguous(memory_format=torch.channels_last)
    halved = hardware.channels_last(PasticheNet(net.styles, net.width).eval())
    halved.load_state_dict(net.state_dict())
    halved = halved.bfloat16()
    errors = []
    with torch.inference_mode():
        for blend in torch.eye(net.styles).split(1):
            exact, near = net(x, blend).clamp(0, 1), halved(x.bfloat16(), blend.bfloat16()).float().clamp(0, 1)
            errors.append((exact - near).abs().mean())
    return float(torch.stack(errors).max())


@functools.cache
def shipped(net: str) -> Painter:
    """The painter of the shipped net of that name, read once."""
    card = weights.card(net)
    if card["kind"] != "pastiche":
        raise UserError(f"{net} is a {card['kind']}, which cannot paint; the painting nets are {', '.join(nets())}.")
    names = tuple(style["name"] for style in card["styles"])
    return open_painter(weights.WEIGHTS / f"{net}.safetensors", names, card["width"])


def nets() -> tuple[str, ...]:
    """Names of the shipped pastiche nets."""
    return tuple(weights.cards("pastiche"))


def styles() -> list[dict[str, str]]:
    """The shipped styles as rows of name, title, artist, year and net."""
    return [
        {**{key: style[key] for key in ("name", "title", "artist", "year")}, "net": net}
        for net, card in weights.cards("pastiche").items()
        for style in card["styles"]
    ]


def net_of(names: Mapping[str, float]) -> str:
    """The shipped net that knows all of `names`. Raises UserError for an unknown style or a mix of nets."""
    rows = styles()
    if not rows:
        raise UserError("No painting net is shipped with this copy; train one with python -m training.pastiche.")
    known = {row["name"]: row["net"] for row in rows}
    for name in names:
        if name not in known:
            raise UserError(f"There is no style {name!r}; the styles are {', '.join(known)}.")
    found = {known[name] for name in names} or {rows[0]["net"]}
    if len(found) > 1:
        raise UserError(f"These styles belong to different nets ({', '.join(sorted(found))}) and cannot be blended.")
    return found.pop()


def stylise(picture: Picture, blend: Mapping[str, float]) -> Picture:
    """Paint uint8 (H, W, 3) with shipped styles, `blend` mapping names to weights (equation 5.14): the same shape.

    Raises UserError for unknown styles, weights that mean nothing, and pictures that are too small or too large.
    """
    return shipped(net_of(blend)).paint(picture, blend)


def shares(blend: Mapping[str, float]) -> dict[str, float]:
    """The part of each style with any weight in the whole of a valid `blend`, adding up to one."""
    total = sum(blend.values())
    return {name: weight / total for name, weight in blend.items() if weight > 0}


@functools.cache
def swatch(style: str) -> bytes:
    """A small JPEG of a sample photograph painted in one shipped style, made once a process."""
    name = SWATCH_SAMPLE if SWATCH_SAMPLE in images.sample_names() else images.sample_names()[0]
    picture = images.fit(images.sample(name), 2 * SWATCH_SIDE)
    painted = stylise(picture, {style: 1.0})
    side = min(painted.shape[:2])
    square = painted[:side, (painted.shape[1] - side) // 2 :][:, :side]
    return images.encode(images.fit(square, SWATCH_SIDE), "JPEG")
