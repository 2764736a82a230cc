"""The controls of a training's length, its optimiser and its learning rate schedule."""

from typing import Any

from core.errors import UserError
from core.trainers import recipe as recipes
from pages.train.fields import Fields, capitalised, heading
from web import address

OPTIMIZERS = {
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "nesterov": "Nesterov momentum",
    "adam": "Adam",
    "adagrad": "AdaGrad",
    "adadelta": "AdaDelta",
    "rmsprop": "RMSProp",
    "muon": "Muon",
}
WITH_MOMENTUM = ("momentum", "nesterov", "muon")
SCHEDULES = {"constant": "Constant", "step": "Steps", "cosine": "Cosine", "one_cycle": "One cycle", "linear": "Linear"}


def optimizer_title(name: str) -> str:
    """Return an optimiser's name as its authors write it: "rmsprop" -> "RMSProp"."""
    return OPTIMIZERS.get(name, capitalised(name))


def draw_length(fields: Fields) -> dict[str, Any]:
    """Draw the controls of the length of the training and return their values."""
    heading("Length")
    recipe = fields.recipe
    return {
        "epochs": address.number("epochs", "Epochs", (1, 10_000), recipe.epochs, "How often every image is seen."),
        "batch_size": address.number(
            "batch",
            "Batch size, images",
            (2, fields.images.train_size),
            recipe.batch_size,
            "Images a step. Small batches learn more an epoch and take longer for it.",
        ),
    }


def draw_optimiser(fields: Fields) -> dict[str, Any]:
    """Draw the controls of optimiser and learning rate and return their values. Raises UserError for a bad schedule."""
    heading("Optimisation")
    values: dict[str, Any] = {
        "optimizer": fields.choice(
            "optimizer",
            "Optimiser",
            OPTIMIZERS,
            recipes.OPTIMIZERS,
            "How a gradient becomes a step. Adam and RMSProp want a learning rate near 0.001.",
        ),
        "learning_rate": fields.number(
            "learning_rate",
            "Learning rate",
            1e-6,
            100.0,
            "Length of a step at its highest. Too high and the loss diverges, too low and it crawls.",
            fields.recipe.learning_rate / 2,
        ),
    }
    if values["optimizer"] in WITH_MOMENTUM:
        values["momentum"] = fields.number(
            "momentum", "Momentum", 0.0, 0.9999, "Share of the last step that the next one keeps.", 0.05
        )
    values["bias_rate"] = fields.number(
        "bias_rate",
        "Bias learning rate, multiplier",
        0.0,
        1000.0,
        "Factor on the learning rate of the biases of normalisation layers; 1: like all weights.",
        1.0,
    )
    return values | draw_schedule(fields)


def draw_schedule(fields: Fields) -> dict[str, Any]:
    """Draw the controls of the learning rate schedule and return their values. Raises UserError for a bad one."""
    schedule = fields.choice(
        "schedule", "Schedule", SCHEDULES, recipes.SCHEDULES, "How the learning rate changes over the epochs."
    )
    return {"schedule": schedule} | (draw_milestones(fields) if schedule == "step" else {})


def draw_milestones(fields: Fields) -> dict[str, Any]:
    """Draw the steps of the schedule as text; unchanged they are stretched along with the epochs."""
    preset = ", ".join(f"{epoch:g}: {factor:.4g}" for epoch, factor in fields.recipe.milestones)
    text = address.text(
        "milestones",
        "Steps of the schedule, epoch: factor",
        preset,
        "“20: 0.1, 30: 0.01”: a tenth of the rate from epoch 20 on, a hundredth from 30 on.",
    )
    return {} if text == preset else {"milestones": milestones(text)}


def milestones(text: str) -> tuple[tuple[float, float], ...]:
    """Return "20: 0.1, 30: 0.01" as pairs of epoch and factor. Raises UserError for any other text."""
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        epoch, _, factor = part.partition(":")
        try:
            pairs.append((float(epoch), float(factor)))
        except ValueError:
            raise UserError(
                f"“{part}” is no step of a schedule: write epoch and factor, as in 20: 0.1, 30: 0.01."
            ) from None
    if any(epoch < 0 or not 0 < factor <= 1000 for epoch, factor in pairs) or pairs != sorted(pairs):
        raise UserError("The steps of a schedule are epochs in ascending order, each with a factor above 0.")
    return tuple(pairs)
