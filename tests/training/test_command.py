"""What the training commands share: where a run of some name is, and what resuming it may change."""

import argparse

import pytest
import torch

from core.errors import UserError
from core.runs.run import Run, root
from core.trainers.parallel import Team
from training import classifier, command, iterative, loss_network, pastiche


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A current folder that is not that of the runs."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_a_bare_name_is_a_run_among_the_runs_and_anything_else_a_path(tmp_path, here):
    assert command.run_path("mine") == root() / "mine"
    assert command.run_path("./mine").resolve() == here / "mine"
    assert command.run_path(str(tmp_path / "mine")) == tmp_path / "mine"
    Run.create("classifier", {}, path=root() / "mine")
    assert command.run_path("mine") == root() / "mine"


def test_a_run_in_the_current_folder_is_resumed_by_its_name(here):
    Run.create("classifier", {}, path=here / "old")
    assert command.run_path("old").resolve() == here / "old"


def test_a_classifier_of_a_bare_name_is_made_and_found_among_the_runs(here):
    parser = classifier.arguments()
    made = classifier.find_run(parser.parse_args(["--dataset", "digits", "--model", "baseline", "--run", "mine"]))
    assert made.path == root() / "mine"
    assert classifier.find_run(parser.parse_args(["--run", "mine"])).path == root() / "mine"
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("training", [iterative, loss_network, pastiche])
def test_every_other_training_makes_and_finds_it_there_too(training):
    options = training.arguments().parse_args(["--run", "mine"])
    path = command.find_run(options, lambda options, path: path, lambda options, path: None)
    assert path == root() / "mine"
    Run.create("classifier", {}, path=path)
    assert command.find_run(options, lambda options, path: None, lambda options, path: path) == path


def test_only_the_steps_of_a_run_may_change():
    run = Run.create("some", {"steps": 3, "rate": 0.5, "folder": "photos"})
    recipe = lambda settings: argparse.Namespace(**settings)  # noqa: E731
    assert command.resumed(run, {"rate": 0.5}, recipe).settings["steps"] == 3
    run.data = {"steps": 5}  # its last process was started with more
    assert command.resumed(run, {}, recipe).settings["steps"] == 5
    assert command.resumed(run, {"steps": 7}, recipe).settings == {"steps": 7, "rate": 0.5, "folder": "photos"}
    with pytest.raises(UserError, match=r"was started with rate 0\.5, not 0\.25; leave the option out"):
        command.resumed(run, {"rate": 0.25}, recipe)


def test_an_interruption_prints_how_to_resume(capsys):
    def interrupted(run: Run, team: Team) -> None:
        raise KeyboardInterrupt

    run = Run.create("some", {})
    parser = argparse.ArgumentParser(prog="python -m some")
    command.add_arguments(parser)
    arguments = ["--resume", run.id, "--threads", str(torch.get_num_threads())]
    open_run = lambda options, name: Run.open(name)  # noqa: E731
    assert command.carry_out(parser, arguments, open_run, open_run, interrupted) == 130
    assert f"resume with: python -m some --run {run.path}" in capsys.readouterr().err
