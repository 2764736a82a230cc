"""The run folder keeps its promises to a reader, whatever became of the writer."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import torch

from core.errors import UserError
from core.runs import run as folder
from core.runs.control import Control
from core.runs.run import DamagedRun, Run, list_runs
from core.runs.status import STALE_SECONDS, Progress
from core.runs.writer import writing


@pytest.fixture(autouse=True)
def runs_root(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def make(**settings) -> Run:
    return Run.create("classifier", settings, name="A run")


def test_a_run_is_found_again_with_what_was_asked_for():
    run = make(epochs=3)
    again = Run.open(run.id)
    assert (again.kind, again.name, again.settings) == ("classifier", "A run", {"epochs": 3})
    assert [found.id for found in list_runs()] == [run.id]
    assert list_runs("pastiche") == []


def test_runs_made_in_the_same_second_do_not_share_a_folder():
    assert len({make().id for _ in range(5)}) == 5


def test_states_from_start_to_finish():
    run = make()
    assert run.status().state == "starting"
    with writing(run) as writer:
        assert run.status().state == "running"
        writer.progress(step=1, steps=2, seconds_left=None)
        time.sleep(0.3)
        writer.progress(step=2)
        assert run.status().progress == Progress(step=2, steps=2)
    assert run.status().state == "finished"


def test_pause_holds_the_training_and_run_lets_it_go_on():
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


WRITE_FOREVER = """
import sys, time
from core.runs.run import Run
from core.runs.writer import writing
with writing(Run.open(sys.argv[1])) as writer:
    step = 0
    while True:
        step += 1
        writer.log({"step": step})
        time.sleep(0.001)
"""


def test_a_killed_process_shows_as_interrupted_within_fifteen_seconds_and_loses_no_row():
    run = make()
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(run.path)])
    deadline = time.monotonic() + 60
    while len(run.metrics()) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = time.monotonic()
    while run.status().state != "interrupted" and time.monotonic() < killed + 15:
        time.sleep(0.05)
    assert run.status().state == "interrupted"
    steps = [row["step"] for row in run.metrics()]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 20


def test_a_silent_process_of_another_machine_shows_as_interrupted():
    for age, state in ((0.0, "running"), (STALE_SECONDS + 1, "interrupted")):
        run = make()
        status = {"state": "running", "host": "elsewhere", "pid": os.getpid(), "heartbeat": time.time() - age}
        (run.path / "status.json").write_text(json.dumps(status))
        assert run.status().state == state


def test_an_unfinished_last_line_waits_and_a_broken_one_is_passed_over():
    run = make()
    (run.path / "metrics.jsonl").write_text('{"step": 1}\nnonsense\n[2]\n{"step": 3}\n{"ste')
    rows, offset = run.metrics_since(0)
    assert rows == [{"step": 1}, {"step": 3}]
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('p": 4}\n')
    assert run.metrics_since(offset)[0] == [{"step": 4}]


def test_a_resumed_writer_starts_on_a_line_of_its_own():
    run = make()
    (run.path / "metrics.jsonl").write_text('{"step": 1}\n{"st')
    with writing(run) as writer:
        writer.log({"step": 2})
    assert run.metrics() == [{"step": 1}, {"step": 2}]


def test_rows_behind_a_checkpoint_are_dropped():
    run = make()
    with writing(run) as writer:
        for step in range(1, 6):
            writer.log({"step": step})
        writer.drop_metrics_after("step", 3)
        writer.log({"step": 4, "loss": float("nan")})
    assert run.metrics() == [{"step": 1}, {"step": 2}, {"step": 3}, {"step": 4, "loss": None}]


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
def test_a_damaged_folder_is_a_sentence_and_breaks_no_other(runs_root, content, sentence):
    healthy = make()
    broken = runs_root / "broken"
    broken.mkdir()
    if content is not None:
        (broken / "run.json").write_text(content)
    with pytest.raises(DamagedRun, match=sentence):
        Run.open("broken")
    assert [run.id for run in list_runs()] == [healthy.id, "broken"]


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


def in_the_background(writer, done: list) -> threading.Thread:
    """A training that counts its steps in `done` until it is stopped."""

    def train():
        while writer.begin_step().command != "stop":
            done.append(len(done))
            time.sleep(0.01)

    thread = threading.Thread(target=train)
    thread.start()
    return thread


def until(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_step_is_taken_once_for_every_time_it_is_asked_for():
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
        assert until(lambda: run.status().state == "paused"), "a step asked of a running training pauses it"
        run.request("stop")
        thread.join(5)
    assert run.status().state == "stopped"


def test_a_step_asked_for_during_an_evaluation_is_the_next_one():
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


def test_a_step_that_nobody_took_is_not_left_to_the_next_process():
    run = make()
    run.request("step")
    with writing(run) as writer:
        assert [writer.begin_step().command for _ in range(3)] == ["run"] * 3
        run.request("step")
        assert writer.begin_step().command == "step"


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


def test_the_last_figures_are_read_from_the_end_of_a_long_history():
    run = make()
    assert run.last("test_error") is None and run.tail() == []
    rows = [{"step": 0, "early": 7.0}]
    rows += [{"step": step, "loss": None, "x": "y" * 80} for step in range(1, 5000)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 9')
    assert run.last("step") == 4999
    assert run.last("early") == 7.0, "however far back it stands"
    assert run.last("loss") is None and run.last("x") is None
    assert run.tail()[0]["step"] > 4000


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


def test_a_run_of_ones_own_goes_before_a_shipped_one_of_the_same_name(shipped, runs_root):
    Run.create("classifier", {}, name="Mine", path=runs_root / "nin_mnist")
    assert [run.name for run in list_runs(shipped=True)] == ["Mine"]
    assert Run.open("nin_mnist").name == "Mine"
