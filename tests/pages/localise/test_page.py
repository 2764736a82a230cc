"""The Localise page without a browser: boxes against true ones, of the toybox and of one's own pictures."""

import json

import numpy as np
import pytest
import torch

from core import datasets, images, uploads
from core.datasets import toybox
from core.errors import UserError
from core.explain import box_files, boxes, localise
from core.explain.box_files import Source
from core.models import catalogue, pretrained
from core.runs.run import Run
from core.runs.writer import writing
from core.trainers import recipe
from core.trainers.trained import open_named, open_run
from pages.localise import gallery, search
from tests.nets import a_run
from tests.pages.app import as_read, texts, visit
from tests.photographs import pasted
from ui import nets

SIZES = {"train": 40, "validation": 30, "test": 50}


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A net for the toybox with weights by lot, and a toybox of few scenes."""
    monkeypatch.setattr(toybox, "SIZES", SIZES)
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    return _a_net()


def _a_net() -> Run:
    data = datasets.load("toybox")
    run = Run.create("classifier", recipe.settings("toybox", "resnet20").to_json(), name="toys")
    torch.manual_seed(0)
    net = catalogue.build("resnet20", classes=10, channels=3, side=32, dataset="toybox")
    with writing(run) as writer:
        facts = {"model": "resnet20", "dataset": "toybox", "classes": list(data.classes), "channels": 3, "side": 32}
        writer.facts(**facts, mean=list(data.mean), std=list(data.std), held_out="validation")
        writer.save_model(net.state_dict())
    return Run.open(run.id)


def expected(run: Run, rule: str = "all") -> localise.Report:
    data, trained = datasets.load("toybox"), open_run(run)
    return localise.evaluate(localise.locate(trained, data.validation), localise.locate(trained, data.test), rule)


def threshold_of(app) -> float:
    (slider,) = [slider for slider in app.slider if slider.label == "Threshold"]
    return slider.value


def test_begins_at_the_threshold_that_validation_chose_beside_the_constant_boxes(toys):
    report = expected(toys)
    app = visit("localise")
    assert not app.exception and not app.error
    assert threshold_of(app) == report.threshold
    assert f"{report.score.accuracy[1]:.1f}% of the boxes reach an IoU of 0.5" in texts(app)
    assert "Evaluated on 50 test images" in texts(app) and "chosen on 30 validation images" in texts(app)
    shown = app.dataframe[0].value
    assert list(shown["Box"])[2:] == ["Whole picture", "Centre box", "Best constant box"]
    assert list(shown["IoU 0.3"])[1:] == pytest.approx(
        [score.accuracy[0] for score in (report.score, report.whole, report.centre, report.constant)]
    )


def test_threshold_rule_method_and_image_come_from_the_address(toys):
    report = expected(toys, "largest")
    query = {"rule": "largest", "method": "hirescam", "threshold": "0.3", "image": "7"}
    app = visit("localise", run=toys.id, **query)
    assert threshold_of(app) == 0.3 and not app.error
    assert "HiResCAM of" in texts(app)
    # HiResCAM is CAM on such a net, but for the bias; so its boxes are computed from its own map here.
    data, trained = datasets.load("toybox"), open_run(toys)
    whole = localise.locate(trained, data.test, "hirescam")
    predicted = boxes.over_thresholds(whole.maps[7:8], [0.3], "largest")[0, 0]
    iou = float(localise.overlap(predicted, whole.truth[7]))
    assert f"**IoU {iou:.2f}**" in texts(app)
    assert report.rule == "largest"


def test_the_slider_moves_the_box_and_goes_into_the_address(toys):
    app = visit("localise", run=toys.id)
    (slider,) = [slider for slider in app.slider if slider.label == "Threshold"]
    before = texts(app)
    app = slider.set_value(0.9).run()
    assert app.query_params["threshold"] in ("0.9", ["0.9"]) and texts(app) != before
    (reset,) = [button for button in app.button if button.label.startswith("Reset to")]
    app = reset.click().run()
    assert threshold_of(app) == expected(toys).threshold and "threshold" not in app.query_params


def test_images_are_sorted_by_iou_and_open(toys):
    report = expected(toys)
    ious = report.curve.ious[:, report.curve.at(report.threshold)]
    app = visit("localise", run=toys.id, end="best")
    opening = [button for button in app.button if str(button.key).startswith("open ")]
    assert opening[0].key == f"open {ious.argmax()}" and opening[0].label.endswith(f"{ious.max():.2f}")
    app = opening[0].click().run()
    assert f"**IoU {ious.max():.2f}**" in texts(app)


def test_data_without_boxes_are_a_sentence():
    app = visit("localise", run=a_run("bn_nin").id, **{"from": "data"})
    assert "have no true boxes" in app.error[0].value and not app.exception


@pytest.fixture
def own(tmp_path):
    """A folder of pictures, each a bright square on black, and the file of their boxes."""
    folder = tmp_path / "own"
    folder.mkdir()
    pictures, annotations = [], []
    for i in range(6):
        canvas = torch.zeros(60, 60, 3, dtype=torch.uint8).numpy()
        canvas[10 : 30 + i, 20:40] = 255
        images.save(canvas, folder / f"{i}.png")
        pictures.append({"id": i, "file_name": f"{i}.png", "width": 60, "height": 60})
        annotations.append({"image_id": i, "category_id": 1, "bbox": [20, 10, 20, 20 + i]})
    document = {"images": pictures, "annotations": annotations, "categories": [{"id": 1, "name": "3"}]}
    (tmp_path / "boxes.json").write_text(json.dumps(document))
    return folder, tmp_path / "boxes.json"


def test_ones_own_pictures_by_path(own):
    app = visit("localise", run=a_run("bn_nin").id, pictures=str(own[0]), boxes=str(own[1]))
    assert not app.exception and not app.error
    assert "6 pictures of your own" in texts(app) and "CAM of 3" in texts(app)
    assert "chosen on those it is evaluated on" in texts(app)


def test_ones_own_pictures_uploaded(own):
    run = a_run("bn_nin").id
    app = visit("localise", run=run)
    assert "Give pictures and their boxes" in texts(app)
    uploader = app.file_uploader[0]
    for path in [*sorted(own[0].iterdir()), own[1]]:
        uploader.upload(path.name, path.read_bytes())
    app = uploader.run()
    assert not app.exception and not app.error
    assert "6 pictures of your own" in texts(app)


def test_uploaded_pictures_are_a_link_and_never_meet_those_of_others(own):
    run, boxes = a_run("bn_nin").id, own[1].read_bytes()

    def upload(owner, change):
        files = {path.name: images.encode(images.decode(path) // change, "PNG") for path in own[0].iterdir()}
        kept = [uploads.keep(data, name, owner) for name, data in (*sorted(files.items()), ("boxes.json", boxes))]
        return [one.id for one in kept]

    first, second = upload("one", 1), upload("another", 3)
    apps = [visit("localise", run=run, boxed=ids) for ids in (first, second, first)]
    assert all("6 pictures of your own" in texts(app) and not app.error and not app.exception for app in apps)
    assert len({app.dataframe[0].value.to_csv() + words_of_map(app) for app in apps}) == 2
    assert words_of_map(apps[0]) == words_of_map(apps[2]) != words_of_map(apps[1])


def words_of_map(app) -> str:
    return next(caption.value for caption in app.caption if "evidence" in caption.value)


def test_uploads_that_are_gone_are_a_sentence(own):
    app = visit("localise", run=a_run("bn_nin").id, boxed=["A" * 22, "../../etc"])
    assert not app.exception and not app.error and "2 of these 2 files are no longer here" in texts(app)


BAD = {
    "from": "moon",
    "method": "tarot",
    "rule": ["all", "largest"],
    "count": "",
    "image": "1000000",
    "threshold": "nan",
    "end": "x" * 5000,
    "page": "![](https://example.org/x.png)",
}


@pytest.mark.parametrize("key", BAD)
def test_a_bad_value_is_the_default_and_one_sentence(toys, key):
    plain, app = visit("localise", run=toys.id), visit("localise", run=toys.id, **{key: BAD[key]})
    assert not app.exception and not app.error and app.header[0].value == plain.header[0].value
    notes = [caption for caption in app.caption if "in the address" in as_read(caption.value)]
    assert len(notes) == 1 and len(notes[0].value) < 300 and "![" not in notes[0].value


def test_a_net_that_is_gone_is_a_sentence_beside_another(toys):
    app = visit("localise", run="gone")
    assert not app.exception and not app.error and "another net is shown" in texts(app)
    assert "boxes reach an IoU of 0.5" in texts(app)


def test_boxes_that_do_not_match_their_pictures_are_a_sentence(own):
    (own[0] / "4.png").unlink()
    app = visit("localise", run=a_run("bn_nin").id, pictures=str(own[0]), boxes=str(own[1]))
    assert '"4.png", which is not in' in app.error[0].value and not app.exception


def test_whole_photographs_are_localised_by_a_net_of_a_thousand_classes(tmp_path):
    boxes = pasted(tmp_path)
    app = visit("localise", net="efficientnet_lite0", pictures=str(tmp_path), boxes=str(boxes))
    assert not app.exception and not app.error
    assert "half of 24 pictures of your own" in texts(app) and "the other half of the pictures" in texts(app)
    assert "“cat” is any of 5 classes, tabby to Egyptian cat" in as_read(texts(app))
    assert "more than the constant-box baseline" in app.header[0].value
    opening = [button for button in app.button if str(button.key).startswith("open ")]
    assert len(opening) == 8 and "cat" in opening[0].label
    # The photograph is shown in its proportions, and so are its boxes: in pixels of it.
    assert " px at (" in texts(app)


def test_a_class_is_chosen_once_for_a_name_that_is_none(tmp_path):
    boxes = pasted(tmp_path, 4, "my darling")
    query = {"net": "efficientnet_lite0", "pictures": str(tmp_path), "boxes": str(boxes)}
    app = visit("localise", **query)
    assert "No picture has a box" in app.error[0].value and "my darling" in app.error[0].value and not app.exception
    (choice,) = [box for box in app.selectbox if box.label == "my darling"]
    app = choice.select("Egyptian cat").run()
    assert app.query_params["means"] in ("my darling=Egyptian cat", ["my darling=Egyptian cat"])
    assert not app.error and "4 pictures of your own" in texts(app) and "CAM of Egyptian cat" in texts(app)
    app = visit("localise", **query, means=["my darling=Siamese cat", "my darling=unicorn"])
    assert "CAM of Siamese cat" in texts(app) and not app.error
    assert "my darling=unicorn" in texts(app) and "left out" in texts(app)


def test_a_net_without_data_of_its_own_asks_for_pictures():
    app = visit("localise", net="efficientnet_lite0", **{"from": "data"})
    assert not app.error and not app.exception and "Give pictures and their boxes" in texts(app)
    assert "do not come with Atelier" in texts(app)


def test_a_net_whose_package_is_missing_is_a_sentence(monkeypatch):
    def missing():
        raise UserError("The package of the weights is not installed: install it.")

    monkeypatch.setattr(pretrained, "path", missing)
    nets._file_of.cache_clear()
    nets._opened.clear()
    app = visit("localise", net="efficientnet_lite0")
    assert "package of the weights is not installed" in app.error[0].value and not app.exception


def test_figure_5_3_of_photographs_is_one_click(tmp_path):
    app = visit("localise", net="efficientnet_lite0", pictures=str(tmp_path), boxes=str(pasted(tmp_path, 4)))
    assert [one for one in app.get("download_button") if one.proto.label == "Figure 5.3, PNG"]


def test_the_figure_is_drawn_from_what_is_evaluated(tmp_path):
    net = open_named("efficientnet_lite0")
    source = Source.read(tmp_path, box_files.read(pasted(tmp_path, 3)))
    boxed, located = localise.locate_photographs(net, box_files.boxed(net, source))
    every = search.PictureSet(boxed.photographs, boxed.labels, boxed.truth, boxed.positions, "content")
    places = np.arange(1, 3)
    pictures = search.Pictures(every, places, located.part(places), located, "two", "all")
    report = localise.evaluate(located, located.part(places), "all")
    drawn = gallery._figure(search.Evaluation(search.Method(net, "cam", "all"), pictures, report, 0.5))
    assert images.decode(drawn).shape[1] > 700
