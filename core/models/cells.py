"""Where the cells of a net's last maps lie in its input: padding on one side alone moves them off the usual places."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cells:
    """The centre of the first cell and the step to the next, in px of the input from its top left, on both axes."""

    first: float
    step: float
