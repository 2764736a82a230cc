"""`python -m core stylize` and `python -m core styles`: painting without the browser (section 5.5)."""

import argparse
import json
import math
import sys
import time
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylize`."""
    parser.add_argument("picture", metavar="IN", type=Path, help="a photograph: a file, or sample:NAME")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the painting is written: .png, .jpg, ...")
    parser.add_argument(
        "--style",
        metavar="NAME=WEIGHT",
        action="append",
        help="a style and its weight (1 if left out); give it more than once to blend by equation (5.14)",
    )
    parser.add_argument("--like", metavar="PAINTING", type=Path, help="take all that is not given from a saved picture")
    parser.add_argument(
        "--strength", metavar="PART", type=float, help="from 0, the photograph, to 1, the painting (default 1)"
    )
    parser.add_argument(
        "--stroke",
        metavar="PART",
        type=float,
        help="from 0, one pass, to 1, coarse to fine (default 0)",
    )
    parser.add_argument(
        "--colours", action=argparse.BooleanOptionalAction, help="keep the photograph's colours and paint its luminance"
    )
    parser.add_argument("--net", metavar="RUN", help="a run of training.pastiche, or a shipped net, that paints")
    parser.add_argument("--photograph", metavar="PART", type=float, help="an older option: --strength 1 minus PART")
    parser.add_argument(
        "--size",
        metavar="PX",
        type=int,
        help="longer side of the painting; a smaller photograph is enlarged",
    )
    parser.add_argument("--max-side", metavar="PX", type=int, help="make the photograph smaller first if it is longer")


def run(args: argparse.Namespace) -> int:
    """Paint `args.picture` with a blend of styles, write it to `args.out`; return exit status 0."""
    images.writable(args.out)
    commission = commission_of(args)  # so that an unknown style is refused before a large picture is read
    picture = photograph_of(args)
    record = commission.record
    started = time.perf_counter()
    try:
        painted = commission.painter.paint(picture, record.styles, record.settings, progress_of(picture))
    except KeyboardInterrupt:
        print("\ncancelled; nothing was written", file=sys.stderr)
        raise
    seconds = time.perf_counter() - started
    images.save(painted, args.out, record.as_text())
    parts = ", ".join(f"{share:.0%} {name}" for name, share in painter.shares(record.styles).items())
    print(f"{args.out}: {painted.shape[1]} x {painted.shape[0]} px, {parts}, {seconds:.2f} s")
    return 0


def photograph_of(args: argparse.Namespace) -> Picture:
    """Return the photograph in the size that the options name. Raises UserError for one that cannot be painted."""
    for option, pixels in (("--max-side", args.max_side), ("--size", args.size)):
        if pixels is not None and pixels < images.MIN_SIDE:
            raise UserError(f"{option} is {pixels}; give at least {images.MIN_SIDE} pixels.")
    picture = images.named(args.picture, max_side=args.max_side)
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


def commission_of(args: argparse.Namespace) -> Commission:
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


def add_styles_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `styles`."""
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run_styles(args: argparse.Namespace) -> int:
    """Print the shipped styles: name, title, artist, year and net; return exit status 0."""
    rows = painter.styles()
    print(json.dumps(rows, indent=1, ensure_ascii=False) if args.json else table(rows))
    return 0


def table(rows: list[dict[str, str]]) -> str:
    """Return rows as aligned columns under their headings."""
    if not rows:
        return "No styles are shipped with this copy; train a net with python -m training.pastiche."
    lines = [{key: key for key in rows[0]}, *rows]
    widths = {key: max(len(line[key]) for line in lines) for key in rows[0]}
    return "\n".join("  ".join(f"{line[key]:<{width}}" for key, width in widths.items()).rstrip() for line in lines)
