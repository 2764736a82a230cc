"""What the other pages do, each by a finished result with the link to its page."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

import streamlit as st

from core import weights
from core.runs import comparison
from core.runs.run import Run, shipped_root
from pages.home.curves import Axes, Line, chart
from ui import menu, theme
from ui.frame import guard
from ui.theme import Colours

FOLDER = Path(__file__).with_name("tiles")
COLUMNS = 4
HEIGHT = 150  # px of a chart
TICKS = (0, 3, 10, 30, 100)  # %
CIFAR_RUNS = ("bn_nin_cifar10", "densenet_40_12_cifar10", "resnet20_cifar10")
CIFAR_ALT = "Test error in percent of three nets over the epochs."
STUDY_ALT = "Test error in percent with 10, 100 and 1,000 pictures a class, by three ways of transfer learning."
STUDY = "resnet20_cifar10_on_toybox"
WAYS = {"scratch": "From scratch", "frozen": "Linear probe", "fine_tuned": "Fine-tuning"}


@dataclass(frozen=True)
class Tile:
    """A page by one of its results: a picture in FOLDER with what it shows, or HTML."""

    page: str
    text: str
    alt: str = ""
    html: Callable[[Colours], str] | None = None


def show() -> None:
    """Draw the tiles in rows."""
    st.header("What else is here", anchor=False)
    for start in range(0, len(TILES), COLUMNS):
        for place, tile in zip(st.columns(COLUMNS, gap="medium"), TILES[start : start + COLUMNS], strict=False):
            with place, guard():
                _draw(tile)


def _draw(tile: Tile) -> None:
    menu.link(tile.page, menu.MENU[tile.page].title)
    if tile.html is not None:
        st.html(tile.html(theme.colours()))
    else:
        st.image((FOLDER / f"{tile.page}.jpg").read_bytes(), width="stretch", alt=tile.alt)
    st.caption(tile.text)


@lru_cache
def _parameters(colours: Colours) -> str:
    """Return the parameters of some nets as bars."""
    nets = json.loads((FOLDER / "architectures.json").read_text("utf-8"))
    most = max(row["parameters"] for row in nets)
    bars = "".join(_bar(row["net"], row["parameters"], most, colours.train) for row in nets)
    return f'<div style="font-size: 0.8rem; padding-top: 0.4rem">{bars}</div>'


def _bar(name: str, parameters: int, most: int, colour: str) -> str:
    return (
        f'<div style="margin-bottom: 0.35rem"><div style="display: flex; justify-content: space-between">'
        f"<span>{escape(name)}</span><span>{parameters / 1e6:.1f} M</span></div>"
        f'<div style="height: 0.6rem; border-radius: 2px; background: {colour}; '
        f'width: {max(1.0, 100 * parameters / most):.1f}%"></div></div>'
    )


@lru_cache
def _runs(colours: Colours) -> str:
    """Return the test error of the shipped CIFAR-10 nets over the share of their epochs."""
    lines = []
    for name, colour in zip(CIFAR_RUNS, _three(colours), strict=True):
        run = Run.open(shipped_root() / name)
        points = next(curve.points for curve in comparison.curves(run, "error", "epoch", 60) if curve.split == "test")
        lines.append(Line(weights.card(name)["title"].partition(" on ")[0], points, colour))
    longest = max(line.points[-1][0] for line in lines)
    return chart(
        lines,
        Axes(longest, TICKS, ("epoch 0", f"{longest:.0f}"), HEIGHT),
        CIFAR_ALT,
    )


@lru_cache
def _transfer(colours: Colours) -> str:
    """Return the test error of the shipped study over the pictures a class, on a logarithmic axis."""
    rows = Run.open(shipped_root() / STUDY).metrics()
    lines = []
    for (way, label), colour in zip(WAYS.items(), _three(colours), strict=True):
        by_pictures = {row["pictures"]: row["test_error"] for row in rows if row.get("way") == way}
        lines.append(Line(label, list(enumerate(by_pictures[count] for count in sorted(by_pictures))), colour))
    return chart(lines, Axes(2, TICKS, ("10", "1,000"), HEIGHT), STUDY_ALT)


def _three(colours: Colours) -> tuple[str, str, str]:
    return colours.prediction, colours.train, colours.truth


TILES = (
    Tile("data", "What nets learn from: Toybox, a data set that draws itself.", "Fifteen images of drawn toys."),
    Tile("architectures", "Parameters of five nets for CIFAR-10, each drawn module by module.", html=_parameters),
    Tile("runs", "Three nets on CIFAR-10, their test errors over one another.", html=_runs),
    Tile("transfer", "From CIFAR-10 to Toybox with 10, 100 and 1,000 pictures a class.", html=_transfer),
    Tile(
        "teach",
        "Three classes from six pictures of each, and where the net sees them.",
        "Six drawn toys, each under the heat map of its class.",
    ),
    Tile(
        "localise",
        "Boxes from class maps alone, vermilion, beside the true ones, green.",
        "Six toys under heat maps with two boxes each.",
    ),
    Tile(
        "mistakes",
        "The images that ResNet-20 gets most wrong, and where it looked.",
        "Six misclassified images under heat maps.",
    ),
    Tile(
        "optimise",
        "A photograph after The Starry Night, its pixels optimised step by step.",
        "A temple in the swirls and colours of The Starry Night.",
    ),
    Tile("train_style", "Six of the sixteen styles of one style network.", "A cat, painted in six styles."),
)
