"""The clock of a training: what it counts, and what it knows after a resumption."""

from types import SimpleNamespace

import pytest

from core.style import clock
from core.style.clock import Clock


@pytest.fixture
def passing(monkeypatch):
    """A time that passes only by calls."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_only_steps_count(passing):
    ours = Clock()
    assert (ours.speed, ours.left(3), ours.row()) == (0.0, None, {"seconds": 0.0})
    for _ in range(2):
        with ours.step():
            passing.seconds += 2.0
        passing.seconds += 50.0  # a pause
    assert (ours.speed, ours.left(3), ours.row()) == (0.5, 6.0, {"seconds": 4.0})


def test_a_resumed_training_goes_on_counting_and_is_as_fast_as_it_is_here(passing):
    ours = Clock()
    ours.restore({"step": 10, "seconds": 40.0})
    with ours.step():
        passing.seconds += 1.0
    assert (ours.speed, ours.row()) == (1.0, {"seconds": 41.0})


def test_a_checkpoint_that_does_not_say_leaves_the_time_unknown(passing):
    ours = Clock()
    ours.restore({"step": 10})
    with ours.step():
        passing.seconds += 1.0
    assert (ours.speed, ours.row()) == (1.0, {})
    ours.restore({"step": 0})
    assert ours.row() == {"seconds": 0.0}
