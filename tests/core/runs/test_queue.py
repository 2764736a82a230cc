"""The queue: one training at a time on a small machine, however many processes start and end."""

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from core.errors import UserError
from core.runs import job, queue, trash
from core.runs.run import Run
from core.runs.status import START_SECONDS
from tests.runs_on_disk import put_status

SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """The runs that were started, in order; their processes are this one."""
    runs: list[str] = []

    def start(run: Run) -> int:
        runs.append(run.name)
        run.report("starting", pid=os.getpid())
        return os.getpid()

    monkeypatch.setenv("ATELIER_JOBS", "1")
    monkeypatch.setattr(job, "start", start)
    return runs


def make(name: str) -> Run:
    return Run.create("classifier", {}, name=name)


def submitted(*names: str) -> list[Run]:
    runs = [make(name) for name in names]
    for run in runs:
        queue.submit(run)
    return runs


def line() -> list[str]:
    return [run.name for run in queue.waiting()]


def test_the_first_starts_and_the_others_wait_in_order(started):
    runs = [make(name) for name in "abc"]
    assert [queue.submit(run) for run in runs] == [True, False, False]
    assert (started, line()) == (["a"], ["b", "c"])
    assert [run.status().state for run in runs] == ["starting", "queued", "queued"]
    assert runs[1].status().under_way and not runs[1].status().alive
    assert queue.advance() == []
    put_status(runs[0], "finished")
    assert [run.name for run in queue.advance()] == ["b"]
    assert (started, line()) == (["a", "b"], ["c"])


def test_a_run_submitted_while_others_wait_is_placed_last(started):
    a, *_ = submitted("a", "b")
    put_status(a, "finished")
    assert not queue.submit(make("c"))
    assert (started, line()) == (["a", "b"], ["c"])


def test_submitting_twice_keeps_the_place_and_a_living_run_is_not_started_again(started):
    a, b, _ = submitted("a", "b", "c")
    assert not queue.submit(b)
    assert line() == ["b", "c"]
    with pytest.raises(UserError, match="starting already"):
        queue.submit(a)
    assert started == ["a"]


def test_a_paused_training_keeps_its_slot(started):
    a, _ = submitted("a", "b")
    put_status(a, "paused")
    queue.advance()
    assert (started, line()) == (["a"], ["b"])


def test_a_killed_training_gives_its_slot_to_the_next(started):
    a, _ = submitted("a", "b")
    process = subprocess.Popen(SLEEPER)
    put_status(a, "running")
    status = json.loads((a.path / "status.json").read_text())
    (a.path / "status.json").write_text(json.dumps(status | {"pid": process.pid}))
    assert queue.advance() == []
    process.kill()
    process.wait()
    assert [run.name for run in queue.advance()] == ["b"]
    assert a.status().state == "interrupted"


def test_the_queue_is_read_by_another_process(started):
    """Nothing of it is in memory alone: another process reads the same queue."""
    submitted("a", "b", "c")
    code = "from core.runs import queue; print([run.name for run in queue.waiting()])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert seen.stdout.strip() == "['b', 'c']", seen.stderr


def test_two_that_advance_at_once_start_one_run(started, monkeypatch):
    (a, *_) = submitted("a", "b", "c")
    put_status(a, "finished")
    both = threading.Barrier(2)
    look = queue.waiting
    seen = threading.local()

    def waiting():
        line = look()
        if not hasattr(seen, "before"):
            seen.before = True
            both.wait(10)  # both have seen the same line before either holds the lock
        return line

    monkeypatch.setattr(queue, "waiting", waiting)
    threads = [threading.Thread(target=queue.advance) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert started == ["a", "b"]


def test_sooner_later_and_cancel(started):
    _, b, c, d = submitted("a", "b", "c", "d")
    queue.sooner(d)
    assert line() == ["b", "d", "c"]
    queue.later(b)
    assert line() == ["d", "b", "c"]
    queue.sooner(d)
    queue.later(c)
    assert line() == ["d", "b", "c"]
    queue.cancel(d)
    assert line() == ["b", "c"]
    assert d.status().state == "stopped" and "out of the queue" in d.status().message
    queue.sooner(d)
    assert line() == ["b", "c"]
    queue.submit(d)
    assert line() == ["b", "c", "d"]


def test_a_deleted_run_leaves_the_queue_and_comes_back_without_starting(started):
    a, b, c = submitted("a", "b", "c")
    trash.delete(b)
    shutil.rmtree(c.path)
    put_status(a, "finished")
    assert queue.advance() == []
    trash.undelete(b.id)
    assert queue.advance() == []
    assert b.status().state == "stopped"


def test_a_run_that_cannot_be_started_fails_and_holds_up_nobody(started, monkeypatch):
    a, b, c = submitted("a", "b", "c")
    well = job.start

    def start(run: Run) -> int:
        if run.name == "b":
            raise UserError("There is no room for its log.")
        return well(run)

    monkeypatch.setattr(job, "start", start)
    put_status(a, "finished")
    assert [run.name for run in queue.advance()] == ["c"]
    assert (b.status().state, b.status().message) == ("failed", "There is no room for its log.")


def test_a_damaged_folder_does_not_hold_up_the_queue(started, runs):
    a, _ = submitted("a", "b")
    (runs / "broken").mkdir()
    put_status(a, "finished")
    assert [run.name for run in queue.advance()] == ["b"]


def test_resume_lifts_a_pause_and_submits_what_has_no_process(started):
    a, b = submitted("a", "b")
    a.request("pause")
    put_status(a, "paused")
    assert queue.resume(a)
    assert a.control().command == "run"
    put_status(b, "interrupted")
    assert not queue.resume(b)
    assert line() == ["b"]


def test_restart_makes_a_new_run_that_waits_for_the_old_one_to_stop(started):
    (a,) = submitted("a")
    fresh = queue.restart(a)
    assert (a.control().command, fresh.status().state) == ("stop", "queued")
    put_status(a, "stopped")
    queue.advance()
    assert fresh.status().state == "starting"


def test_a_queued_run_does_not_go_stale(started, monkeypatch):
    _, b = submitted("a", "b")
    put_status(b, "queued", age=10 * START_SECONDS)
    assert b.status().state == "queued"


@pytest.mark.parametrize(("cores", "jobs", "slots"), [(2, "", 1), (7, "x", 1), (8, "", 2), (2, "3", 3), (2, "0", 1)])
def test_slots(monkeypatch, cores, jobs, slots):
    monkeypatch.setenv("ATELIER_JOBS", jobs)
    monkeypatch.setattr(queue.hardware, "cores", lambda: cores)
    assert queue.slots() == slots


def test_a_root_that_cannot_be_written_is_a_sentence_and_advance_passes_over_it(started, monkeypatch):
    a, _ = submitted("a", "b")
    put_status(a, "finished")

    def acquire(self, *_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(queue.filelock.FileLock, "acquire", acquire)
    assert queue.advance() == []
    with pytest.raises(UserError, match="make the folder writable"):
        queue.submit(make("c"))
