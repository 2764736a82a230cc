"""Weights that the training of a style network starts from, and how they were made."""

import json
from dataclasses import dataclass
from pathlib import Path

from core import weights
from core.errors import UserError
from core.runs.run import Run
from core.style.pastiche_recipe import PasticheRecipe, recipe_of_run, settings_of
from core.style.rows import rows_of


@dataclass(frozen=True)
class Origin:
    """Weights that a training starts from. `what` names the net; `made` holds `steps` (those before it included),
    `training_seconds` (its own; None where not measured), `recipe`, and `before`, what it started from itself."""

    what: str
    path: Path
    names: tuple[str, ...]
    width: float
    made: dict

    def must_fit(self, recipe: PasticheRecipe) -> None:
        """Raise UserError where the net of the recipe has another width."""
        if self.width != recipe.width:
            raise UserError(
                f"{self.what} has no weights of a style network of this width, {recipe.width:g}, but of "
                f"{self.width:g}; start from another, or take that width."
            )


def is_file(start: str) -> bool:
    """Return whether `start` names a file of weights, neither a shipped net nor a run."""
    return start.endswith(weights.SUFFIX)


def origin_of_file(path: Path) -> Origin:
    """Return the weights in a .safetensors file with a card beside it, NAME.json or card.json, that names its rows.

    Such are the exports of a run. Raises UserError where one of the two is missing or of another kind.
    """
    cards = [card for card in (path.with_suffix(".json"), path.with_name("card.json")) if card.is_file()]
    if not path.is_file() or not cards:
        raise UserError(f"There are no weights {path} with a card {path.stem}.json or card.json beside them.")
    try:
        card = json.loads(cards[0].read_text("utf-8"))
        names, width = tuple(map(str, rows_of(card))), float(card.get("width", 1.0))
        training = card.get("training", {})
        made = {"steps": card.get("steps", training.get("steps", 0)), "before": card.get("before")}
        made |= {"training_seconds": card.get("training_seconds"), "recipe": card.get("recipe", training)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The card {cards[0]} names no rows of a style network; give the one of the weights."
        ) from error
    return Origin(f"The file {path.name}", path, names, width, made)


def origin_of(start: str) -> Origin:
    """Return the weights of `start`: a shipped net, a run by its name or path, or a .safetensors file with its card.

    Raises UserError for others.
    """
    if is_file(start):
        return origin_of_file(Path(start))
    if start in (shipped := weights.cards("pastiche")):
        card = shipped[start]
        names = rows_of(card)
        path = weights.WEIGHTS / f"{start}.safetensors"
        made = {"steps": card.get("steps", 0), "training_seconds": card.get("training_seconds")}
        made |= {"recipe": card.get("recipe", {}), "before": card.get("before")}
        return Origin(f"The shipped net {start}", path, names, card["width"], made)
    run = Run.open(start)
    model, record, rows = run.model_path(), run.style_network, run.metrics()
    if model is None or run.kind != "pastiche" or not rows or record.trained_width is None:
        raise UserError(f"The run {run.id} has saved no weights of a style network yet; start from another.")
    made = {**work_of(run), "recipe": settings_of(recipe_of_run(run)), "before": record.before}
    return Origin(f"The run {run.id}", model, record.trained_styles, record.trained_width, made)


def work_of(run: Run) -> dict:
    """Return the steps of a run with metrics, those of what it started from included, and its own seconds."""
    before, last = run.style_network.before, run.metrics()[-1]
    seconds = last.get("seconds")
    steps = last["step"] + (before["steps"] if before else 0)
    return {"steps": steps, "training_seconds": None if seconds is None else round(seconds)}
