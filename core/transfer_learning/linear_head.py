"""A linear head on features that are computed once: multinomial logistic regression, fitted by L-BFGS to its optimum.

The problem is convex: what is found depends on no seed, no rate and no number of steps, so that features are compared
by nothing but what they are worth.
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
CONSTANT = 1e-6  # a feature of less deviation is taken for one that never changes


@dataclass(frozen=True)
class LinearHead:
    """`weight` (classes, F) and `bias` (classes,), float64, for features as they come; and how they were found."""

    weight: Tensor
    bias: Tensor
    penalty: float
    iterations: int

    def logits(self, features: Tensor) -> Tensor:
        """Features (N, F) -> logits, float64 (N, classes)."""
        return F.linear(features.double(), self.weight, self.bias)

    def error(self, features: Tensor, labels: Tensor) -> float:
        """Error in per cent on features (N, F) of images with these labels (N,)."""
        return scores(self.logits(features), labels)[1]


def fit(
    features: Tensor,
    labels: Tensor,
    classes: int,
    penalty: float,
    *,
    start: LinearHead | None = None,
    obey: Callable[[], None] = lambda: None,
) -> LinearHead:
    """The head that minimises mean cross-entropy + penalty / 2 * |weight|^2 on features (N, F), labels (N,).

    The features are brought to mean 0 and deviation 1 first, so that the penalty means the same at every depth; the
    biases bear none. `start` is where the search begins, else at zero. `obey` is called at every look at the loss, and
    may raise to end the search.
    """
    wide = features.double()
    mean, deviation = wide.mean(0), wide.std(0, correction=0)
    deviation = torch.where(deviation < CONSTANT, torch.ones_like(deviation), deviation)
    x = (wide - mean) / deviation
    if start is None:
        weight = torch.zeros(classes, x.shape[1], dtype=torch.float64)
        bias = torch.zeros(classes, dtype=torch.float64)
    else:
        weight, bias = start.weight * deviation, start.bias + start.weight @ mean
    weight.requires_grad_()
    bias.requires_grad_()
    search = torch.optim.LBFGS(
        [weight, bias],
        max_iter=ITERATIONS,
        history_size=HISTORY,
        tolerance_grad=GRADIENT,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        obey()
        search.zero_grad()
        value = F.cross_entropy(F.linear(x, weight, bias), labels) + penalty / 2 * weight.square().sum()
        value.backward()
        return value

    search.step(loss)
    iterations = int(search.state[weight].get("n_iter", 0))
    own = weight.detach() / deviation
    return LinearHead(own, bias.detach() - own @ mean, penalty, iterations)


def chosen(
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    classes: int,
    obey: Callable[[], None] = lambda: None,
) -> LinearHead:
    """The head fitted to the training features and labels whose penalty errs least on the validation ones.

    Of two penalties that err as often, the stronger.
    """
    best: tuple[float, LinearHead] | None = None
    last: LinearHead | None = None
    for penalty in PENALTIES:
        last = fit(*train, classes, penalty, start=last, obey=obey)
        error = last.error(*validation)
        if best is None or error < best[0]:
            best = error, last
    assert best is not None
    return best[1]
