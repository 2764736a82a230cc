"""The controls of the hyperparameters: what they become in the run."""

import dataclasses

import pytest

from core.trainers import recipe
from core.trainers.recipe import ClassifierRecipe
from tests.pages.app import button, texts, visit

NUMBERS = {"dropout": 0.25, "label_smoothing": 0.1, "weight_average": 0.99, "momentum": 0.8, "bias_rate": 64.0}
SEEDS = ("initialisation", "order", "noise")


def test_every_value_behind_more_becomes_one_of_the_run(started):
    app = visit("train", dataset="digits", net="bn_nin")
    for field, value in NUMBERS.items():
        app.number_input(field).set_value(value)
    assert "Epochs 0, 1, 2, 3, 4, 5, 7, 10, 15: 6.5 MB on the disk." in texts(app)
    app.number_input("keep_epochs").set_value(3)
    app.selectbox("choice of test_views").set_value("2")
    app.selectbox("choice of precision").set_value("float32")
    app.selectbox("choice of start").set_value("bn_nin_digits")
    for number, what in enumerate(SEEDS, 1):
        app.number_input(f"seed_{what}").set_value(number)
    app.run()
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    settings = started[0].settings
    assert settings["recipe"] | NUMBERS | {"test_views": 2} == settings["recipe"]
    assert (settings["precision"], settings["start_from"]) == ("float32", "bn_nin_digits")
    assert settings["keep_epochs"] == 3
    assert [settings[f"seed_{what}"] for what in SEEDS] == [1, 2, 3]


def test_every_value_of_the_augmentation_becomes_one_of_the_run(started):
    app = visit("train", dataset="digits", net="bn_nin")
    app.toggle("augment").set_value(True).run()
    app.number_input("padding").set_value(2)
    app.selectbox("choice of border").set_value("reflect")
    app.selectbox("choice of flip").set_value("alternating").run()
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    recipe = started[0].settings["recipe"]
    assert recipe | {"augment": True, "padding": 2, "border": "reflect", "flip": "alternating"} == recipe


def test_every_hyperparameter_of_a_recipe_has_a_control():
    app = visit("train", dataset="mnist", net="baseline")
    app.toggle("augment").set_value(True).run()
    keys = {element.key for kind in ("number_input", "selectbox", "toggle", "text_input") for element in app.get(kind)}
    fields = {key.removeprefix("choice of ") for key in keys if key}
    # The precision of the form decides about bfloat16; a step schedule and a momentum belong to this preset.
    hidden = {"bfloat16"}
    named_otherwise = {"batch_size": "batch"}
    assert {
        named_otherwise.get(field.name, field.name) for field in dataclasses.fields(ClassifierRecipe)
    } - hidden <= fields


def test_names_are_written_as_people_write_them():
    app = visit("train")
    assert {"Nesterov momentum", "AdaGrad", "AdaDelta", "RMSProp", "Adam", "SGD"} <= set(
        app.selectbox("choice of optimizer").options
    )


def test_the_steps_of_a_schedule_can_be_set_and_a_wrong_one_is_refused(started):
    app = visit("train", dataset="mnist", net="baseline")
    steps = "milestones"
    assert app.text_input(steps).value == "20: 0.1"
    app.text_input(steps).set_value("10: 0.5, nonsense").run()
    assert "no step of a schedule" in app.error[0].value and "Train" not in [b.label for b in app.button]
    app.text_input(steps).set_value("10: 0.5, 25: 0.1").run()
    button(app, "Train").click().run()
    assert started[0].settings["recipe"]["milestones"] == [[10.0, 0.5], [25.0, 0.1]]


def test_the_address_carries_every_value_that_differs_from_the_presets(started):
    values = {"epochs": "3", "learning_rate": "0.025", "optimizer": "adam", "augment": "true", "padding": "3"}
    values |= {"dropout": "none", "seed_order": "5", "start": "bn_nin_digits", "keep_epochs": "0"}
    app = visit("train", dataset="digits", net="bn_nin", **values)
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    settings = started[0].settings
    recipe = {"epochs": 3, "learning_rate": 0.025, "optimizer": "adam", "augment": True, "padding": 3, "dropout": None}
    assert settings["recipe"] | recipe == settings["recipe"]
    assert (settings["seed_order"], settings["start_from"], settings["keep_epochs"]) == (5, "bn_nin_digits", 0)
    app = visit("train", dataset="digits", net="bn_nin")
    app.number_input("epochs").set_value(4)
    app.selectbox("choice of schedule").set_value("cosine")
    app.number_input("dropout").set_value(0.5).run()
    again = visit("train", **app.query_params)
    assert (again.number_input("epochs").value, again.number_input("dropout").value) == (4, 0.5)
    assert again.selectbox("choice of schedule").value == "cosine"
    app.number_input("epochs").set_value(15).run()
    assert "epochs" not in app.query_params, "that of the preset need not stand"


def test_another_net_drops_the_values_and_has_its_own():
    app = visit("train", dataset="digits", net="bn_nin", epochs="4", schedule="cosine")
    assert app.number_input("epochs").value == 4
    app.selectbox("choice of net").set_value("resnet20").run()
    usual = recipe.recipes("resnet20", "digits")
    first = usual[app.selectbox("choice of preset").value]
    assert app.number_input("epochs").value == first.epochs
    assert not {"epochs", "schedule", "preset"} & set(app.query_params)
    app.query_params["net"], app.query_params["epochs"] = "bn_nin", "4"  # as Back does
    assert app.run().number_input("epochs").value == 4


@pytest.mark.parametrize("key", ["epochs", "learning_rate", "dropout", "augment", "optimizer", "start"])
@pytest.mark.parametrize("bad", ["", "-1", "nan", "x" * 5000, ["1", "2"], "![](https://example.org/x.png)"])
def test_a_bad_value_is_that_of_the_preset_and_one_sentence(key, bad):
    app = visit("train", dataset="digits", net="bn_nin", **{key: bad})
    assert not app.error and not app.exception
    notes = [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]
    assert len(notes) == 1 and "is used" in notes[0] and "![" not in notes[0]
