"""Several views of an image are the ones that are promised, with their shares."""

import pytest
import torch
from torch import nn

from core.errors import UserError
from core.trainers.evaluation import predict, scores


class Corner(nn.Module):
    """Its logits are the image itself, so a test sees what the net saw."""

    def __init__(self) -> None:
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) + self.nothing


IMAGE = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]], dtype=torch.uint8)
UP_LEFT = torch.tensor([[5, 6, 5], [8, 9, 8], [5, 6, 5]])  # moved by a pixel, its edge reflected
DOWN_RIGHT = torch.tensor([[5, 4, 5], [2, 1, 2], [5, 4, 5]])


def seen(views: int) -> torch.Tensor:
    return predict(Corner(), IMAGE[None, None], (0.0,), (1 / 255,), views=views).view(3, 3)


def test_each_number_of_views():
    shifted = IMAGE / 2 + UP_LEFT / 4 + DOWN_RIGHT / 4
    assert torch.allclose(seen(1), IMAGE.float())
    assert torch.allclose(seen(2), (IMAGE + IMAGE.flip(1)) / 2)
    assert torch.allclose(seen(3), shifted)
    assert torch.allclose(seen(6), (shifted + shifted.flip(1)) / 2)


def test_another_number_of_views_is_a_sentence():
    with pytest.raises(UserError, match=r"no 5 views: choose one of 1, 2, 3, 6"):
        seen(5)


def test_scores_on_a_hand_made_example():
    logits = torch.tensor([[9.0, -9.0], [9.0, -9.0], [-9.0, 9.0], [9.0, -9.0]])
    loss, error = scores(logits, torch.tensor([0, 0, 1, 1]))
    assert error == 25.0
    assert loss == pytest.approx(18 / 4, abs=1e-3)
