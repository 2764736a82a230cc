"""The one process that writes a run folder: its states, its lock and its checkpoint."""

import pytest
import torch

from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import SilentWriter, writing


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def test_stop_ends_as_stopped_and_does_not_stop_the_next_start():
    run = make()
    with writing(run) as writer:
        run.request("stop")
        assert writer.begin_step().command == "stop"
    assert run.status().state == "stopped"
    with writing(run) as writer:
        assert writer.begin_step().command == "run"


def test_an_error_leaves_its_sentence():
    run = make()
    with pytest.raises(UserError), writing(run):
        raise UserError("The data are not there.")
    status = run.status()
    assert (status.state, status.message) == ("failed", "The data are not there.")


def test_only_one_process_writes():
    run = make()
    with writing(run), pytest.raises(UserError, match="Another process"), writing(Run.open(run.path)):
        pass
    assert run.status().state == "finished"


def test_checkpoint_and_state_return_as_they_went():
    run = make()
    assert run.checkpoint() is None
    with writing(run) as writer:
        writer.save({"w": torch.arange(3.0)}, {"step": 7})
    found = run.checkpoint()
    assert found is not None
    tensors, state = found
    assert torch.equal(tensors["w"], torch.arange(3.0))
    assert state == {"step": 7}


def test_name_and_note_are_kept_apart_from_what_the_training_writes():
    run = make()
    watched = Run.open(run.path)
    with writing(run) as writer:
        watched.rename("  Wide \n and deep ")
        watched.set_note("Too wide?\n")
        writer.facts(parameters=3)
    again = Run.open(run.path)
    assert (again.name, again.note, again.data) == ("Wide and deep", "Too wide?", {"parameters": 3})
    for name in ("", " \n", "x" * 121):
        with pytest.raises(UserError, match="1 to 120 characters"):
            run.rename(name)
    with pytest.raises(UserError, match="at most 4,000"):
        run.set_note("x" * 4001)


def test_a_silent_writer_leaves_the_folder_as_it_is():
    run = make()
    run.request("pause")
    before = sorted(path.name for path in run.path.iterdir())
    writer = SilentWriter(run)
    writer.log({"step": 1})
    writer.facts(parameters=3)
    writer.save({"w": torch.zeros(1)}, {})
    writer.save_model({"w": torch.zeros(1)})
    assert writer.begin_step().command == writer.wait_while_paused().command == "run", (
        "only the leader applies requests"
    )
    assert sorted(path.name for path in run.path.iterdir()) == before
