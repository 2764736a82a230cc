"""One image through the epochs: its predictions after every checkpoint, and both maps on one scale."""

from dataclasses import replace

import pytest
import torch

from core import datasets
from core.errors import UserError
from core.explain import epochs, view
from core.runs.run import Run
from core.trainers.trained import open_epoch, open_run
from tests.nets import a_run, with_epochs

IMAGE = datasets.load("digits").test.images[7]


@pytest.mark.parametrize("model", ["baseline", "bn_nin"])
def test_every_kept_epoch_answers_for_itself_with_the_same_two_maps(model):
    run, done = with_epochs(a_run(model), (0, 2, 5)), []
    told = epochs.story(run, IMAGE, 3, 8, lambda i, of: done.append((i, of)))
    assert told.epochs == (0, 2, 5) and done == [(1, 3), (2, 3), (3, 3)]
    for epoch, seen in zip(told.epochs, told.views, strict=True):
        alone = view.of_image(open_epoch(run, epoch), IMAGE, (8, 3))
        assert seen.classes == (8, 3) and torch.equal(seen.maps, alone.maps)
        assert torch.equal(seen.probabilities, alone.probabilities)
    assert not torch.allclose(told.probabilities[0], told.probabilities[1])
    assert told.scale[1] == pytest.approx(max(0.0, *(float(seen.maps.max()) for seen in told.views)))


def a_story(*rows: list[float], rival: int = 1, label: int = 0) -> epochs.Story:
    seen = view.of_image(open_run(a_run()), IMAGE)
    views = tuple(replace(seen, probabilities=torch.tensor(row)) for row in rows)
    return epochs.Story(tuple(range(0, 2 * len(rows), 2)), views, rival, label)


def test_answers_are_told_as_stretches_of_epochs():
    told = a_story([0.8, 0.2, 0], [0.7, 0.3, 0], [0.1, 0.2, 0.7], [0.2, 0.8, 0], [0.1, 0.9, 0])
    assert told.answers() == [(0, 0, 2), (2, 4, 4), (1, 6, 8)]


def test_the_classes_told_of_are_truth_rival_and_whatever_else_was_ever_probable():
    told = a_story([0.0, 0.0, 0.1, 0.0, 0.9], [0.0, 0.1, 0.2, 0.7, 0.0])
    assert told.foremost(4) == [3, 1, 0, 4] and told.foremost(2) == [1, 0]


def test_the_rival_is_what_it_is_taken_for_or_the_next_best():
    seen = a_story([0.2, 0.5, 0.3]).views[0]
    assert (epochs.rival_of(seen, 0), epochs.rival_of(seen, 1)) == (1, 2)


def test_a_run_without_epochs_says_how_to_get_them():
    run: Run = a_run()
    with pytest.raises(UserError, match="has no checkpoints.*Checkpoints.*--keep-epochs 8"):
        epochs.story(run, IMAGE, 3, 8)
