"""The card of a style transfer: its state, its controls, and the weights that can be changed while it runs."""

import streamlit as st

from core.runs import queue
from core.runs.run import Run
from core.runs.status import Status
from core.runs.values import is_number
from core.style import optimisation_run, sources
from pages.optimise import form
from ui import messages
from ui.frame import guard
from ui.run_card import bar, box, controls, sentence
from web.formats import escape_markdown
from web.hide import is_shown


def draw(run: Run, status: Status) -> None:
    """Draw name, state, progress and controls of a run in a box; of a recorded one, that it is one."""
    if run.shipped:
        recorded(run)
        return
    with box(run, status, about(run)):
        bar(status)
        with st.container():  # keeps the places of what follows
            sentence(run, status)
        if is_shown("actions"):
            controls(run, status, again)
            with st.container():
                if status.state in ("running", "paused"):
                    steer(run)


def recorded(run: Run) -> None:
    """Draw, in place of the controls, that the run came with Atelier."""
    with st.container(border=True, key="job-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(run.name)}**", width="content")
            st.badge("Recorded", icon=":material/history:", color="gray")
            st.caption(about(run), width="content")
        messages.empty("Recorded earlier, it came with Atelier. **Start** makes one of your own.")


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
    for name, label in form.WEIGHTS.items():
        value = values.get(name, run.optimisation.weights.get(name))
        key = f"steer {name} {run.id}"
        st.number_input(
            label,
            0.0,
            1e6,
            float(value) if is_number(value) else 0.0,
            format="%g",
            key=key,
            on_change=set_weight,
            args=(run, name, key),
            help=f"{form.HELP[name]} Applies from the next step on.",
        )


def set_weight(run: Run, name: str, key: str) -> None:
    """Send the value of the widget `key` to the run as its weight `name`."""
    with guard():
        command = run.control().command  # a request repeats it, but a single step is not to be taken twice
        run.request("pause" if command == "step" else command, **{name: st.session_state[key]})
