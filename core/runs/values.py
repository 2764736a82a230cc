"""Guards for the values in the JSON files of a run folder, which somebody may have edited."""

import math
from typing import Any, TypeGuard


def is_number(value: Any) -> TypeGuard[float]:
    """Return True for an int or a float; False for a bool and everything else."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Any) -> float | None:
    """Return `value` where it is a number, else None."""
    return value if is_number(value) else None


def whole(value: Any) -> int | None:
    """Return `value` where it is an int, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: Any) -> str:
    """Return `value` where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def items(value: Any) -> tuple[Any, ...]:
    """Return the entries of a list as a tuple; an empty one where `value` is no list."""
    return tuple(value) if isinstance(value, list | tuple) else ()


def mapping(value: Any) -> dict[str, Any]:
    """Return `value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def finite(value: Any) -> Any:
    """Return `value`, but None for a float that JSON cannot hold: not a number, or infinite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
