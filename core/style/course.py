"""The way from style to style through their blends (equation 5.14), as in Figure 5.12."""

from collections.abc import Sequence

from core.errors import UserError


def blends(styles: Sequence[str], frames: int) -> list[dict[str, float]]:
    """Return `frames` blends (name -> weight, which add up to one) from the first of two or more styles to the last.

    The way leads through each style in turn, in even steps. Raises UserError for fewer than two styles, or fewer frames
    than styles.
    """
    if len(styles) < 2:
        raise UserError("A course leads from style to style: name at least two.")
    if frames < len(styles):
        raise UserError(f"The course has {frames} frames for {len(styles)} styles: give at least one frame a style.")
    return [_blend_at(styles, position * (len(styles) - 1) / (frames - 1)) for position in range(frames)]


def _blend_at(styles: Sequence[str], place: float) -> dict[str, float]:
    """Return the blend at a `place` from 0, the first style, to the number of styles less one, the last."""
    before = min(int(place), len(styles) - 2)
    part = place - before
    weights = {styles[before]: 1 - part, styles[before + 1]: part}
    return {name: weight for name, weight in weights.items() if weight > 0}
