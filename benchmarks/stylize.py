"""`python -m benchmarks.stylize`: milliseconds a picture of our painter against style networks written plainly.

One peer is the same net with the same weights in eager float32: InstanceNorm2d, nearest-neighbour Upsample and
ReflectionPad2d, its parameters blended beforehand; painting coarse to fine it does the same rounds. The other is the
wider net of pytorch/examples, fast_neural_style, which people run; it knows one pass only. All go from a uint8 picture
to a uint8 picture, in turn, and a ratio is the median of those of all rounds. On a CPU with bfloat16 the command exits
with 1 where a ratio at 1024 px is below its floor, or bfloat16 paints other pictures than float32.
"""

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from benchmarks import report
from benchmarks.plain_style_nets import WIDE, paint_plainly, paint_widely, plain_net, wide_net
from benchmarks.report import BoundedRow
from core import images
from core.images import Picture
from core.style import painter
from core.style.paint_settings import PaintSettings
from core.style.painter import Painter

ROUNDS = {256: 9, 512: 5, 1024: 3}
SAME, EXAMPLES = "the same net, written plainly", "pytorch/examples fast_neural_style"
ONE_PASS, COARSE_TO_FINE = "one pass", "coarse to fine"
STROKES = {ONE_PASS: PaintSettings(), COARSE_TO_FINE: PaintSettings(stroke=1.0)}
FLOORS = {ONE_PASS: 8.0, COARSE_TO_FINE: 5.0}  # times as fast as pytorch/examples
FLOOR_SIDE = 1024  # px
MOST_DIFFERENCE = 2.55  # of 255, the mean of a picture in bfloat16 from the one in float32
DIFFERENCE_SIDE = 512  # px


@dataclass(frozen=True)
class PaintRow(BoundedRow):
    """A row with the feature maps and the number format of both nets."""

    ours_net: str = ""
    peer_net: str = ""


@dataclass(frozen=True)
class Difference:
    """How far a painter's pictures are from those in float32, of 255."""

    style: str  # whose mean is the largest
    mean: float
    greatest: int  # of a single value, in any style


def net_in_words(maps: Sequence[int], number_format: str) -> str:
    """Return the feature maps of the three sizes and the number format of a net."""
    return f"{', '.join(map(str, maps))} maps, {number_format}"


def measure(net: str, rounds: dict[int, int]) -> list[PaintRow]:
    """Return the rows of every side in px, by as many rounds as it names."""
    ours, (float32, _) = painter.shipped(net), painter.float32_net(net)
    maps = [layer.convolution.out_channels for layer in (float32.enter, float32.down1, float32.down2)]
    words = net_in_words(maps, painter.number_format(net))
    peers = {SAME: net_in_words(maps, "float32"), EXAMPLES: net_in_words(WIDE, "float32")}
    plain, wide = plain_net(float32, 0), wide_net()
    rows = []
    for side, count in rounds.items():
        picture = images.resize(images.sample("astronaut"), side, side)
        times = report.all_in_turn(runs(ours, plain, wide, picture), count)
        for (peer, peer_words), mode in ((each, mode) for each in peers.items() for mode in STROKES):
            floor = FLOORS[mode] if peer == EXAMPLES and side == FLOOR_SIDE and fast_bfloat16(ours) else None
            peer_mode = mode if peer == SAME else ONE_PASS
            row = report.compared(
                f"{side} x {side} px, {mode}, against {peer}", times["ours", mode], times[peer, peer_mode]
            )
            rows.append(PaintRow(**asdict(row) | {"floor": floor}, ours_net=words, peer_net=peer_words))
    return rows


def runs(
    ours: Painter, plain: torch.nn.Module, wide: torch.nn.Module, picture: Picture
) -> dict[tuple[str, str], Callable[[], object]]:
    """Return what is timed, by who paints and in how many passes."""
    styles = {ours.names[0]: 1.0}
    timed: dict[tuple[str, str], Callable[[], object]] = {}
    for mode, settings in STROKES.items():
        timed["ours", mode] = functools.partial(ours.paint, picture, styles, settings)
        timed[SAME, mode] = functools.partial(paint_plainly, plain, picture, settings.stroke)
    timed[EXAMPLES, ONE_PASS] = functools.partial(paint_widely, wide, picture)
    return timed


def fast_bfloat16(ours: Painter) -> bool:
    """Return whether the painter computes in bfloat16 on a CPU, for which the floors are set."""
    return ours.dtype == torch.bfloat16 and not torch.cuda.is_available()


def difference(net: str, side: int) -> Difference:
    """Return how far a shipped net, in the number format that it paints in here, is from float32."""
    near = painter.shipped(net)
    exact = painter.painter_of(painter.float32_net(net)[0], near.rows.names, half=False)
    picture = images.resize(images.sample("astronaut"), side, side)
    found = []
    for style in near.names:
        gap = np.abs(near.paint(picture, {style: 1}).astype(int) - exact.paint(picture, {style: 1}))
        found.append((float(gap.mean()), style, int(gap.max())))
    mean, style, _ = max(found)
    return Difference(style, mean, max(greatest for _, _, greatest in found))


def difference_row(far: Difference, side: int) -> BoundedRow:
    """Return the row of the difference from float32, of the style in which it is largest."""
    case = f"{side} x {side} px, mean difference from float32, {far.style}"
    return report.bounded(case, far.mean, MOST_DIFFERENCE, "of 255", floor=1.0)


def show(rows: Sequence[BoundedRow], far: Difference, options: argparse.Namespace, load: float) -> None:
    """Print the rows as one JSON object or as a table, and what is below its floor."""
    if options.json:
        report.print_json("stylize", rows, greatest_difference=far.greatest, load_average=load)
        return
    report.show("stylize", list(rows), as_json=False)
    print(
        f"Greatest difference of a single value from float32: {far.greatest} of 255. Load average before: {load:.1f}."
    )
    for row in rows:
        if row.missed:
            print(f"Below its floor of {row.floor:g}: {row.case}, {row.ratio:g}.")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stylize", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--sides", nargs="+", type=int, metavar="PX", help=f"sides (default {list(ROUNDS)})")
    options = parser.parse_args(arguments)
    rounds = {side: ROUNDS.get(side, 3) for side in options.sides} if options.sides else ROUNDS
    net, load = painter.palettes()[0], round(os.getloadavg()[0], 1)
    far = difference(net, DIFFERENCE_SIDE)
    rows: list[BoundedRow] = [*measure(net, rounds), difference_row(far, DIFFERENCE_SIDE)]
    show(rows, far, options, load)
    return 1 if any(row.missed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
