"""The controls of a training: every value of its recipe and settings, each with its effect in a line of help."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import streamlit as st

from core import datasets, hardware, weights
from core.errors import UserError
from core.runs.run import DamagedRun, Run
from core.trainers import kept_epochs
from core.trainers import recipe as recipes
from core.trainers.recipe import ClassifierRecipe

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
SCHEDULES = {"constant": "Constant", "step": "Steps", "cosine": "Cosine", "one_cycle": "One cycle", "linear": "Linear"}
PRECISIONS = {"auto": "What is fast here", "float32": "float32", "bfloat16": "bfloat16"}
FLIPS = {"random": "By chance", "alternating": "Every second epoch"}
VIEWS = {1: "The image alone", 2: "With its mirror image"}
BORDERS = {"black": "Black", "reflect": "The image, reflected"}
RANDOM_WEIGHTS = "Random weights"
SEED_LIMIT = 2**31 - 1
# Said by the precision, and those that only some choices have.
ELSEWHERE = ("bfloat16", "momentum", "milestones", "padding", "border", "mirror", "flip")


def recipe_choice(net: str, dataset: str) -> str:
    """The choice among the recipes of a net on a data set."""
    return str(
        st.selectbox(
            "Recipe",
            list(recipes.recipes(net, dataset)),
            format_func=recipe_title,
            key=f"recipe {net} {dataset}",
            help="Thesis: the values of its tables, + augmented. Quick: a tenth of the epochs, nearly its error.",
        )
    )


def recipe_title(name: str) -> str:
    """ "thesis+" as a person would say it."""
    return {"thesis+": "Thesis, augmented (+)"}.get(name, name.replace("_", " ").capitalize())


def optimizer_title(name: str) -> str:
    """ "rmsprop" as its authors write it."""
    return OPTIMIZERS.get(name, spaced(name))


def spaced(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ").capitalize()


class Form:
    """The controls behind "More" for a net on a data set, standing at the values of a named recipe.

    `changes()` draws them and gives the values, by the names that `core.trainers.recipe.settings` takes. A choice of
    another net, data set or recipe sets them all anew.
    """

    def __init__(self, net: str, dataset: str, name: str):
        self.net, self.dataset, self.name = net, dataset, name
        self.recipe: ClassifierRecipe = recipes.recipes(net, dataset)[name]

    def changes(self, runs: Iterable[Run | DamagedRun]) -> dict[str, Any]:
        """Draw all controls; `runs` are those whose weights a training may start from. Raises UserError."""
        values = self._steps() | self._rate() | self._against_learning_by_heart() | self._augmentation()
        values |= self._evaluation()
        values |= self._others(values)
        values |= self._along_the_way(values["epochs"])
        return values | self._numbers() | self._seeds() | self._start(runs)

    def _key(self, field: str) -> str:
        return f"{field} {self.net} {self.dataset} {self.name}"

    def _number(self, field: str, label: str, low: float, high: float, help: str, step: float) -> float:
        value = float(getattr(self.recipe, field))
        return st.number_input(label, low, high, value, format="%g", step=step, key=self._key(field), help=help)

    def _choice(self, field: str, label: str, titles: dict[Any, str], known: Iterable[Any], help: str) -> Any:
        options = list(known)
        return st.selectbox(
            label,
            options,
            options.index(getattr(self.recipe, field)),
            format_func=lambda value: titles.get(value, spaced(str(value))),
            key=self._key(field),
            help=help,
        )

    def _toggle(self, field: str, label: str, help: str) -> bool:
        return st.toggle(label, getattr(self.recipe, field), key=self._key(field), help=help)

    def _steps(self) -> dict[str, Any]:
        _part("Length")
        return {
            "epochs": st.number_input(
                "Epochs", 1, 10_000, self.recipe.epochs, key=self._key("epochs"), help="How often every image is seen."
            ),
            "batch_size": st.number_input(
                "Batch size, images",
                2,
                datasets.info(self.dataset).train_size,
                self.recipe.batch_size,
                key=self._key("batch"),
                help="Images a step. Small batches learn more an epoch and take longer for it.",
            ),
        }

    def _rate(self) -> dict[str, Any]:
        _part("Steps")
        values: dict[str, Any] = {
            "optimizer": self._choice(
                "optimizer",
                "Optimiser",
                OPTIMIZERS,
                recipes.OPTIMIZERS,
                "How a gradient becomes a step. Adam and RMSProp want a learning rate near 0.001.",
            ),
            "learning_rate": self._number(
                "learning_rate",
                "Learning rate",
                1e-6,
                100.0,
                "Length of a step at its highest. Too high and the loss diverges, too low and it crawls.",
                self.recipe.learning_rate / 2,
            ),
        }
        if values["optimizer"] in ("momentum", "nesterov", "muon"):
            values["momentum"] = self._number(
                "momentum", "Momentum", 0.0, 0.9999, "Share of the last step that the next one keeps.", 0.05
            )
        values["bias_rate"] = self._number(
            "bias_rate",
            "Rate of the shifts, times",
            0.0,
            1000.0,
            "Factor on the learning rate of the shifts of normalisation layers; 1: like all weights.",
            1.0,
        )
        values["schedule"] = self._choice(
            "schedule", "Schedule", SCHEDULES, recipes.SCHEDULES, "How the learning rate changes over the epochs."
        )
        if values["schedule"] == "step":
            values |= self._milestones()
        return values

    def _milestones(self) -> dict[str, Any]:
        """The steps of the rate, as text; untouched they are stretched along with the epochs."""
        own = ", ".join(f"{epoch:g}: {factor:.4g}" for epoch, factor in self.recipe.milestones)
        text = st.text_input(
            "Steps of the schedule, epoch: factor",
            own,
            key=self._key("milestones"),
            help="“20: 0.1, 30: 0.01”: a tenth of the rate from epoch 20 on, a hundredth from 30 on.",
        )
        return {} if text == own else {"milestones": milestones(text)}

    def _against_learning_by_heart(self) -> dict[str, Any]:
        _part("Against learning by heart")
        values: dict[str, Any] = {
            "weight_decay": self._number(
                "weight_decay",
                "Weight decay",
                0.0,
                1.0,
                "Pull of every weight towards zero; it keeps the net from learning its images by heart.",
                1e-4,
            ),
            "dropout": st.number_input(
                "Dropout",
                0.0,
                0.99,
                self.recipe.dropout,
                step=0.1,
                placeholder="the net's own",
                key=self._key("dropout"),
                help="Share of features dropped at random while it learns; empty leaves what the net's table says.",
            ),
            "label_smoothing": self._number(
                "label_smoothing",
                "Label smoothing",
                0.0,
                0.9,
                "Share of the truth that is spread over all classes, so that the net is never quite sure.",
                0.05,
            ),
            "weight_average": self._number(
                "weight_average",
                "Weight averaging",
                0.0,
                0.99999,
                "Decay a step of a moving average of the weights, which is what is judged and kept; 0: none.",
                0.001,
            ),
        }
        return values

    def _augmentation(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "augment": self._toggle(
                "augment",
                "Crop and mirror",
                "Show images shifted at random and mirrored: the thesis' “+”. Mirrored digits mislead.",
            )
        }
        if values["augment"]:
            values["padding"] = st.number_input(
                "Shift, pixels",
                0,
                datasets.info(self.dataset).side,
                self.recipe.padding,
                key=self._key("padding"),
                help="By how much an image may be shifted.",
            )
            values["border"] = self._choice(
                "border", "What comes in from outside", BORDERS, recipes.BORDERS, "Seen where an image was shifted."
            )
            values["mirror"] = self._toggle("mirror", "Mirror", "Mirror every other image; not for digits.")
            if values["mirror"]:
                values["flip"] = self._choice(
                    "flip", "Mirrored", FLIPS, recipes.FLIPS, "By a coin, or every image in turn, which learns faster."
                )
        return values

    def _evaluation(self) -> dict[str, Any]:
        _part("Judging")
        return {
            "test_views": self._choice(
                "test_views",
                "Views of a test image",
                {views: f"{views} mirrored and shifted" for views in recipes.VIEWS} | VIEWS,
                recipes.VIEWS,
                "The net's answer is the mean over so many views: a lower error for more time (section 3.6.4).",
            )
        }

    def _along_the_way(self, epochs: int) -> dict[str, Any]:
        net = recipes.blank(self.net, datasets.info(self.dataset))
        count = st.number_input(
            "Epochs kept",
            0,
            kept_epochs.MOST,
            kept_epochs.usual(net, self.recipe.epochs),
            key=self._key("keep_epochs"),
            help="So many epochs leave their weights behind: page Mistakes then shows how the net learned an image.",
        )
        st.caption(kept_in_words(kept_epochs.chosen(epochs, count), kept_epochs.size(net, epochs, count)))
        return {"keep_epochs": count}

    def _others(self, drawn: dict[str, Any]) -> dict[str, Any]:
        """Whatever number or switch a recipe may hold besides, by its name."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(ClassifierRecipe):
            value, label, key = getattr(self.recipe, field.name), spaced(field.name), self._key(field.name)
            if field.name in drawn or field.name in ELSEWHERE:
                continue
            if isinstance(value, bool):
                values[field.name] = st.toggle(label, value, key=key)
            elif isinstance(value, int):
                values[field.name] = st.number_input(label, 0, None, value, key=key)
            elif isinstance(value, float):
                values[field.name] = st.number_input(label, 0.0, None, value, format="%g", key=key)
        return values

    def _numbers(self) -> dict[str, Any]:
        _part("Numbers")
        precision = st.selectbox(
            "Number format",
            recipes.PRECISIONS,
            format_func=PRECISIONS.get,
            key=self._key("precision"),
            help="bfloat16 halves the time where the hardware has it and is slower where it has not.",
        )
        fast = hardware.bf16_is_fast()
        st.caption("This machine computes bfloat16 " + ("fast." if fast else "slowly: float32 is taken."))
        return {
            "precision": precision,
            "threads": st.number_input(
                "Processor cores",
                1,
                hardware.cores(),
                hardware.spare_threads(),
                key="threads",
                help="One left free keeps these pages quick.",
            ),
        }

    def _seeds(self) -> dict[str, Any]:
        _part("Chance")
        return {
            f"seed_{what}": st.number_input(label, 0, SEED_LIMIT, 0, key=f"seed {what}", help=help)
            for what, label, help in (
                ("initialisation", "Seed of the weights", "Another number: other initial weights."),
                ("order", "Seed of the order", "Another number: the images in another order."),
                ("noise", "Seed of the noise", "Another number: other dropout, shifts and mirrorings."),
            )
        }

    def _start(self, runs: Iterable[Run | DamagedRun]) -> dict[str, Any]:
        _part("Start")
        found = {"": RANDOM_WEIGHTS} | starts(self.net, self.dataset, runs)
        return {
            "start_from": st.selectbox(
                "Initial weights",
                list(found),
                format_func=found.get,
                key=self._key("start"),
                help="Shipped nets and runs of the same net with as many classes, to train them on.",
            )
        }


