"""The Mistakes page without a browser: what it shows of a net, in which order, and what it says when it cannot."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core import weights
from core.datasets import load
from core.explain import mistakes
from core.runs.folder import Run
from core.trainers.trained import open_run
from tests.nets import a_run
from tests.pages.app import texts, visit
from tests.runs_on_disk import put_status


@pytest.fixture
def nothing_shipped(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")


def expected(run: Run) -> mistakes.Mistakes:
    return mistakes.find(open_run(run), load("digits").test)


def shown(app: AppTest) -> list[int]:
    """Indices in the split of the mistakes on the page, in their order."""
    return [int(index) for index in re.findall(r":small\[test (\d+)\]", "\n".join(m.value for m in app.markdown))]


@pytest.mark.parametrize(("model", "method"), [("baseline", "Grad-CAM"), ("bn_nin", "CAM")])
def test_shows_the_worst_first_with_two_maps_each_and_why_they_are_what_they_are(model, method):
    run = a_run(model)
    found = expected(run)
    app = visit("mistakes", run=run.id)
    assert not app.exception
    assert f"{len(found)} of 360 test images wrong: {found.error:.2f} % error" in texts(app)
    assert shown(app) == found.indices[:8].tolist()
    assert re.search(rf"^ {method}: The net ends in", texts(app), re.MULTILINE)
    label, predicted = int(found.labels[0]), int(found.predicted[0])
    assert f"**{label} taken for {predicted}**" in texts(app)
    assert f"{predicted}, predicted" in texts(app) and f"{label}, truth" in texts(app)
    assert f"{100 * float(found.probabilities[0, label]):.1f}\u00a0%" in texts(app)
    pictures = app.get("image")
    assert len(pictures) == 8 * (3 + 1)  # image, two maps and their legend


def test_order_filters_and_pages_are_in_the_address():
    run = a_run()
    found = expected(run)
    by_confidence = found.ordered("confidence")
    app = visit("mistakes", run=run.id, order="Confidence", page="2")
    assert shown(app) == by_confidence.indices[8:16].tolist()
    label = int(found.labels[0])
    app = visit("mistakes", run=run.id, truth=str(label))
    assert shown(app) == found.among(label=label).indices[:8].tolist()
    assert f"{len(found.among(label=label))} of these mistakes" in texts(app)
    app.selectbox("order").set_value("confidence").run()
    assert shown(app) == by_confidence.among(label=label).indices[:8].tolist()


def test_a_pair_that_is_never_confused_is_told():
    run = a_run()
    app = visit("mistakes", run=run.id, truth="3", taken="3")
    assert "No image of that class was taken for the other" in texts(app) and not app.exception


def test_without_an_address_it_takes_the_newest_run_and_says_so_in_the_address():
    run = a_run()
    app = visit("mistakes")
    assert app.query_params["run"] in (run.id, [run.id])
    assert shown(app)


def test_a_choice_of_net_goes_into_the_address():
    first, second = a_run(name="first", seed=1), a_run(name="second", seed=2)
    app = visit("mistakes", run=first.id)
    before = shown(app)
    app.selectbox("chosen net").set_value(second.id).run()
    assert app.query_params["run"] in (second.id, [second.id])
    assert shown(app) == expected(second).indices[:8].tolist() != before


def test_new_weights_are_looked_at_anew():
    run = a_run()
    before = shown(visit("mistakes", run=run.id))
    other = a_run(seed=5)
    run.model_path().write_bytes(other.model_path().read_bytes())
    assert shown(visit("mistakes", run=run.id)) == expected(other).indices[:8].tolist() != before


def test_a_net_that_is_still_in_training_says_so():
    run = a_run()
    put_status(run, "running")
    app = visit("mistakes", run=run.id)
    assert "Still in training" in texts(app) and shown(app)


def test_a_run_without_weights_yet_says_when_they_come():
    run = a_run(with_weights=False)
    put_status(run, "running")
    app = visit("mistakes", run=run.id)
    assert "first weights come with its first epoch" in texts(app)
    assert not app.error and not shown(app)


def test_an_ended_run_without_weights_is_told():
    app = visit("mistakes", run=a_run(with_weights=False).id)
    assert "has saved no weights yet" in app.error[0].value


def test_damaged_weights_are_a_sentence():
    run = a_run()
    run.model_path().write_bytes(b"nothing of the kind")
    app = visit("mistakes", run=run.id)
    assert "cannot be read" in app.error[0].value and not app.exception


def test_an_unknown_run_is_a_sentence_and_the_choice_stays_open():
    a_run()
    app = visit("mistakes", run="gone")
    assert "There is no run named gone" in app.error[0].value
    assert app.selectbox("chosen net").value is None and not shown(app)


def test_without_any_net_it_offers_to_train_one(nothing_shipped):
    app = visit("mistakes")
    assert "There is no trained net yet" in texts(app)
    assert any(link.label == "Train a net" for link in app.get("page_link"))


def test_data_that_is_not_here_is_offered_for_download(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "no data"))
    app = visit("mistakes", run=a_run(dataset="mnist").id)
    assert "MNIST are not on this computer yet" in texts(app)
    assert any(button.label == "Download MNIST (11 MB)" for button in app.button)
