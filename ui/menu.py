"""The pages by name: title, icon, claim, file and address of each, and links between them.

The menu, links, tests and screenshots all read this table. It imports nothing heavy, so that the menu and a page's
head are drawn before torch is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[1] / "pages"
Query = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """One page: `name` is its folder in `pages/` and its address, `summary` the tooltip of its menu entry.

    `claim` is the sentence under the title, `heading` the title on the page where it differs from the menu's.
    """

    name: str
    section: str
    title: str
    icon: str
    summary: str
    claim: str
    heading: str = ""

    @property
    def file(self) -> Path:
        """The script of the page."""
        return PAGES / self.name / "page.py"

    @property
    def material_icon(self) -> str:
        """The icon in Streamlit's notation."""
        return f":material/{self.icon}:"


HOME = "home"
PAGE_LIST = (
    Page(
        HOME,
        "",
        "Start here",
        "explore",
        "What Atelier can do, shown on real pictures.",
        "A workshop for small convolutional networks: train one live, look inside it, paint with it.",
        heading="Atelier",
    ),
    Page(
        "data",
        "Learn",
        "Data",
        "grid_view",
        "What the nets learn from: samples, balance, values, augmentation.",
        "A net knows nothing but its examples: what they show, and what they never show, is what it learns.",
    ),
    Page(
        "architectures",
        "Learn",
        "Architectures",
        "account_tree",
        "What every net is made of, and what that costs.",
        "What a net is made of, drawn from its own modules: where its weights are, and its work.",
    ),
    Page(
        "train",
        "Train",
        "Train a net",
        "model_training",
        "Start a training, watch its curves, pause, stop, resume.",
        "Watch a small network learn, epoch by epoch: first in leaps, then in ever smaller steps.",
    ),
    Page(
        "transfer",
        "Train",
        "Transfer learning",
        "move_item",
        "What a trained net's features are worth on other data, or on your own pictures.",
        "What a net learned on one set of pictures serves on others: keep its features, teach it a new head, and a "
        "handful of pictures may be enough.",
    ),
    Page(
        "runs",
        "Train",
        "Runs",
        "stacked_line_chart",
        "Every training: compare, name, delete, export and import.",
        "What made the difference? Lay trainings over one another and see which choice paid.",
    ),
    Page(
        "explain",
        "Look inside",
        "Explain a picture",
        "center_focus_strong",
        "What a net sees in a picture, and where.",
        "Taught nothing but names, a net learns places: its class maps show what decides.",
    ),
    Page(
        "teach",
        "Look inside",
        "Teach it",
        "school",
        "Classes of your own from a handful of pictures, learned at once.",
        "Show it a few pictures of each of your classes: it learns within a second, and shows where it sees them.",
    ),
    Page(
        "localise",
        "Look inside",
        "Localise",
        "filter_center_focus",
        "Boxes from class maps alone, scored against the true boxes.",
        "Never told where, a net finds its object all the same: the class map draws the box.",
    ),
    Page(
        "mistakes",
        "Look inside",
        "Mistakes",
        "rule",
        "The images that a net gets wrong, highest loss first.",
        "Where a net errs, and where it was looking when it did.",
    ),
    Page(
        "stylize",
        "Paint",
        "Stylize",
        "brush",
        "A photograph in a painter's style, or in a blend of several.",
        "One small net paints in all of these styles: a style is nothing but two numbers per feature map, and "
        "between them lies every blend.",
    ),
    Page(
        "optimise",
        "Paint",
        "Style transfer by optimisation",
        "auto_fix_high",
        "One picture after one painting, optimised step by step before your eyes.",
        "No net is trained here: the pixels themselves are changed, step by step, until a loss network sees the "
        "content of the photograph and the style of the painting.",
    ),
    Page(
        "train_style",
        "Paint",
        "Train a style network",
        "palette",
        "A style network of your own: its styles, its previews, its curves.",
        "A style network learns to paint in one pass what optimisation needs hundreds of steps for, and several "
        "paintings at once.",
    ),
)
MENU = {page.name: page for page in PAGE_LIST}
# Addresses that pages had before, and the page that each leads to.
OLD_ADDRESSES = {"iterate": "optimise", "pastiche": "train_style"}


def link(page: str, label: str, icon: str | None = None, query: Query | None = None) -> None:
    """Draw a link to a page by its name; `icon` (":material/...:") defaults to the page's own.

    `query` is what the address carries, as a mapping or as pairs where a key stands several times.
    """
    entry = MENU[page]
    st.page_link(entry.file, label=label, icon=icon or entry.material_icon, query_params=query)