def kept_in_words(epochs: tuple[int, ...], size: int) -> str:
    """Which epochs are kept, and the bytes that they take."""
    if not epochs:
        return "No weights are kept along the way."
    among = ", ".join(map(str, epochs)) if len(epochs) < 15 else f"{len(epochs)} from {epochs[0]} to {epochs[-1]}"
    return f"Epochs {among}: {max(0.1, size / 1e6):,.1f} MB on the disk."


def milestones(text: str) -> tuple[tuple[float, float], ...]:
    """ "20: 0.1, 30: 0.01" as pairs of epoch and factor. Raises UserError for what is none."""
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


def starts(net: str, dataset: str, runs: Iterable[Run | DamagedRun]) -> dict[str, str]:
    """Names and titles of the shipped nets and runs whose weights fit a net for a data set."""
    known = datasets.info(dataset)
    shipped = {
        name: f"{card.get('title', name)}, shipped"
        for name, card in weights.cards("classifier").items()
        if _fits(card.get("data", {}), net, known)
    }
    own = {
        run.id: f"{run.name}, {run.created[:16].replace('T', ' ')}"
        for run in runs
        if isinstance(run, Run) and _fits(run.data, net, known) and run.model_path()
    }
    return shipped | own


def _fits(data: dict[str, Any], net: str, known: datasets.DatasetInfo) -> bool:
    classes = data.get("classes")
    return (
        data.get("model") == net
        and isinstance(classes, list)
        and len(classes) == known.classes
        and (data.get("channels"), data.get("side")) == (known.channels, known.side)
    )


def _part(title: str) -> None:
    st.markdown(f"**{title}**")
