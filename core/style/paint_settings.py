"""How a picture is painted, whatever the styles: strength, stroke size and colours; and the text that records it all
in a saved picture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.runs.values import is_number

LONGEST = 40  # characters of a hostile value that are worth quoting
KEY = "atelier"  # of the record in a picture's description


@dataclass(frozen=True)
class PaintSettings:
    """The settings of a painting; UserError for a number outside 0 to 1.

    `strength` leads from the photograph, 0, to the painting, 1. `stroke` is the stroke size: 0 paints in one pass,
    1 from coarse to fine in all rounds. With `colours` the photograph's colours stay and its luminance is painted.
    """

    strength: float = 1.0
    stroke: float = 0.0
    colours: bool = False

    def __post_init__(self) -> None:
        for what, value in (("strength", self.strength), ("stroke size", self.stroke)):
            if not is_number(value) or not 0 <= value <= 1:
                raise UserError(f"The {what} is {quoted(value)}; give a number from 0 to 1.")
        if not isinstance(self.colours, bool):
            raise UserError(f"Whether colours are kept is {quoted(self.colours)}; give true or false.")


@dataclass(frozen=True)
class PaintRecord:
    """All that a painting was made with, but its photograph: styles with their weights, settings, name of the net."""

    styles: dict[str, float]
    settings: PaintSettings
    net: str

    def as_text(self) -> str:
        """Return the record as JSON in ASCII, which `record_in` reads."""
        values: dict[str, Any] = {"styles": self.styles, "net": self.net}
        values |= {"strength": self.settings.strength, "stroke": self.settings.stroke, "colours": self.settings.colours}
        return json.dumps({KEY: values})


def record_in(text: str | None) -> PaintRecord:
    """Return the record in a picture's description. Raises UserError where it is none, or its values cannot be used.

    Whether the net has the styles is checked where they are painted.
    """
    values = _values(text)
    styles, net = values.get("styles"), values.get("net")
    if not isinstance(styles, dict) or not styles or not isinstance(net, str):
        raise UserError("The picture's settings name no styles or no net; choose the styles yourself.")
    if Path(net).name != net:
        raise UserError("The picture names a net that is no name but a path; choose the net yourself.")
    check_weights(styles)
    names = ("strength", "stroke", "colours")
    return PaintRecord(styles, PaintSettings(**{name: values[name] for name in names if name in values}), net)


def check_weights(styles: Mapping[str, Any]) -> None:
    """Raise UserError for a weight that is no number of zero or more."""
    for name, weight in styles.items():
        if not is_number(weight) or not weight >= 0:
            raise UserError(
                f"The weight of {quoted(name, '')} is {quoted(weight)}; a weight must be a number of zero or more."
            )


def quoted(value: Any, quote: str = "'") -> str:
    """Return a value for a sentence, on one line; text in quotation marks and the end of a long one left out."""
    text = " ".join(str(value).split())
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return f"{quote}{text}{quote}" if isinstance(value, str) else text


def _values(text: str | None) -> dict[str, Any]:
    """Return the values under KEY. Raises UserError where `text` has none."""
    try:
        values = json.loads(text or "null")
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not isinstance(values.get(KEY), dict):
        raise UserError("The picture has no settings of a painting in it; take one that Atelier saved.")
    return values[KEY]
