"""Transfer learning: what the features of a trained net are worth on other data (chapter 5): by depth, by pictures."""

import streamlit as st

from core import hardware
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.transfer_learning.study import KIND, TITLES, Study
from pages.transfer import form, results
from ui import frame, messages, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch
from web import address
from web.hide import group, is_shown

TAKEAWAY = (
    "The first layers of a net see edges and colours, which are the same everywhere; the last ones see what they were "
    "taught. The fewer pictures there are of your own, the more is won by what was learned on others."
)


def main() -> None:
    """Draw the study of the address, its card and the form beside it, and all else that is known below."""
    places = frame.layout()
    runs = list_runs(KIND, shipped=True)
    recorded = [run for run in runs if isinstance(run, Run) and run.shipped]
    id = shown_run("transfer", [run for run in runs if run not in recorded], recorded)
    with places.controls, group("chart"):
        chart = address.choice("chart", "Chart", tuple(results.CHARTS), lambda name: results.CHARTS[name])
    with places.result, guard():
        if id is not None:
            watch(folder_of(id), lambda run, status: results.draw_large(run, chart))
    with places.controls, guard():
        if id is None:
            messages.empty(
                "No study yet. Does a net that learned cats and ships help with toys it has never seen?", invite
            )
        else:
            watch(folder_of(id), card)
        if is_shown("form"):
            form.choose()
    with places.details, guard():
        if id is not None:
            watch(folder_of(id), lambda run, status: results.draw_details(run, chart))
            if is_shown("runs"):
                earlier("Studies", runs, id)
    with places.details:
        frame.takeaway(TAKEAWAY)


def card(run: Run, status: Status) -> None:
    """Draw the settings of a study, how far it is, and the controls."""
    with run_card.box(run, status, about(run)):
        if run.shipped:
            st.caption("Recorded earlier; it came with Atelier. The form below starts one of your own.")
        elif is_shown("actions"):
            run_card.progress_and_controls(run, status, describe=progress)


def about(run: Run) -> str:
    """Return the settings that a reader of the charts wants to know."""
    study = run.study
    ways = [TITLES[way] for way in study.ways if way in TITLES]
    length = f"{study.epochs} epochs" if study.epochs else ""  # else the recipe's
    seed = "?" if study.seed is None else study.seed
    return " · ".join(filter(None, (", ".join(ways), length, f"seed {seed}")))


def progress(status: Status) -> tuple[float, str]:
    """Return how far a study is, a share in [0, 1], and what it is doing."""
    progress = status.progress
    if progress.downloading or not progress.steps:
        return run_states.progress(status)
    done, steps, share = progress.step or 0, progress.steps, progress.share or 0.0
    doing = f": {progress.doing[:1].lower()}{progress.doing[1:]}" if progress.doing else ""
    percent = f", {100 * share:.0f}%" if share else ""
    return min(1.0, (done + share) / steps), f"Step {min(done + 1, steps)} of {steps}{doing}{percent}"


def invite() -> None:
    """Draw the button that starts a first study, which takes seconds."""
    usual = Study("resnet20_cifar10", "toybox", (10, 100), ("frozen",), threads=hardware.spare_threads())
    if firm("Try ResNet-20's features on the toybox", key="try features", icon=":material/play_arrow:"):
        form.start(usual)
        st.rerun()


main()
