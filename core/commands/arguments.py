"""Arguments that several commands share: the net, and the images that it is evaluated on."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.explain import splits


def add_model_and_images(parser: argparse.ArgumentParser, *, images: int) -> None:
    """Add --model, --split, --data and --images to the parser; `images` is the default number (0: all)."""
    parser.add_argument("--model", required=True, help="a shipped net, or the name or path of a run")
    parser.add_argument("--split", choices=splits.NAMES, default="test", help="which split (default %(default)s)")
    parser.add_argument("--data", type=Path, metavar="ROOT", help="the folder that holds the data sets")
    parser.add_argument(
        "--images",
        type=int,
        default=images,
        metavar="N",
        help=f"number of images, evenly spaced in the split (default {images or 'all'})",
    )
