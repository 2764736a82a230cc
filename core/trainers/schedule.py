"""Learning-rate schedules (section 3.2 and the tables of chapter 4): the rate as a function of the step alone."""

import math

from core.trainers.hyperparameters import ClassifierRecipe

RISE = 0.2  # share of the training in which the one-cycle schedule climbs to its peak


def learning_rate(recipe: ClassifierRecipe, step: int, steps_per_epoch: int) -> float:
    """Return the rate for step `step` (counted from 0) of a training of `recipe.epochs * steps_per_epoch` steps.

    "step" follows the milestones; "cosine" falls from the full rate to nothing (Loshchilov and Hutter, 2017);
    "one_cycle" climbs in a straight line over a fifth of the training and falls in another to nothing (Smith, 2018);
    "linear" falls in a straight line from the full rate to nothing.
    """
    total = recipe.epochs * steps_per_epoch
    done = step / total
    if recipe.schedule == "step":
        passed = [factor for epoch, factor in recipe.milestones if step >= round(epoch * steps_per_epoch)]
        return recipe.learning_rate * (passed[-1] if passed else 1.0)
    if recipe.schedule == "cosine":
        return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    if recipe.schedule == "one_cycle":
        return recipe.learning_rate * min((step + 1) / total / RISE, (1 - done) / (1 - RISE))
    if recipe.schedule == "linear":
        return recipe.learning_rate * (1 - done)
    return recipe.learning_rate
