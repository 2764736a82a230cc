"""The scores of painted pictures by numbers that are known beforehand."""

import numpy as np
import pytest
import torch

from benchmarks import scores, texture
from benchmarks.scores import Figures, Judge
from core import images
from core.style import loss_networks, losses
from core.style.loss_networks import CONTENT_LAYERS, STYLE_LAYERS
from tests.painting import picture

SIDES = (96, 64, 48)


@pytest.fixture(scope="module")
def judge() -> Judge:
    torch.manual_seed(0)
    networks = loss_networks.LossNetworks().eval().requires_grad_(False)
    photographs = [images.resize(images.sample(name), 80, 60) for name in ("coffee", "cat")]
    return Judge(networks, photographs, SIDES)


def test_photographs_are_enlarged_to_the_first_side(judge):
    assert [photograph.shape for photograph in judge.photographs] == [(72, 96, 3)] * 2
    assert scores.scaled(picture(40, 20), 10).shape == (10, 5, 3)


def test_a_photograph_left_as_it_is_keeps_all_but_its_own_style(judge):
    target = judge.views(judge.photographs[0])
    first, second = judge.judge(target, lambda photograph: photograph)
    assert first.style == first.content == first.unlearnt == (0, 0, 0)
    assert second.content == (0, 0, 0) and min(second.style) > 0 and min(second.unlearnt) > 0
    assert (second.shift, second.tone) == pytest.approx((1, 1))
    assert scores.mean([first, second]) == judge.unpainted(target)
    assert judge.unpainted(target).style == pytest.approx([loss / 2 for loss in second.style], abs=1e-4)


def test_painting_everything_over_has_the_style_and_loses_the_content(judge):
    target = judge.views(judge.photographs[0])
    over = judge.photographs[0]
    _, second = judge.judge(target, lambda photograph: over[-len(photograph) :, -photograph.shape[1] :])
    assert second.style == second.unlearnt == (0, 0, 0)
    assert min(second.content) > 0.5
    assert second.shift == pytest.approx(1)
    assert second.tone == pytest.approx(texture.tone(over, judge.photographs[1]))


def test_losses_are_those_of_section_5_2_at_each_size(judge):
    painted, painting = 255 - judge.photographs[1], picture(50, 70)
    figures = judge.judge(judge.views(painting), lambda photograph: 255 - photograph)[1]
    for number, side in enumerate(SIDES):
        seen, target, original = (
            judge.networks(images.to_tensor(scores.scaled(each, side)), [*STYLE_LAYERS, "squeezenet.fire7"])
            for each in (painted, painting, judge.photographs[1])
        )
        grams = {layer: losses.gram(maps) for layer, maps in target.items()}
        style = losses.style_loss(seen, grams, dict.fromkeys(STYLE_LAYERS, 1 / 6)).item()
        content = losses.content_loss(seen, original, dict.fromkeys(CONTENT_LAYERS, 1 / 2)).item()
        assert figures.style[number] == pytest.approx(style, rel=1e-4)
        assert figures.content[number] == pytest.approx(content, rel=1e-4)


def test_the_mean_is_taken_figure_by_figure():
    first = Figures((1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 2.0, 0.5, 0.9)
    second = Figures((3.0, 2.0, 1.0), (1.0, 2.0, 4.0), (1.0, 1.0, 1.0), 4.0, 1.0, 1.0)
    assert scores.mean([first, second]) == Figures((2, 2, 2), (0.5, 1, 2), (1, 1, 1), 3.0, 0.75, 0.95)


def test_the_moved_photograph_lacks_its_first_rows_and_columns():
    whole = picture(20, 30)
    assert np.array_equal(scores.moved(whole), whole[2:, 2:])
