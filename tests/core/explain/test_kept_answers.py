"""Answers of shipped nets on disk: read again for the same net and images, and for no others."""

from dataclasses import replace

import pytest
import torch

from core.datasets import Split, load
from core.explain import kept_answers, mistakes
from core.trainers.trained import open_shipped
from tests.nets import a_net


def few(start: int = 0) -> Split:
    whole = load("digits").test
    return Split(whole.images[start : start + 20], whole.labels[start : start + 20])


@pytest.fixture
def counted(monkeypatch):
    """The splits that a net has classified."""
    splits = []
    compute = mistakes.answers

    def counting(trained, split, *rest):
        splits.append(split)
        return compute(trained, split, *rest)

    monkeypatch.setattr(mistakes, "answers", counting)
    return splits


def test_the_same_images_are_classified_once(tmp_path, counted):
    net = open_shipped("bn_nin_digits")
    first = kept_answers.answers(net, few(), root=tmp_path)
    second = kept_answers.answers(net, few(), root=tmp_path)
    assert len(counted) == 1 and torch.equal(first.logits, second.logits) and torch.equal(second.labels, few().labels)


def test_other_images_and_other_weights_are_classified_anew(tmp_path, counted):
    net = open_shipped("bn_nin_digits")
    for trained, split in ((net, few()), (net, few(20)), (replace(a_net("bn_nin"), source="shipped"), few())):
        kept_answers.answers(trained, split, root=tmp_path)
    assert len(counted) == 3 == len(list((tmp_path / "answers").iterdir()))


def test_a_damaged_file_is_computed_anew(tmp_path, counted):
    net = open_shipped("bn_nin_digits")
    first = kept_answers.answers(net, few(), root=tmp_path)
    (path,) = (tmp_path / "answers").iterdir()
    path.write_bytes(path.read_bytes()[:50])
    assert torch.equal(kept_answers.answers(net, few(), root=tmp_path).logits, first.logits) and len(counted) == 2


def test_a_place_that_cannot_be_written_costs_time_only(tmp_path):
    (tmp_path / "answers").write_text("a file where the folder should be")
    assert len(kept_answers.answers(open_shipped("bn_nin_digits"), few(), root=tmp_path)) == 20


def test_nets_of_runs_are_not_kept(tmp_path, counted):
    kept_answers.answers(a_net("bn_nin"), few(), root=tmp_path)
    assert len(counted) == 1 and not list(tmp_path.glob("answers"))
