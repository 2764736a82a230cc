"""A net's blueprint as SVG: a tower of blocks for each stage with its ways past them, and the layers of a block.

Everything takes the colour of the text around it, so that a drawing is as legible in the dark as in the light.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from core.models.blueprint import Block, Blueprint, Stage
from core.models.forward_pass import IMAGE, Operation, Shape

WIDTH = 400  # units; a phone shows nearly as many pixels
PARAMETERS = "#CC79A7"  # the colours of the two counts, wherever they are bars
MULTIPLY_ADDS = "#8A8578"
BLOCK = "#5B76E8"

TOWER = 84  # where the middle of the towers is
WIDEST, NARROWEST = 74, 14  # of a block, by the maps that it hands on
TEXT = 150  # where the words begin
BAR = 96  # the length of a bar that stands for the whole net
LINE = 17
MOST_ARCS = 20  # layers of a dense block whose connections are all drawn
LANE = 48  # where shortcuts run, in the drawing of a block's layers
LEFT, RIGHT = 106, 270  # edges of the main column there
ROW = 24
MOST_BLOCKS = 3  # of a stage whose layers are shown one by one

_SHORT = {
    "convolution": "conv",
    "batch normalisation": "batch norm",
    "average pooling": "avg pool",
    "max pooling": "max pool",
}


@dataclass(frozen=True)
class Piece:
    """Part of a drawing: its marks from y = 0 down, as SVG, and its height."""

    marks: str
    height: float


def short(count: float) -> str:
    """A count with about three digits: 640, 14.0K, 1.56M, 5.24G."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if count >= unit:
            value = count / unit
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}{letter}"
    return f"{count:,.0f}"


def size(shape: Shape) -> str:
    """A shape in words: "16 maps of 32×32", "10 values"."""
    return f"{shape[0]} maps of {shape[1]}×{shape[2]}" if len(shape) == 3 else f"{shape[0]} values"


def heading(stage: Stage) -> str:
    """What a stage consists of: "3 × residual block"."""
    return stage.title if len(stage.blocks) == 1 else f"{len(stage.blocks)} × {stage.title}"


def description(stage: Stage, plan: Blueprint) -> str:
    """A stage in one sentence, for those who do not see it."""
    return (
        f"{stage.name}: {heading(stage)}, gives {size(stage.output)}; {stage.parameters:,} parameters "
        f"({_percent(stage.parameters, plan.parameters)}), {short(stage.multiply_adds)} multiply-adds "
        f"({_percent(stage.multiply_adds, plan.multiply_adds)})."
    )


def stage(stage: Stage, plan: Blueprint) -> Piece:
    """A stage as a tower of its blocks, and beside it what they are, hand on and cost."""
    words, words_height = _words(stage, plan)
    tower = _tower(stage, plan, 8)
    height = max(words_height, tower.height) + 14
    way = _line(f"M{TOWER} {tower.height:g}V{height:g}", 0.5)
    arrow = f'<path d="M{TOWER - 4} {height - 7}l4 7l4 -7z" fill="currentColor" fill-opacity=".7"/>'
    return Piece(f'<g data-stage="{escape(stage.name)}">{way}{tower.marks}{arrow}{words}</g>', height)


def layers(stage: Stage) -> Piece:
    """The layers of a stage's blocks: all of them where they are few, else the first and the last."""
    marks, y = [], 6.0
    for label, block in _shown(stage):
        piece = _block(block, label)
        marks.append(f'<g transform="translate(0 {y:g})">{piece.marks}</g>')
        y += piece.height + 10
    return Piece("".join(marks), y)


def source(plan: Blueprint) -> Piece:
    """The image that goes into the first stage."""
    side = 26
    box = f'<rect x="{TOWER - side / 2}" y="4" width="{side}" height="{side}" rx="2" {_filled(BLOCK)}/>'
    colour = "colour" if plan.image[0] == 3 else "grey" if plan.image[0] == 1 else f"{plan.image[0]} channels"
    words = _text(TEXT, 22, f"image, {colour}, {plan.image[1]}×{plan.image[2]}", faint=True)
    return Piece(f"{box}{words}{_line(f'M{TOWER} {side + 4}V38', 0.5)}", 38)


