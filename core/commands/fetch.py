"""`python -m core fetch NAME`: download the weights of a net of torchvision, for photographs of a thousand classes."""

import argparse

from tqdm import tqdm

from core.models import torchvision_weights
from core.models.torchvision_weights import SOURCES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `fetch` to the parser."""
    sizes = ", ".join(f"{name} ({source.megabytes} MB)" for name, source in SOURCES.items())
    parser.add_argument("names", nargs="+", choices=SOURCES, metavar="NAME", help=sizes)


def run(args: argparse.Namespace) -> int:
    """Download each net's weights unless they are there, and print where they lie; return exit status 0."""
    for name in args.names:
        with tqdm(unit="B", unit_scale=True, disable=None, leave=False) as bar:

            def show(what: str, done: int, total: int, bar: tqdm = bar) -> None:
                bar.set_description(what)
                bar.total = total or None
                bar.update(done - bar.n)

            path = torchvision_weights.fetch(name, show)
        print(f"{SOURCES[name].title}: {path}")
    return 0
