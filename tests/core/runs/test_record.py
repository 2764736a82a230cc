"""run.json as frozen records: shipped folders read as they are, edited ones never break a reader."""

import dataclasses
import json
from pathlib import Path

import pytest

from core import weights
from core.runs.record import (
    ClassifierRecord,
    LossNetworkRecord,
    NetRecord,
    OptimisationRecord,
    StudyRecord,
    StyleNetworkRecord,
)
from core.runs.run import Run
from core.runs.writer import writing

PARSERS = [ClassifierRecord, StudyRecord, StyleNetworkRecord, LossNetworkRecord, OptimisationRecord]
SHIPPED = sorted((Path(weights.__file__).parents[1] / "weights" / "runs").iterdir())
NET = {
    "model": "nin",
    "dataset": "digits",
    "classes": ["0", "1"],
    "channels": 1,
    "side": 28,
    "mean": [0.5],
    "std": [0.25],
    "held_out": "test",
}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_run_is_read_as_its_run_json_has_it(folder):
    run = Run.open(folder)
    settings, data = run.settings, run.data
    if run.kind == "classifier":
        record = run.classifier
        assert (record.model, record.dataset) == (settings["model"], settings["dataset"])
        assert (record.epochs, record.learning_rate) == tuple(
            settings["recipe"][key] for key in ("epochs", "learning_rate")
        )
        assert (record.test_error, record.device) == (data.get("test_error"), data["device"])
        assert record.net is not None and list(record.net.classes) == data["classes"]
    elif run.kind == "transfer":
        assert [name for name, _ in run.study.cuts] == [cut["name"] for cut in data["cuts"]]
        assert (list(run.study.ways), run.study.seed) == (settings["ways"], settings["seed"])
    elif run.kind == "pastiche":
        assert list(run.style_network.trained_styles) == data["names"]
        assert data["names"][: len(settings["styles"])] == settings["styles"]
        assert [dataclasses.asdict(one) for one in run.style_network.paintings] == data["styles"]
        assert run.style_network.photographs == data["photographs"]
    elif run.kind == "iterative":
        record = run.optimisation
        assert (record.network, record.size, record.steps) == (settings["network"], settings["size"], data["steps"])
        assert record.weights == {name: settings[name] for name in ("content", "style", "variation")}
    else:
        assert run.kind == "loss_network"
        assert list(run.loss_network.held_out_paintings) == data["held_out_paintings"]
        assert run.loss_network.parameters == data["parameters"]


@pytest.mark.parametrize("parser", PARSERS)
def test_nothing_known_is_none_or_empty(parser):
    record = parser.parse({}, {})
    assert (record.steps, record.device, record.parameters, record.precision) == (None, None, None, "")


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("value", [None, "x", -1, 2.5, True, [], [3, None], {"a": {}}])
def test_a_field_of_another_type_is_none_or_empty(parser, value):
    """Every field of the folders of every kind has the same odd value."""
    keys = {key for folder in SHIPPED for key in json.loads((folder / "run.json").read_text())["settings"]}
    keys |= {key for folder in SHIPPED for key in json.loads((folder / "run.json").read_text())["data"]}
    keys |= {"row", "figure", "label", "files", "photos_folder"}
    record = parser.parse(dict.fromkeys(keys, value), dict.fromkeys(keys, value))
    assert all(not isinstance(getattr(record, field.name), list) for field in dataclasses.fields(record))


def test_a_net_is_found_whole_or_not_at_all():
    net = NetRecord.find(NET)
    assert net is not None and (net.classes, net.mean, net.side) == (("0", "1"), (0.5,), 28)
    assert NetRecord.find({key: value for key, value in NET.items() if key != "std"}) is None
    assert NetRecord.find(NET | {"channels": "many"}) is None


def test_steps_are_those_last_requested():
    assert StyleNetworkRecord.parse({"steps": 10}, {}).steps == 10
    assert StyleNetworkRecord.parse({"steps": 10}, {"steps": 20}).steps == 20


@pytest.mark.parametrize(
    ("data", "selects"),
    [
        ({}, False),
        ({"held_out": "test"}, False),
        ({"held_out": "validation"}, True),
        ({"held_out": "validation", "selection": "last epoch"}, False),
        ({"held_out": "test", "selection": "validation"}, True),
    ],
)
def test_weights_are_selected_where_the_training_says_so_or_has_a_validation_split(data, selects):
    assert ClassifierRecord.parse({}, data).selects is selects


def test_a_record_follows_what_the_training_writes():
    run = Run.create("classifier", {"model": "nin"})
    assert (run.classifier.model, run.classifier.test_error) == ("nin", None)
    with writing(run) as writer:
        writer.facts(test_error=9.5)
    assert run.classifier.test_error == 9.5
