"""The colours in code are those of the charts' theme."""

import dataclasses
import tomllib

from tests.pages.app import REPOSITORY
from ui import theme


def test_the_charts_have_the_colours_of_the_theme():
    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())
    for name, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        assert config["theme"][name]["chartCategoricalColors"] == list(dataclasses.astuple(colours))
