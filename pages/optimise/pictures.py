"""The pictures of a style transfer as they are now: one, large, or those of a figure side by side."""

from functools import lru_cache
from pathlib import Path

import streamlit as st

from core import images
from core.errors import UserError
from core.figures import transfers
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.style import optimisation_run
from web.formats import escape_markdown

ACROSS = 2  # pictures of a figure in one line, where they are wider than high


def row_of(run: Run) -> list[Run]:
    """Return the runs of the figure that `run` belongs to, in the figure's order; else the run alone."""
    group = run.optimisation.row
    if not group:
        return [run]
    row = [one for one in list_runs("iterative") if isinstance(one, Run) and one.optimisation.row == group]
    figure = transfers.FIGURES.get(run.optimisation.figure)
    order = [label for label, _ in figure.cells] if figure else []
    return sorted(row, key=lambda one: (order.index(label_of(one)) if label_of(one) in order else 99, one.id))


def label_of(run: Run) -> str:
    """Return what the figure calls the run's picture."""
    return run.optimisation.label


def preview(run: Run) -> bytes | None:
    """Return the latest picture as JPEG; None where there is none yet."""
    return _read(run.path / "previews" / f"{optimisation_run.PREVIEW}.jpg")


def source(run: Run, name: str, side: int = 768) -> bytes | None:
    """Return the "content" or the "style" of a run as JPEG of at most `side` px; None where it is not there."""
    files = (run.path / f"{name}.png", run.path / f"{name}.jpg")  # as a run has it, and as it is shipped
    file = next((file for file in files if file.is_file()), None)
    try:
        return _shrunk(file, side) if file else None
    except UserError:
        return None


def draw(row: list[Run], run: Run, status: Status) -> None:
    """Draw the picture of the run or, of a figure, all of them."""
    if len(row) < 2:
        show(run, run.name)
        return
    cells: list[Run | None] = [*row]
    across = ACROSS if is_wide(run) else len(row)
    if len(row) % across:
        cells = [None, *row]  # the photograph fills the gap
    for first in range(0, len(cells), across):
        line = st.container(horizontal=True, wrap=False, gap="small")
        for cell in cells[first : first + across]:
            with line.container():
                if cell is None:
                    show_photograph(run)
                else:
                    show(cell, label_of(cell), captioned=True)


def show(run: Run, name: str, captioned: bool = False) -> None:
    """Draw the picture of a run as large as its place."""
    picture = preview(run)
    if picture is None:
        st.caption("There is no picture yet.")
        return
    caption = escape_markdown(name) if captioned else None
    st.image(picture, caption, width="stretch", alt=f"{name}, as it is now")


def show_photograph(run: Run) -> None:
    """Draw the photograph that the pictures of a figure start from."""
    if (photograph := source(run, "content")) is not None:
        st.image(photograph, "The photograph", width="stretch", alt="The photograph")


def is_wide(run: Run) -> bool:
    """Return whether the picture of a run is wider than high."""
    picture = preview(run)
    try:
        height, width = images.decode(picture).shape[:2] if picture else (1, 1)
    except UserError:
        return True
    return width >= height


@lru_cache(maxsize=64)
def _shrunk(file: Path, side: int) -> bytes:
    """Return a picture that a run does not change as JPEG."""
    return images.encode(images.decode(file, max_side=side))


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
