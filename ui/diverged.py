"""The restart of a diverged training at a lower learning rate."""

import re
from collections.abc import Callable
from typing import Any

from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from core.runs.values import mapping
from ui.buttons import firm

_SUGGESTED = re.compile(r"learning rate of ([0-9.]+(?:e[-+]?\d+)?)")


def lower_rate(run: Run, status: Status) -> float | None:
    """Return the learning rate at which to restart a diverged training; None where it has not diverged."""
    if status.state != "failed" or "diverged" not in status.message:
        return None
    match = _SUGGESTED.search(status.message)
    if match and float(match[1]) > 0:
        return float(match[1])
    rate = run.classifier.learning_rate
    return rate / 10 if rate is not None and rate > 0 else None


def restart_at(run: Run, rate: float) -> Run:
    """Start a new run with the settings of a diverged one at a lower rate and return it.

    Raises UserError for damaged settings.
    """
    recipe = mapping(run.settings.get("recipe"))
    if not recipe:
        raise UserError("The settings of this run are damaged; start a new run instead.")
    settings: dict[str, Any] = {**run.settings, "recipe": {**recipe, "learning_rate": rate}}
    fresh = Run.create(run.kind, settings, name=f"{run.name.partition(', rate ')[0]}, rate {rate:g}")
    queue.submit(fresh)
    return fresh


def offer_lower_rate(run: Run, status: Status, show: Callable[[Run], None]) -> None:
    """Draw the button that starts a diverged training again at a lower rate; `show` receives the new run."""
    suggested = lower_rate(run, status)
    if suggested is not None and firm(
        f"Start again at {suggested:g}",
        icon=":material/trending_down:",
        key="lower rate",
        type="primary",
        help="A new run with the same settings but for the learning rate; this one is kept.",
    ):
        show(restart_at(run, suggested))
