"""The colours in code are those of the charts' theme."""

import dataclasses
import re
import tomllib

import pytest

from tests.pages.app import REPOSITORY
from ui import theme

CONFIG = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())["theme"]
STYLE = (REPOSITORY / "ui" / "style.css").read_text()
CANVAS = dict(zip(("light", "dark"), re.findall(r"light-dark\((#\w+), (#\w+)\)", STYLE)[0], strict=True))
READABLE = 4.5  # to 1, for text of this size (WCAG 2.2, 1.4.3)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_the_page_in_fields_and_on_the_canvas(scheme: str):
    look = CONFIG[scheme]
    places = [look["backgroundColor"], look["secondaryBackgroundColor"], CANVAS[scheme]]
    words = [look[f"{colour}TextColor"] for colour in theme.WORDS.values()]
    for colour in (look["textColor"], look["primaryColor"], *words):
        assert min(contrast(colour, place) for place in places) >= READABLE, colour


def test_a_primary_button_can_be_read():
    assert contrast("#FFFFFF", CONFIG["light"]["primaryColor"]) >= READABLE
    assert contrast(CONFIG["dark"]["backgroundColor"], CONFIG["dark"]["primaryColor"]) >= READABLE
    assert contrast("#FFFFFF", CONFIG["dark"]["primaryColor"]) >= 3, "the ticks of checkboxes stay white"


def test_the_charts_have_the_colours_of_the_theme():
    for name, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        assert CONFIG[name]["chartCategoricalColors"] == list(dataclasses.astuple(colours))
