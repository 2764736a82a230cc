"""Style transfer by optimisation: one photograph after one painting, step by step before the visitor's eyes (5.3)."""

from functools import partial

import streamlit as st

from core import images
from core.runs.run import DamagedRun, Run, list_runs
from pages.optimise import card, details, form, pictures
from ui import frame, messages
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch
from web.hide import group

KIND = "iterative"


def main() -> None:
    """Draw the picture of the run of the address, its controls and the form beside it, all else below."""
    places = frame.layout()
    runs, recorded = list_runs(KIND), recorded_runs()
    id = shown_run("optimise", runs, recorded)
    if id is None:
        with places.result:
            nothing_yet()
    else:
        with places.result, guard():
            row = pictures.row_of(Run.open(folder_of(id)))
            watch(folder_of(id), partial(pictures.draw, row), row)
        with places.controls, guard():
            watch(folder_of(id), card.draw)
    with places.controls:
        form.choose()
    with places.details, guard():
        if id is not None:
            watch(folder_of(id), details.draw, pictures.row_of(Run.open(folder_of(id))))
        with group("runs"):
            earlier("Style transfers", runs, id or "")
            earlier("Recorded style transfers", recorded, id or "")
        frame.takeaway(
            "Every step moves each pixel down the gradient of the loss. A style network (the Stylize page) learns to "
            "make all those steps at once."
        )


def recorded_runs() -> list[Run | DamagedRun]:
    """Return the style transfers that came with Atelier."""
    return [run for run in list_runs(KIND, shipped=True) if isinstance(run, Run) and run.shipped]


def nothing_yet() -> None:
    """Draw, where there is no run and none came with this copy, the photograph that the form would start from."""
    sample = images.sample(images.sample_names()[0])
    st.image(images.encode(sample), width="stretch", alt="The photograph, before the first step")
    messages.empty("There is no style transfer yet: **Start** makes one, beginning from this photograph.")


main()
