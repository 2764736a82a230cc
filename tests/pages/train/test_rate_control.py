"""The learning rate multiplier of a training under way."""

import json

from streamlit.proto.WidgetStates_pb2 import WidgetStates

from core.runs.control import Control
from tests.pages.app import button, texts, visit
from tests.runs_on_disk import digits_run


def test_the_learning_rate_is_multiplied_and_reset():
    run = digits_run("running")
    app = visit("train", run=run.id)
    slider = app.select_slider[0]
    assert slider.value == 1.0 and button(app, "Reset to 1x").disabled
    slider.set_value(0.5).run()
    assert run.control() == Control("run", {"rate_factor": 0.5})
    button(app, "Reset to 1x").click().run()
    assert run.control() == Control("run", {})
    assert app.select_slider[0].value == 1.0


def test_a_reset_is_not_undone_by_a_late_message_about_the_old_slider():
    run = digits_run("running")
    app = visit("train", run=run.id)
    app.select_slider[0].set_value(0.5).run()
    late = WidgetStates(widgets=[app.select_slider[0]._widget_state])
    button(app, "Reset to 1x").click().run()
    app._run(late)
    assert run.control() == Control("run", {})
    assert app.select_slider[0].value == 1.0


def test_a_factor_on_the_rate_lets_a_paused_run_pause():
    run = digits_run("paused")
    run.request("step")
    app = visit("train", run=run.id)
    app.select_slider[0].set_value(0.1).run()
    assert run.control() == Control("pause", {"rate_factor": 0.1}, steps=1)


def test_the_current_learning_rate_is_shown():
    run = digits_run("running", step=44)
    record = json.loads((run.path / "run.json").read_text())
    record["data"] = {"steps_per_epoch": 44}
    (run.path / "run.json").write_text(json.dumps(record))
    run.request("run", rate_factor=10)
    # One cycle over 2 epochs: half of the way lies 5/8 of the peak.
    peak = run.settings["recipe"]["learning_rate"]
    assert f"Current learning rate: {6.25 * peak:.3g} = {0.625 * peak:.3g} × 10" in texts(visit("train", run=run.id))
