"""`python -m core figure 5.1 OUT`: the figures of chapter 5 that nets draw in one go."""

from __future__ import annotations

import argparse
from pathlib import Path

from core import images
from core.commands import map_figures as maps
from core.errors import UserError
from core.figures import class_maps as map_figures
from core.figures import style_networks as painted_figures

KNOWN = ", ".join((*map_figures.FIGURES, *painted_figures.FIGURES))
ELSEWHERE = (
    "Figures 5.6 to 5.8 are drawn step by step: python -m training.iterative --figure 5.6. Those of training curves "
    "are on page Train."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `figure` is told on the command line."""
    parser.add_argument("name", metavar="FIGURE", help=f"one of {KNOWN}")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the figure is written: .png, .jpg, ...")
    maps.add_options(parser.add_argument_group("Figures 5.1 to 5.4, class activation maps"))
    painted = parser.add_argument_group("Figures 5.9 to 5.11, pastiche nets")
    samples = " ".join(f"sample:{name}" for name in painted_figures.SAMPLES)
    painted.add_argument(
        "--photo", nargs="+", metavar="IN", help=f"photographs: files, or sample:NAME (default {samples})"
    )


def run(args: argparse.Namespace) -> int:
    """Draw the figure to `args.out`; print what it shows; exit status 0. Raises UserError for an unknown figure."""
    if args.name in map_figures.FIGURES:
        if args.photo:
            raise UserError(f"Figure {args.name} shows images of a data set: leave --photo out, or use explain.")
        return maps.run(args)
    if args.name not in painted_figures.FIGURES:
        raise UserError(f"Figure {args.name} is not drawn by this command: choose one of {KNOWN}. {ELSEWHERE}")
    if args.model or args.data or args.image is not None:
        raise UserError(f"Figure {args.name} is painted from photographs: leave --model, --image and --data out.")
    return draw_painted(painted_figures.FIGURES[args.name], args)


def draw_painted(figure: painted_figures.Figure, args: argparse.Namespace) -> int:
    """Draw one of Figures 5.9 to 5.11; exit status 0."""
    shown = painted_figures.rows_of(figure)
    names = args.photo or [f"sample:{name}" for name in painted_figures.SAMPLES]
    images.save(painted_figures.drawn(figure, [images.named(name) for name in names]), args.out)
    print(f"Figure {figure.name}: {figure.title}.\nBelow the photographs, from top to bottom:")
    for style in shown:
        link = f" (/stylize?styles={style['name']}:1&view=Two+nets)" if figure.beside else ""
        print(f"  {style['title']}, {style['artist']}, {style['year']}{link}")
    return 0
