"""Figures 5.1 to 5.4: their nets and images, and links to the pages that show them."""

from dataclasses import replace
from urllib.parse import parse_qs, urlparse

import pytest
import torch

from core import datasets, weights
from core.datasets import Split
from core.errors import UserError
from core.explain import mistakes
from core.explain.subjects import Images
from core.figures import class_maps
from core.trainers.trained import open_run, open_shipped, shipped
from tests.nets import a_run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", class_maps.FIGURES)
def test_each_has_a_shipped_net_whose_data_need_no_download(name, tmp_path):
    offline = [net for net in class_maps.figure(name).nets if net in shipped()][-1]
    info = datasets.info(open_shipped(offline).dataset)
    assert info.embedded
    if info.name == "digits":
        trained, data = class_maps.subject(class_maps.figure(name), root=tmp_path)
        assert (trained.name, data.name) == (offline, "digits")


def test_another_figure_is_refused_with_the_choices():
    with pytest.raises(UserError, match=r"Figure 4\.5 is none of.*5\.1, 5\.2, 5\.3, 5\.4"):
        class_maps.figure("4.5")


def test_links_hold_net_image_and_settings():
    run = open_run(a_run())
    links = {name: urlparse(class_maps.link(figure, run)) for name, figure in class_maps.FIGURES.items()}
    assert [link.path for link in links.values()] == ["/explain", "/explain", "/localise", "/mistakes"]
    queries = {name: parse_qs(link.query) for name, link in links.items()}
    assert queries["5.1"] == {"run": [run.name], "image": ["7"]}
    assert queries["5.3"] == {"run": [run.name], "threshold": ["0.5"], "end": ["best"]}
    assert queries["5.4"]["confidence"] == ["0", "65"] and queries["5.4"]["image"] == ["first"]


def test_close_mistakes_are_sorted_by_confidence():
    trained, data = open_run(a_run("bn_nin")), datasets.load("digits")
    answers = mistakes.answers(trained, data.test)
    examples = class_maps.close_mistakes(trained, Images(data.test), answers)
    close = mistakes.find(trained, data.test).ordered("confidence").among(confidence=(0.0, class_maps.MOST_SURE))
    assert [example.index for example in examples] == close.indices[:4].tolist()
    assert all(example.view.classes == (example.view.predicted, example.label) for example in examples)


def test_examples_without_true_boxes_are_classified_correctly():
    trained, data = open_run(a_run("bn_nin")), datasets.load("digits")
    examples = class_maps.localised(trained, data)
    assert examples and all(trained.classes[example.view.predicted] == example.name for example in examples)
    assert len({example.name for example in examples}) == len(examples)


def test_the_docs_have_the_links_to_what_needs_no_download_and_to_the_first_choice():
    page = (weights.WEIGHTS.parent / "docs" / "thesis.md").read_text("utf-8")
    for figure in class_maps.FIGURES.values():
        nets = [net for net in figure.nets if net in shipped()]
        for net in (nets[0], nets[-1]):
            assert f"`{class_maps.link(figure, open_shipped(net))}`" in page
        assert f"`python -m core figure {figure.name} OUT.png`" in page


def test_examples_with_true_boxes_are_those_of_greatest_iou():
    trained, data = open_run(a_run("bn_nin")), datasets.load("digits")
    indices = torch.arange(40)
    true_boxes = torch.tensor([[4.0, 4.0, 24.0, 24.0]]).expand(40, -1)
    data = replace(data, test=Split(data.test.images[indices], data.test.labels[indices], true_boxes))
    examples = class_maps.localised(trained, data)
    ious = [example.iou for example in examples]
    assert len(examples) == class_maps.EXAMPLES and ious == sorted(ious, reverse=True)
    assert {example.truth for example in examples} == {(4, 4, 24, 24)}
