"""Mistakes found, ordered and counted."""

from dataclasses import replace

import pytest
import torch

from core import datasets
from core.datasets import Split
from core.errors import UserError
from core.explain import mistakes
from tests.nets import a_net


class Echo(torch.nn.Module):
    """Answers with the image's own pixels as logits, so a test can write down what the net will say."""

    def __init__(self):
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.eval()

    def forward(self, x):
        return x.flatten(1)


@pytest.fixture
def trained():
    """A stand-in with three classes; an image of 1 x 1 x 3 pixels holds its logits times 255."""
    return replace(a_net(), net=Echo(), classes=("a", "b", "c"), channels=1, mean=(0.0,), std=(1 / 255,))


def split_of(*logits_and_labels):
    images = torch.tensor([logits for logits, _ in logits_and_labels], dtype=torch.uint8)[:, None, None]
    return Split(images, torch.tensor([label for _, label in logits_and_labels]))


SPLIT = split_of(
    ((5, 0, 0), 0),  # right
    ((2, 1, 0), 1),  # wrong, nearly right
    ((9, 0, 0), 1),  # wrong and sure of it
    ((0, 0, 4), 0),  # wrong
    ((0, 3, 0), 1),  # right
)


def test_only_the_wrong_ones_worst_first(trained):
    found = mistakes.find(trained, SPLIT)
    assert found.indices.tolist() == [2, 3, 1]
    assert found.labels.tolist() == [1, 0, 1] and found.predicted.tolist() == [0, 2, 0]
    assert found.of == 5 and found.error == pytest.approx(60)
    expected = torch.nn.functional.cross_entropy(torch.tensor([[9.0, 0, 0]]), torch.tensor([1]))
    assert float(found.loss[0]) == pytest.approx(float(expected), rel=1e-4)
    torch.testing.assert_close(found.probabilities[0], torch.tensor([9.0, 0, 0]).softmax(0))


def test_orders_differ(trained):
    # The first image is surer of its wrong class; the second gives the truth less.
    split = split_of(((8, 6, 0), 1), ((3, 3, 0), 2), ((4, 0, 0), 0))
    found = mistakes.find(trained, split)
    assert found.ordered("loss").indices.tolist() == [1, 0]
    assert found.ordered("confidence").indices.tolist() == [0, 1]
    with pytest.raises(UserError, match="loss, confidence, margin"):
        found.ordered("beauty")


def test_margin_is_what_the_wrong_class_is_ahead(trained):
    # The first net is surest of its wrong class and wavers; the second hardly gives the truth anything.
    found = mistakes.find(trained, split_of(((8, 8, 0), 1), ((6, 0, 5), 1)))
    torch.testing.assert_close(found.margin, found.confidence - found.probabilities[range(len(found)), found.labels])
    found = mistakes.find(trained, split_of(((9, 8, 0), 1), ((7, 0, 7), 1)))
    assert found.ordered("confidence").indices.tolist() == [0, 1]
    assert found.ordered("margin").indices.tolist() == [1, 0]
    assert float(found.ordered("margin").margin[0]) == pytest.approx(0.5, abs=1e-3)


def test_equal_mistakes_keep_the_order_of_the_split(trained):
    found = mistakes.find(trained, split_of(*[((4, 0, 0), 1)] * 5))
    assert found.indices.tolist() == found.ordered("confidence").indices.tolist() == [0, 1, 2, 3, 4]


def test_among_keeps_one_confusion(trained):
    found = mistakes.find(trained, SPLIT)
    assert found.among(label=1).indices.tolist() == [2, 1]
    assert found.among(predicted=2).indices.tolist() == [3]
    assert len(found.among(label=0, predicted=0)) == 0 and found.among(label=0).of == 5


def test_among_keeps_a_range_of_confidence_and_given_images(trained):
    found = mistakes.find(trained, SPLIT)
    confidences = dict(zip(found.indices.tolist(), found.confidence.tolist(), strict=True))
    assert confidences[1] < 0.7 < confidences[3] < confidences[2]
    assert found.among(confidence=(0.9, 1)).indices.tolist() == [2, 3]
    assert found.among(confidence=(0, 0.7)).indices.tolist() == [1]
    assert found.among(indices=torch.tensor([0, 3, 1]), label=0).indices.tolist() == [3]


def test_confusion_counts_truth_by_prediction(trained):
    answers = mistakes.answers(trained, SPLIT)
    assert answers.confusion().tolist() == [[1, 0, 1], [2, 1, 0], [0, 0, 0]]
    assert int(answers.confusion().sum()) == len(answers) == 5
    assert answers.mistakes().indices.tolist() == mistakes.find(trained, SPLIT).indices.tolist()


def test_two_nets_compared():
    labels = torch.tensor([0, 0, 0, 0])
    before, after = (
        mistakes.Answers(torch.nn.functional.one_hot(torch.tensor(said), 3).float(), labels)
        for said in ([0, 1, 0, 1], [0, 0, 2, 2])
    )
    found = mistakes.compare(before, after)
    assert (found.fixed.tolist(), found.broken.tolist(), found.still_wrong.tolist()) == ([1], [2], [3])
    other = mistakes.Answers(after.logits, torch.tensor([0, 0, 1, 0]))
    with pytest.raises(UserError, match="different images"):
        mistakes.compare(before, other)


def test_no_images(trained):
    with pytest.raises(UserError, match="no images"):
        mistakes.find(trained, Split(SPLIT.images[:0], SPLIT.labels[:0]))


def test_no_mistakes(trained):
    found = mistakes.find(trained, split_of(((5, 0, 0), 0)))
    assert len(found) == 0 and found.error == 0 and len(found.ordered("confidence")) == 0


def test_other_data_is_refused(trained):
    with pytest.raises(UserError, match="has 3 classes"):
        mistakes.find(trained, split_of(((5, 0, 0), 3)))


def test_progress_reaches_the_end_and_counts_agree_with_the_labels():
    split = datasets.load("digits").test
    told = []
    found = mistakes.find(a_net(), split, lambda done, of: told.append((done, of)))
    assert told[-1] == (len(split), len(split))
    assert (split.labels[found.indices] == found.labels).all()
    assert (found.predicted != found.labels).all() and len(found) > 100
    assert (found.loss.diff() <= 0).all()
