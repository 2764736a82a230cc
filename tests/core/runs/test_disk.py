"""A disk that is full, read-only or shared: a training waits or says so, and loses nothing but the unfinished step."""

import errno
import json
import os
import subprocess
import sys
import threading

import pytest
import torch

from core.errors import UserError
from core.runs import files, job, status_writer
from core.runs import run as folder
from core.runs import writer as writer_module
from core.runs.control import Control
from core.runs.run import Run, list_runs
from core.runs.writer import writing
from tests.runs_on_disk import until

pytestmark = pytest.mark.slow

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def run() -> Run:
    return Run.create("classifier", {}, name="A run")


class Disk:
    """Where every write of lines, of weights and of whole files fails as long as it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.full = False
        for owner, name in ((files.Lines, "flush"), (folder.weights, "write"), (files, "replace")):
            monkeypatch.setattr(owner, name, self._unless_full(getattr(owner, name)))
        monkeypatch.setattr(writer_module, "ROOM_SECONDS", 0.02)

    def _unless_full(self, write):
        def attempt(*arguments):
            if self.full:
                raise FULL
            return write(*arguments)

        return attempt


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def test_rows_that_find_no_room_are_written_later_and_in_order(run, disk):
    with writing(run) as writer:
        writer.log({"step": 1})
        disk.full = True
        writer.log({"step": 2})
        writer.log({"step": 3})
        assert [row["step"] for row in run.metrics()] == [1]
        disk.full = False
        writer.log({"step": 4})
    assert [row["step"] for row in run.metrics()] == [1, 2, 3, 4]


def test_a_checkpoint_waits_for_room_and_the_run_says_so(run, disk):
    done = threading.Event()
    with writing(run) as writer:
        writer.message("The learning rate was lowered.")
        writer.save({"w": torch.zeros(2)}, {"step": 1})
        writer.log({"step": 1})
        disk.full = True
        writer.log({"step": 2})

        def save():
            writer.save({"w": torch.ones(2)}, {"step": 2})
            done.set()

        thread = threading.Thread(target=save)
        thread.start()
        assert until(lambda: run.status().state == "paused"), "the status is written on a full disk too"
        assert "disk is full" in run.status().message
        assert run.checkpoint()[1] == {"step": 1}, "the last good checkpoint stays"
        assert not done.is_set()
        disk.full = False
        thread.join(10)
        assert (run.status().state, run.status().message) == ("running", "The learning rate was lowered.")
    assert run.checkpoint()[1] == {"step": 2}
    assert [row["step"] for row in run.metrics()] == [1, 2]
    assert run.status().state == "finished"


def test_a_stop_ends_the_wait_for_room_and_keeps_the_last_checkpoint(run, disk):
    with writing(run) as writer:
        writer.save({"w": torch.zeros(2)}, {"step": 1})
    run.request("stop")
    with pytest.raises(UserError, match="cannot be written"), writing(run) as writer:
        run.request("stop")
        disk.full = True
        writer.save({"w": torch.ones(2)}, {"step": 2})
    disk.full = False
    assert run.checkpoint()[1] == {"step": 1}
    assert run.status().state == "failed" and "mend that and resume" in run.status().message


def test_the_heartbeat_goes_on_while_the_disk_is_full(run, disk, monkeypatch):
    monkeypatch.setattr(status_writer, "HEARTBEAT_SECONDS", 0.02)
    with writing(run) as writer:
        disk.full = True
        writer.progress(step=1)
        before = json.loads((run.path / "status.json").read_text())["heartbeat"]
        assert until(lambda: json.loads((run.path / "status.json").read_text())["heartbeat"] > before)
        disk.full = False


@pytest.mark.parametrize("longer", [True, False])
def test_a_file_is_overwritten_in_its_place_by_a_longer_or_a_shorter_one(tmp_path, longer):
    path = tmp_path / "status.json"
    path.write_text(json.dumps({"x": "y" * (10 if longer else 1000)}))
    files.overwrite_json(path, {"message": "z" * 100})
    assert json.loads(path.read_text()) == {"message": "z" * 100}


def test_a_control_that_cannot_be_written_is_a_sentence(run, disk):
    disk.full = True
    for change in (lambda: run.request("stop"), lambda: run.rename("x"), lambda: run.set_note("x")):
        with pytest.raises(UserError, match="cannot be written .No space left"):
            change()
    disk.full = False
    assert run.control() == Control("run", {}) and Run.open(run.path).name == "A run"


LIMITED = """
import resource, signal, sys, torch
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import writing
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with writing(Run.open(sys.argv[1])) as writer:
    writer.log({"step": 1})
    writer.save({"w": torch.zeros(10)}, {"step": 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    writer.log({"step": 2})
    writer.save({"w": torch.zeros(10_000)}, {"step": 2})
"""


def test_a_checkpoint_larger_than_may_be_written_fails_by_its_sentence_and_keeps_the_last(run):
    process = subprocess.run(
        [sys.executable, "-c", LIMITED, str(run.path)], capture_output=True, text=True, timeout=120
    )
    assert "UserError: The run folder" in process.stderr
    status = run.status()
    assert status.state == "failed" and "File too large" in status.message
    assert run.checkpoint()[1] == {"step": 1}
    assert [row["step"] for row in run.metrics()] == [1, 2]
    assert not [path.name for path in run.path.iterdir() if path.name.endswith(".part")]


def test_a_read_only_folder_is_read_and_every_change_is_a_sentence(run, monkeypatch):
    with writing(run) as writer:
        writer.log({"step": 1})

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(files, "replace", refuse)
    monkeypatch.setattr(writer_module.filelock.FileLock, "acquire", refuse)
    (listed,) = list_runs()
    assert isinstance(listed, Run)
    assert (listed.status().state, listed.metrics()) == ("finished", [{"step": 1}])
    for change in (
        lambda: run.request("stop"),
        lambda: run.rename("x"),
        writing(run).__enter__,
        lambda: job.start(run),
    ):
        with pytest.raises(UserError, match="Read-only file system"):
            change()


def test_a_writer_that_cannot_begin_lets_the_lock_go(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(files.Lines, "__init__", lambda *_: (_ for _ in ()).throw(FULL))
        with pytest.raises(UserError, match="No space left"), writing(run):
            pass
    with writing(run):
        pass
    assert run.status().state == "finished"


HOLD = """
import sys
from core.runs.run import Run
from core.runs.writer import writing
with writing(Run.open(sys.argv[1])) as writer:
    writer.log({"step": 1})
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_of_two_processes_on_one_folder_the_second_changes_nothing(run):
    command = [sys.executable, "-c", HOLD, str(run.path)]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None and first.stdout.readline() == "writing\n"
    second = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert "Another process is training" in second.stderr
    assert run.status().state == "running"
    assert json.loads((run.path / "status.json").read_text())["pid"] == first.pid
    first.communicate(timeout=60)
    assert run.status().state == "finished"
    assert run.metrics() == [{"step": 1}]


def test_a_lock_that_a_killed_process_left_behind_holds_up_nobody(run):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    process.kill()
    process.wait()
    assert (run.path / ".writer.lock").exists()
    with writing(run) as writer:
        writer.log({"step": 2})
    assert [row["step"] for row in run.metrics()] == [1, 2]


def test_a_folder_of_version_1_is_read_with_all_it_holds(runs):
    """As Atelier wrote it before it knew of queues, notes and single steps."""
    old = _old_folder(runs, "version-1")
    run = Run.open("version-1")
    assert (run.name, run.kind, run.created) == ("BN-NiN on digits", "classifier", "2026-11-23T10:56:51+00:00")
    assert run.settings["recipe"]["learning_rate"] == 0.1 and run.data["held_out"] == "test"
    assert run.status().state == "finished" and run.status().progress.step == 44
    assert (run.last("test_error"), run.control(), run.note) == (12.5, Control("pause", {"learning_rate": 0.5}), "")
    run.rename("Renamed")
    run.request("run", rate_factor=0.5)
    assert run.control() == Control("run", {"learning_rate": 0.5, "rate_factor": 0.5})
    with writing(run) as writer:
        writer.facts(parameters=1)
    assert json.loads((old / "run.json").read_text())["name"] == "BN-NiN on digits"


def test_a_folder_with_fields_missing_and_unknown_ones_is_read_and_keeps_those(runs):
    old = _old_folder(runs, "older", drop=("name", "created", "data"), lab="Bldg 3")
    (old / "status.json").write_text('{"state": "dreaming", "colour": "blue"}')
    run = Run.open("older")
    assert (run.name, run.created, run.data) == ("older", "", {})
    assert run.status().state in ("starting", "interrupted")
    assert [run.id for run in list_runs()] == ["older"]
    with writing(run) as writer:
        writer.facts(parameters=1)
    saved = json.loads((old / "run.json").read_text())
    assert (saved["lab"], saved["data"]) == ("Bldg 3", {"parameters": 1})


def _old_folder(runs, name: str, drop: tuple[str, ...] = (), **more):
    record = {
        "version": 1,
        "kind": "classifier",
        "name": "BN-NiN on digits",
        "created": "2026-11-23T10:56:51+00:00",
        "settings": {
            "dataset": "digits",
            "model": "bn_nin",
            "recipe_name": "quick",
            "recipe": {"optimizer": "nesterov", "learning_rate": 0.1, "epochs": 2, "batch_size": 32, "augment": False},
            "seed_initialisation": 0,
            "seed_order": 0,
            "seed_noise": 0,
            "precision": "auto",
            "threads": 1,
        },
        "data": {"model": "bn_nin", "dataset": "digits", "held_out": "test", "steps": 88, "parameters": 358228},
    }
    status = {
        "state": "finished",
        "message": "",
        "pid": 4194303,
        "host": "elsewhere",
        "progress": {"step": 44, "steps": 88, "epoch": 1.0, "epochs": 2},
        "heartbeat": 1795431411.5,
    }
    path = runs / name
    os.makedirs(path)
    (path / "run.json").write_text(json.dumps({key: record[key] for key in record if key not in drop} | more))
    (path / "status.json").write_text(json.dumps(status))
    (path / "control.json").write_text('{"command": "pause", "values": {"learning_rate": 0.5}}')
    (path / "metrics.jsonl").write_text('{"step": 44, "epoch": 1.0, "train_error": 20.0, "test_error": 12.5}\n')
    return path
