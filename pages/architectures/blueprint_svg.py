"""A net's blueprint as SVG: a tower of blocks for each stage with its shortcuts, and beside it what the stage costs."""

from collections.abc import Iterator
from html import escape

from core.models.blueprint import Block, Blueprint, Stage
from pages.architectures import block_svg, labels, svg
from pages.architectures.svg import BLOCK, WIDTH, Piece

PARAMETERS = "#CC79A7"  # the colours of the two counts, wherever they are bars
MULTIPLY_ADDS = "#8A8578"

TOWER = 84  # x of the middle of the towers
WIDEST, NARROWEST = 74, 14  # of a block, by the maps of its output
TEXT = 150  # x where the words begin
BAR = 96  # the length of a bar that stands for the whole net
LINE = 17
MOST_ARCS = 20  # layers of a dense block whose connections are all drawn
STYLE = (
    "svg{color:#22252B;background:#FCFBF8;font-family:system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{color:#E9E6DF;background:#15171C}}"
)


def stage(stage: Stage, plan: Blueprint) -> Piece:
    """Draw a stage as a tower of its blocks; beside it what they are, their output and their costs."""
    words = _words(stage, plan)
    tower = _tower(stage, plan, 8)
    height = max(words.height, tower.height) + 14
    way = svg.line(f"M{TOWER} {tower.height:g}V{height:g}", 0.5)
    arrow = f'<path d="M{TOWER - 4} {height - 7}l4 7l4 -7z" fill="currentColor" fill-opacity=".7"/>'
    return Piece(f'<g data-stage="{escape(stage.name)}">{way}{tower.marks}{arrow}{words.marks}</g>', height)


def source(plan: Blueprint, title: str = "") -> Piece:
    """Draw the image that is the input of the first stage, under the net's title where one is given."""
    side = 26
    box = f'<rect x="{TOWER - side / 2}" y="4" width="{side}" height="{side}" rx="2" {svg.filled(BLOCK)}/>'
    colour = "colour" if plan.image[0] == 3 else "grey" if plan.image[0] == 1 else f"{plan.image[0]} channels"
    words = svg.text(TEXT, 31 if title else 22, f"image, {colour}, {plan.image[1]}×{plan.image[2]}", faint=True)
    words += svg.text(TEXT, 14, title, bold=True) if title else ""
    return Piece(f"{box}{words}{svg.line(f'M{TOWER} {side + 4}V38', 0.5)}", 38)


def file(plan: Blueprint, title: str) -> str:
    """Return the whole net with the layers of its blocks as one SVG file, which adapts to dark and light."""
    marks, y = [], 60.0
    for piece in [source(plan)] + [stage(each, plan) for each in plan.stages]:
        marks.append(svg.at(0, y, piece.marks))
        y += piece.height
    height, y = y, 60.0
    for each in plan.stages:
        piece = block_svg.layers(each)
        marks.append(svg.at(WIDTH, y, svg.text(4, 14, each.name, faint=True)))
        marks.append(svg.at(WIDTH, y + 16, piece.marks))
        y += piece.height + 26
    height = max(height, y) + 10
    total = f"{plan.parameters:,} parameters, {plan.multiply_adds:,} multiply-adds an image"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 {2 * WIDTH + 20} {height:g}" '
        f'width="{2 * WIDTH + 20}" height="{height:g}" font-size="12"><title>{escape(title)}</title>'
        f"<desc>{escape(' '.join(labels.description(each, plan) for each in plan.stages))}</desc>"
        f"<style>{STYLE}</style>"
        f'<text x="8" y="26" font-size="18" font-weight="600" fill="currentColor">{escape(title)}</text>'
        f"{svg.text(8, 46, total, faint=True)}{''.join(marks)}</svg>"
    )


def _words(stage: Stage, plan: Blueprint) -> Piece:
    """Draw the words beside a tower: its blocks, their layers, output and costs, and what follows the stage."""
    y = 18.0
    marks = [svg.text(TEXT, y, labels.heading(stage), bold=True)]
    layers = [labels.layer(operation) for operation in stage.blocks[-1].weighted]
    for words in (*layers, f"{stage.name} gives {labels.size(stage.output)}"):
        y += LINE
        marks.append(svg.text(TEXT, y, words, faint=True))
    for count, whole, colour, unit in (
        (stage.parameters, plan.parameters, PARAMETERS, "par."),
        (stage.multiply_adds, plan.multiply_adds, MULTIPLY_ADDS, "m-adds"),
    ):
        y += LINE
        length = BAR * count / whole if whole else 0.0
        track = f'<rect x="{TEXT}" y="{y - 9}" width="{BAR}" height="9" rx="2" fill="currentColor" fill-opacity=".08"/>'
        bar = f'<rect x="{TEXT}" y="{y - 9}" width="{length:.1f}" height="9" rx="2" fill="{colour}"/>'
        words = f"{labels.short(count)} {unit}, {labels.percent(count, whole)}"
        marks.append(f"{track}{bar}{svg.text(TEXT + BAR + 8, y, words)}")
    for operation in stage.joint:
        y += LINE
        marks.append(svg.text(TEXT, y, f"↓ {operation.kind} {operation.detail}".rstrip(), faint=True))
    return Piece("".join(marks), y + 6)


