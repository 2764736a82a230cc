"""A run folder as a reader sees it: settings, damaged files, and the runs that came with Atelier."""

import pytest

from core.errors import UserError
from core.runs import run as folder
from core.runs.control import Control
from core.runs.run import DamagedRun, Run, list_runs
from core.runs.writer import writing


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def test_a_run_is_opened_and_listed_with_its_settings():
    run = make(epochs=3)
    again = Run.open(run.id)
    assert (again.kind, again.name, again.settings) == ("classifier", "A run", {"epochs": 3})
    assert [run.id for run in list_runs()] == [run.id]
    assert list_runs("pastiche") == []


def test_runs_made_in_the_same_second_do_not_share_a_folder():
    assert len({make().id for _ in range(5)}) == 5


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_damaged_checkpoint_is_a_sentence(content):
    run = make()
    (run.path / "checkpoint.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        run.checkpoint()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "no run.json"),
        ("", "cannot be read"),
        ('{"version": 1, "kind": "clas', "cannot be read"),
        ("[]", "'version' is missing"),
        (
            '{"version": 1, "kind": "classifier", "name": "x", "created": "", "settings": 3, "data": {}}',
            "'settings'",
        ),
        (
            '{"version": 99, "kind": "c", "name": "x", "created": "", "settings": {}, "data": {}}',
            "newer Atelier",
        ),
    ],
)
def test_a_damaged_folder_is_a_sentence_and_breaks_no_other(runs, content, sentence):
    healthy = make()
    broken = runs / "broken"
    broken.mkdir()
    if content is not None:
        (broken / "run.json").write_text(content)
    with pytest.raises(DamagedRun, match=sentence):
        Run.open("broken")
    assert [run.id for run in list_runs()] == [healthy.id, "broken"]


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x00b", "..", "gone"])
def test_a_name_that_no_folder_has_is_a_short_sentence(name):
    with pytest.raises(DamagedRun) as refusal:
        Run.open(name)
    assert len(str(refusal.value)) < 300


def test_files_edited_into_nonsense_do_not_break_a_reader():
    run = make()
    for name in ("status.json", "control.json", "metrics.jsonl"):
        (run.path / name).write_text('{"state": 3, "command": [], "progress": "x", "heartbeat": "soon"')
    assert run.status().state == "starting"
    assert run.control() == Control("run", {})
    assert run.metrics() == []


def test_a_folder_in_use_is_not_taken_for_a_new_run(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(UserError, match="not empty"):
        Run.create("classifier", {}, path=tmp_path)


@pytest.fixture
def shipped(tmp_path, monkeypatch) -> Run:
    """A run that came with Atelier, in a folder of weights of this test's own."""
    monkeypatch.setattr(folder.weights, "WEIGHTS", tmp_path / "weights")
    run = Run.create("classifier", {"model": "nin"}, name="Shipped", path=folder.shipped_root() / "nin_mnist")
    (run.path / "metrics.jsonl").write_text('{"step": 1, "test_error": 0.5}\n')
    (run.path / "status.json").write_text('{"state": "finished", "heartbeat": 1.0}')
    return run


def test_shipped_runs_are_listed_when_asked_for_and_only_read(shipped):
    own = make()
    assert [run.id for run in list_runs()] == [own.id]
    assert {run.id for run in list_runs(shipped=True)} == {own.id, "nin_mnist"}
    run = Run.open("nin_mnist")
    assert run.shipped and not own.shipped
    assert (run.status().state, run.last("test_error")) == ("finished", 0.5)
    before = sorted(path.name for path in run.path.iterdir())
    for change in (
        lambda: run.rename("x"),
        lambda: run.set_note("x"),
        lambda: run.request("run"),
        writing(run).__enter__,
    ):
        with pytest.raises(UserError, match="only to be read"):
            change()
    assert sorted(path.name for path in run.path.iterdir()) == before


def test_a_run_of_ones_own_goes_before_a_shipped_one_of_the_same_name(shipped, runs):
    Run.create("classifier", {}, name="Mine", path=runs / "nin_mnist")
    assert [run.name for run in list_runs(shipped=True)] == ["Mine"]
    assert Run.open("nin_mnist").name == "Mine"
