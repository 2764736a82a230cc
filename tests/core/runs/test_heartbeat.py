"""Clocks that jump: a living run stays alive, a dead one does not live for ever."""

import json
import os
import time

import pytest

from core.runs import heartbeat, status
from core.runs.run import Run


class Clocks:
    """The wall clock and the clock of the boot, both set by a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.wall, self.boot = 1.7e9, 1000.0
        monkeypatch.setattr(heartbeat.time, "time", lambda: self.wall)
        monkeypatch.setattr(heartbeat.time, "monotonic", lambda: self.boot)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


@pytest.fixture
def clocks(monkeypatch):
    monkeypatch.setattr(heartbeat, "_seen", {})
    return Clocks(monkeypatch)


def beat(run: Run, **changes) -> None:
    """Write what a training of `run` in this process would write now."""
    status = {"state": "running", "message": "", "pid": os.getpid(), "progress": {}, **heartbeat.stamp(), **changes}
    (run.path / "status.json").write_text(json.dumps(status))


@pytest.mark.parametrize("jump", [-86400.0, -60.0, 60.0, 86400.0])
@pytest.mark.parametrize("seen_before", [True, False])
def test_on_the_same_machine_a_jump_changes_nothing(clocks, jump, seen_before):
    run = Run.create("classifier", {})
    beat(run)
    if seen_before:
        run.status()
    clocks.wall += jump
    assert run.status().state == "running"
    clocks.pass_by(status.STALE_SECONDS + 1)
    assert run.status().state == "interrupted"


@pytest.mark.parametrize("jump", [-86400.0, 86400.0])
def test_on_another_machine_a_beat_that_changes_is_alive_and_one_that_does_not_is_dead(clocks, jump):
    run = Run.create("classifier", {})
    elsewhere = {"boot": "another", "host": "elsewhere"}
    beat(run, **elsewhere)
    assert run.status().state == "running"
    clocks.wall += jump
    assert run.status().state == "running"
    for _ in range(5):  # it goes on: its clock, that did not jump, says something else than ours
        clocks.pass_by(2)
        beat(run, **elsewhere, heartbeat=clocks.wall - jump)
        assert run.status().state == "running"
    clocks.pass_by(status.STALE_SECONDS + 1)
    assert run.status().state == "interrupted"


def test_a_beat_from_the_future_does_not_keep_a_dead_run_alive(clocks):
    """The clock was set back after the process of another machine, or of an older version, had died."""
    run = Run.create("classifier", {})
    beat(run, boot="another", host="elsewhere", heartbeat=clocks.wall + 3600)
    assert run.status().state == "running"
    clocks.pass_by(status.STALE_SECONDS + 1)
    assert run.status().state == "interrupted"


def test_an_old_beat_of_another_machine_is_dead_at_first_sight(clocks):
    run = Run.create("classifier", {})
    beat(run, boot="another", host="elsewhere", heartbeat=clocks.wall - 3600)
    assert run.status().state == "interrupted"


def test_the_stamp_of_an_earlier_boot_is_compared_with_the_wall_clock(clocks):
    run = Run.create("classifier", {})
    beat(run, boot="an earlier one", monotonic=clocks.boot + 99, heartbeat=clocks.wall - 100)
    assert run.status().seconds_since_heartbeat == pytest.approx(100)


def test_the_clocks_are_real():
    stamp = heartbeat.stamp(5.0)
    assert heartbeat.age("x", stamp) == pytest.approx(5.0, abs=1.0)
    assert stamp["heartbeat"] == pytest.approx(time.time() - 5.0, abs=1.0)
