"""`python -m core cells`: how far the cells of nets' maps lie from the usual places, and where they are placed."""

import argparse
import json
from dataclasses import asdict

from tqdm import tqdm

from core.explain import cell_offset
from core.explain.cell_offset import Offset
from core.trainers import trained as nets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cells` to the parser."""
    parser.add_argument("--model", action="append", help="a shipped net or a run; repeat it (default: all shipped)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(args: argparse.Namespace) -> int:
    """Measure the offset of each net's cells and print a table; return exit status 0."""
    names = args.model or nets.shipped()
    offsets = {name: cell_offset.measure(nets.open_named(name)) for name in tqdm(names, disable=None, leave=False)}
    if args.json:
        print(json.dumps([{"model": name, **asdict(offset)} for name, offset in offsets.items()], indent=1))
        return 0
    width = max(map(len, offsets))
    print("\n".join(_row(name.ljust(width), offset) for name, offset in offsets.items()))
    print("\npx of the input, right of and below the middle of a cell; placed: the offset at which maps are drawn.")
    return 0


def _row(name: str, offset: Offset) -> str:
    measured = f"right {offset.right:+5.2f}  down {offset.down:+5.2f}  (standard error {offset.error:.2f})"
    return f"{name}  {measured}  placed {offset.placed:+5.2f}  step {offset.step:g}"
