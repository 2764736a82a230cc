"""Linear probes on features that are computed once: multinomial logistic regression, fitted by L-BFGS to its optimum.

The problem is convex: the optimum depends on no seed, no rate and no number of steps, so that features are compared by
nothing but what they are worth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.trainers.evaluation import scores

# Factors of the L2 penalty, of which the one that errs least on validation is taken, the stronger of two equal ones.
PENALTIES = (1.0, 0.1, 0.01, 0.001, 0.0001)
ITERATIONS = 200
GRADIENT = 1e-6  # the largest entry of a gradient that counts as none
HISTORY = 10
CONSTANT = 1e-6  # a feature of less deviation counts as one that never changes


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class LinearProbe:
    """`weight` (classes, F) and `bias` (classes,), float64, for features as they come, and how they were fitted."""

    weight: Tensor
    bias: Tensor
    penalty: float
    iterations: int

    def logits(self, features: Tensor) -> Tensor:
        """Return the logits, float64 (N, classes), of features (N, F)."""
        return F.linear(features.double(), self.weight, self.bias)

    def error(self, features: Tensor, labels: Tensor) -> float:
        """Return the error in percent on features (N, F) of images with these labels (N,)."""
        return scores(self.logits(features), labels)[1]


def fit(
    examples: tuple[Tensor, Tensor],
    classes: int,
    penalty: float,
    *,
    start: LinearProbe | None = None,
    before_evaluation: Callable[[], None] = _nothing,
) -> LinearProbe:
    """Fit the probe that minimises mean cross-entropy + penalty / 2 * |weight|^2 on features (N, F), labels (N,).

    The features are brought to mean 0 and deviation 1 first, so that the penalty means the same at every depth; the
    biases bear none. `start` is where the search begins, else at zero. `before_evaluation` is called whenever the loss
    is computed, and may raise to end the search. With fewer images than features the search goes over the span of the
    images alone, in which the minimum lies, since what is outside of it adds to the penalty only.
    """
    features, labels = examples
    wide = features.double()
    mean, deviation = wide.mean(0), wide.std(0, correction=0)
    deviation = torch.where(deviation < CONSTANT, torch.ones_like(deviation), deviation)
    x = (wide - mean) / deviation
    basis = torch.linalg.qr(x.T).Q if len(x) < x.shape[1] else None  # orthonormal: the penalty remains what it is
    if start is None:
        weight = torch.zeros(classes, x.shape[1], dtype=torch.float64)
        bias = torch.zeros(classes, dtype=torch.float64)
    else:
        weight, bias = start.weight * deviation, start.bias + start.weight @ mean
    if basis is not None:
        x, weight = x @ basis, weight @ basis
    weight.requires_grad_()
    bias.requires_grad_()

    def loss() -> Tensor:
        before_evaluation()
        return F.cross_entropy(F.linear(x, weight, bias), labels) + penalty / 2 * weight.square().sum()

    iterations = _minimise(loss, weight, bias)
    found = weight.detach() if basis is None else weight.detach() @ basis.T
    own = found / deviation
    return LinearProbe(own, bias.detach() - own @ mean, penalty, iterations)


def _minimise(loss: Callable[[], Tensor], *parameters: Tensor) -> int:
    """Change the parameters to the minimum of `loss` by L-BFGS; return the iterations that took."""
    search = torch.optim.LBFGS(
        parameters,
        max_iter=ITERATIONS,
        history_size=HISTORY,
        tolerance_grad=GRADIENT,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        value = loss()
        search.zero_grad()
        value.backward()
        return value

    search.step(closure)
    return int(search.state[parameters[0]].get("n_iter", 0))


def select(
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    classes: int,
    before_evaluation: Callable[[], None] = _nothing,
) -> LinearProbe:
    """Fit a probe to the training features and labels for each penalty; return the one that errs least on validation.

    Of two penalties that err as often, the stronger.
    """
    best: tuple[float, LinearProbe] | None = None
    last: LinearProbe | None = None
    for penalty in PENALTIES:
        last = fit(train, classes, penalty, start=last, before_evaluation=before_evaluation)
        error = last.error(*validation)
        if best is None or error < best[0]:
            best = error, last
    assert best is not None
    return best[1]
