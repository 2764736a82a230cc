"""A training that has diverged is told from one that has a bad moment, or a slow start."""

import math

import pytest

from core.trainers.divergence import Watch

KNOWS_NOTHING = math.log(10)


def verdicts(losses: list[float], watch: Watch | None = None) -> list[int]:
    """The steps at which something was found wrong."""
    watch = watch or Watch(10)
    return [step for step, loss in enumerate(losses) if watch.see(loss)]


@pytest.mark.parametrize(
    "losses",
    [
        [2.4] * 300,  # a plateau at the start
        [60.0 - 0.1 * step for step in range(500)],  # weights that are far off, and a low rate
        [2.3, 5000.0, 90.0, 20.0, 8.0, 5.0, *[2.5] * 60, *[0.5] * 200],  # a kick at the start
        [*[0.3] * 200, *[8.0] * 30, *[0.3] * 200],  # a bad moment
        [*[0.3] * 200, *[2.0, 2.6] * 40, *[0.4] * 200],  # a worse one
        [1e-7] * 400 + [0.5] * 400,  # overfitted, and then a harder batch after the other
    ],
)
def test_what_passes_is_no_divergence(losses):
    assert verdicts(losses) == []


@pytest.mark.parametrize(
    ("losses", "at", "words"),
    [
        ([2.3, float("nan")], 1, "no longer a number"),
        ([2.3, float("inf")], 1, "no longer a number"),
        ([2.3, 1.0, *[2400.0] * 20], 11, "leapt to 2.4e"),
        ([2.3] * 20 + [40.0] * 60, 69, "grown to 40, from 2.3"),
        ([2.3 * 1.2**step for step in range(90)], 47, "leapt"),
        ([0.4] * 60 + [2.31] * 120, 159, "forgotten"),
    ],
)
def test_what_does_not_pass_is_one(losses, at, words):
    watch = Watch(10)
    faults = [watch.see(loss) for loss in losses]
    first = next(step for step, sentence in enumerate(faults) if sentence)
    assert (first, words in faults[first]) == (at, True), faults[first]


def test_a_resumed_watch_goes_on_where_it_was():
    losses = [2.3] * 20 + [40.0] * 60
    first = Watch(10)
    assert verdicts(losses[:40], first) == []
    assert verdicts(losses[40:], Watch(10, first.state())) == verdicts(losses)[:0] + [29, *range(30, 40)]


def test_a_bad_loss_is_doubtful_until_it_is_better():
    watch = Watch(10)
    doubtful = []
    for loss in (2.3, 0.5, 3.0, 30.0, 4.0, 1.0):
        watch.see(loss)
        doubtful.append(watch.doubtful)
    assert doubtful == [False, False, False, True, True, False]
