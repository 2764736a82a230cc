"""A tiny style transfer by optimisation, for all tests of it."""

from pathlib import Path

import pytest

from core import weights
from core.style import (
    compact,
    sources,
)
from core.style.optimisation_recipe import OptimisationRecipe
from tests.painting import picture

CONTENT, STYLE = picture(48, 64, 1), 255 - picture(60, 50, 2)[:, ::-1]
LAYERS = {"content_layers": {"vgg19.relu2_1": 1.0}, "style_layers": {"vgg19.relu1_1": 0.5, "vgg19.relu2_1": 0.5}}
TINY = OptimisationRecipe(size=64, style_size=60, steps=4, save_every=2, **LAYERS)


def ship_compact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ship untrained weights of compact."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    weights.write(sources.compact_path(), compact.fresh(5).state_dict())
