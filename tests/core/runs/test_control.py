"""Requests to a training: pause, single steps, stop, and values."""

import threading
import time

import pytest

from core.errors import UserError
from core.runs.control import Control
from core.runs.run import Run
from core.runs.writer import writing
from tests.runs_on_disk import until


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def in_the_background(writer, done: list) -> threading.Thread:
    """A training that counts its steps in `done` until it is stopped."""

    def train():
        while writer.begin_step().command != "stop":
            done.append(len(done))
            time.sleep(0.01)

    thread = threading.Thread(target=train)
    thread.start()
    return thread


def test_pause_stops_between_steps_and_run_continues():
    run = make()
    saved = []
    with writing(run) as writer:
        run.request("pause")
        thread = threading.Thread(target=lambda: saved.append(writer.begin_step(lambda: saved.append("checkpoint"))))
        thread.start()
        deadline = time.monotonic() + 5
        while run.status().state != "paused" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert run.status().state == "paused"
        run.request("run", learning_rate=0.5)
        thread.join(5)
        assert run.status().state == "running"
    assert saved[0] == "checkpoint"
    assert saved[1].values == {"learning_rate": 0.5}


def test_an_unknown_request_is_refused():
    with pytest.raises(UserError, match="cannot dance"):
        make().request("dance")


def test_requests_merge_their_values_and_none_takes_one_away():
    run = make()
    run.request("run", rate_factor=0.5, other=1)
    run.request("pause")
    assert run.control() == Control("pause", {"rate_factor": 0.5, "other": 1})
    run.request("run", other=None, rate_factor=2.0)
    assert run.control() == Control("run", {"rate_factor": 2.0})
    with writing(run) as writer:
        assert writer.begin_step().values == {"rate_factor": 2.0}, "a new process goes on with them"


def test_a_single_step_is_taken_once_for_each_request():
    run = make()
    done: list[int] = []
    with writing(run) as writer:
        run.request("pause")
        thread = in_the_background(writer, done)
        assert until(lambda: run.status().state == "paused")
        before = len(done)
        run.request("step")
        assert until(lambda: len(done) == before + 1)
        assert until(lambda: run.status().state == "paused")
        for _ in range(3):  # faster than the steps are taken, and nobody watches
            run.request("step")
        assert until(lambda: len(done) == before + 4)
        time.sleep(0.3)
        assert len(done) == before + 4 and run.status().state == "paused"
        run.request("run")
        assert until(lambda: len(done) > before + 6)
        run.request("step")
        assert until(lambda: run.status().state == "paused"), "a single step requested of a running training pauses it"
        run.request("stop")
        thread.join(5)
    assert run.status().state == "stopped"


def test_a_single_step_requested_during_an_evaluation_is_the_next_step():
    run = make()
    with writing(run) as writer:
        run.request("pause")
        thread = threading.Thread(target=writer.wait_while_paused)
        thread.start()
        assert until(lambda: run.status().state == "paused")
        run.request("step")
        thread.join(5)
        assert not thread.is_alive()
        assert writer.begin_step().command == "step"
        thread = threading.Thread(target=writer.begin_step)
        thread.start()
        assert until(lambda: run.status().state == "paused"), "and it is one step"
        run.request("stop")
        thread.join(5)


def test_a_pending_single_step_is_not_left_to_the_next_process():
    run = make()
    run.request("step")
    with writing(run) as writer:
        assert [writer.begin_step().command for _ in range(3)] == ["run"] * 3
        run.request("step")
        assert writer.begin_step().command == "step"
