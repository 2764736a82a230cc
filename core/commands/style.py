"""`python -m core stylize` and `python -m core styles`: painting without the browser (section 5.5)."""

import argparse
import json
import time
from pathlib import Path

from core import images
from core.errors import UserError
from core.style import painter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylize`."""
    parser.add_argument("picture", metavar="IN", type=Path, help="a photograph: a file, or sample:NAME")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the painting is written: .png, .jpg, ...")
    parser.add_argument(
        "--style",
        metavar="NAME=WEIGHT",
        action="append",
        required=True,
        help="a style and its weight (1 if left out); give it more than once to blend by equation (5.14)",
    )
    parser.add_argument(
        "--photograph",
        metavar="PART",
        type=float,
        default=0.0,
        help="average the painting with this part of the photograph's own pixels (0 to 1, default 0)",
    )
    parser.add_argument("--max-side", metavar="PX", type=int, help="make the photograph smaller first if it is longer")


def run(args: argparse.Namespace) -> int:
    """Paint `args.picture` with a blend of styles, write it to `args.out`; return exit status 0."""
    blend = weights_of(args.style)
    painter.shipped(painter.net_of(blend))  # so that an unknown style is refused before a large picture is read
    if args.max_side is not None and args.max_side < images.MIN_SIDE:
        raise UserError(f"--max-side is {args.max_side}; give at least {images.MIN_SIDE} pixels.")
    picture = images.named(args.picture, max_side=args.max_side)
    started = time.perf_counter()
    painted = painter.stylise(picture, blend, photograph=args.photograph)
    seconds = time.perf_counter() - started
    images.save(painted, args.out)
    parts = ", ".join(f"{share:.0%} {name}" for name, share in painter.shares(blend).items())
    print(f"{args.out}: {painted.shape[1]} x {painted.shape[0]} px, {parts}, {seconds:.2f} s")
    return 0


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
