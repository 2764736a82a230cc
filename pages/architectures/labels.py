"""Words and numbers of a net's drawing: short counts, shapes, the names of layers and stages."""

from core.models.blueprint import Blueprint, Stage
from core.models.forward_pass import Operation, Shape

_SHORT = {
    "convolution": "conv",
    "batch normalisation": "batch norm",
    "average pooling": "avg pool",
    "max pooling": "max pool",
}


def short(count: float) -> str:
    """Return a count with about three digits: 640, 14.0K, 1.56M, 5.24G."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if count >= unit:
            value = count / unit
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}{letter}"
    return f"{count:,.0f}"


def percent(part: float, whole: float) -> str:
    """Return a share in whole percent, or "<1%"."""
    share = 100 * part / whole if whole else 0.0
    return "<1%" if 0 < share < 1 else f"{share:.0f}%"


def size(shape: Shape) -> str:
    """Return a shape in words: "16 maps of 32×32", "10 values"."""
    return f"{shape[0]} maps of {shape[1]}×{shape[2]}" if len(shape) == 3 else f"{shape[0]} values"


def layer(operation: Operation) -> str:
    """Return a layer's kind, abbreviated, and its detail: "conv 3×3, 16 → 32"."""
    return f"{_SHORT.get(operation.kind, operation.kind)} {operation.detail}"


def heading(stage: Stage) -> str:
    """Return what a stage consists of: "3 × residual block"."""
    return stage.title if len(stage.blocks) == 1 else f"{len(stage.blocks)} × {stage.title}"


def description(stage: Stage, plan: Blueprint) -> str:
    """Return a stage in one sentence, for screen readers."""
    return (
        f"{stage.name}: {heading(stage)}, gives {size(stage.output)}; {stage.parameters:,} parameters "
        f"({percent(stage.parameters, plan.parameters)}), {short(stage.multiply_adds)} multiply-adds "
        f"({percent(stage.multiply_adds, plan.multiply_adds)})."
    )
