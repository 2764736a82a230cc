"""The layers of a stage's blocks as SVG: the longest way in the middle, shortcuts at the left, shapes at the right."""

from core.models.blueprint import Block, Stage
from core.models.forward_pass import IMAGE, Operation, Shape
from pages.architectures import labels, svg
from pages.architectures.svg import Piece

LANE = 48  # where shortcuts run
LEFT, RIGHT = 106, 270  # edges of the main column
MIDDLE = (LEFT + RIGHT) / 2
ROW = 24  # from layer to layer
TALL = ROW - 5  # of a layer
TOP = 34.0  # of the first layer
MOST_BLOCKS = 3  # of a stage whose layers are drawn one by one


def layers(stage: Stage) -> Piece:
    """Draw the layers of a stage's blocks: of all that differ where they are few, else of the first and the last."""
    marks, y = [], 6.0
    for label, block in _different(stage):
        piece = _block(block, label)
        marks.append(svg.at(0, y, piece.marks))
        y += piece.height + 10
    return Piece("".join(marks), y)


def _different(stage: Stage) -> list[tuple[str, Block]]:
    """Return the blocks of a stage that differ, each with its label among the others."""
    groups: list[tuple[list[int], Block]] = []
    for number, block in enumerate(stage.blocks, start=1):
        if groups and _look(groups[-1][1]) == _look(block):
            groups[-1][0].append(number)
        else:
            groups.append(([number], block))
    if len(groups) > MOST_BLOCKS:
        groups = [groups[0], groups[-1]]
    return [(_label(stage, numbers), block) for numbers, block in groups]


def _look(block: Block) -> list[tuple[str, str, Shape]]:
    """Return all that a drawing shows of a block's layers."""
    return [(operation.kind, operation.detail, operation.output) for operation in block.operations]


def _label(stage: Stage, numbers: list[int]) -> str:
    """Return what like blocks with these numbers are called: "residual blocks 2 to 3 of 3"."""
    count = len(stage.blocks)
    if count == 1:
        return stage.blocks[0].title
    if len(numbers) == 1:
        return f"{stage.title} {numbers[0]} of {count}"
    return f"{stage.title}s {numbers[0]} to {numbers[-1]} of {count}"


def _block(block: Block, label: str) -> Piece:
    """Draw a block layer by layer."""
    main = block.main_path()
    marks = [
        svg.text(4, 14, label, bold=True),
        svg.text(RIGHT + 6, TOP - 5, "output · parameters", faint=True),
        svg.line(f"M{MIDDLE} {TOP - 10}V{TOP}", 0.5),
    ]
    for before, after in zip(main, main[1:], strict=False):
        marks.append(svg.line(f"M{MIDDLE} {_top(before) + TALL}V{_top(after)}", 0.5))
    for place, operation in enumerate(block.operations):
        for source in operation.inputs:
            origin = source - block.first if source != IMAGE and source >= block.first else None
            if not _follows(origin, place, main):
                marks.append(_shortcut(origin, place, main))
    marks += [_layer(operation, _top(place), place in main) for place, operation in enumerate(block.operations)]
    return Piece("".join(marks), TOP + ROW * len(block.operations))


def _top(place: int) -> float:
    """Return the y of the upper edge of a block's layer."""
    return TOP + ROW * place


def _follows(origin: int | None, place: int, main: tuple[int, ...]) -> bool:
    """Return whether the layer at `place` follows `origin` (None: the block's input) directly on the main path."""
    if origin is None:
        return place == main[0]
    return place in main and origin in main and main.index(place) - main.index(origin) == 1


def _shortcut(origin: int | None, place: int, main: tuple[int, ...]) -> str:
    """Draw a way past the main column, from the block's input (None) or one of its layers to a later layer."""
    if origin is None:
        start = f"M{MIDDLE} {TOP - 6}H{LANE}"
    elif origin in main:
        start = f"M{MIDDLE} {_top(origin) + ROW - 3}H{LANE}"
    else:
        start = f"M{LANE} {_top(origin) + TALL}"
    end = f"V{_top(place) + TALL / 2}H{LEFT}" if place in main else f"V{_top(place)}"
    return svg.line(start + end, 0.75)


def _layer(operation: Operation, y: float, is_main: bool) -> str:
    """Draw a layer as a box with its name; in the main column also its output shape and parameters."""
    left, right = (LEFT, RIGHT) if is_main else (4, LEFT - 12)
    look = svg.filled(svg.BLOCK) if operation.weighted else 'fill="currentColor" fill-opacity=".07"'
    name = labels.layer(operation).strip()
    if not is_main:
        name = operation.detail.replace(", stride ", " /") or name
    box = f'<rect x="{left}" y="{y:g}" width="{right - left}" height="{TALL}" rx="3" {look}/>'
    marks = box + svg.text((left + right) / 2, y + 14, name, anchor="middle")
    if is_main:
        shape = "×".join(map(str, operation.output))
        count = f" · {labels.short(operation.parameters)}" if operation.parameters else ""
        marks += svg.text(RIGHT + 6, y + 14, shape + count, faint=True)
    return marks
