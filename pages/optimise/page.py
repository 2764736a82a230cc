"""Style transfer by optimisation: one photograph after one painting, step by step before the visitor's eyes (5.3)."""

from functools import partial
from typing import Any

import streamlit as st

from core import images
from core.figures import transfers
from core.runs import queue
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.runs.values import is_number
from core.style import optimisation_run, sources
from pages.optimise import charts, form
from ui import formats, frame, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch


def main() -> None:
    """Draw the form on the left, and the run of the address on the right."""
    controls, picture = frame.columns()
    with controls:
        form.choose()
    with picture, guard():
        runs = list_runs("iterative")
        shown = shown_run("optimise", runs)
        if shown is None:
            invite()
        else:
            with guard():
                path = folder_of(shown)
                row = row_of(Run.open(path))
                watch(path, partial(draw, row), row)
            earlier("Style transfers", runs, shown)
        frame.takeaway(
            "Every step moves each pixel down the gradient of the loss. A style network (the Stylize page) learns to "
            "make all those steps at once."
        )


def draw(row: list[Run], run: Run, status: Status) -> None:
    """Draw the pictures of the figure that the run belongs to, if any, and the run's own picture, card and curves."""
    rows = run.metrics()
    if len(row) > 1:
        show_row(run, row)
    show_pictures(run)
    card(run, status, rows)
    if rows:
        curves(run, rows)


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
    try:
        return (run.path / "previews" / f"{optimisation_run.PREVIEW}.jpg").read_bytes()
    except OSError:
        return None


def show_row(shown: Run, row: list[Run]) -> None:
    """Draw the pictures of a figure side by side, each with a button that shows its curves."""
    st.subheader(form.figure_title(shown.optimisation.figure), anchor=False)
    for place, one in zip(st.columns(len(row)), row, strict=True):
        with place:
            if (picture := preview(one)) is not None:
                st.image(picture, width="stretch", alt=f"{label_of(one)}, as it is now")
            chosen = one.id == shown.id
            label = formats.escape_markdown(label_of(one))
            if firm(label, key=f"cell {one.id}", type="primary" if chosen else "tertiary", width="stretch"):
                st.query_params["run"] = one.id
                st.rerun(scope="app")
            run_states.badge(one.status())


def show_pictures(run: Run) -> None:
    """Draw the picture as it is now, large, and beside it the photograph and the style picture that it is made from."""
    now, before = st.columns([2, 1])
    with before:
        for name, caption in (("content", "The photograph"), ("style", "The style picture")):
            file = run.path / f"{name}.png"
            if file.is_file():
                st.image(str(file), caption, width="stretch", alt=caption)
    with now:
        picture = preview(run)
        if picture is None:
            st.caption("There is no picture yet.")
        else:
            st.image(picture, run.name, width="stretch", alt=f"{run.name}, as it is now")
        done = run.path / f"{optimisation_run.PREVIEW}.png"
        if done.is_file():
            st.download_button(
                "PNG", done.read_bytes(), f"{run.name}.png", "image/png", icon=":material/download:", on_click="ignore",
                key=f"download {run.id}", help="The picture as it was last saved, in full quality.",
            )  # fmt: skip


def card(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw state, losses, progress, controls, and the weights that can be changed while it runs."""
    with run_card.box(run, status, about(run)):
        with st.container(horizontal=True, gap="medium"):
            for label, key in (("Loss", "loss"), ("Content", "content"), ("Style", "style")):
                value = run_card.latest(rows, key)
                st.metric(label, "–" if value is None else f"{value:.3g}", width="content")
            milliseconds = status.progress.milliseconds_a_step
            st.metric(
                "Time per step",
                "–" if milliseconds is None else f"{milliseconds:,.0f} ms",
                width="content",
            )
            st.metric("Time left", run_states.time_left(status), width="content")
        run_card.progress_and_controls(run, status, again)
        if status.state in ("running", "paused"):
            steer(run)


def about(run: Run) -> str:
    """Return the loss network and the size of a run, as far as its folder holds them."""
    network, size = sources.KNOWN.get(run.optimisation.network), run.optimisation.size
    return " · ".join(filter(None, (network.title if network else "", f"{'?' if size is None else size} px")))


def again(run: Run) -> Run:
    """Stop `run` and start a new run like it."""
    if run.status().alive:
        run.request("stop")
    queue.cancel(run)
    fresh = optimisation_run.again(run)
    queue.submit(fresh)
    return fresh


def steer(run: Run) -> None:
    """Draw the three weights of equation 5.10, which can be changed from the next step on."""
    values = run.control().values
    with st.container(horizontal=True):
        for name, label in form.WEIGHTS.items():
            value = values.get(name, run.optimisation.weights.get(name))
            key = f"steer {name} {run.id}"
            st.number_input(
                label, 0.0, 1e6, float(value) if is_number(value) else 0.0, format="%g", key=key,
                on_change=set_weight, args=(run, name, key), width=170,
                help=f"{form.HELP[name]} Applies from the next step on.",
            )  # fmt: skip


def set_weight(run: Run, name: str, key: str) -> None:
    """Send the value of the widget `key` to the run as its weight `name`."""
    with guard():
        command = run.control().command  # a request repeats it, but a single step is not to be taken twice
        run.request("pause" if command == "step" else command, **{name: st.session_state[key]})


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    """Draw the weighted terms of the loss, and its layers one by one."""
    steps = run.optimisation.steps or len(rows)
    st.altair_chart(charts.terms(rows, steps), key="term curves", alt="The weighted terms of the loss over the steps.")
    with st.expander("Layer by layer"):
        for kind in ("content", "style"):
            st.altair_chart(
                charts.layers(rows, steps, kind), key=f"{kind} layers",
                alt=f"The {kind} loss of each layer over the steps.",
            )  # fmt: skip


def invite() -> None:
    """Draw, where there is no run yet, what the page does."""
    st.subheader("No style transfer yet", anchor=False)
    st.markdown(
        "Choose two pictures and press **Start**. The picture begins as the photograph and takes on the painting's "
        "colours within ten steps, its strokes within a hundred."
    )
    st.image(images.encode(images.fit(images.sample(images.sample_names()[0]), 512)), alt="A sample photograph")


main()
