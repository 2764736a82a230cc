"""Style transfer by optimisation: form, runs, steering and the rows of figures, without a process of its own."""

import json

import pytest

from core import images, weights
from core.figures import transfers
from core.runs import job
from core.runs.run import Run, list_runs, root
from core.style import compact, optimisation_run, sources
from core.style.optimisation_recipe import OptimisationRecipe
from tests.pages.app import texts, visit
from tests.painting import picture, ship
from tests.runs_on_disk import put_status

ROW = {"loss": 3.0, "content": 0.5, "style": 0.25, "variation": 0.01, "style/relu1_1": 0.25, "content/relu4_2": 0.5}
WEIGHTS = {"weight/content": 1.0, "weight/style": 8.0, "weight/variation": 0.5}


@pytest.fixture(autouse=True)
def started(tmp_path, monkeypatch):
    """A tiny painting net and an untrained compact are shipped; the runs that would have been started."""
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    runs = []

    def start(run: Run) -> int:
        runs.append(run)
        put_status(run, "running", step=0, steps=run.settings["steps"])
        return 0

    monkeypatch.setattr(job, "start", start)
    return runs


def transfer(state: str = "running", **more) -> Run:
    """A transfer with two steps of metrics."""
    run = optimisation_run.create(
        picture(60, 80), picture(50, 50, 3), OptimisationRecipe(size=64), name="Cat after waves", **more
    )
    lines = [{"step": step, **ROW, **WEIGHTS} for step in (1, 2)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    put_status(run, state, step=2, steps=200, milliseconds_a_step=100.0, seconds_left=20.0)
    return run


def test_without_a_run_the_page_invites_and_its_button_starts_one(started):
    app = visit("optimise")
    assert not app.exception
    assert "No style transfer yet" in texts(app)
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    (run,) = started
    assert run.settings["network"] == "compact"
    assert run.name == "Cat after Stripes"
    assert app.query_params["run"] == run.id
    assert images.decode(run.path / "style.png").shape[1] == OptimisationRecipe().style_size


def test_the_options_under_more_are_those_of_the_run(started):
    app = visit("optimise", style="dots", sample="coffee")
    app.select_slider("size none").set_value(128)
    app.number_input("weight style").set_value(3.0)
    app.selectbox("optimizer").set_value("lbfgs")
    app.toggle("keep colours").set_value(True)
    app.number_input("steps").set_value(7)
    app.run()
    next(button for button in app.button if button.label == "Start").click().run()
    settings = started[0].settings
    assert (settings["size"], settings["style"], settings["steps"]) == (128, 3.0, 7)
    assert (settings["optimizer"], settings["keep_colours"], settings["half"]) == ("lbfgs", True, False)
    assert started[0].name == "Coffee after Dots"


@pytest.mark.parametrize("name", transfers.FIGURES)
def test_a_figure_starts_its_whole_row(name, started, monkeypatch):
    app = visit("optimise", figure=name)
    cells = transfers.figure(name).cells
    app.select_slider(f"size {name}").set_value(128).run()
    next(button for button in app.button if button.label.startswith("Start its")).click().run()
    assert not app.exception
    runs = [run for run in list_runs("iterative") if isinstance(run, Run)]
    assert {run.settings["label"] for run in runs} == {label for label, _ in cells}
    assert len({run.settings["row"] for run in runs}) == 1
    assert [run.status().state for run in runs].count("queued") == len(cells) - 1  # one at a time
    shown = [button.label for button in app.button if button.key and button.key.startswith("cell ")]
    assert shown == [label for label, _ in cells]


def test_a_run_is_shown_with_its_figures_its_curves_and_its_controls():
    run = transfer()
    app = visit("optimise", run=run.id)
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Time per step"] == "100 ms"
    assert "Compact (built in) · 64 px" in texts(app)
    assert len(app.get("vega_lite_chart")) == 3
    next(button for button in app.button if button.key == "pause").click().run()
    assert Run.open(run.path).control().command == "pause"


def test_weights_can_be_changed_without_repeating_a_step():
    run = transfer("paused")
    run.request("step")
    app = visit("optimise", run=run.id)
    app.number_input(f"steer style {run.id}").set_value(2.5).run()
    control = Run.open(run.path).control()
    assert (control.command, control.values) == ("pause", {"style": 2.5})


def test_restart_copies_the_pictures(started):
    run = transfer("finished", figure="5.6", row="x", label="From noise")
    app = visit("optimise", run=run.id)
    next(button for button in app.button if button.key == "restart").click().run()
    assert not app.exception
    fresh = started[-1]
    assert fresh.id != run.id
    assert {key: fresh.settings[key] for key in ("size", "row", "label")} == {
        "size": 64,
        "row": "x",
        "label": "From noise",
    }
    assert (fresh.path / "content.png").read_bytes() == (run.path / "content.png").read_bytes()


def test_an_upload_takes_the_place_of_the_samples(started):
    app = visit("optimise")
    data = images.encode(picture(70, 90), "PNG")
    app.file_uploader("optimise_photograph").upload("holiday.png", data, "image/png").run()
    app.file_uploader("optimise_style").upload("waves.png", images.encode(picture(50, 60, 4), "PNG"), "image/png").run()
    next(button for button in app.button if button.label == "Start").click().run()
    assert started[0].name == "holiday after waves"
    assert images.decode(started[0].path / "content.png").shape == (70, 90, 3)


@pytest.mark.parametrize(
    ("shape", "sentence"), [((60, 60, 0), "of one colour"), ((8, 2000, 1), "each side needs at least 32")]
)
def test_an_unusable_style_picture_is_a_sentence(started, shape, sentence):
    height, width, noisy = shape
    data = images.encode(picture(height, width) if noisy else picture(height, width) * 0 + 9, "PNG")
    app = visit("optimise")
    app.file_uploader("optimise_style").upload("flat.png", data, "image/png").run()
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    assert any(sentence in error.value for error in app.error)
    assert started == []
    assert list_runs("iterative") == []


def test_without_compact_the_page_names_the_download():
    sources.compact_path().unlink()
    app = visit("optimise")
    assert not app.exception
    assert "fetched once, 548 MB" in texts(app)
    assert "compact, is not part of this copy yet" in texts(app)


def test_a_damaged_run_is_a_sentence():
    (root() / "broken").mkdir(parents=True)
    app = visit("optimise", run="broken")
    assert not app.exception
    assert "has no run.json" in app.error[0].value
