"""The trainings of a figure of the thesis, as runs for the queue."""

from core.figures import training_curves
from core.runs import queue
from core.trainers import recipe
from tests.pages.app import button, texts, visit


def test_a_figure_is_queued_whole_at_full_length(started):
    app = visit("train", figure="4.5")
    assert "the fixed rates end at about 0.8%" in texts(app)
    app.segmented_control("length").set_value("full").run()
    assert "epochs and schedules as in the thesis" in texts(app)
    button(app, "Train its 3 runs").click().run()
    assert [run.name for run in started] == ["Figure 4.5: fixed 0.1"]
    assert [run.name for run in queue.waiting()] == ["Figure 4.5: fixed 0.01", "Figure 4.5: scheduled"]
    for run, (_, settings) in zip((*started, *queue.waiting()), training_curves.figure("4.5").runs, strict=True):
        assert recipe.Settings.from_json(run.settings).recipe == settings.recipe
    assert app.query_params["run"] == started[0].id
    assert "Waiting (2)" in texts(app)


def test_a_figure_is_scaled_to_minutes_and_shows_what_was_left_out(started):
    app = visit("train", figure="4.7")
    app.number_input("minutes").set_value(10).run()
    shown = texts(app)
    assert "epochs instead of 250 to 260" in shown and "of the 50,000 images as a stand-in" in shown
    button(app, "Train its 2 runs").click().run()
    settings = started[0].settings
    assert settings["recipe"]["epochs"] < 250 and settings["dataset"].startswith("cifar10?images=")
    assert started[0].name == "Figure 4.7: NiN, scaled"
