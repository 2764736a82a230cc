"""`python -m core figure 5.1 OUT`: draw a figure of chapter 5 in one go."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from core import images
from core.commands import arguments
from core.errors import UserError
from core.figures import class_map_drawing, class_maps, own_pictures, style_networks
from core.trainers.trained import open_named

NAMES = ", ".join((*class_maps.FIGURES, *style_networks.FIGURES))
ELSEWHERE = (
    "Figures 5.6 to 5.8 are drawn step by step: python -m training.iterative --figure 5.6. Those of training curves "
    "are on page Train."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `figure` to the parser."""
    parser.add_argument("name", metavar="FIGURE", help=f"one of {NAMES}")
    parser.add_argument("out", metavar="OUT", type=Path, help="where the figure is written: .png, .jpg, ...")
    maps = parser.add_argument_group("Figures 5.1 to 5.4, class activation maps")
    maps.add_argument("--model", help="a shipped net, or the name or path of a run (default: the thesis' or the like)")
    maps.add_argument("--image", type=int, metavar="N", help="index of another image of the split, for 5.1 and 5.2")
    maps.add_argument(
        "--pictures",
        metavar="PLACE",
        help="your own: for 5.1 and 5.2 a photograph or sample:NAME, for 5.3 and 5.4 a folder or .zip with a "
        f"sub-folder a class (default net: {own_pictures.NET})",
    )
    maps.add_argument("--boxes", type=Path, metavar="FILE", help="their boxes, for 5.3: COCO-style .json or Pascal VOC")
    arguments.add_classes(maps)
    maps.add_argument("--data", type=Path, metavar="ROOT", help="the folder that holds the data sets")
    painted = parser.add_argument_group("Figures 5.9 to 5.11, style networks")
    samples = " ".join(f"sample:{name}" for name in style_networks.SAMPLES)
    painted.add_argument(
        "--photo", nargs="+", metavar="IN", help=f"photographs: files, or sample:NAME (default {samples})"
    )


def run(args: argparse.Namespace) -> int:
    """Draw the figure to `args.out`, print what it shows; return exit status 0. Raises UserError for another name."""
    if args.name in class_maps.FIGURES:
        if args.photo:
            raise UserError(f"Figure {args.name} shows images of a data set: leave --photo out, or use explain.")
        figure = class_maps.FIGURES[args.name]
        return draw_own(figure, args) if args.pictures else draw_class_maps(figure, args)
    if args.name not in style_networks.FIGURES:
        raise UserError(f"Figure {args.name} is not drawn by this command: choose one of {NAMES}. {ELSEWHERE}")
    if args.model or args.data or args.pictures or args.image is not None:
        raise UserError(
            f"Figure {args.name} is painted from --photo: leave --model, --image, --data and --pictures out."
        )
    return draw_painted(style_networks.FIGURES[args.name], args)


def draw_class_maps(figure: class_maps.ClassMapFigure, args: argparse.Namespace) -> int:
    """Draw one of Figures 5.1 to 5.4, print its link to the page that shows it; return exit status 0."""
    if args.image is not None and figure.page != "explain":
        raise UserError(f"Figure {figure.name} has its own choice of images: leave --image out.")
    trained, data = class_maps.subject(figure, args.model, args.data)
    images.save(class_map_drawing.draw(figure, trained, data, args.image), args.out)
    print(f"Figure {figure.name}: {figure.title}.\n{trained.title}; images of {data.title}.")
    if figure.page != "localise" or data.test.boxes is not None:
        print(f"On the pages: {class_maps.link(figure, trained, args.image)}")
    return 0


def draw_own(figure: class_maps.ClassMapFigure, args: argparse.Namespace) -> int:
    """Draw one of Figures 5.1 to 5.4 from photographs of one's own; return exit status 0."""
    if args.boxes is not None and figure.page != "localise":
        raise UserError(f"Figure {figure.name} needs no boxes: leave --boxes out.")
    if args.image is not None or args.data is not None:
        raise UserError("--image and --data are of a data set: leave them out beside --pictures.")
    trained = open_named(args.model or own_pictures.NET)
    own = own_pictures.OwnPictures(args.pictures, args.boxes, arguments.classes(trained, args.classes))
    with tqdm(desc=trained.title, unit=" pictures", disable=None, leave=False) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        images.save(own_pictures.draw(figure, trained, own, progress), args.out)
    print(f"Figure {figure.name} by {trained.title}, of {args.pictures}.")
    link = own_pictures.link(figure, trained, own)
    print(f"On the pages: {link}" if link else f"On the pages: give the pictures on /{figure.page}.")
    return 0


def draw_painted(figure: style_networks.StyleNetworkFigure, args: argparse.Namespace) -> int:
    """Draw one of Figures 5.9 to 5.11, print its styles; return exit status 0."""
    shown = style_networks.rows_of(figure)
    names = args.photo or [f"sample:{name}" for name in style_networks.SAMPLES]
    images.save(style_networks.drawn(figure, [images.named(name) for name in names]), args.out)
    print(f"Figure {figure.name}: {figure.title}.\nBelow the photographs, from top to bottom:")
    for style in shown:
        link = f" (/stylize?styles={style['name']}:1&view=Two+nets)" if figure.beside else ""
        print(f"  {style['title']}, {style['artist']}, {style['year']}{link}")
    return 0
