"""Marks: kept beside the net, by several pages at once, and exported."""

import csv
import io
import threading
from dataclasses import replace

import pytest
import torch

from core.errors import UserError
from core.explain import marks
from core.explain.mistakes import Answers
from core.runs import archive
from core.runs.run import Run
from core.trainers.trained import open_run
from tests.nets import a_run


@pytest.fixture
def trained():
    return open_run(a_run())


def test_marks_stay_with_the_run(trained):
    assert marks.read(trained, "test") == {}
    marks.put(trained, "test", 17, ("human", "label"))
    marks.put(trained, "test", 3, ("human",))
    marks.put(trained, "validation", 17, ("label",))
    assert marks.read(trained, "test") == {3: ("human",), 17: ("label", "human")}
    assert marks.path_of(trained) == Run.open(trained.name).path / "marks.json"
    marks.put(trained, "test", 17, ())
    assert marks.read(trained, "test") == {3: ("human",)} and marks.read(trained, "validation") == {17: ("label",)}
    assert [path.name for path in Run.open(trained.name).path.glob("*.part")] == []


def test_marks_travel_with_the_run_and_go_on_where_it_arrives(trained):
    marks.put(trained, "test", 17, ("label", "human"))
    again = open_run(archive.import_zip(io.BytesIO(archive.export_zip(Run.open(trained.name)))))
    assert again.name != trained.name and marks.read(again, "test") == {17: ("label", "human")}
    marks.put(again, "test", 3, ("human",))
    assert 3 in marks.read(again, "test") and 3 not in marks.read(trained, "test")


def test_those_of_a_shipped_net_lie_beside_the_runs(trained, runs):
    shipped = replace(trained, name="../evil", source="shipped")
    marks.put(shipped, "test", 1, ("label",))
    assert marks.path_of(shipped).parent == runs / ".marks"
    assert marks.read(shipped, "test") == {1: ("label",)} and marks.read(trained, "test") == {}


def test_threads_lose_no_mark(trained):
    threads = [
        threading.Thread(
            target=lambda first=first: [marks.put(trained, "test", first + i, ("label",)) for i in range(5)]
        )
        for first in (0, 100, 200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(marks.read(trained, "test")) == 15


@pytest.mark.parametrize("content", ["{", "[]", '{"marks": {"test": {"x": []}}}', '{"marks": {"test": 3}}'])
def test_a_damaged_file_is_named_and_not_overwritten(trained, content):
    marks.path_of(trained).write_text(content)
    with pytest.raises(UserError, match="cannot be read.*repair the file"):
        marks.read(trained, "test")
    with pytest.raises(UserError, match="cannot be read"):
        marks.put(trained, "test", 1, ("label",))
    assert marks.path_of(trained).read_text() == content


def test_unknown_marks_and_unwritable_places_are_refused(trained, runs):
    with pytest.raises(UserError, match='no mark "ugly".*label, human'):
        marks.put(trained, "test", 1, ("ugly",))
    (runs / ".marks").write_text("in the way")
    with pytest.raises(UserError, match="cannot be saved"):
        marks.put(replace(trained, source="shipped"), "test", 1, ("label",))


def test_the_table_has_a_row_a_mistake_in_their_order():
    logits = torch.tensor([[0.0, 2.0], [0.0, 5.0], [9.0, 0.0]])
    found = Answers(logits, torch.tensor([0, 0, 0])).mistakes()
    text = marks.table(found, ("cat, or so", "=dog"), {0: ("human",), 9: ("label",)})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["image"] for row in rows] == ["1", "0"]
    assert rows[0]["truth"] == "cat, or so" and rows[0]["predicted"] == "'=dog"
    assert (rows[1]["label"], rows[1]["human"]) == ("0", "1") and rows[0]["human"] == "0"
    wrong, truth = (float(rows[1][key]) for key in ("confidence", "probability_of_truth"))
    assert wrong + truth == pytest.approx(1, abs=1e-5) and float(rows[1]["margin"]) == pytest.approx(
        wrong - truth, abs=1e-5
    )
    assert float(rows[1]["loss"]) == pytest.approx(2.126928, abs=1e-5)
