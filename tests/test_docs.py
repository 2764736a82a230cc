"""The README, CONTRIBUTING and docs: files, pages and modules that they name exist, and the README stays short."""

import importlib.util
import re
from pathlib import Path

import pytest

from ui import menu

REPOSITORY = Path(__file__).resolve().parents[1]
PAPERS = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FOLDERS = "core|ui|pages|training|benchmarks|tests|docs|weights"

papers = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)


def quoted(paper: Path, pattern: str) -> set[str]:
    """Return what of the text in backticks matches the whole pattern."""
    return {text for text in re.findall(r"`([^`\n]+)`", paper.read_text("utf-8")) if re.fullmatch(pattern, text)}


@papers
def test_links_and_pictures_lead_to_files(paper: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", paper.read_text("utf-8"))
    assert [target for target in targets if not (paper.parent / target).exists()] == []


@papers
def test_files_that_are_named_exist(paper: Path) -> None:
    paths = {text for text in quoted(paper, rf"({FOLDERS})/[\w./]+") if not re.search(r"NAME|test_Y|/[XY]", text)}
    assert sorted(path for path in paths if not (REPOSITORY / path).exists()) == []


@papers
def test_modules_that_are_run_exist(paper: Path) -> None:
    modules = set(re.findall(r"-m ((?:core|training|benchmarks|tests)[\w.]*)", paper.read_text("utf-8")))
    names = {module for module in modules if "NAME" not in module}
    assert sorted(name for name in names if importlib.util.find_spec(name) is None) == []


@papers
def test_addresses_are_those_of_pages(paper: Path) -> None:
    addresses = {text.partition("?")[0].strip("/") for text in quoted(paper, r"/[a-z_]+(\?.*)?")}
    assert addresses - set(menu.MENU) - set(menu.OLD_ADDRESSES) == set()


def test_the_readme_is_short_and_has_every_page() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 150
    titles = {page.title for page in menu.PAGE_LIST if page.name != menu.HOME}
    assert titles == set(re.findall(r"^\| \*\*(.+?)\*\* \|", readme, re.MULTILINE))
