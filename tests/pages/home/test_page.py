"""The first screen shows a result of each kind before anybody has done anything."""

from tests.pages.app import texts, visit
from tests.runs_on_disk import digits_run


def test_a_curve_a_map_and_a_painting_are_there_from_the_start():
    app = visit("home")
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == 1
    assert len(app.get("image")) == 2
    assert "BN-NiN on digits: 0.56% test error after 15 epochs." in texts(app)
    links = {link.proto.page for link in app.main.get("page_link")}
    assert links == {"train", "explain", "stylize"}


def test_a_finished_run_of_the_users_takes_the_place_of_the_recorded_one():
    digits_run("finished")
    digits_run("stopped")
    assert "BN-NiN on Digits: 12.50% test error after 2 epochs." in texts(visit("home"))
