"""The confusion matrix: which class is predicted as which, and how often; a click on a cell chooses its images."""

from collections.abc import Sequence
from html import escape

from torch import Tensor

MOST_NAMES = 20  # classes whose names and counts have room
WIDTH, CELLS_HEIGHT = 520, 610  # units of the drawing: its width, and the height of all cells together
SHORTEST, LONGEST = 24, 86  # units, of the place for names
_LETTER = 7.2  # units a letter takes
_FAINTEST, _STRONGEST = 0.06, 0.9
_NAME, _TITLE = 30, 22  # units above the cells: of the axis' name and of the title

Pair = tuple[int, int]  # true and predicted class


def drawing(
    counts: Tensor,
    classes: Sequence[str],
    title: str,
    chosen: Pair | None = None,
    labels: Sequence[int] | None = None,
) -> str:
    """Return the counts (classes, classes) as SVG, a row for each true class; right cells green, others vermilion.

    Cells that hold images are buttons that carry `data-cell="TRUE,PREDICTED"`; of more than MOST_NAMES classes they
    can be clicked but are no stops of the keyboard. `title` stands above. `labels` are the indices of the classes where
    they are some of more; `chosen` is one of such pairs.
    """
    numbers = range(len(classes)) if labels is None else labels
    has_names = len(classes) <= MOST_NAMES
    left = _place_for_names(classes) + 18 if has_names else 24
    names_slanted = has_names and max(map(len, classes)) > 3
    top = _TITLE + _NAME + ((_place_for_names(classes) * 0.75 if names_slanted else 10) if has_names else 0)
    across, down = (WIDTH - left - 2) / len(classes), CELLS_HEIGHT / len(classes)
    parts = [_words(left, top, title), _cells(counts, classes, (left, top, across, down), numbers, chosen)]
    if has_names:
        parts.append(_names(classes, (left, top, across, down), names_slanted))
    height = top + CELLS_HEIGHT + 2
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="group" '
        f'aria-label="Confusion matrix: how often each class is predicted as each other">{"".join(parts)}</svg>'
    )


def _place_for_names(classes: Sequence[str]) -> float:
    return min(LONGEST, max(SHORTEST, _LETTER * max(map(len, classes))))


def _words(left: float, top: float, title: str) -> str:
    """Return the title and the names of both axes."""
    across, down = left + (WIDTH - left) / 2, top + CELLS_HEIGHT / 2
    return (
        f'<text x="0" y="16" font-size="15" font-weight="600">{escape(title)}</text>'
        f'<text x="{across:.0f}" y="{_TITLE + 18}" font-size="13" text-anchor="middle">predicted</text>'
        f'<text transform="translate(12 {down:.0f}) rotate(-90)" font-size="13" text-anchor="middle">true class</text>'
    )


def _names(classes: Sequence[str], place: tuple[float, float, float, float], slanted: bool) -> str:
    """Return the classes' names, at the left of the rows and above the columns."""
    left, top, across, down = place
    longest = round(LONGEST / _LETTER)
    parts = []
    for i, name in enumerate(classes):
        text = escape(name if len(name) <= longest else f"{name[: longest - 1]}…")
        x, y = left + (i + 0.5) * across, top + (i + 0.5) * down
        turn = f'transform="translate({x:.1f} {top - 6:.1f}) rotate(-48)"' if slanted else ""
        at = turn or f'x="{x:.1f}" y="{top - 6:.1f}" text-anchor="middle"'
        parts.append(f'<text {at} font-size="13">{text}</text>')
        parts.append(f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" font-size="13" text-anchor="end">{text}</text>')
    return "".join(parts)


def _cells(
    counts: Tensor,
    classes: Sequence[str],
    place: tuple[float, float, float, float],
    labels: Sequence[int],
    chosen: Pair | None,
) -> str:
    """Return the cells: of more than MOST_NAMES classes only those that hold something."""
    left, top, across, down = place
    # A cell is the stronger, the greater its share: of the largest class on the diagonal, of the commonest pair off it.
    largest = max(1, int(counts.sum(1).max()))
    commonest = max(1, int(counts.clone().fill_diagonal_(0).max()))
    parts = []
    for i, row in enumerate(counts.tolist()):
        for j, count in enumerate(row):
            if not count and len(classes) > MOST_NAMES:
                continue
            share = count / (largest if i == j else commonest)
            box = f'x="{left + j * across:.1f}" y="{top + i * down:.1f}" width="{across:.2f}" height="{down:.2f}"'
            opacity = _FAINTEST + (_STRONGEST - _FAINTEST) * share
            filled = f'<rect {box} class="{"right" if i == j else "wrong"}" fill-opacity="{opacity:.2f}"/>'
            pair = (labels[i], labels[j])
            words = f"{classes[i]} predicted as {classes[j]}: {count:,}"
            stops = len(classes) <= MOST_NAMES
            parts.append(_button(filled, box, pair, words, stops, pair == chosen) if count else filled)
            if count and len(classes) <= MOST_NAMES:
                x, y = left + (j + 0.5) * across, top + (i + 0.5) * down + 5
                parts.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" font-size="14" text-anchor="middle" pointer-events="none" '
                    f'aria-hidden="true">{count:,}</text>'
                )
    return "".join(parts)


def _button(filled: str, box: str, pair: Pair, words: str, is_stop: bool, is_chosen: bool) -> str:
    label = escape(words)
    stop = f'role="button" tabindex="0" aria-pressed="{str(is_chosen).lower()}" ' if is_stop else ""
    return (
        f'<g class="cell{" chosen" if is_chosen else ""}" {stop}aria-label="{label}" data-cell="{pair[0]},{pair[1]}">'
        f'<title>{label}</title>{filled}<rect {box} class="edge"/></g>'
    )


def most_confused(counts: Tensor, most: int) -> list[int]:
    """Return at most `most` classes, ascending: those true or predicted in most mistakes, else in most images."""
    wrong = counts.clone().fill_diagonal_(0)
    images = counts.sum(0) + counts.sum(1)
    often = (wrong.sum(0) + wrong.sum(1)) * (int(counts.sum()) * 2 + 1) + images
    chosen = often.sort(descending=True, stable=True).indices[:most]
    return sorted(i for i in chosen.tolist() if images[i])


def commonest(counts: Tensor, most: int) -> list[tuple[int, int, int]]:
    """Return at most `most` pairs of confused classes, (true, predicted, how often), the commonest first."""
    wrong = counts.clone().fill_diagonal_(0)
    values, places = wrong.flatten().sort(descending=True, stable=True)
    pairs = zip(values[:most].tolist(), places[:most].tolist(), strict=True)
    return [(place // len(counts), place % len(counts), value) for value, place in pairs if value]
