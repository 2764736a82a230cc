"""A linear probe: at its optimum, whatever it starts from; the penalty chosen on validation alone."""

import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from core.transfer_learning import linear_probe


def clouds(count: int = 90, apart: float = 6.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Three clouds of points in the plane, a third feature that never changes, and their labels."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    centres = apart * torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    points = centres[labels] + torch.randn(count, 2, generator=draw)
    return torch.cat((points, torch.full((count, 1), 7.0)), 1), labels


def test_separable_clouds_are_separated():
    probe = linear_probe.fit(clouds(apart=20.0), 3, 1e-4)
    assert probe.error(*clouds(apart=20.0)) == 0
    assert probe.error(*clouds(apart=20.0, seed=1)) == 0
    assert torch.equal(probe.weight[:, 2], torch.zeros(3, dtype=torch.float64)), "a constant feature has no weight"


@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_it_is_the_optimum_that_scikit_learn_finds(penalty):
    features, labels = clouds(apart=2.0)
    features = features[:, :2].double()
    x = (features - features.mean(0)) / features.std(0, correction=0)
    other = LogisticRegression(C=1 / (penalty * len(x)), tol=1e-8, max_iter=1000).fit(x.numpy(), labels.numpy())
    probe = linear_probe.fit((features, labels), 3, penalty)
    probabilities = F.softmax(probe.logits(features), 1)
    assert torch.allclose(probabilities, torch.from_numpy(other.predict_proba(x.numpy())), atol=1e-4)


@pytest.mark.parametrize("started", [False, True])
def test_with_fewer_images_than_features_it_is_the_same_optimum(started):
    draw = torch.Generator().manual_seed(0)
    features, labels = torch.randn(24, 100, generator=draw).double() + 3, torch.arange(24) % 3
    x = (features - features.mean(0)) / features.std(0, correction=0)
    other = LogisticRegression(C=1 / (0.03 * len(x)), tol=1e-8, max_iter=1000).fit(x.numpy(), labels.numpy())
    start = linear_probe.fit((torch.randn(200, 100, generator=draw), torch.arange(200) % 3), 3, 0.1)
    probe = linear_probe.fit((features, labels), 3, 0.03, start=start if started else None)
    new = torch.randn(50, 100, generator=draw).double() + 3
    expected = other.predict_proba(((new - features.mean(0)) / features.std(0, correction=0)).numpy())
    assert torch.allclose(F.softmax(probe.logits(new), 1), torch.from_numpy(expected), atol=1e-4)


def test_where_the_search_begins_does_not_matter():
    features, labels = clouds(apart=2.0)
    start = linear_probe.fit((features, labels), 3, 1.0)
    cold, warm = (linear_probe.fit((features, labels), 3, 0.01, start=begin) for begin in (None, start))
    assert torch.allclose(cold.logits(features), warm.logits(features), atol=1e-3)


def test_the_penalty_is_the_one_that_errs_least_on_validation(monkeypatch):
    draw = torch.Generator().manual_seed(0)
    train = torch.randn(12, 30, generator=draw), torch.arange(12) % 3  # noise, and more features than images
    validation = torch.randn(300, 30, generator=draw), torch.arange(300) % 3
    errors = [linear_probe.fit(train, 3, penalty).error(*validation) for penalty in linear_probe.PENALTIES]
    assert linear_probe.select(train, validation, 3).penalty == linear_probe.PENALTIES[errors.index(min(errors))]
    monkeypatch.setattr(linear_probe, "PENALTIES", (1.0, 0.1))
    same = clouds(apart=20.0)
    assert linear_probe.select(same, same, 3).penalty == 1.0, "of two that err as often, the stronger"


def test_a_stop_ends_the_search():
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        linear_probe.fit(clouds(), 3, 0.1, before_evaluation=stop)
