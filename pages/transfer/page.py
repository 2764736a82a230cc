"""Transfer learning: what the features of a trained net are worth on other data (chapter 5): by depth, by pictures."""

import streamlit as st

from core import hardware
from core.runs.run import Run, list_runs, shipped_root
from core.runs.status import Status
from core.transfer_learning.study import KIND, TITLES, Study
from pages.transfer import form, results
from ui import frame, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch


def main() -> None:
    """Draw the form, and beside it the study of the address and all others."""
    controls, picture = frame.columns()
    with controls, guard():
        form.choose()
    with picture, guard():
        runs = list_runs(KIND, shipped=True)
        id = shown_run("transfer", runs)
        if id is None:
            invite()
        else:
            with guard():
                own = folder_of(id)
                watch(own if own.is_dir() else shipped_root() / own.name, draw)
            earlier("Studies", runs, id)
        frame.takeaway(
            "The first layers of a net see edges and colours, which are the same everywhere; the last ones see what "
            "they were taught. The fewer pictures there are of your own, the more is won by what was learned on others."
        )


def draw(run: Run, status: Status) -> None:
    """Draw the card and the results of a study."""
    card(run, status)
    results.draw(run)


def card(run: Run, status: Status) -> None:
    """Draw the settings of a study, how far it is, and the controls."""
    with run_card.box(run, status, about(run)):
        if not run.shipped:
            run_card.progress_and_controls(run, status, describe=progress)
        for remark in run.study.remarks:
            st.caption(remark)


def about(run: Run) -> str:
    """Return the settings that a reader of the charts wants to know."""
    study = run.study
    ways = [TITLES[way] for way in study.ways if way in TITLES]
    length = f"{study.epochs} epochs" if study.epochs else ""  # else the recipe's
    seed = "?" if study.seed is None else study.seed
    origin = "came with Atelier" if run.shipped else ""
    return " · ".join(filter(None, (", ".join(ways), length, f"seed {seed}", origin)))


def progress(status: Status) -> tuple[float, str]:
    """Return how far a study is, a share in [0, 1], and what it is doing."""
    progress = status.progress
    if progress.downloading or not progress.steps:
        return run_states.progress(status)
    done, steps, share = progress.step or 0, progress.steps, progress.share or 0.0
    doing = f": {progress.doing[:1].lower()}{progress.doing[1:]}" if progress.doing else ""
    left = f", {run_states.time_left(status)} left" if progress.seconds_left else ""
    percent = f", {100 * share:.0f}%" if share else ""
    return min(1.0, (done + share) / steps), f"Step {min(done + 1, steps)} of {steps}{doing}{percent}{left}"


def invite() -> None:
    """Draw, instead of an empty page, what there is to find out and the button that starts it."""
    st.subheader("No study yet", anchor=False)
    st.markdown(
        "Does a net that learned cats and ships help with toys it has never seen? Try its features, layer by layer."
    )
    usual = Study("resnet20_cifar10", "toybox", (10, 100), ("frozen",), threads=hardware.spare_threads())
    if firm("Try ResNet-20's features on the toybox", key="try features", icon=":material/play_arrow:"):
        form.start(usual)
        st.rerun()


main()
