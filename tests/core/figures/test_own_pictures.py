"""Figures 5.1 to 5.4 of photographs of one's own, by command."""

from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core import images
from core.__main__ import main
from core.errors import UserError
from core.explain import box_files, localise, subjects
from core.figures import class_maps, own_pictures
from core.figures.own_pictures import OwnPictures
from core.trainers.trained import open_named
from tests.photographs import pasted

pytestmark = pytest.mark.slow


@pytest.fixture
def folders(tmp_path):
    """Sample pictures in folders: one rightly named, two wrongly."""
    for name, sample in (("cat", "cat"), ("dog", "cat"), ("banana", "coffee")):
        (tmp_path / "own" / name).mkdir(parents=True)
        images.save(images.sample(sample), tmp_path / "own" / name / f"{sample}.png")
    return tmp_path / "own"


def drawn(name, tmp_path, *words):
    out = tmp_path / "figure.png"
    assert main(["figure", name, str(out), *map(str, words)]) == 0
    height, width, _ = images.decode(out).shape
    assert width > 700 and height > 300


@pytest.mark.parametrize("name", ["5.1", "5.2"])
def test_a_map_of_a_sample_has_a_link(name, tmp_path, capsys):
    drawn(name, tmp_path, "--pictures", "sample:cat")
    printed = capsys.readouterr().out
    assert "EfficientNet-Lite0" in printed
    assert "On the pages: /explain?net=efficientnet_lite0&sample=cat" in printed


def test_a_map_of_a_file_by_another_net(tmp_path, folders, capsys):
    drawn("5.1", tmp_path, "--model", "resnet20_cifar10", "--pictures", folders / "cat" / "cat.png")
    assert "On the pages: give the pictures on /explain." in capsys.readouterr().out


def test_boxes_of_photographs_are_those_of_greatest_iou(tmp_path, capsys):
    boxes = pasted(tmp_path, 10)
    drawn("5.3", tmp_path, "--pictures", tmp_path, "--boxes", boxes)
    link = parse_qs(urlsplit(capsys.readouterr().out.split()[-1]).query)
    assert link["pictures"] == [str(tmp_path)] and link["boxes"] == [str(boxes)] and link["threshold"] == ["0.5"]
    net = open_named("efficientnet_lite0")
    source = box_files.Source.read(tmp_path, box_files.read(boxes))
    boxed, located = localise.locate_photographs(net, box_files.boxed(net, source))
    curve = localise.curve(located, "all", np.array([0.5]))
    examples = own_pictures.localised(net, boxed, curve)
    assert [example.iou for example in examples] == sorted(curve.ious[:, 0].tolist(), reverse=True)[:8]
    best = int(curve.ious[:, 0].argmax())
    height, width = boxed.photographs.picture(best).shape[:2]
    # Boxes are in pixels of the photograph; the file has the true one in them as well.
    expected = source.labelled[best].boxes[0][1]
    assert examples[0].truth == tuple(round(edge) for edge in expected)
    assert examples[0].box[2] <= width and examples[0].box[3] <= height


def test_without_boxes_the_first_right_one_of_each_name_is_shown(tmp_path, folders):
    drawn("5.3", tmp_path, "--pictures", folders)
    net = open_named("efficientnet_lite0")
    found, answers = subjects.answers(net, subjects.in_folders(net, folders))
    examples = own_pictures.first_right_ones(net, found, answers)
    assert [example.view.predicted for example in examples] == [int(answers.labels[1])]  # banana, cat, dog


def test_mistakes_on_photographs(tmp_path, folders, capsys):
    drawn("5.4", tmp_path, "--pictures", folders)
    link = parse_qs(urlsplit(capsys.readouterr().out.split()[-1]).query)
    assert link["photographs"] == [str(folders)] and link["image"] == [class_maps.FIRST]
    net = open_named("efficientnet_lite0")
    found, answers = subjects.answers(net, subjects.in_folders(net, folders))
    examples = class_maps.close_mistakes(net, found, answers)
    assert {found.name_of(example.index) for example in examples} <= {"dog", "banana"}
    assert all(example.view.classes == (example.view.predicted, example.label) for example in examples)


def test_a_name_is_given_a_class(tmp_path, folders, capsys):
    (folders / "cat").rename(folders / "my darling")
    drawn("5.3", tmp_path, "--pictures", folders, "--class", "my darling=Egyptian cat", "--class", "dog=tabby")
    own = OwnPictures(str(folders), None, {"my darling": "tabby"})
    link = own_pictures.link(class_maps.figure("5.4"), open_named("efficientnet_lite0"), own)
    assert parse_qs(urlsplit(link).query)["means"] == ["my darling=tabby"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["5.1", "--pictures", "sample:unicorn"], "no sample picture"),
        (["5.1", "--pictures", "nowhere.jpg"], "There is no file nowhere.jpg"),
        (["5.4", "--pictures", "nowhere"], "There is no folder"),
        (["5.4", "--pictures", "nowhere", "--boxes", "a.json"], "needs no boxes"),
        (["5.3", "--pictures", "nowhere", "--boxes", "a.json"], "cannot be read"),
        (["5.1", "--pictures", "sample:cat", "--image", "3"], "leave them out beside --pictures"),
        (["5.4", "--pictures", "nowhere", "--class", "dog"], "is not NAME=CLASS"),
        (["5.4", "--pictures", "nowhere", "--class", "dog=retriever"], "such as flat-coated retriever"),
        (["5.9", "--pictures", "nowhere"], "leave --model"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(tmp_path, capsys, words, sentence):
    name, *rest = words
    assert main(["figure", name, str(tmp_path / "a.png"), *rest]) == 2
    assert sentence in capsys.readouterr().err


def test_a_net_that_names_none_rightly_has_nothing_to_show(tmp_path, folders):
    (folders / "cat" / "cat.png").unlink()
    net = open_named("efficientnet_lite0")
    with pytest.raises(UserError, match="classifies none of these 2 photographs correctly"):
        own_pictures.draw(class_maps.figure("5.3"), net, OwnPictures(str(folders)))
