"""The Transfer page: choosing, starting, watching, results, and the nets of a study."""

import json

import pytest

from core import weights
from core.runs import job
from core.runs.run import Run, list_runs, root
from core.runs.writer import writing
from core.transfer_learning import study as studies
from core.transfer_learning.study import Study
from tests.nets import a_run
from tests.pages.app import as_read, texts, visit
from tests.runs_on_disk import put_status


@pytest.fixture(autouse=True)
def started(tmp_path, monkeypatch):
    """The runs that would have been started; no study came with Atelier."""
    for module in ("ui.shown_run", "core.runs.run"):
        monkeypatch.setattr(f"{module}.shipped_root", lambda: tmp_path / "shipped")
    runs = []

    def start(run: Run) -> int:
        runs.append(run)
        put_status(run, "running", step=0, steps=11)
        return 0

    monkeypatch.setattr(job, "start", start)
    return runs


def a_study(state: str = "finished", **progress) -> Run:
    """A study with two cuts and one number of pictures, and the three nets that were trained on them."""
    run = studies.create(Study("resnet20_cifar10", "toybox", (10,)), name="ResNet-20 on toys")
    net = a_run("resnet20", name="a net of the study")
    cuts = [("image", 0, 0, 3, 90.0), ("stack3.2", 19, 271_632, 64, 40.0)]
    rows = [
        {"way": "linear", "pictures": 10, "cut": cut, "depth": depth, "parameters": count, "width": width,
         "penalty": 0.1, "test_error": error}
        for cut, depth, count, width, error in cuts
    ]  # fmt: skip
    for way, error in (("frozen", 40.0), ("fine_tuned", 35.0), ("scratch", 75.0)):
        rows.append({"way": way, "pictures": 10, "images": 100, "run": net.id, "test_error": error})
    lines = [json.dumps({"step": step, **row}) + "\n" for step, row in enumerate(rows, 1)]
    (run.path / "metrics.jsonl").write_text("".join(lines))
    with writing(run) as writer:
        writer.facts(
            classes=[str(i) for i in range(10)], source_title="ResNet-20", title="Toybox", remarks=["A remark."]
        )
    put_status(run, state, **({"step": 5, "steps": 5} | progress))
    return run


def test_without_a_study_the_page_invites_and_its_button_starts_one(started):
    app = visit("transfer")
    assert not app.exception
    assert "No study yet" in texts(app)
    next(button for button in app.button if button.key == "try features").click().run()
    assert not app.exception
    (run,) = started
    assert (run.kind, run.settings["source"], run.settings["dataset"]) == ("transfer", "resnet20_cifar10", "toybox")
    assert app.query_params["run"] == run.id


def test_a_study_that_came_with_atelier_is_there_from_the_start(started, monkeypatch):
    for module in ("ui.shown_run", "core.runs.run"):
        monkeypatch.setattr(f"{module}.shipped_root", lambda: weights.WEIGHTS / "runs")
    app = visit("transfer")
    assert not app.exception and not app.error
    shown = texts(app)
    assert "Recorded earlier; it came with Atelier" in shown and "No study yet" not in shown
    assert len(app.get("vega_lite_chart")) == 2
    assert "the features are worth" in shown and "from scratch" in shown
    assert not [link for link in app.get("page_link") if link.label in ("Mistakes", "Explain")], "its nets did not come"
    assert any(button.key == "start transfer" for button in app.button)


def test_what_is_chosen_is_what_is_started(started):
    app = visit("transfer", source="bn_nin_mnist", dataset="digits")
    app.pills("ways").set_value(["frozen", "scratch"])
    app.pills("pictures").set_value(["100", "10", str(studies.ALL)])
    app.number_input("seed").set_value(4)
    app.number_input("epochs").set_value(2)
    app.run()
    next(button for button in app.button if button.key == "start transfer").click().run()
    assert not app.exception and not app.error
    study = Study.from_json(started[0].settings)
    assert (study.source, study.dataset, study.pictures) == ("bn_nin_mnist", "digits", (10, 100, 0))
    assert (study.ways, study.seed, study.epochs) == (("frozen", "scratch"), 4, 2)


