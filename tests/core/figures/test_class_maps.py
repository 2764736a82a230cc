"""Figures 5.1 to 5.4: drawn by a command, shown by a link, by what is on this computer."""

from dataclasses import replace
from urllib.parse import parse_qs, urlparse

import pytest
import torch

from core import __main__ as commands
from core import datasets, images, weights
from core.datasets import Split
from core.errors import UserError
from core.explain import mistakes
from core.figures import class_maps as figures
from core.trainers.trained import open_run, open_shipped, shipped
from tests.nets import a_run


@pytest.mark.parametrize("name", figures.FIGURES)
def test_each_has_a_shipped_net_whose_data_need_no_download(name, tmp_path):
    offline = [net for net in figures.figure(name).nets if net in shipped()][-1]
    known = datasets.info(open_shipped(offline).dataset)
    assert known.embedded
    if known.name == "digits":
        trained, data = figures.subject(figures.figure(name), root=tmp_path)
        assert (trained.name, data.name) == (offline, "digits")


def test_another_figure_is_refused_with_the_way_to_it():
    with pytest.raises(UserError, match=r"Figure 4\.5 is none of.*5\.1, 5\.2, 5\.3, 5\.4"):
        figures.figure("4.5")


def test_links_say_net_image_and_what_is_set():
    run = open_run(a_run())
    links = {name: urlparse(figures.link(figure, run)) for name, figure in figures.FIGURES.items()}
    assert [link.path for link in links.values()] == ["/explain", "/explain", "/localise", "/mistakes"]
    asked = {name: parse_qs(link.query) for name, link in links.items()}
    assert asked["5.1"] == {"run": [run.name], "image": ["7"]}
    assert asked["5.3"] == {"run": [run.name], "threshold": ["0.5"], "end": ["best"]}
    assert asked["5.4"]["confidence"] == ["0", "65"] and asked["5.4"]["image"] == ["first"]


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_command_draws_each_from_a_run_of_ones_own(name, tmp_path, capsys):
    run = a_run("bn_nin")
    out = tmp_path / "figure.png"
    status = commands.main(["figure", name, str(out), "--model", run.id])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert f"Figure {name}" in printed.out
    assert ("On the pages: /" in printed.out) == (name != "5.3")  # page Localise needs true boxes
    height, width, _ = images.decode(out).shape
    assert width > 700 and height > 300


def test_mistakes_are_the_surest_of_the_close_calls_and_examples_are_right():
    trained, data = open_run(a_run("bn_nin")), datasets.load("digits")
    found = figures.mistaken(trained, data.test)
    close = mistakes.find(trained, data.test).ordered("confidence").among(confidence=(0.0, figures.MOST_SURE))
    assert [index for _, _, index in found] == close.indices[:4].tolist()
    assert all(seen.classes == (seen.predicted, label) for seen, label, _ in found)
    examples = figures.localised(trained, data)
    assert examples and all(trained.classes[example.seen.predicted] == example.name for example in examples)
    assert len({example.name for example in examples}) == len(examples)


def test_what_cannot_be_is_a_sentence(tmp_path, capsys):
    run = a_run()
    assert commands.main(["figure", "5.1", str(tmp_path / "a.png"), "--model", run.id, "--image", "360"]) == 2
    assert "no image 360: choose one from 0 to 359" in capsys.readouterr().err
    assert commands.main(["figure", "5.4", str(tmp_path / "a.png"), "--model", run.id, "--image", "3"]) == 2
    assert "leave --image out" in capsys.readouterr().err


def test_the_docs_have_the_links_to_what_needs_no_download_and_to_the_first_choice():
    page = (weights.WEIGHTS.parent / "docs" / "thesis.md").read_text("utf-8")
    for figure in figures.FIGURES.values():
        known = [net for net in figure.nets if net in shipped()]
        for net in (known[0], known[-1]):
            assert f"`{figures.link(figure, open_shipped(net))}`" in page
        assert f"`python -m core figure {figure.name} OUT.png`" in page


def test_where_true_boxes_are_known_the_examples_are_those_met_best():
    trained, data = open_run(a_run("bn_nin")), datasets.load("digits")
    some = torch.arange(40)
    known = torch.tensor([[4.0, 4.0, 24.0, 24.0]]).expand(40, -1)
    data = replace(data, test=Split(data.test.images[some], data.test.labels[some], known))
    examples = figures.localised(trained, data)
    met = [example.iou for example in examples]
    assert len(examples) == figures.EXAMPLES and met == sorted(met, reverse=True)
    assert {example.truth for example in examples} == {(4, 4, 24, 24)}
