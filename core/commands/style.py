"""`python -m core stylize` and `python -m core styles`: painting without the browser (section 5.5)."""

import argparse
import json
import sys
import time
from pathlib import Path

from core import images
from core.commands import commission, style_course, style_folder
from core.errors import UserError
from core.style import painter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `stylize`."""
    parser.add_argument("picture", metavar="IN", type=Path, help="a photograph: a file, or sample:NAME; or a folder")
    parser.add_argument("out", metavar="OUT", type=Path, help="where it is written: .png, .jpg, ...; or a folder")
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
    style_folder.add_arguments(parser)
    style_course.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Paint a picture, all of a folder, or the course of a blend, as the options name it; return the exit status."""
    folder = args.picture.is_dir()
    if args.each and not folder:
        raise UserError("--each paints each picture of a folder in each style: give a folder as IN and as OUT.")
    if args.course:
        if folder:
            raise UserError("--course takes one photograph: give a file, or sample:NAME, and not a folder.")
        return style_course.run(args)
    return style_folder.run(args) if folder else run_one(args)


def run_one(args: argparse.Namespace) -> int:
    """Paint `args.picture` with a blend of styles, write it to `args.out`; return exit status 0."""
    images.writable(args.out)
    chosen = commission.of(args)  # so that an unknown style is refused before a large picture is read
    picture = commission.photograph_of(args.picture, args)
    record = chosen.record
    started = time.perf_counter()
    try:
        painted = chosen.painter.paint(picture, record.styles, record.settings, commission.progress_of(picture))
    except KeyboardInterrupt:
        print("\ncancelled; nothing was written", file=sys.stderr)
        raise
    seconds = time.perf_counter() - started
    images.save(painted, args.out, record.as_text())
    parts = ", ".join(f"{share:.0%} {name}" for name, share in painter.shares(record.styles).items())
    print(f"{args.out}: {painted.shape[1]} x {painted.shape[0]} px, {parts}, {seconds:.2f} s")
    return 0


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
