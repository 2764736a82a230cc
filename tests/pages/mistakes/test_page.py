"""The Mistakes page without a browser: what it shows of a net, in which order, and its messages when it cannot."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import images, weights
from core.datasets import load
from core.explain import epochs, marks, mistakes, subjects
from core.figures import class_maps
from core.runs.run import Run
from core.trainers import trained
from core.trainers.trained import open_named, open_run
from tests.nets import a_run, with_epochs
from tests.pages.app import as_read, in_link, texts, visit
from tests.runs_on_disk import put_status


@pytest.fixture
def nothing_shipped(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(trained, "_PACKAGED", {})


def expected(run: Run) -> mistakes.Mistakes:
    return mistakes.find(open_run(run), load("digits").test)


def canvas(app: AppTest) -> str:
    """Return the HTML of the canvas, empty where there is none."""
    drawn = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "mistakes_canvas"]
    return html.unescape(json.loads(drawn[0].json)["html"]) if drawn else ""


def shown(app: AppTest) -> list[int]:
    """Indices in the split of the mistakes on the canvas, in their order."""
    return [int(index) for index in re.findall(r'data-open="(\d+)"', canvas(app))]


def opened(run: Run, index: int, **query: str) -> AppTest:
    """Return the page with an opened image."""
    return visit("mistakes", run=run.id, image=str(index), **query)


@pytest.mark.parametrize(("model", "method"), [("baseline", "Grad-CAM"), ("bn_nin", "CAM")])
def test_shows_the_worst_first_with_two_maps_each_and_why_they_are_what_they_are(model, method):
    run = a_run(model)
    wrong = expected(run)
    app = visit("mistakes", run=run.id)
    assert not app.exception
    assert f"{len(wrong)} of 360 test images wrong: {wrong.error:.2f}% error" in texts(app)
    assert shown(app) == wrong.indices[:8].tolist()
    assert re.search(rf"^ {method}: The net ends in", texts(app), re.MULTILINE)
    label, predicted = int(wrong.labels[0]), int(wrong.predicted[0])
    assert f"Open test {int(wrong.indices[0])}, {label} predicted as {predicted}" in canvas(app)
    assert f"{method} of {predicted}, predicted: evidence" in canvas(app)
    assert f"true class, {100 * float(wrong.probabilities[0, label]):.1f}%" in canvas(app)
    assert canvas(app).count("<img") == 8 * 3  # image and two maps


def test_order_filters_and_pages_are_in_the_address():
    run = a_run()
    wrong = expected(run)
    by_confidence = wrong.ordered("confidence")
    app = visit("mistakes", run=run.id, order="Confidence", page="2")
    assert shown(app) == by_confidence.indices[8:16].tolist()
    label = int(wrong.labels[0])
    app = visit("mistakes", run=run.id, truth=str(label))
    assert shown(app) == wrong.among(label=label).indices[:8].tolist()
    assert f"{len(wrong.among(label=label))} of these mistakes" in texts(app)
    app.selectbox("choice of order").set_value("Confidence").run()
    assert shown(app) == by_confidence.among(label=label).indices[:8].tolist()


def test_a_pair_that_is_never_confused_is_a_sentence():
    run = a_run()
    app = visit("mistakes", run=run.id, truth="3", taken="3")
    assert "No image of that class was predicted as the other" in texts(app) and not app.exception


def test_without_an_address_it_shows_the_newest_run_and_a_copied_link_names_it():
    run = a_run()
    app = visit("mistakes")
    assert in_link(app, "run") == run.id and not app.query_params
    assert shown(app)


def test_a_choice_of_net_goes_into_the_address():
    first, second = a_run(name="first", seed=1), a_run(name="second", seed=2)
    app = visit("mistakes", run=first.id)
    before = shown(app)
    app.selectbox("chosen net").set_value(second.id).run()
    assert app.query_params["run"] in (second.id, [second.id])
    assert shown(app) == expected(second).indices[:8].tolist() != before


def test_new_weights_are_run_anew():
    run = a_run()
    before = shown(visit("mistakes", run=run.id))
    other = a_run(seed=5)
    run.model_path().write_bytes(other.model_path().read_bytes())
    assert shown(visit("mistakes", run=run.id)) == expected(other).indices[:8].tolist() != before


def test_a_net_that_is_still_in_training_is_shown_as_such():
    run = a_run()
    put_status(run, "running")
    app = visit("mistakes", run=run.id)
    assert "Still in training" in texts(app) and shown(app)


def test_a_run_without_weights_yet_names_when_they_come():
    run = a_run(with_weights=False)
    put_status(run, "running")
    app = visit("mistakes", run=run.id)
    assert "first weights come with its first epoch" in texts(app)
    assert not app.error and not shown(app)


def test_an_ended_run_without_weights_is_a_sentence():
    app = visit("mistakes", run=a_run(with_weights=False).id)
    assert "has saved no weights yet" in app.error[0].value


def test_damaged_weights_are_a_sentence():
    run = a_run()
    run.model_path().write_bytes(b"nothing of the kind")
    app = visit("mistakes", run=run.id)
    assert "cannot be read" in app.error[0].value and not app.exception


def test_an_unknown_run_is_a_sentence_beside_another_net():
    run = a_run()
    app = visit("mistakes", run="gone")
    assert "There is no run named gone" in texts(app) and "another net is shown" in texts(app)
    assert app.selectbox("chosen net").value == run.id and shown(app) and not app.error


def test_without_any_net_it_offers_to_train_one(nothing_shipped):
    app = visit("mistakes")
    assert "There is no trained net yet" in texts(app)
    assert any(link.label == "Train a net" for link in app.get("page_link"))


def test_data_that_is_not_here_is_offered_for_download(tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "no data"))
    app = visit("mistakes", run=a_run(dataset="mnist").id)
    assert "MNIST are not on this computer yet" in texts(app)
    assert any(button.label == "Download MNIST (11 MB)" for button in app.button)


def button(app: AppTest, label: str):
    (match,) = [button for button in app.button if button.label == label]
    return match


def test_only_mistakes_of_a_confidence_are_shown():
    run = a_run()
    wrong = expected(run)
    limit = round(100 * float(wrong.confidence.median()))
    app = visit("mistakes", run=run.id)
    (slider,) = [slider for slider in app.slider if slider.label == "Confidence, %"]
    app = slider.set_range(limit, 100).run()
    chosen = wrong.among(confidence=(limit / 100, 1.0))
    assert 0 < len(chosen) < len(wrong)
    assert f"{len(chosen)} of these mistakes" in texts(app) and shown(app) == chosen.indices[:8].tolist()


def test_the_commonest_pair_is_a_button_that_sets_both_filters():
    run = a_run()
    counts = mistakes.answers(open_run(run), load("digits").test).confusion().fill_diagonal_(0)
    place = int(counts.argmax())
    truth, predicted = place // 10, place % 10
    app = visit("mistakes", run=run.id)
    app = button(app, f"{truth} predicted as {predicted}: {int(counts.max())}").click().run()
    assert app.selectbox("choice of truth").value == str(truth) and app.selectbox("choice of taken").value == str(
        predicted
    )
    assert f"{int(counts.max())} of these mistakes" in texts(app) or int(counts.max()) == len(expected(run))


def test_a_mistake_opens_with_maps_bars_copies_and_nearest_images():
    run = a_run("bn_nin")
    wrong = expected(run)
    first, label, predicted = (int(column[0]) for column in (wrong.indices, wrong.labels, wrong.predicted))
    app = opened(run, first)
    assert not app.exception and not app.error
    assert f"{label} predicted as {predicted}" in [heading.value for heading in app.header][0]
    for alt in (
        f"CAM of {predicted}, predicted, over the image",
        f"CAM of {label}, true class, over the image",
        f"Evidence for {predicted} less that for {label}",
    ):
        assert alt in canvas(app)
    assert len(app.get("vega_lite_chart")) == 1
    copies = app.dataframe[0].value
    assert copies["Predicted"][0] == str(predicted) and copies["Verdict"][0] == "wrong" and len(copies) == 6
    assert f"Of {label}, the true class" in texts(app)
    assert f"test {first}, 1 of {len(wrong)}" in texts(app)
    app = app.button(f"Next {int(wrong.indices[1])}").click().run()
    assert f"test {int(wrong.indices[1])}, 2 of {len(wrong)}" in texts(app)
    assert shown(button(app, "Back to the list").click().run()) == wrong.indices[:8].tolist()


@pytest.mark.parametrize("image", ["360", "-1", "cat"])
def test_an_image_that_there_is_not_is_a_sentence(image):
    app = visit("mistakes", run=a_run().id, image=image)
    assert f"There is no image “{image}”" in texts(app) and shown(app) and not app.error


def test_an_opened_image_that_is_no_mistake_is_said_to_be_none():
    run = a_run()
    right = int(mistakes.answers(open_run(run), load("digits").test).right.nonzero()[0])
    app = opened(run, right)
    assert f"Image {right} of test is not a mistake" in texts(app) and "which is not in the list" in texts(app)


BAD = ("", "-1", "1e9", "x" * 5000, "<img src=x onerror=alert(1)>", "![](http://example.org/x.png)", "\u202e٣")
KEYS = (
    *("net", "split", "order", "truth", "taken", "confidence", "layout", "marked", "with", "ask", "page", "image"),
    *("epoch", "alone"),
)


def notes(app: AppTest) -> list[str]:
    """Return the sentences about the address."""
    return [caption.value for caption in app.caption if caption.value.startswith(":material/info:")]


@pytest.mark.parametrize("key", KEYS)
def test_a_bad_value_in_the_address_gives_the_default_and_one_sentence(key):
    run = with_epochs(a_run(), (0, 2))
    a_run(name="another", seed=3)
    rest = {"run": run.id} if key != "net" else {}
    if key in ("epoch", "alone"):
        rest["image"] = str(int(expected(run).indices[0]))
    app = visit("mistakes", **{**rest, key: "nonsense"})
    assert not app.exception and not app.error and canvas(app)
    assert len(notes(app)) == 1 and "“nonsense”" in notes(app)[0], notes(app)


@pytest.mark.parametrize("value", [*BAD, ["1", "nonsense"]])
def test_an_address_of_hostile_values_shows_the_page_all_the_same(value):
    a_run()
    app = visit("mistakes", **dict.fromkeys([*KEYS, "which", "hide"], value))
    assert not app.exception and not app.error and canvas(app)
    assert notes(app) and all(len(note) < 600 for note in notes(app))
    assert not any(re.search(r"(?<!\\)(<img|!\[)", note) for note in notes(app))


def test_hidden_controls_count_all_the_same():
    run = a_run()
    label = int(expected(run).labels[0])
    app = visit("mistakes", run=run.id, truth=str(label), hide="filters,more,actions")
    assert shown(app) == expected(run).among(label=label).indices[:8].tolist()


def test_in_a_quiz_the_prediction_is_revealed_only_after_a_guess():
    run = a_run()
    wrong = expected(run)
    first, label, predicted = (int(column[0]) for column in (wrong.indices, wrong.labels, wrong.predicted))
    app = visit("mistakes", run=run.id, ask="true")
    assert (
        f"{label} predicted as …" in canvas(app)
        and f"{label} predicted as {predicted}:" not in canvas(app).split("<svg")[0]
    )
    app = opened(run, first, ask="true")
    assert "Which class does the net predict?" in texts(app) and "Difference" not in canvas(app)
    (pills,) = [group for group in app.get("button_group") if group.label == "Your guess"]
    app = pills.set_value([predicted]).run() if isinstance(pills.value, list) else pills.set_value(predicted).run()
    assert "the net predicts the same class" in texts(app) and "Difference" in canvas(app)


def test_marks_are_saved_filtered_by_and_exported():
    run = a_run()
    wrong, trained = expected(run), open_run(run)
    second = int(wrong.indices[1])
    app = visit("mistakes", run=run.id, image=str(second))
    (pills,) = [group for group in app.get("button_group") if group.label == "Your verdict"]
    pills.set_value(["label"]).run()
    assert marks.read(trained, "test") == {second: ("label",)}
    app = visit("mistakes", run=run.id, marked="label")
    assert shown(app) == [second]
    assert f"{second}," in marks.table(wrong, trained.classes, marks.read(trained, "test"))


def test_two_nets_are_compared_by_what_one_fixed_and_broke():
    former, latter = a_run(name="former", seed=1), a_run(name="latter", seed=2)
    split = load("digits").test
    before, after = (mistakes.answers(open_run(run), split) for run in (former, latter))
    comparison = mistakes.compare(before, after)
    for which, chosen in (
        ("broken", after.mistakes().among(indices=comparison.broken)),
        ("fixed", before.mistakes().among(indices=comparison.fixed)),
    ):
        app = visit("mistakes", run=latter.id, **{"with": former.id}, which=which)
        assert not app.exception and not app.error
        assert f"fixes **{len(comparison.fixed)}** images and breaks **{len(comparison.broken)}**" in texts(app)
        assert shown(app) == chosen.indices[:8].tolist()
    app = visit("mistakes", run=latter.id, **{"with": former.id}, image=str(int(comparison.still_wrong[0])))
    assert "former predicts" in texts(app)


def test_training_images_may_be_shown_too():
    run = a_run()
    app = visit("mistakes", run=run.id, split="train", layout="pictures")
    wrong = mistakes.find(open_run(run), load("digits").train)
    assert f"{len(wrong):,} of 1,437 train images wrong" in texts(app)
    assert shown(app) == wrong.indices[:40].tolist()


def test_an_opened_mistake_is_shown_at_every_checkpoint_of_the_run():
    run = with_epochs(a_run("bn_nin"), (0, 2, 5))
    wrong = expected(run)
    app = visit("mistakes", run=run.id, image=str(int(wrong.indices[0])), epoch="2")
    assert not app.exception and not app.error
    label, rival = int(wrong.labels[0]), int(wrong.predicted[0])
    story = epochs.story(run, load("digits").test.images[int(wrong.indices[0])], label, rival)
    slider = app.select_slider("epoch looked at")
    assert slider.value == 2 and f"evidence {story.views[1].evidence(0)}" in texts(app)
    slider.set_value(5).run()
    assert not app.exception
    assert f"evidence {story.views[2].evidence(1)}" in texts(app)
    assert f"**{rival}, predicted at the end**" in texts(app) and f"**{label}, true class**" in texts(app)
    assert app.query_params["epoch"] == "5"


def test_a_net_without_checkpoints_names_how_to_get_them():
    run = a_run()
    app = visit("mistakes", run=run.id, image=str(int(expected(run).indices[0])))
    assert "has no checkpoints" in texts(app) and "--keep-epochs" in texts(app) and not app.error


@pytest.fixture
def folders(tmp_path):
    """Sample pictures in folders: two named rightly, one wrongly, and one by a name that means no class."""
    for name, sample in (("cat", "cat"), ("space_shuttle", "rocket"), ("dog", "cat"), ("my darling", "cat")):
        (tmp_path / "own" / name).mkdir(parents=True)
        images.save(images.sample(sample), tmp_path / "own" / name / f"{sample}.jpg")
    (tmp_path / "own" / "cat" / "notes.jpg").write_text("no picture")
    return tmp_path / "own"


def of_photographs(folders):
    net = open_named("efficientnet_lite0")
    return net, *subjects.answers(net, subjects.in_folders(net, folders))


def test_ones_own_photographs_in_folders_named_like_classes(folders):
    net, found, answers = of_photographs(folders)
    wrong = answers.mistakes()
    app = visit("mistakes", net=net.name, photographs=str(folders))
    assert not app.exception and not app.error
    assert f"{len(wrong)} of 3 photographs wrong" in texts(app)
    assert shown(app) == wrong.indices.tolist() and found.entries[shown(app)[0]].place == "dog/cat.jpg"
    dog, cat = net.classes[int(wrong.labels[0])], net.classes[int(wrong.predicted[0])]
    assert f"Open photograph {shown(app)[0]}, {dog} predicted as {cat}" in canvas(app)
    assert f"CAM of {cat}, predicted: evidence" in canvas(app) and f"CAM of {dog}, true class: evidence" in canvas(app)
    assert f'data-cell="{int(wrong.labels[0])},{int(wrong.predicted[0])}"' in canvas(app)
    said = as_read(texts(app))
    assert "1 photographs are in folders of names that are no class" in said and "“dog” is any of 119" in said
    assert "1 of 4 files is no readable picture and left out. cat/notes.jpg" in said


def test_a_photograph_opens_with_both_maps_and_its_file(folders):
    net, found, answers = of_photographs(folders)
    index = int(answers.mistakes().indices[0])
    app = visit("mistakes", net=net.name, photographs=str(folders), image=str(index))
    assert not app.exception and not app.error
    assert "Flipped and shifted" in texts(app) and "dog/cat.jpg" in as_read(texts(app))
    assert "Nearest training images" not in texts(app) and "Over the epochs" not in texts(app)
    assert canvas(app).count("<img") == 6
    (verdict,) = [pills for pills in app.get("button_group") if pills.label == "Your verdict"]
    verdict.set_value(["label"]).run()
    assert marks.read(net, f"photographs {found.digest()}") == {index: ("label",)}


def test_a_folder_may_be_given_a_class_once(folders):
    query = {"net": "efficientnet_lite0", "photographs": str(folders)}
    app = visit("mistakes", **query)
    (choice,) = [box for box in app.selectbox if box.label == "my darling"]
    app = choice.select("tabby").run()
    assert "of 4 photographs wrong" in texts(app) and not app.error
    assert app.query_params["means"] in ("my darling=tabby", ["my darling=tabby"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda folder: [shutil.rmtree(folder / name) for name in ("dog", "my darling", "space_shuttle")], "one class"),
        (lambda folder: shutil.rmtree(folder), "There is no folder"),
        (lambda folder: [(folder / name).rename(folder / f"{name} 7") for name in NAMES], "Rename the folders"),
        (lambda folder: [image.write_text("") for image in folder.rglob("*.jpg")], "None of the 4 photographs"),
        (lambda folder: [images_of_4_px(image) for image in folder.rglob("*.jpg")], "must be at least 8 px"),
    ],
)
def test_photographs_that_cannot_be_used_are_a_sentence(folders, change, sentence):
    change(folders)
    app = visit("mistakes", net="efficientnet_lite0", photographs=str(folders))
    said = [
        *app.error,
        *(caption for caption in app.caption if caption.value.startswith(":material/info: There is no")),
    ]
    assert len(said) == 1 and sentence in as_read(said[0].value) and not app.exception


NAMES = ("cat", "dog", "my darling", "space_shuttle")


def images_of_4_px(path):
    Image.new("RGB", (4, 4)).save(path)


def test_a_net_without_data_of_its_own_begins_with_ones_own():
    app = visit("mistakes", net="efficientnet_lite0", **{"from": "data"})
    assert not app.error and not app.exception and "Give photographs in folders named like classes" in texts(app)
    assert "do not come with Atelier" in texts(app)


def test_photographs_are_uploaded_as_an_archive(folders):
    app = visit("mistakes", net="efficientnet_lite0")
    packed = Path(shutil.make_archive(str(folders.parent / "own"), "zip", folders))
    app.file_uploader[0].upload("own.zip", packed.read_bytes())
    app = app.run()
    assert not app.exception and not app.error and "of 3 photographs wrong" in texts(app)
    assert "archive" in app.query_params


def test_figure_5_4_is_one_click_where_there_is_a_close_mistake(folders):
    app = visit("mistakes", net="efficientnet_lite0", photographs=str(folders))
    (offered,) = [one for one in app.get("download_button") if one.proto.label == "Figure 5.4, PNG"]
    _, _, answers = of_photographs(folders)
    assert offered.proto.disabled == (not class_maps.has_close_mistakes(answers))
