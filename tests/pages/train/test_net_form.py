"""The form of a single training: what is chosen, refused and started."""

import numpy as np
import pytest

from core import images
from tests.pages.app import button, texts, visit


def test_the_choices_become_the_settings_of_the_run(started):
    app = visit("train", dataset="mnist", net="baseline")
    assert app.selectbox("choice of dataset").value == "mnist"
    app.selectbox("choice of preset").set_value("quick").run()
    app.number_input("epochs").set_value(7).run()
    button(app, "Train").click().run()
    (run,) = started
    assert run.name == "Baseline on MNIST"
    assert (run.settings["dataset"], run.settings["model"]) == ("mnist", "baseline")
    assert (run.settings["recipe_name"], run.settings["recipe"]["epochs"]) == ("quick", 7)
    assert run.settings["recipe"]["schedule"] == "one_cycle"


def test_a_choice_goes_into_the_address():
    app = visit("train")
    app.selectbox("choice of net").set_value("baseline").run()
    assert app.query_params["net"] == "baseline"


def test_the_preset_is_in_the_address_until_another_net_is_chosen():
    app = visit("train", dataset="mnist", net="baseline", preset="quick")
    assert app.selectbox("choice of preset").value == "quick"
    app.selectbox("choice of net").set_value("bn_nin").run()
    assert "preset" not in app.query_params
    assert "in the address" not in texts(app)


@pytest.mark.parametrize("key", ["dataset", "net", "preset", "figure"])
@pytest.mark.parametrize(
    "value", ["", "gone", "x" * 5000, "![x](http://elsewhere/p.png)", "../../etc", "\0", "folder:"]
)
def test_an_address_of_nothing_gets_a_sentence_and_the_usual_choice(key, value):
    app = visit("train", **{key: value})
    assert not app.exception and not app.error
    notes = [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]
    assert len(notes) == 1 and "![x]" not in notes[0]


def test_a_link_may_hide_the_recipe_and_leave_the_button(started):
    app = visit("train", dataset="mnist", net="baseline", preset="quick", hide="recipe,more,figures")
    hidden = [block for block in app.get("flex_container") if "-hidden " in block.proto.id]
    labels = [widget.label for block in hidden for kind in ("selectbox", "number_input") for widget in block.get(kind)]
    assert {"Data set", "Net", "Training preset", "Epochs"} <= set(labels)
    button(app, "Train").click().run()
    assert (started[0].settings["model"], started[0].settings["recipe_name"]) == ("baseline", "quick")
    assert "Train" not in [b.label for b in visit("train", hide="train,actions").button]


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
    assert "There is no folder or .zip" in texts(app) and not app.exception and not app.error
    assert app.selectbox("choice of dataset").value == "digits"


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
