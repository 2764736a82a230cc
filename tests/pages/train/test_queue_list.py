"""The queue on the Train page: what waits, and the buttons that move it."""

from core.runs import queue
from core.runs.run import Run
from tests.pages.app import button, texts, trainings, visit
from tests.runs_on_disk import digits_run

CONTROLS = ["resume", "pause", "step", "stop", "restart"]


def queued(name: str, place: int) -> Run:
    run = digits_run()
    run.rename(name)
    run.report("queued", place=place)
    return run


def test_a_second_training_waits_and_a_caption_says_so(started):
    digits_run("running")
    app = visit("train")
    assert "this one waits for it" in texts(app)
    button(app, "Train").click().run()
    assert not started and "Waiting (1)" in texts(app)
    assert "1 waiting" in [link.proto.label for link in trainings(app, "page_link")]


def test_a_waiting_run_can_only_be_taken_out_of_the_line(started):
    digits_run("running")
    run = queued("patient", 1)
    app = visit("train", run=run.id)
    assert "starts by itself when its turn comes" in texts(app)
    assert [b.label for b in app.button if b.key in CONTROLS and not b.disabled] == ["Cancel"]
    assert [b.key for b in app.button if b.key in CONTROLS] == CONTROLS, "one place, one button"
    app.button("stop").click().run()
    assert run.status().state == "stopped" and not queue.waiting()


def test_a_page_starts_what_waits_when_there_is_room(started):
    run = queued("patient", 1)
    visit("home")
    assert [again.id for again in started] == [run.id]


def test_the_line_of_waiting_runs_can_be_changed(started):
    running = digits_run("running")
    first, second = queued("first", 1), queued("second", 2)
    app = visit("train", run=running.id)
    assert app.button(f"Sooner {first.id}").disabled and app.button(f"Later {second.id}").disabled
    app.button(f"Sooner {second.id}").click().run()
    assert [run.name for run in queue.waiting()] == ["second", "first"]
    app.button(f"Cancel {first.id}").click().run()
    assert [run.name for run in queue.waiting()] == ["second"]
    assert first.status().state == "stopped"