def svg(piece: Piece, label: str) -> str:
    """A piece as an <svg> of its own, as wide as there is room."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {piece.height:g}" width="100%" role="img" '
        f'aria-label="{escape(label)}" font-size="12">{piece.marks}</svg>'
    )


def file(plan: Blueprint, title: str) -> str:
    """The whole net with the layers of its blocks as one SVG file, in the colours of whoever opens it."""
    marks, y = [], 60.0
    for piece in [source(plan)] + [stage(each, plan) for each in plan.stages]:
        marks.append(f'<g transform="translate(0 {y:g})">{piece.marks}</g>')
        y += piece.height
    height, y = y, 60.0
    for each in plan.stages:
        piece = layers(each)
        marks.append(f'<g transform="translate({WIDTH} {y:g})">{_text(4, 14, each.name, faint=True)}</g>')
        marks.append(f'<g transform="translate({WIDTH} {y + 16:g})">{piece.marks}</g>')
        y += piece.height + 26
    height = max(height, y) + 10
    total = f"{plan.parameters:,} parameters, {plan.multiply_adds:,} multiply-adds an image"
    style = (
        "svg{color:#22252B;background:#FCFBF8;font-family:system-ui,sans-serif}"
        "@media(prefers-color-scheme:dark){svg{color:#E9E6DF;background:#15171C}}"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 {2 * WIDTH + 20} {height:g}" '
        f'width="{2 * WIDTH + 20}" height="{height:g}" font-size="12"><title>{escape(title)}</title>'
        f"<desc>{escape(' '.join(description(each, plan) for each in plan.stages))}</desc><style>{style}</style>"
        f'<text x="8" y="26" font-size="18" font-weight="600" fill="currentColor">{escape(title)}</text>'
        f"{_text(8, 46, total, faint=True)}{''.join(marks)}</svg>"
    )


def _percent(part: float, whole: float) -> str:
    share = 100 * part / whole if whole else 0.0
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


def _line(path: str, opacity: float, width: float = 1.3) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity="{opacity}" '
        f'stroke-width="{width}" stroke-linejoin="round"/>'
    )


def _filled(colour: str) -> str:
    return f'fill="{colour}" fill-opacity=".22" stroke="{colour}" stroke-width="1.2"'


def _text(x: float, y: float, words: str, *, bold: bool = False, faint: bool = False, anchor: str = "start") -> str:
    look = ' font-size="14" font-weight="600"' if bold else ""
    look += ' fill-opacity=".72"' if faint else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor"{look}>{escape(words)}</text>'


def _words(stage: Stage, plan: Blueprint) -> tuple[str, float]:
    y = 18.0
    marks = [_text(TEXT, y, heading(stage), bold=True)]
    details = [f"{_SHORT.get(step.kind, step.kind)} {step.detail}" for step in stage.blocks[-1].weighted]
    for words in (*details, f"{stage.name} gives {size(stage.output)}"):
        y += LINE
        marks.append(_text(TEXT, y, words, faint=True))
    for count, whole, colour, what in (
        (stage.parameters, plan.parameters, PARAMETERS, "par."),
        (stage.multiply_adds, plan.multiply_adds, MULTIPLY_ADDS, "m-adds"),
    ):
        y += LINE
        length = BAR * count / whole if whole else 0.0
        track = f'<rect x="{TEXT}" y="{y - 9}" width="{BAR}" height="9" rx="2" fill="currentColor" fill-opacity=".08"/>'
        bar = f'<rect x="{TEXT}" y="{y - 9}" width="{length:.1f}" height="9" rx="2" fill="{colour}"/>'
        words = f"{short(count)} {what}, {_percent(count, whole)}"
        marks.append(f"{track}{bar}{_text(TEXT + BAR + 8, y, words)}")
    for step in stage.joint:
        y += LINE
        marks.append(_text(TEXT, y, f"↓ {step.kind} {step.detail}".rstrip(), faint=True))
    return "".join(marks), y + 6


def _channels(block: Block) -> list[int]:
    """How wide a block is drawn: by its maps, layer by layer where it is a row of layers without a way past them."""
    return [block.output[0]] if block.shortcut or not block.weighted else [step.output[0] for step in block.weighted]


def _tower(stage: Stage, plan: Blueprint, top: float) -> Piece:
    most = max(maps for each in plan.stages for block in each.blocks for maps in _channels(block))
    rows = [(maps, block) for block in stage.blocks for maps in _channels(block)]
    tall, gap = (16, 12) if len(rows) <= 4 else (10, 8) if len(rows) <= 12 else (6, 6) if len(rows) <= 20 else (3, 3)
    marks, edges, y = [], [], top + gap / 2
    way = f"M{TOWER} 0V{y:g}"
    for maps, _ in rows:
        wide = NARROWEST + (WIDEST - NARROWEST) * (maps / most) ** 0.5
        marks.append(
            f'<rect x="{TOWER - wide / 2:.1f}" y="{y:g}" width="{wide:.1f}" height="{tall}" rx="2" {_filled(BLOCK)}/>'
        )
        edges.append((y - gap / 2, y + tall + gap / 2))
        way += f"M{TOWER} {y + tall:g}V{y + tall + gap:g}"
        y += tall + gap
    marks.append(_line(f"{way}V{y + gap / 2:g}", 0.5))
    ways = [] if not stage.blocks[-1].shortcut else list(_ways(stage, edges))
    return Piece("".join((*ways, *marks)), y + gap / 2)


def _ways(stage: Stage, edges: list[tuple[float, float]]) -> Iterator[str]:
    """The ways past the blocks: one around each of a residual stage, one to every later layer in a dense block."""
    start = TOWER - WIDEST / 2 - 3
    if stage.blocks[-1].shortcut == "addition":
        for block, (above, below) in zip(stage.blocks, edges, strict=True):
            plain = not _projects(block)
            radius = min(4.0, (below - above) / 5)
            bend = f"M{TOWER} {above:g}H{start - 4:g}Q{start - 10:g} {above:g} {start - 10:g} {above + 5:g}"
            bend += f"V{below - 5:g}Q{start - 10:g} {below:g} {start - 4:g} {below:g}H{TOWER}"
            yield _line(bend, 0.75)
            if not plain:
                middle = (above + below) / 2
                yield f'<rect x="{start - 14:g}" y="{middle - 4:g}" width="8" height="8" rx="1.5" {_filled(BLOCK)}/>'
            yield f'<circle cx="{TOWER}" cy="{below:g}" r="{radius:g}" fill="currentColor"/>'
        return
    points = [above for above, _ in edges]
    step = max(1, -(-len(points) // MOST_ARCS))
    for place, origin in enumerate(points[::step]):
        for target in points[::step][place + 1 :]:
            reach = start - 8 - (start - 12) * (target - origin) / (points[-1] - points[0])
            curve = f"M{start + 3:g} {origin:g}C{reach:.1f} {origin:g} {reach:.1f} {target:g} {start + 3:g} {target:g}"
            yield _line(curve, 0.32, 0.9)
    for point in points[::step]:
        yield f'<circle cx="{start + 3:g}" cy="{point:g}" r="1.8" fill="currentColor" fill-opacity=".8"/>'


def _projects(block: Block) -> bool:
    main = set(block.main_path())
    return any(step.weighted and place not in main for place, step in enumerate(block.operations))


def _shown(stage: Stage) -> list[tuple[str, Block]]:
    """The blocks of a stage that differ, each with the name it has among the others."""
    groups: list[tuple[list[int], Block]] = []
    for place, block in enumerate(stage.blocks, start=1):
        if groups and _looks(groups[-1][1]) == _looks(block):
            groups[-1][0].append(place)
        else:
            groups.append(([place], block))
    if len(groups) > MOST_BLOCKS:
        groups = [groups[0], groups[-1]]
    return [(_numbered(stage, places), block) for places, block in groups]


def _looks(block: Block) -> list[tuple[str, str, Shape]]:
    return [(step.kind, step.detail, step.output) for step in block.operations]


def _numbered(stage: Stage, places: list[int]) -> str:
    count = len(stage.blocks)
    if count == 1:
        return stage.blocks[0].title
    if len(places) == 1:
        return f"{stage.title} {places[0]} of {count}"
    return f"{stage.title}s {places[0]} to {places[-1]} of {count}"


def _block(block: Block, label: str) -> Piece:
    """A block layer by layer: the longest way in the middle, ways past it left, shapes and parameters right."""
    main = block.main_path()
    top = 34.0
    tops = {place: top + ROW * place for place in range(len(block.operations))}
    middle = (LEFT + RIGHT) / 2
    marks = [
        _text(4, 14, label, bold=True),
        _text(RIGHT + 6, top - 5, "gives · parameters", faint=True),
        _line(f"M{middle} {top - 10}V{top}", 0.5),
    ]
    for before, after in zip(main, main[1:], strict=False):
        marks.append(_line(f"M{middle} {tops[before] + ROW - 5}V{tops[after]}", 0.5))
    for place, step in enumerate(block.operations):
        for origin in step.inputs:
            inside = origin - block.first if origin != IMAGE and origin >= block.first else None
            follows = (inside is None and place == main[0]) or (
                inside is not None and place in main and inside in main and main.index(place) - main.index(inside) == 1
            )
            if not follows:
                marks.append(_detour(inside, place, main, tops, top))
    marks += [_layer(step, tops[place], place in main) for place, step in enumerate(block.operations)]
    return Piece("".join(marks), top + ROW * len(block.operations))


def _detour(inside: int | None, place: int, main: tuple[int, ...], tops: dict[int, float], top: float) -> str:
    """A way past the main column, from the block's input or one of its layers to a later layer."""
    middle = (LEFT + RIGHT) / 2
    if inside is None:
        start = f"M{middle} {top - 6}H{LANE}"
    elif inside in main:
        start = f"M{middle} {tops[inside] + ROW - 3}H{LANE}"
    else:
        start = f"M{LANE} {tops[inside] + ROW - 5}"
    end = f"V{tops[place] + (ROW - 5) / 2}H{LEFT}" if place in main else f"V{tops[place]}"
    return _line(start + end, 0.75)


def _layer(step: Operation, y: float, is_main: bool) -> str:
    left, right = (LEFT, RIGHT) if is_main else (4, LEFT - 12)
    tall = ROW - 5
    look = _filled(BLOCK) if step.weighted else 'fill="currentColor" fill-opacity=".07"'
    name = f"{_SHORT.get(step.kind, step.kind)} {step.detail}".strip()
    if not is_main:
        name = step.detail.replace(", stride ", " /") or name
    box = f'<rect x="{left}" y="{y:g}" width="{right - left}" height="{tall}" rx="3" {look}/>'
    marks = box + _text((left + right) / 2, y + 14, name, anchor="middle")
    if is_main:
        shape = "×".join(map(str, step.output))
        count = f" · {short(step.parameters)}" if step.parameters else ""
        marks += _text(RIGHT + 6, y + 14, shape + count, faint=True)
    return marks
