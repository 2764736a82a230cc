"""What all tests share: runs of their own, and the real data where they are to be had."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
SLOW_FOLDERS = ("benchmarks", "training", "e2e")  # their tests train, or start processes


@pytest.hookimpl(tryfirst=True)  # before `-m` selects by markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what opens pages and what stands in SLOW_FOLDERS; other slow modules carry the marker themselves."""
    for item in items:
        opens_pages = hasattr(getattr(item, "module", None), "visit")
        if opens_pages or item.path.relative_to(TESTS).parts[0] in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for this test's runs: none of the user's is seen or touched."""
    folder = tmp_path / "runs"
    monkeypatch.setenv("ATELIER_RUNS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def uploads_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the uploads of this test in a folder of its own."""
    folder = tmp_path / "uploads"
    monkeypatch.setenv("ATELIER_UPLOADS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page under test takes the main module's place for good; what a later test spawns would run its script."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data: the environment variable ATELIER_TEST_DATA, else ../shared/data."""
    folder = Path(os.environ.get("ATELIER_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("The real data are not here: set ATELIER_TEST_DATA to their folder.")
    return folder
