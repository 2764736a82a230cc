"""`python -m core models`: the nets of the catalogue beside the figures of Table 4.6, or the shipped weights."""

import argparse
import json
from typing import Any

from core.models import catalogue

_HEADINGS = ("net", "data set", "depth", "parameters", "multiply-adds", "thesis", "thesis error %", "ours %", "weights")
_LEFT = ("net", "data set", "weights")
_SHIPPED = ("weights", "net and data", "test error", "the thesis", "epochs", "trained on", "time")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `models` to the parser."""
    parser.add_argument("--weights", action="store_true", help="print the measured nets: error, epochs, hardware, time")
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")


def run(args: argparse.Namespace) -> int:
    """Print the catalogue or, with --weights, the shipped weights, as a table or as JSON; return exit status 0."""
    if args.weights:
        shipped = catalogue.shipped()
        print(json.dumps(shipped, indent=1) if args.json else shipped_table(shipped))
        return 0
    rows = catalogue.rows()
    print(json.dumps(rows, indent=1) if args.json else table(rows))
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows of `catalogue.rows` as aligned text, with a note on its columns."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in cells]
    note = (
        "multiply-adds: of one image, forward. thesis: parameters and test errors of Table 4.6; "
        '"+": with random crops and flips.\nours: the test error of the shipped weights.'
    )
    return "\n".join([*lines, "", note])


def shipped_table(shipped: list[dict[str, Any]]) -> str:
    """Return the shipped weights as a table in Markdown, as it stands in docs/training.md."""
    lines = [_SHIPPED, tuple("---" for _ in _SHIPPED), *(_shipped_cells(row) for row in shipped)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _shipped_cells(row: dict[str, Any]) -> tuple[str, ...]:
    minutes = max(1, round(row["seconds"] / 60))
    return (
        f"`{row['name']}`",
        row["title"] + ("+" if row["augmented"] else ""),
        f"{row['error']:.2f}%",
        "–" if row["thesis_error"] is None else f"{row['thesis_error']:g}%",
        f"{row['epochs']:g}",
        row["hardware"],
        f"{minutes} min",
    )


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    pairs = zip(row, widths, _HEADINGS, strict=True)
    return [cell.ljust(width) if heading in _LEFT else cell.rjust(width) for cell, width, heading in pairs]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    thesis, shipped = row["thesis"], row["weights"]
    return (
        row["name"],
        row["dataset"],
        str(row["depth"]),
        f"{row['parameters']:,}",
        f"{row['multiply_adds'] / 1e6:,.1f} M",
        _rounded(thesis["parameters"]),
        _errors(thesis),
        "-" if shipped is None or shipped["error"] is None else f"{shipped['error']:.2f}",
        "-" if shipped is None else shipped["name"],
    )


def _rounded(parameters: int) -> str:
    return f"{parameters / 1e6:g}M" if parameters >= 1_000_000 else f"{parameters // 1000}K"


def _errors(thesis: dict[str, Any]) -> str:
    plain, augmented = thesis["error"], thesis["error_augmented"]
    errors = [f"{plain:g}"] if plain is not None else []
    errors += [f"{augmented:g}+"] if augmented is not None else []
    return ", ".join(errors)
