"""The controls of the hyperparameters: what they become in the run."""

import dataclasses

from core.trainers.recipe import ClassifierRecipe
from tests.pages.app import button, texts, visit

KEY = "{} bn_nin digits quick".format
NUMBERS = {"dropout": 0.25, "label_smoothing": 0.1, "weight_average": 0.99, "momentum": 0.8, "bias_rate": 64.0}
SEEDS = ("initialisation", "order", "noise")


def test_every_value_behind_more_becomes_one_of_the_run(started):
    app = visit("train", dataset="digits", net="bn_nin")
    for field, value in NUMBERS.items():
        app.number_input(KEY(field)).set_value(value)
    assert "Epochs 0, 1, 2, 3, 4, 5, 7, 10, 15: 6.5 MB on the disk." in texts(app)
    app.number_input(KEY("keep_epochs")).set_value(3)
    app.selectbox(KEY("test_views")).set_value(2)
    app.selectbox(KEY("precision")).set_value("float32")
    app.selectbox(KEY("start")).set_value("bn_nin_digits")
    for number, what in enumerate(SEEDS, 1):
        app.number_input(f"seed {what}").set_value(number)
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
    app.toggle(KEY("augment")).set_value(True).run()
    app.number_input(KEY("padding")).set_value(2)
    app.selectbox(KEY("border")).set_value("reflect")
    app.selectbox(KEY("flip")).set_value("alternating").run()
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    recipe = started[0].settings["recipe"]
    assert recipe | {"augment": True, "padding": 2, "border": "reflect", "flip": "alternating"} == recipe


def test_every_hyperparameter_of_a_recipe_has_a_control():
    app = visit("train", dataset="mnist", net="baseline")
    app.toggle("augment baseline mnist thesis").set_value(True).run()
    keys = {element.key for kind in ("number_input", "selectbox", "toggle", "text_input") for element in app.get(kind)}
    fields = {key.removesuffix(" baseline mnist thesis") for key in keys if key}
    # The precision of the form decides about bfloat16; a step schedule and a momentum belong to this preset.
    hidden = {"bfloat16"}
    named_otherwise = {"batch_size": "batch"}
    assert {
        named_otherwise.get(field.name, field.name) for field in dataclasses.fields(ClassifierRecipe)
    } - hidden <= fields


def test_names_are_written_as_people_write_them():
    app = visit("train")
    assert {"Nesterov momentum", "AdaGrad", "AdaDelta", "RMSProp", "Adam", "SGD"} <= set(
        app.selectbox("optimizer bn_nin digits quick").options
    )


def test_the_steps_of_a_schedule_can_be_set_and_a_wrong_one_is_refused(started):
    app = visit("train", dataset="mnist", net="baseline")
    steps = "milestones baseline mnist thesis"
    assert app.text_input(steps).value == "20: 0.1"
    app.text_input(steps).set_value("10: 0.5, nonsense").run()
    assert "no step of a schedule" in app.error[0].value and "Train" not in [b.label for b in app.button]
    app.text_input(steps).set_value("10: 0.5, 25: 0.1").run()
    button(app, "Train").click().run()
    assert started[0].settings["recipe"]["milestones"] == [[10.0, 0.5], [25.0, 0.1]]
