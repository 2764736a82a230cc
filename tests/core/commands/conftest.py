"""What the tests of painting commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.style import painter
from tests.painting import ship


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ship a tiny style network, and nothing else."""
    ship(tmp_path / "weights", monkeypatch)
    yield
    painter.shipped.cache_clear()