def test_a_study_shows_both_curves_and_what_they_mean():
    run = a_study()
    app = visit("transfer", run=run.id)
    assert not app.exception
    shown = texts(app)
    assert len(app.get("vega_lite_chart")) == 2
    assert "right on 60.0% at stack3.2 (64 features an image, 271,632 parameters before them)" in shown
    assert "features are worth 40 points: 65.0% fine-tuned against 25.0% from scratch" in shown
    assert "A remark." in shown
    assert [link.label for link in app.get("page_link") if link.label in ("Mistakes", "Explain")]


def test_a_study_under_way_shows_what_it_does_and_can_be_paused():
    run = a_study("running", step=3, doing="Fine-tuned, 10 a class", share=0.5, seconds_left=20.0)
    app = visit("transfer", run=run.id)
    assert not app.exception
    assert any(
        "Step 4 of 5: fine-tuned, 10 a class, 50%, 0:20 left" in as_read(element.proto.text)
        for element in app.get("progress")
    )
    next(button for button in app.button if button.key == "pause").click().run()
    assert Run.open(run.path).control().command == "pause"


def test_a_net_of_photographs_comes_first_and_is_tried_by_linear_probe(started):
    app = visit("transfer")
    app.toggle("flips").set_value(True).run()
    assert not [pills for pills in app.pills if pills.key == "ways"] and "choose a smaller source model" in texts(app)
    next(button for button in app.button if button.key == "start transfer").click().run()
    assert not app.exception and not app.error
    study = Study.from_json(started[0].settings)
    assert (study.source, study.ways, study.flips) == ("efficientnet_lite0", ("frozen",), True)


def test_a_link_from_before_that_names_ways_has_the_source_of_then():
    app = visit("transfer", ways="scratch")
    assert app.pills("ways").value == ["scratch"]


def test_nothing_chosen_and_a_folder_that_is_not_there_are_sentences(started):
    app = visit("transfer", source="resnet20_cifar10")
    app.pills("ways").set_value([]).run()
    assert any("one way or more" in error.value for error in app.error)
    app = visit("transfer", dataset="own")
    assert "a few dozen are enough" in texts(app)
    app = visit("transfer", dataset="own", path="/nowhere/at/all")
    assert not app.exception
    assert any("/nowhere/at/all" in error.value for error in app.error)
    assert started == [] and list_runs("transfer") == []


def test_a_damaged_study_is_a_sentence():
    (root() / "broken").mkdir(parents=True)
    app = visit("transfer", run="broken")
    assert not app.exception
    assert "has no run.json" in texts(app)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"run": "gone"}, "There is no run named"),
        ({"run": ["a", "b"]}, "The address names 2 runs"),
        ({"run": "../../etc/passwd"}, "There is no run named"),
        ({"chart": "pie"}, "Chart in the address is “pie”, which cannot be used"),
        ({"ways": "magic"}, "Training: the address asks for “magic”, which is not among them"),
        ({"seed": "-1"}, "Seed in the address is “-1”"),
        ({"dataset": "x" * 5000}, "Target data set in the address is “xxx"),
        ({"dataset": "own", "archive": "gone"}, "The archive of pictures in the address is no longer here"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_and_a_study_is_shown(query, sentence):
    a_study()
    app = visit("transfer", **query)
    assert not app.exception and not app.error
    assert sentence in texts(app) and len(app.get("vega_lite_chart")) == 2


def test_the_address_carries_the_chart_and_what_is_chosen(started):
    run = a_study()
    app = visit("transfer", run=run.id, chart="pictures", ways=["scratch", "frozen"], pictures="1000", seed="7")
    assert "over the training pictures a class" in app.get("vega_lite_chart")[0].proto.alt
    assert app.pills("ways").value == ["frozen", "scratch"] and app.pills("pictures").value == ["1000"]
    assert app.number_input("seed").value == 7
    app.pills("ways").set_value([]).run()
    assert app.query_params["ways"] in ("none", ["none"])
    assert visit("transfer", run=run.id, ways="none").pills("ways").value == []


def test_a_teacher_s_link_hides_the_form():
    run = a_study()
    app = visit("transfer", run=run.id, hide="form,runs,actions,chart")
    assert not [button for button in app.button if button.key == "start transfer"]
    assert len(app.get("vega_lite_chart")) == 2