def _channels(block: Block) -> list[int]:
    """Return the maps that set the widths of a block's boxes: one a layer where the layers have no shortcut."""
    return [block.output[0]] if block.shortcut or not block.weighted else [step.output[0] for step in block.weighted]


def _tower(stage: Stage, plan: Blueprint, top: float) -> Piece:
    """Draw the blocks of a stage one above the other, as wide as the square root of their maps."""
    most = max(maps for each in plan.stages for block in each.blocks for maps in _channels(block))
    widths = [maps for block in stage.blocks for maps in _channels(block)]
    count = len(widths)
    tall, gap = (16, 12) if count <= 4 else (10, 8) if count <= 12 else (6, 6) if count <= 20 else (3, 3)
    marks, edges, y = [], [], top + gap / 2
    way = f"M{TOWER} 0V{y:g}"
    for maps in widths:
        wide = NARROWEST + (WIDEST - NARROWEST) * (maps / most) ** 0.5
        marks.append(
            f'<rect x="{TOWER - wide / 2:.1f}" y="{y:g}" width="{wide:.1f}" height="{tall}" rx="2" '
            f"{svg.filled(BLOCK)}/>"
        )
        edges.append((y - gap / 2, y + tall + gap / 2))
        way += f"M{TOWER} {y + tall:g}V{y + tall + gap:g}"
        y += tall + gap
    marks.append(svg.line(f"{way}V{y + gap / 2:g}", 0.5))
    shortcuts = {"addition": _additions, "concatenation": _concatenations}.get(stage.blocks[-1].shortcut or "")
    ways = shortcuts(stage, edges) if shortcuts else ()
    return Piece("".join((*ways, *marks)), y + gap / 2)


def _additions(stage: Stage, edges: list[tuple[float, float]]) -> Iterator[str]:
    """Draw a way around each block of a residual stage, with a box on it where it is a projection."""
    start = TOWER - WIDEST / 2 - 3
    for block, (above, below) in zip(stage.blocks, edges, strict=True):
        radius = min(4.0, (below - above) / 5)
        bend = f"M{TOWER} {above:g}H{start - 4:g}Q{start - 10:g} {above:g} {start - 10:g} {above + 5:g}"
        bend += f"V{below - 5:g}Q{start - 10:g} {below:g} {start - 4:g} {below:g}H{TOWER}"
        yield svg.line(bend, 0.75)
        if _projects(block):
            middle = (above + below) / 2
            yield f'<rect x="{start - 14:g}" y="{middle - 4:g}" width="8" height="8" rx="1.5" {svg.filled(BLOCK)}/>'
        yield f'<circle cx="{TOWER}" cy="{below:g}" r="{radius:g}" fill="currentColor"/>'


def _projects(block: Block) -> bool:
    """Return whether the shortcut of a block has weights."""
    main = set(block.main_path())
    return any(operation.weighted and place not in main for place, operation in enumerate(block.operations))


def _concatenations(stage: Stage, edges: list[tuple[float, float]]) -> Iterator[str]:
    """Draw arcs from every layer of a dense block to every later one; of very deep blocks from some layers only."""
    start = TOWER - WIDEST / 2 - 3
    points = [above for above, _ in edges]
    step = max(1, -(-len(points) // MOST_ARCS))
    for place, origin in enumerate(points[::step]):
        for target in points[::step][place + 1 :]:
            reach = start - 8 - (start - 12) * (target - origin) / (points[-1] - points[0])
            curve = f"M{start + 3:g} {origin:g}C{reach:.1f} {origin:g} {reach:.1f} {target:g} {start + 3:g} {target:g}"
            yield svg.line(curve, 0.32, 0.9)
    for point in points[::step]:
        yield f'<circle cx="{start + 3:g}" cy="{point:g}" r="1.8" fill="currentColor" fill-opacity=".8"/>'
