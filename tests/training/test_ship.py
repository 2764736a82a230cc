"""`python -m training.ship`: what it writes of a classifier, and that nothing in it tells of a place or a machine."""

import json
import socket

import pytest

from core import datasets, images, weights
from core.runs.run import Run
from core.style import compact, optimisation_run, sources
from core.style.optimisation_recipe import OptimisationRecipe
from core.trainers import recipe as recipes
from core.trainers import trained
from core.trainers.classifier import train
from core.transfer_learning.study import Study, create
from core.transfer_learning.training import carry_out
from tests.painting import picture
from training import ship


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    """An empty folder for shipped weights."""
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def finished(name: str, **changes) -> Run:
    settings = recipes.settings(
        "digits", "baseline", epochs=1, batch_size=256, precision="float32", threads=1, **changes
    )
    run = Run.create("classifier", settings.to_json(), name=name)
    train(run)
    return run


def test_weights_card_and_curves_are_shipped(shelf, capsys):
    run = finished("mine")
    assert ship.main([run.id, "baseline_digits"]) == 0
    assert "error: " in capsys.readouterr().out
    net = trained.open_shipped("baseline_digits")
    assert net.card["error"] == pytest.approx(run.metrics()[-1]["test_error"], abs=0.01)
    folder = shelf / "runs" / "baseline_digits"
    assert sorted(path.name for path in folder.iterdir()) == ["metrics.jsonl", "run.json", "status.json"]
    copy = Run.open(folder)
    assert (copy.metrics(), copy.settings, copy.name) == (run.metrics(), Run.open(run.id).settings, "mine")
    assert copy.status().state == "finished" and copy.status().progress.step == run.data["steps"]


def test_the_card_says_on_what_the_weights_were_chosen_and_both_errors(shelf):
    run = finished("mine", test_views=3, augment=True, mirror=False)
    card = ship.ship(run, "two")
    assert card["selection"].startswith("none") and card["views"] == 3
    assert abs(card["error_views"] - card["error"]) < 20
    run.replace_data(run.data | {"selection": "validation", "selected_epoch": 7})
    assert "epoch 7, which had the lowest validation error" in ship.classifier_card(run)["selection"]


def test_nothing_tells_of_the_place_or_the_machine(shelf, tmp_path):
    first = finished("first")
    ship.ship(finished("second", start_from=str(first.path)), "two")
    written = [path.read_text("utf-8") for path in shelf.rglob("*") if path.is_file() and path.suffix != ".safetensors"]
    assert len(written) == 7  # the card, and three files of each run
    assert not any(str(tmp_path) in text for text in written)
    for path in shelf.rglob("status.json"):
        assert not {"pid", "host"} & set(json.loads(path.read_text("utf-8")))
        assert json.dumps(socket.gethostname()) not in path.read_text("utf-8")


def test_the_run_that_it_started_from_is_shipped_too(shelf):
    first = finished("first")
    second = finished("second", start_from=first.id)
    ship.ship(finished("third", start_from=second.id), "three")
    parts = [Run.open(shelf / "runs" / name) for name in ("three_part1", "three_part2", "three")]
    assert [part.name for part in parts] == ["first, part 1 of 3", "second, part 2 of 3", "third, part 3 of 3"]
    assert [part.settings["start_from"] for part in parts] == ["", "three_part1", "three_part2"]
    assert weights.card("three")["epochs"] == 3


def test_curves_alone_are_added_to_weights_that_are_there(shelf, capsys):
    run = finished("mine")
    assert ship.main([run.id, "baseline_digits", "--curves-only"]) == 2
    assert "no shipped weights named baseline_digits" in capsys.readouterr().err
    ship.ship(run, "baseline_digits")
    before = (shelf / "baseline_digits.json").read_bytes()
    (shelf / "runs" / "baseline_digits" / "run.json").unlink()
    assert ship.main([run.id, "baseline_digits", "--curves-only"]) == 0
    assert Run.open(shelf / "runs" / "baseline_digits").metrics() == run.metrics()
    assert (shelf / "baseline_digits.json").read_bytes() == before


def test_of_a_study_its_figures_are_shipped(shelf, capsys):
    source = finished("source")
    study = Study(source.id, "digits?images=100", (3,), ("frozen",), threads=1)
    run = create(study, name="A study")
    assert ship.main([run.id, "study"]) == 2
    assert "only a finished training can be shipped" in capsys.readouterr().err
    carry_out(run)
    assert ship.main([run.id, "study"]) == 0
    assert [path.name for path in shelf.iterdir()] == ["runs"]
    assert sorted(path.name for path in (shelf / "runs" / "study").iterdir()) == [
        "metrics.jsonl",
        "run.json",
        "status.json",
    ]
    copy = Run.open(shelf / "runs" / "study")
    assert (copy.kind, copy.name, copy.metrics()) == ("transfer", "A study", run.metrics())


def test_of_a_style_transfer_its_pictures_are_shipped_small(shelf, capsys):
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    recipe = OptimisationRecipe(size=64, style_size=60, steps=2)
    run = optimisation_run.create(picture(48, 64, 1), picture(400, 500, 2), recipe, name="Cat after waves")
    optimisation_run.carry_out(run)
    assert ship.main([run.id, "cat"]) == 0
    copy = Run.open(shelf / "runs" / "cat")
    assert (copy.kind, copy.name, copy.status().state) == ("iterative", "Cat after waves", "finished")
    shapes = {path.name: images.decode(path).shape for path in copy.path.rglob("*.jpg")}
    assert shapes == {"picture.jpg": (48, 64, 3), "content.jpg": (48, 64, 3), "style.jpg": (48, 60, 3)}
    assert all(path.stat().st_size <= ship.PICTURE_BYTES for path in copy.path.rglob("*.jpg"))


def test_a_run_that_has_not_finished_is_refused(capsys):
    run = Run.create("classifier", recipes.settings("digits", "baseline").to_json())
    assert ship.main([run.id, "nothing"]) == 2
    assert "only a finished training can be shipped" in capsys.readouterr().err


def test_the_terms_of_every_data_set_are_known():
    assert set(datasets.names()) | {"folder"} == set(ship.LICENCES)
    assert ship._placeless({"a": ["/home/me/x", "folder:/home/me/cats?side=64", 3]}) == {
        "a": ["x", "folder:cats?side=64", 3]
    }
