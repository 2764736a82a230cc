"""The form of a single training: what is chosen, refused and started."""

import numpy as np

from core import images
from tests.pages.app import button, texts, visit


def test_the_choices_become_the_settings_of_the_run(started):
    app = visit("train", dataset="mnist", net="baseline")
    assert app.selectbox("train_dataset").value == "mnist"
    app.selectbox("recipe baseline mnist").set_value("quick").run()
    app.number_input("epochs baseline mnist quick").set_value(7).run()
    button(app, "Train").click().run()
    (run,) = started
    assert run.name == "Baseline on MNIST"
    assert (run.settings["dataset"], run.settings["model"]) == ("mnist", "baseline")
    assert (run.settings["recipe_name"], run.settings["recipe"]["epochs"]) == ("quick", 7)
    assert run.settings["recipe"]["schedule"] == "one_cycle"


def test_a_choice_goes_into_the_address():
    app = visit("train")
    app.selectbox("train_net").set_value("baseline").run()
    assert app.query_params["net"] == "baseline"


def test_the_address_may_name_the_users_own_pictures(started, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(30):
            (tmp_path / "pets" / name / f"{i}.png").write_bytes(images.encode(np.zeros((9, 9, 3), np.uint8), "PNG"))
    own = f"folder:{tmp_path}/pets?side=32&seed=0"
    app = visit("train", dataset=own, net="resnet20")
    assert not app.error and not app.exception
    button(app, "Train").click().run()
    assert started[0].settings["dataset"] == own and started[0].name == "ResNet-20 on pets"
    assert started[0].settings["recipe"]["batch_size"] <= 44
    app = visit("train", dataset=own, net="resnet20")
    assert "44 training images, 8 test images" in texts(app)
    app = visit("train", dataset=f"folder:{tmp_path}/gone")
    assert "There is no folder or .zip" in app.error[0].value and not app.exception


def test_what_cannot_work_is_refused_before_the_start():
    app = visit("train", dataset="digits", net="bn_vgg")
    assert "its pooling would leave nothing" in app.error[0].value
    assert "Train" not in [b.label for b in app.button]


def test_before_the_start_time_and_evaluation_are_shown():
    shown = texts(visit("train", dataset="mnist", net="baseline"))
    assert "30 epochs with Nesterov momentum, about" in shown
    assert "Weights of the last epoch are used; this data set has no validation split." in shown
    assert "Evaluated on validation; test measured once, at the end." in texts(
        visit("train", dataset="svhn", net="nin")
    )
