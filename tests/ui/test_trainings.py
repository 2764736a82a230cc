"""The trainings behind a button in the head of every page."""

from tests.pages.app import as_read, trainings, visit
from tests.runs_on_disk import digits_run, put_status


def test_the_head_of_every_page_shows_what_is_under_way():
    digits_run("running", seconds_left=30.0)
    app = visit("home")
    assert app.get("popover")[0].proto.popover.label == "Training 50%"
    assert "Step 44 of 88, 0:30 left" in [as_read(bar.proto.text) for bar in trainings(app, "progress")]


def test_the_head_shows_a_run_that_has_just_ended_and_not_for_long():
    run = digits_run("finished")
    assert "Finished" in [bar.proto.text for bar in trainings(visit("home"), "progress")]
    put_status(run, "finished", age=3600.0)
    assert not trainings(visit("home"), "progress")
