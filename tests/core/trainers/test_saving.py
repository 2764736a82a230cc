"""A checkpoint taken by the clock is written once the next loss is good; one asked for is written at once."""

import pytest

from core.trainers import saving
from core.trainers.saving import CheckpointSaver
from core.trainers.state import Snapshot


class Folder:
    """Stands for a writer: the steps whose states were saved."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def save(self, tensors: dict, state: dict) -> None:
        self.steps.append(state["step"])

    def save_model(self, tensors: dict) -> None:
        pass


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def saver(folder, monkeypatch) -> CheckpointSaver:
    monkeypatch.setattr(saving, "CHECKPOINT_SECONDS", 0.0)
    steps = iter(range(100))
    return CheckpointSaver(folder, lambda: Snapshot({}, {"step": next(steps)}, {}))


def test_a_snapshot_waits_for_the_next_loss(saver, folder):
    saver.take_when_due(doubtful=False)
    assert folder.steps == []
    saver.write_pending(doubtful=False)
    saver.write_pending(doubtful=False)
    assert folder.steps == [0]


def test_a_doubtful_state_replaces_nothing(saver, folder):
    saver.take_when_due(doubtful=True)
    saver.write_pending(doubtful=False)
    saver.take_when_due(doubtful=False)
    saver.write_pending(doubtful=True)
    saver.write_pending(doubtful=False)
    assert folder.steps == []


def test_the_clock_is_kept_unless_it_is_to_be_now(saver, folder, monkeypatch):
    monkeypatch.setattr(saving, "CHECKPOINT_SECONDS", 1000.0)
    saver.take_when_due(doubtful=False)
    saver.write_pending(doubtful=False)
    assert folder.steps == []
    saver.take_when_due(doubtful=False, now=True)
    saver.write_pending(doubtful=False)
    saver.write_now()
    assert folder.steps == [0, 1]
