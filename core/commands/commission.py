"""What the options of `python -m core stylize` commission: the net, the styles, the settings and the photograph."""

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from core import images
from core.errors import UserError
from core.images import Picture
from core.style import painter
from core.style.paint_settings import PaintRecord, PaintSettings, record_in
from core.style.painter import Painter
from core.style.prints import Progress


@dataclass(frozen=True)
class Commission:
    """What the command line commissions: the net that paints, and the record that goes into the picture."""

    painter: Painter
    record: PaintRecord


def of(args: argparse.Namespace) -> Commission:
    """Return what the options commission. Raises UserError where they name no style, or one that the net lacks."""
    like = record_in(images.description(args.like)) if args.like else None
    styles = weights_of(args.style) if args.style else dict(like.styles) if like else None
    if not styles:
        raise UserError("There is no style to paint in; give --style NAME, one of python -m core styles.")
    net = args.net or (like.net if like else None) or painter.net_of(styles)
    chosen = painter.named(net)
    painter.check_styles(styles, chosen.names)
    settings = settings_of(args, like.settings if like else PaintSettings())
    return Commission(chosen, PaintRecord(styles, settings, Path(net).name))  # a picture tells no folder


def settings_of(args: argparse.Namespace, usual: PaintSettings) -> PaintSettings:
    """Return the settings of the options, and `usual` where they have none. Raises UserError outside of 0 to 1."""
    strength = args.strength
    if args.photograph is not None:
        if strength is not None:
            raise UserError("--photograph is an older way to give --strength; give one of the two.")
        if not 0 <= args.photograph <= 1:
            raise UserError(f"--photograph is {args.photograph}; the part must be from 0 to 1.")
        strength = 1 - args.photograph
    return PaintSettings(
        usual.strength if strength is None else strength,
        usual.stroke if args.stroke is None else args.stroke,
        usual.colours if args.colours is None else args.colours,
    )


def weights_of(pairs: list[str]) -> dict[str, float]:
    """Return NAME=WEIGHT pairs as a dictionary. Raises UserError for anything else, a style given twice included."""
    weights: dict[str, float] = {}
    for pair in pairs:
        name, equals, number = pair.partition("=")
        try:
            weight = float(number) if equals else 1.0
        except ValueError as error:
            raise UserError(f"The style {pair!r} is not of the form NAME=WEIGHT with a number as weight.") from error
        if name in weights:
            raise UserError(f"The style {name} is given twice; give it once with one weight.")
        weights[name] = weight
    return weights


def photograph_of(name: Path, args: argparse.Namespace) -> Picture:
    """Return a photograph in the size that the options name. Raises UserError for one that cannot be painted."""
    for option, pixels in (("--max-side", args.max_side), ("--size", args.size)):
        if pixels is not None and pixels < images.MIN_SIDE:
            raise UserError(f"{option} is {pixels}; give at least {images.MIN_SIDE} pixels.")
    picture = images.named(name, max_side=args.max_side)
    if args.size is None:
        return picture
    height, width = (round(side * args.size / max(picture.shape)) for side in picture.shape[:2])
    if height * width > painter.MAX_PIXELS:
        most = math.isqrt(round(painter.MAX_PIXELS * max(height, width) / min(height, width)))
        raise UserError(
            f"--size {args.size} is over {painter.MAX_PIXELS // 1_000_000} megapixels; take {most} at most."
        )
    return images.resize(picture, max(images.MIN_SIDE, width), max(images.MIN_SIDE, height))


def progress_of(picture: Picture) -> Progress:
    """Return what reports the progress of a large painting on the terminal; nothing for others or elsewhere."""
    if picture.shape[0] * picture.shape[1] <= painter.WHOLE_PIXELS or not sys.stderr.isatty():
        return painter.silent

    def report(part: float) -> None:
        print(f"\rpainting {part:4.0%}", end="" if part < 1 else "\n", file=sys.stderr, flush=True)

    return report
