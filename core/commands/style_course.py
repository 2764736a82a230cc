"""`python -m core stylize IN OUT.gif --course`: one photograph on the way from style to style, as an animation."""

import argparse
import sys

from core import images
from core.commands import commission
from core.errors import UserError
from core.images import Picture
from core.style import course

FRAMES = 24
MILLISECONDS = 80  # a frame
USUAL_SIDE = 512  # px, unless an option names another
MOST_PIXELS = 100_000_000  # of all frames together, which are in memory at once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only a course has."""
    parser.add_argument(
        "--course",
        action="store_true",
        help="write an animation (.gif or .webp) that leads from the first style through each to the last, and back",
    )
    parser.add_argument(
        "--frames", metavar="N", type=int, default=FRAMES, help="frames of the course, one way (default %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the course of the styles as an animation to `args.out`; return exit status 0."""
    images.animated(args.out)
    chosen = commission.of(args)
    blends = course.blends(list(chosen.record.styles), args.frames)
    if args.size is None and args.max_side is None:
        args.max_side = USUAL_SIDE
    picture = commission.photograph_of(args.picture, args)
    if picture[..., 0].size * args.frames > MOST_PIXELS:
        raise UserError(
            f"{args.frames} frames of {picture.shape[1]} x {picture.shape[0]} px are over "
            f"{MOST_PIXELS // 1_000_000} megapixels: give fewer --frames, or a smaller --max-side."
        )
    frames: list[Picture] = []
    try:
        for blend in blends:
            frames.append(chosen.painter.paint(picture, blend, chosen.record.settings))
            if sys.stderr.isatty():
                print(f"\rpainting {len(frames)}/{len(blends)}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\ncancelled; nothing was written", file=sys.stderr)
        raise
    there_and_back = frames + frames[-2:0:-1]
    images.save_animation(there_and_back, args.out, MILLISECONDS)
    print(f"{args.out}: {len(there_and_back)} frames of {picture.shape[1]} x {picture.shape[0]} px")
    return 0
