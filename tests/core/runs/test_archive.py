"""Runs are exported as CSV, TensorBoard events and .zip, and imported within limits, overwriting nothing."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
import torch

from core import weights
from core.errors import UserError
from core.runs import archive
from core.runs.run import Run, list_runs
from core.runs.status import Progress
from core.runs.writer import writing
from tests.runs_on_disk import digits_run, put_status


@pytest.fixture
def run() -> Run:
    run = Run.open(digits_run().path)
    run.rename("Named")
    run.set_note("Why not?")
    with writing(run) as writer:
        writer.save({"w": torch.ones(3)}, {"step": 44})
        writer.save_model({"w": torch.zeros(3)})
        writer.preview("step-44", b"jpeg")
        writer.save_epoch(0, {"w": torch.ones(3)})
    return run


def packed(entries: dict[str, bytes | str]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    file.seek(0)
    return file


RECORD = '{"version": 1, "kind": "classifier", "name": "x", "created": "", "settings": {}, "data": {}}'


def test_an_imported_run_is_whole_and_stands_beside_the_original(run):
    again = archive.import_zip(io.BytesIO(archive.export_zip(run, resumable=True)))
    assert again.id == f"{run.id}-2" and again.path != run.path
    assert (again.name, again.note, again.settings, again.data) == ("Named", "Why not?", run.settings, run.data)
    assert again.metrics() == run.metrics()
    assert again.status().state == "finished"
    assert again.checkpoint()[1] == {"step": 44}
    assert again.model_path() is not None and [path.name for path in again.previews()] == ["step-44.jpg"]
    assert len(list_runs()) == 2
    assert not list(run.path.parent.glob(".import-*"))


def test_a_checkpoint_is_exported_only_where_the_run_is_to_be_resumed(run):
    names = zipfile.ZipFile(io.BytesIO(archive.export_zip(run))).namelist()
    inside = {name.removeprefix(f"{run.id}/") for name in names}
    assert inside >= {"run.json", "status.json", "note.json", "metrics.jsonl", "model.safetensors"}
    assert not inside & {"checkpoint.safetensors", "log.txt", ".writer.lock"}


def test_weights_of_epochs_are_exported_on_request(run):
    assert archive.import_zip(io.BytesIO(archive.export_zip(run))).epoch_weights() == {}
    again = archive.import_zip(io.BytesIO(archive.export_zip(run, epochs=True)))
    assert list(again.epoch_weights()) == [0] and weights.read(again.epoch_weights()[0])["w"].tolist() == [1, 1, 1]
    with pytest.raises(UserError, match="damaged"):
        archive.import_zip(packed({"run.json": RECORD, "epochs/3.safetensors": "no weights"}))


def test_a_run_that_was_under_way_is_imported_as_stopped(run):
    put_status(run, "running", step=3)
    again = archive.import_zip(io.BytesIO(archive.export_zip(run)))
    assert again.status().state == "stopped" and "resume goes on" in again.status().message
    assert again.status().progress == Progress(step=3)
    assert "pid" not in json.loads((again.path / "status.json").read_text())


def test_a_zip_without_a_folder_is_imported_too():
    again = archive.import_zip(packed({"run.json": RECORD, "metrics.jsonl": '{"step": 1}\n'}))
    assert (again.id, again.metrics(), again.status().state) == ("imported", [{"step": 1}], "stopped")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"x.txt": "x"}, "does not hold one run"),
        ({"a/run.json": RECORD, "b/run.json": RECORD}, "does not hold one run"),
        ({"a/run.json": RECORD, "../evil.txt": "x"}, "no file of a run"),
        ({"a/run.json": RECORD, "a/../../evil.json": "x"}, "no file of a run"),
        ({"a/run.json": RECORD, "/etc/passwd": "x"}, "no file of a run"),
        ({"a/run.json": RECORD, "a/previews/../../x.jpg": "x"}, "no file of a run"),
        ({"../run.json": RECORD, "../status.json": "{}", "../x/run.json": "{}"}, "no file of a run"),
        ({"a/run.json": RECORD, "a/log.txt": "x"}, "no file of a run"),
        ({"a/run.json": "{"}, "cannot be read"),
        ({"a/run.json": RECORD.replace('"settings": {}', '"settings": 3')}, "'settings' is missing"),
        ({"a/run.json": RECORD.replace(": 1", ": 9")}, "newer Atelier"),
        ({"a/run.json": RECORD, "a/note.json": "x" * 1_100_000}, "larger than 1 MB"),
        ({"a/run.json": RECORD, "a/model.safetensors": "x"}, "cannot be read"),
    ],
)
def test_anything_else_is_refused_and_leaves_nothing(runs: Path, entries, sentence):
    with pytest.raises(UserError, match=sentence):
        archive.import_zip(packed(entries))
    assert [path.name for path in runs.iterdir()] == []
    assert not list(runs.parent.rglob("evil*"))


def test_a_folder_name_with_dots_cannot_leave_the_runs(runs: Path):
    again = archive.import_zip(packed({"../run.json": RECORD}))
    assert again.path.parent == runs and again.id == "imported"


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", "cut"])
def test_a_broken_zip_is_a_sentence(runs: Path, run, content):
    if content == "cut":
        content = archive.export_zip(run)[:-40]
    with pytest.raises(UserError, match="no .zip of a run, or is damaged"):
        archive.import_zip(io.BytesIO(content))
    assert len(list_runs()) == 1


def test_a_zip_whose_data_is_damaged_is_a_sentence(run):
    whole = bytearray(archive.export_zip(run))
    for place in range(60, 200):
        whole[place] ^= 0x55
    with pytest.raises(UserError):
        archive.import_zip(io.BytesIO(bytes(whole)))
    assert len(list_runs()) == 1


def test_csv_holds_every_row_of_every_run(run):
    other = Run.create("classifier", {})
    with writing(other) as writer:
        writer.log({"step": 1, "extra": 2.5})
    rows = list(csv.DictReader(io.StringIO(archive.csv([run, other]))))
    assert [row["run"] for row in rows] == [run.id, run.id, other.id]
    assert (rows[1]["test_error"], rows[0]["test_error"], rows[2]["extra"]) == ("12.5", "", "2.5")
    assert archive.csv([]).strip() == "run"


def test_the_events_of_several_runs_are_one_zip(run):
    other = digits_run()
    names = zipfile.ZipFile(io.BytesIO(archive.tensorboard_zip([run, other]))).namelist()
    assert {name.split("/")[0] for name in names} == {run.id, other.id} and len(names) == 6
