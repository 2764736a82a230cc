"""The course of two probabilities over the checkpoints, with the chosen epoch marked."""

from dataclasses import replace

import pytest
import torch

from core import datasets
from core.explain import view
from core.explain.epochs import Story
from pages.mistakes import epochs_chart
from tests.nets import a_net


def test_true_class_and_rival_are_drawn_at_every_epoch_and_the_chosen_one_is_marked():
    seen = view.of_image(a_net(), datasets.load("digits").test.images[0])
    rows = ([0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.7, 0.2, 0.1])
    views = tuple(replace(seen, probabilities=torch.tensor(row)) for row in rows)
    drawn = epochs_chart.course(Story((0, 1, 4), views, 0, 1), ("cat", "dog", "frog"), 1, "predicted").to_dict()
    rule, line, *_, marked = drawn["layer"]
    data = drawn["datasets"]
    points = {(row["class"], row["epoch"]): row["probability"] for row in data[line["data"]["name"]]}
    assert set(points) == {(title, epoch) for title in ("dog, true class", "cat, predicted") for epoch in (0, 1, 4)}
    assert points["dog, true class", 0] == pytest.approx(60) and points["cat, predicted", 4] == pytest.approx(70)
    assert data[rule["data"]["name"]] == [{"epoch": 1}]
    assert "1" in str(marked["transform"])
    assert line["encoding"]["x"]["axis"]["values"] == [0, 1, 4]
    dashes = line["encoding"]["strokeDash"]["scale"]
    assert dashes["domain"] == ["dog, true class", "cat, predicted"] and dashes["range"][0] != dashes["range"][1]
