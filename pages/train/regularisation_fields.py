"""The controls of regularisation and data augmentation."""

from typing import Any

from core.trainers import recipe as recipes
from pages.train.fields import Fields, heading
from web import address

FLIPS = {"random": "Random", "alternating": "Alternating"}
BORDERS = {"black": "Black", "reflect": "Reflection"}


def draw_regularisation(fields: Fields) -> dict[str, Any]:
    """Draw the controls of regularisation and return their values."""
    heading("Regularisation")
    return {
        "weight_decay": fields.number(
            "weight_decay",
            "Weight decay",
            0.0,
            1.0,
            "Pull of every weight towards zero; it keeps the net from overfitting.",
            1e-4,
        ),
        "dropout": address.optional_decimal(
            "dropout",
            "Dropout",
            (0.0, 0.99),
            fields.recipe.dropout,
            step=0.1,
            placeholder="the net's own",
            help="Share of features dropped at random while it learns; empty: the net's own value.",
        ),
        "label_smoothing": fields.number(
            "label_smoothing",
            "Label smoothing",
            0.0,
            0.9,
            "Share of the true class that is spread over all classes, so that the net is never quite sure.",
            0.05,
        ),
        "weight_average": fields.number(
            "weight_average",
            "Weight averaging",
            0.0,
            0.99999,
            "Decay a step of a moving average of the weights, which is what is evaluated and saved; 0: none.",
            0.001,
        ),
    }


def draw_augmentation(fields: Fields) -> dict[str, Any]:
    """Draw the controls of data augmentation and return their values."""
    augment = fields.toggle(
        "augment",
        "Random crop and flip",
        "Show images shifted at random and flipped: the thesis' “+”. Flipped digits mislead.",
    )
    return {"augment": augment} | (draw_crop(fields) | draw_flip(fields) if augment else {})


def draw_crop(fields: Fields) -> dict[str, Any]:
    """Draw the controls of the random crop and return their values."""
    return {
        "padding": address.number(
            "padding",
            "Padding, pixels",
            (0, fields.images.side),
            fields.recipe.padding,
            help="By how much an image may be shifted.",
        ),
        "border": fields.choice(
            "border", "Padding mode", BORDERS, recipes.BORDERS, "Black, or the image reflected at its border."
        ),
    }


def draw_flip(fields: Fields) -> dict[str, Any]:
    """Draw the controls of the horizontal flip and return their values."""
    flips = fields.toggle("mirror", "Horizontal flip", "Flip every other image; not for digits.")
    if not flips:
        return {"mirror": False}
    mode = fields.choice(
        "flip", "Flip mode", FLIPS, recipes.FLIPS, "By a coin, or every image in turn, which learns faster."
    )
    return {"mirror": True, "flip": mode}
