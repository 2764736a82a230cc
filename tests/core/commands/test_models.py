"""`python -m core models`: the tables of the catalogue and of the shipped weights."""

from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.commands import models
from core.models import catalogue


def test_the_catalogue_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "net"
    row = next(line for line in lines if line.startswith("baseline"))
    assert "681,506" in row and "11.3 M" in row and "682K" in row and "0.6" in row


def test_the_table_names_the_shipped_weights_and_their_error() -> None:
    row = catalogue.rows()[0] | {"weights": {"name": "good", "error": 8.1, "title": "good"}}
    assert "8.10  good" in models.table([row])


def shipped_row(name: str, **values: Any) -> dict[str, Any]:
    measured = {"error": 8.1234, "thesis_error": None, "epochs": 20.0, "hardware": "CPU, 4 cores", "seconds": 125}
    return {"name": name, "title": name, "augmented": True, **measured, **values}


def test_the_shipped_weights_as_a_table_in_markdown() -> None:
    rows = [shipped_row("a", thesis_error=10.34, augmented=False), shipped_row("c", hardware="CPU, 4 cores, 1 thread")]
    lines = models.shipped_table(rows).splitlines()
    assert lines[2] == "| `a` | a | 8.12% | 10.34% | 20 | CPU, 4 cores | 2 min |"
    assert lines[3] == "| `c` | c+ | 8.12% | – | 20 | CPU, 4 cores, 1 thread | 2 min |"


def test_the_docs_have_the_table_of_the_shipped_weights() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "training.md").read_text("utf-8")
    assert models.shipped_table(catalogue.shipped()) in page, "put in what `python -m core models --weights` prints"
