"""The trainings in the sidebar of every page."""

from tests.pages.app import visit
from tests.runs_on_disk import digits_run, put_status


def test_the_sidebar_of_every_page_shows_what_is_under_way():
    digits_run("running", seconds_left=30.0)
    app = visit("home")
    assert "Step 44 of 88, 0:30 left" in [bar.proto.text for bar in app.sidebar.get("progress")]


def test_the_sidebar_shows_a_run_that_has_just_ended_and_not_for_long():
    run = digits_run("finished")
    assert "Finished" in [bar.proto.text for bar in visit("home").sidebar.get("progress")]
    put_status(run, "finished", age=3600.0)
    assert not visit("home").sidebar.get("progress")
