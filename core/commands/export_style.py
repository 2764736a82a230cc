"""`python -m core export-style`: a style network as an ONNX file, for programs without PyTorch."""

import argparse
from pathlib import Path

from core.errors import UserError
from core.style import export, painter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `export-style`."""
    parser.add_argument("out", metavar="OUT.onnx", type=Path, help="where it is written; its rows go into OUT.npz")
    parser.add_argument("--net", metavar="RUN", help="a shipped net (default: the one that blends), a run, or weights")


def run(args: argparse.Namespace) -> int:
    """Write the net and its rows, compare it with PyTorch; return exit status 0. Raises UserError where they differ."""
    net, rows = painter.float32_net(args.net or painter.net_of({}))
    beside = export.export(net, rows, args.out)
    greatest = export.difference(net, args.out)
    if greatest is not None and greatest > export.TOLERANCE:
        raise UserError(f"{args.out} paints up to {255 * greatest:.1f} of 255 unlike PyTorch; update onnxruntime.")
    checked = (
        "not compared with PyTorch, since onnxruntime is not installed"
        if greatest is None
        else f"within {255 * greatest:.4f} of 255 of PyTorch"
    )
    print(f"{args.out} and {beside}: {len(rows.names)} rows, {checked}")
    return 0
