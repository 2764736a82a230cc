"""Style transfer by optimisation: form, runs, steering and the rows of figures, without a process of its own."""

import json
import shutil

import pytest

from core import images, uploads, weights
from core.figures import transfers
from core.runs import job
from core.runs.run import Run, list_runs, root, shipped_root
from core.style import compact, optimisation_run, sources
from core.style.optimisation_recipe import OptimisationRecipe
from tests.pages.app import button, texts, visit
from tests.painting import picture, ship
from tests.runs_on_disk import put_status

HOSTILE = "![](https://example.org/x.png)"
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


def click(app, start: str):
    """Press the first button whose label starts so."""
    return next(button for button in app.button if button.label.startswith(start)).click().run()


def notes(app) -> list[str]:
    """Return the sentences about the address."""
    return [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]


def transfer(state: str = "running", **more) -> Run:
    """A transfer with two steps of metrics."""
    run = optimisation_run.create(
        picture(60, 80), picture(50, 50, 3), OptimisationRecipe(size=64), name="Cat after waves", **more
    )
    lines = [{"step": step, **ROW, **WEIGHTS} for step in (1, 2)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    put_status(run, state, step=2, steps=200, milliseconds_a_step=100.0, seconds_left=20.0)
    return run


def record() -> Run:
    """Put a finished transfer among those that come with Atelier."""
    run = transfer("finished")
    shutil.move(run.path, shipped_root() / "recorded")
    return Run.open(shipped_root() / "recorded")


def test_without_a_run_a_recorded_one_is_shown_and_the_button_starts_one(started):
    run = record()
    app = visit("optimise")
    assert not app.exception and not app.error
    assert "Recorded earlier" in texts(app) and run.name in texts(app)
    assert len(app.get("image")) == 4, "the picture, what it was made from, and the style picture of the form"
    assert not [button for button in app.button if button.key == "pause"], "nothing can be done to it"
    click(app, "Start")
    assert not app.exception
    (run,) = started
    assert run.settings["network"] == "compact"
    assert run.name == "Cat after The Starry Night"
    assert app.query_params["run"] in (run.id, [run.id])
    assert images.decode(run.path / "style.png").shape[1] == OptimisationRecipe().style_size


def test_where_nothing_was_recorded_either_the_photograph_is_shown():
    app = visit("optimise")
    assert not app.exception and not app.error
    assert "There is no style transfer yet" in texts(app)
    assert len(app.get("image")) == 2


def test_a_run_that_is_gone_is_said_and_the_next_best_is_shown():
    record()
    app = visit("optimise", run="gone")
    assert not app.exception and not app.error
    assert "There is no run named gone" in "".join(notes(app)) and "Recorded earlier" in texts(app)


@pytest.mark.parametrize("value", ["", ["a", "b"], HOSTILE, "\x00", "x" * 5000])
def test_no_value_of_an_address_is_a_traceback(value):
    record()
    keys = ("run", "sample", "style", "network", "figure", "size", "steps", "start", "keep_colours", "style_weight")
    app = visit("optimise", **dict.fromkeys(keys, value))
    assert not app.exception and not app.error
    assert len(notes(app)) == len(keys)
    assert not any("![" in caption.value for caption in app.caption)


def test_the_options_under_more_are_those_of_the_run(started):
    app = visit("optimise", style="munch_scream", sample="coffee")
    app.select_slider("size").set_value(128)
    app.number_input("style_weight").set_value(3.0)
    app.selectbox("choice of optimizer").set_value("lbfgs")
    app.toggle("keep_colours").set_value(True)
    app.number_input("steps").set_value(7)
    app.run()
    link = {key: value for key, value in app.query_params.items() if key not in ("sample", "style")}
    assert set(link) == {"size", "style_weight", "optimizer", "keep_colours", "steps"}
    click(app, "Start")
    settings = started[0].settings
    assert (settings["size"], settings["style"], settings["steps"]) == (128, 3.0, 7)
    assert (settings["optimizer"], settings["keep_colours"], settings["half"]) == ("lbfgs", True, False)
    assert started[0].name == "Coffee after The Scream"


@pytest.mark.parametrize("name", transfers.FIGURES)
def test_a_figure_starts_its_whole_row(name, started, monkeypatch):
    app = visit("optimise", figure=name)
    cells = transfers.figure(name).cells
    app.select_slider("row_size").set_value(128).run()
    click(app, "Start its")
    assert not app.exception
    runs = [run for run in list_runs("iterative") if isinstance(run, Run)]
    assert {run.settings["label"] for run in runs} == {label for label, _ in cells}
    assert len({run.settings["row"] for run in runs}) == 1
    assert [run.status().state for run in runs].count("queued") == len(cells) - 1  # one at a time
    shown = [button.label for button in app.button if button.key and button.key.startswith("cell ")]
    assert shown == [label for label, _ in cells]
    row = [f"{label}, as it is now" for label, _ in cells]
    alts = [image.proto.imgs[0].alt for image in app.get("image")]
    assert [alt for alt in alts if alt in row] == row


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


def png(image) -> bytes:
    return images.encode(image, "PNG")


def test_uploads_take_the_place_of_the_samples_and_stand_in_the_link(started):
    app = visit("optimise")
    app.file_uploader[0].upload("holiday.png", png(picture(70, 90)), "image/png").run()
    app.file_uploader[1].upload("waves.png", png(picture(50, 60, 4)), "image/png").run()
    assert not {"choice of sample", "choice of style"} & {box.key for box in app.selectbox}
    ids = {upload.name: upload.id for upload in uploads._all()}
    assert "photo" in app.query_params and "painting" in app.query_params
    other = visit("optimise", photo=ids["holiday.png"], painting=ids["waves.png"])
    click(other, "Start")
    assert started[0].name == "holiday after waves"
    assert images.decode(started[0].path / "content.png").shape == (70, 90, 3)


def test_an_upload_that_is_gone_is_said_and_nothing_starts(started):
    app = visit("optimise", photo="a" * 22)
    assert not app.exception
    assert not app.error and "no longer here" in texts(app)
    assert button(app, "Start").disabled
    click(app, "Forget it")
    assert not app.error and not button(app, "Start").disabled


def test_after_a_refused_upload_the_form_goes_on_with_what_it_had(started):
    app = visit("optimise")
    app.file_uploader[1].upload("letter.png", b"Dear reader, this is no picture.", "image/png").run()
    assert len(app.error) == 1 and "is text, not a picture" in app.error[0].value
    click(app, "Start")
    assert started[0].name == "Cat after The Starry Night"


@pytest.mark.parametrize(
    ("shape", "sentence"), [((60, 60, 0), "of one colour"), ((8, 2000, 1), "each side needs at least 32")]
)
def test_an_unusable_style_picture_is_a_sentence(started, shape, sentence):
    height, width, noisy = shape
    data = png(picture(height, width) if noisy else picture(height, width) * 0 + 9)
    app = visit("optimise")
    app.file_uploader[1].upload("flat.png", data, "image/png").run()
    click(app, "Start")
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
    assert "run.json" in texts(app)
