"""The card of a style network: what it paints, what it learnt from and for how long, and its losses."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from core import hardware
from core.errors import UserError
from core.runs.run import Run
from core.style import sources
from core.style.origin import work_of
from core.style.pastiche_recipe import WEIGHTS, PasticheRecipe, recipe_of_run, settings_of


def card_of(run: Run, licence: str) -> dict:
    """Return the card of the latest weights of such a training; `licence` is that of its photographs."""
    recipe, record = recipe_of_run(run), run.style_network
    rows = run.metrics()
    if not rows or run.model_path() is None:
        raise UserError(f"The run {run.id} has saved no weights yet; train it first.")
    last = [row for row in rows if row["step"] > rows[-1]["step"] - 500]
    styles = [
        {**asdict(one), "losses": {kind: mean_of(last, f"{kind}/{one.name}") for kind in ("content", "style")}}
        for one in record.paintings
    ]
    return {
        "kind": "pastiche",
        "title": f"{len(styles)} paintings" if len(styles) > 1 else f"{styles[0]['title']} alone",
        "source": "Table 5.1 with all sixteen normalisations conditioned on the style (equation 5.13)",
        "width": recipe.width,
        "rows": list(record.trained_styles),
        "styles": styles,
        "data": f"{record.photographs} photographs",
        "licence": licence,
        **work_of(run),
        "precision": hardware.precision(recipe.half),
        "hardware": record.device,  # None for runs of older versions
        "loss_networks": loss_networks(recipe),
        "losses": {kind: mean for kind in WEIGHTS if (mean := mean_of(last, kind)) is not None},
        "losses_are": "means of the last 500 steps; content and style summed over their layers, each term divided by "
        "the variance (content) or the mean square (style) of its target",
        "recipe": settings_of(recipe),
        "before": record.before,  # the training whose weights this one started from
    }


def mean_of(rows: Sequence[Mapping], key: str) -> float | None:
    """Return the mean over the rows that have `key`, to four digits; None where none has."""
    values = [row[key] for row in rows if row.get(key) is not None]
    return round(sum(values) / len(values), 4) if values else None


def loss_networks(recipe: PasticheRecipe) -> list[str]:
    """Return the titles of the loss networks."""
    if recipe.network == "both":
        return ["VGG-19 as far as relu3_1", "SqueezeNet 1.1"]
    return [sources.source(recipe.network).title]
