"""Training a style network: the form, the run it starts, and the display of a run, without a process of its own."""

import json

import pytest

from core import images, weights
from core.runs import job
from core.runs.run import Run, list_runs
from core.style import compact, pastiche_recipe, pastiche_training, sources
from core.style.pastiche_recipe import PasticheRecipe
from tests.pages.app import in_link, texts, visit
from tests.painting import picture, ship
from tests.runs_on_disk import put_status

TERMS = {"content": 3.0, "style": 1.0, "variation": 0.1, "gradient": 2.0, "learning_rate": 1e-3}
OF_STYLES = {"content/dots": 3.5, "style/dots": 1.25, "content/night": 2.5, "style/night": 0.75}


@pytest.fixture(autouse=True)
def started(tmp_path, monkeypatch):
    """A tiny painting net and an untrained compact are shipped; the runs that would have been started."""
    ship(tmp_path / "weights", monkeypatch)
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    monkeypatch.setattr(pastiche_training, "seconds_a_step", lambda recipe, network: 0.1)
    runs = []

    def start(run: Run) -> int:
        runs.append(run)
        put_status(run, "running", step=0, steps=run.settings["steps"])
        return 0

    monkeypatch.setattr(job, "start", start)
    return runs


def png(seed: int) -> bytes:
    return images.encode(picture(60, 70, seed), "PNG")


def press(app, label: str):
    return next(button for button in app.button if button.label == label).click().run()


def training(state: str = "running") -> Run:
    """A training of two styles with a strip of one."""
    settings = pastiche_recipe.settings_of(PasticheRecipe(("dots", "night"), steps=100, network="compact"))
    run = Run.create("pastiche", settings, name="2 styles")
    record = json.loads((run.path / "run.json").read_text())
    record["data"] = {"styles": [{"name": "dots", "title": "The dots"}], "photographs": 12, "names": ["dots", "night"]}
    (run.path / "run.json").write_text(json.dumps(record))
    rows = [{"step": step, "seconds": step / 2, **TERMS, **OF_STYLES} for step in (10, 20)]
    (run.path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run.path / "previews").mkdir()
    (run.path / "previews" / "dots.jpg").write_bytes(images.encode(picture(), "JPEG"))
    put_status(run, state, step=20, steps=100, images_per_second=4.0, seconds_left=40.0)
    return run


def test_uploads_and_options_of_the_form_are_those_of_the_run(started):
    app = visit("train_style")
    assert not app.exception and not app.error
    app.file_uploader("upload of photos").set_value(
        [("one.png", png(1), "image/png"), ("two.png", png(2), "image/png")]
    )
    app.file_uploader("upload of painting").set_value([("Great Wave.png", png(3), "image/png")]).run()
    app.text_input("title_great_wave").set_value("The Great Wave").run()
    app.number_input("steps").set_value(400)
    app.number_input("factor_great_wave").set_value(2.0)
    app.select_slider("width").set_value(0.25)
    app.selectbox("choice of start").set_value("tiny").run()
    app.toggle("rows_only").set_value(True).run()
    app = visit("train_style", **app.query_params)  # a link to the form as it is set, opened elsewhere
    assert "in all" in texts(app)
    press(app, "Train")
    assert not app.exception and not app.error
    (run,) = started
    settings = run.settings
    assert (settings["styles"], settings["steps"], settings["width"]) == (["great_wave"], 400, 0.25)
    assert (settings["network"], settings["start"], settings["rows_only"]) == ("compact", "tiny", True)
    assert (settings["style_factors"], settings["gentle"]) == ({"great_wave": 2.0}, 50)
    assert run.name == "The Great Wave" and app.query_params["run"] == run.id
    assert len(list((run.path / "photographs").iterdir())) == 2


def test_before_the_first_training_the_curves_of_the_shipped_net_are_shown(started):
    run = training("finished")
    (weights.WEIGHTS / "runs").mkdir()
    run.path.rename(weights.WEIGHTS / "runs" / "tiny")
    app = visit("train_style")
    assert not app.exception and not app.error
    text = texts(app)
    assert "recorded earlier" in text and "2 styles" in text and in_link(app, "run") == "tiny"
    assert "Compact (built in) · 12 photographs" in text
    assert len(app.get("vega_lite_chart")) == 6
    assert not [button for button in app.button if button.key in ("pause", "stop", "restart")]


def test_missing_or_impossible_input_is_a_sentence_and_starts_nothing(started, tmp_path):
    app = visit("train_style")
    press(app, "Train")
    assert "no painting to learn" in app.error[0].value
    app.segmented_control("photographs_from").set_value("folder").run()
    app.text_input("photographs").set_value(str(tmp_path / "nowhere")).run()
    app.file_uploader("upload of painting").set_value([("wave.png", png(3), "image/png")]).run()
    press(app, "Train")
    assert "no folder" in app.error[0].value
    app.multiselect("choices of style_layers_compact").set_value([]).run()
    assert "no style layer to compare at" in app.error[0].value
    assert not app.exception and started == [] and list_runs("pastiche") == []


def test_a_run_is_shown_with_its_strips_its_curves_and_its_controls(started):
    run = training()
    app = visit("train_style", run=run.id)
    assert not app.exception and not app.error
    figures = {metric.label: metric.value for metric in app.metric}
    assert (figures["Style"], figures["Gradient norm"], figures["Time left"]) == ("1", "2", "0:40")
    text = texts(app)
    assert "Compact (built in) · 12 photographs · width 1" in text
    assert "**The dots** content 3.5, style 1.25" in text
    assert len(app.get("vega_lite_chart")) == 6, "the losses, two kinds style by style, variation, gradient, rate"
    press(app, "Pause")
    assert Run.open(run.path).control().command == "pause"
    press(app, "Restart")
    (fresh,) = (one for one in list_runs("pastiche") if one.id != run.id)
    assert fresh.settings == run.settings and fresh.status().state == "queued", "the first has yet to stop"


def test_the_address_carries_the_styles_that_are_looked_at():
    run = training()
    app = visit("train_style", run=run.id, styles="night")
    assert "**night**" in texts(app).lower() and "**The dots**" not in texts(app)
    assert "not among them" in notes(visit("train_style", run=run.id, styles="![x](http://elsewhere/p.png)"))[0]


@pytest.mark.parametrize("key", ["run", "network"])
@pytest.mark.parametrize("value", ["", "gone", "x" * 5000, "![x](http://elsewhere/p.png)", "../..", "\0"])
def test_an_address_of_nothing_gets_one_sentence_and_the_usual(key, value):
    run = training("finished")
    app = visit("train_style", **{key: value})
    assert not app.exception and not app.error
    (note,) = notes(app)
    assert "![x]" not in note and len(note) < 400
    assert run.name in texts(app)


def test_a_link_may_hide_groups_of_controls():
    run = training()
    app = visit("train_style", run=run.id, hide="upload,recipe,more,styles,actions,train")
    hidden = {block.proto.id.partition("-hidden ")[2] for block in app.get("flex_container")}
    assert {"upload", "recipe", "more", "styles"} <= hidden
    assert not {"Train", "Pause", "Stop"} & {button.label for button in app.button}


def notes(app):
    return [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]


def test_a_run_folder_with_invalid_settings_is_still_shown():
    run = Run.create("pastiche", {"styles": None, "steps": "many", "network": 3})
    put_status(run, "stopped")
    app = visit("train_style", run=run.id)
    assert not app.exception and not app.error
    assert "Stopped" in [face.proto.body for face in app.get("badge")] or "Resume" in [b.label for b in app.button]
