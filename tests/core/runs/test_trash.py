"""Deleted runs lie in the trash and come back until it is emptied."""

import pytest

from core.errors import UserError
from core.runs import run as folder
from core.runs import trash
from core.runs.run import DamagedRun, Run, list_runs
from tests.runs_on_disk import digits_run, put_status


def test_a_deleted_run_is_gone_and_comes_back_as_it_was():
    run, other = digits_run(), digits_run()
    trash.delete(run)
    assert [run.id for run in list_runs()] == [other.id]
    assert trash.deleted() == [run.id] and trash.size() > 100
    trash.undelete(run.id)
    assert Run.open(run.id).metrics() == run.metrics()
    assert trash.deleted() == []
    with pytest.raises(UserError, match="no deleted run"):
        trash.undelete(run.id)


def test_an_emptied_trash_holds_nothing():
    run = digits_run()
    trash.delete(run)
    trash.empty()
    assert (trash.deleted(), trash.size()) == ([], 0)
    trash.empty()


def test_a_run_under_way_is_not_deleted():
    run = digits_run("running")
    with pytest.raises(UserError, match="stop it before"):
        trash.delete(run)
    put_status(run, "stopped")
    trash.delete(run)


def test_a_damaged_folder_can_be_deleted_too(runs):
    (runs / "broken").mkdir(parents=True)
    (damaged,) = list_runs()
    assert isinstance(damaged, DamagedRun)
    trash.delete(damaged)
    assert list_runs() == [] and trash.deleted() == ["broken"]


def test_a_run_elsewhere_and_a_shipped_one_are_left_alone(tmp_path, monkeypatch):
    run = Run.create("classifier", {}, path=tmp_path / "elsewhere")
    put_status(run, "finished")
    with pytest.raises(UserError, match="delete its folder yourself"):
        trash.delete(run)
    monkeypatch.setattr(folder.weights, "WEIGHTS", tmp_path / "weights")
    shipped = Run.create("classifier", {}, path=folder.shipped_root() / "nin")
    with pytest.raises(UserError, match="only to be read"):
        trash.delete(shipped)
    assert run.path.exists() and shipped.path.exists()


def test_another_run_of_the_name_is_not_overwritten(runs):
    run = digits_run()
    trash.delete(run)
    Run.create("classifier", {}, path=runs / run.id)
    with pytest.raises(UserError, match="again"):
        trash.undelete(run.id)
    with pytest.raises(UserError, match="no deleted run"):
        trash.undelete("../../etc")
