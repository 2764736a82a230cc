"""A training as a card: its state in a word and a sentence, its figures, and one row of controls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from core.runs import queue
from core.runs.run import Run, Status, list_runs
from ui import menu, steering
from ui.buttons import firm
from ui.charts import trailing_mean
from ui.frame import guard

Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class Face:
    """How a state is shown: a word, an icon, a colour, and a sentence where the run has none of its own."""

    word: str
    icon: str
    colour: Colour
    sentence: str


FACES = {
    "queued": Face(
        "Waiting",
        ":material/schedule:",
        "gray",
        "It starts by itself when its turn comes: this machine trains one net at a time.",
    ),
    "starting": Face(
        "Starting",
        ":material/hourglass_top:",
        "gray",
        "The training process is loading; its first figures come within seconds.",
    ),
    "running": Face(
        "Running",
        ":material/play_arrow:",
        "blue",
        "It runs in a process of its own: leave the page, close the tab, it goes on.",
    ),
    "paused": Face("Paused", ":material/pause:", "orange", "Resume goes on with the very next step."),
    "finished": Face("Finished", ":material/check:", "green", "The recipe was carried out to its end."),
    "stopped": Face(
        "Stopped", ":material/stop:", "gray", "Stopped before its end; resume goes on from where it stopped."
    ),
    "failed": Face("Failed", ":material/error:", "red", "It ended with an error; its log.txt has the details."),
    "interrupted": Face(
        "Interrupted",
        ":material/power_off:",
        "orange",
        "The process ended before the training did; resume goes on from the last checkpoint.",
    ),
}
PENDING = {
    "pause": "It pauses as soon as the present step is done.",
    "step": "It pauses again after this step.",
    "stop": "It stops as soon as the present step is done.",
}
# The page on which runs of a kind are watched; those of any other kind stand on the page Runs.
WATCHED_ON = {"classifier": "train", "transfer": "transfer", "pastiche": "train_style", "iterative": "optimise"}
RECENT_SECONDS = 300.0
MOST_ENDED = 4  # that the side shows; the page Runs has them all
RESUMABLE = ("paused", "stopped", "failed", "interrupted")
STOP_PIXELS = 100  # holds either of its two labels: the button behind it stays where it is


def badge(status: Status) -> None:
    """The state as a coloured word with an icon."""
    face = FACES[status.state]
    st.badge(face.word, icon=face.icon, color=face.colour)


def card(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """The run's name, state, figures, progress and controls, in a bordered box. Draw it inside a fragment."""
    with box(run, status, _machine(run)):
        _figures(run, status, rows)
        share, text = progress(status)
        st.progress(share, text=text)
        # Containers keep the places of what follows: what moves is seen twice while the page is redrawn.
        with st.container():
            sentence(run, status)
        st.caption(judgement(run))
        controls(run, status)
        with st.container():
            if status.state in ("running", "paused"):
                steering.rate(run, status)
        _ways_on(run)


@contextmanager
def box(run: Run, status: Status, about: str) -> Iterator[None]:
    """The card's border and, in its first line, the run's name, its state and a word about it; the body is below."""
    with st.container(border=True, key="job-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(run.name)}**", width="content")
            badge(status)
            st.caption(about, width="content")
        yield


def how_far(
    run: Run,
    status: Status,
    again: Callable[[Run], Run] = queue.restart,
    said: Callable[[Status], tuple[float, str]] | None = None,
) -> None:
    """The bar, `said` or else `progress` in words, the sentence of the state, and the controls."""
    share, text = (said or progress)(status)
    st.progress(share, text=text)
    with st.container():  # keeps the places of what follows
        sentence(run, status)
    controls(run, status, again)


def progress(status: Status) -> tuple[float, str]:
    """How far a training is: a share in [0, 1] and the words for it."""
    known = status.progress
    if "downloading" in known:
        done, total = _number(known, "bytes"), _number(known, "bytes_total")
        of = f" of {total / 1e6:.1f}" if total else ""
        return _share(done, total), f"Downloading {known['downloading']}: {done / 1e6:.1f}{of} MB"
    step, steps = _number(known, "step"), _number(known, "steps")
    if not steps:
        return 0.0, "Not a step yet"
    return _share(step, steps), f"Step {step:,.0f} of {steps:,.0f}"


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def latest(rows: list[dict[str, Any]], key: str) -> float | None:
    """The last number that the metrics hold for `key`."""
    return next((row[key] for row in reversed(rows) if isinstance(row.get(key), int | float)), None)


def held_out(run: Run) -> str:
    """The split that the run is judged by: "test" until the run says otherwise."""
    return str(run.data.get("held_out", "test"))


def epochs(run: Run) -> int:
    """How many epochs the run was asked for; 1 where an edited folder no longer says."""
    recipe = run.settings.get("recipe")
    asked = recipe.get("epochs") if isinstance(recipe, dict) else None
    return asked if isinstance(asked, int) and asked > 0 else 1


def judgement(run: Run) -> str:
    """By which images the run's weights are chosen and judged; empty until the training has said so."""
    data = run.data
    if data.get("selection", "validation" if held_out(run) == "validation" else "last epoch") == "last epoch":
        said = "The last epoch counts; this data set has no validation split." if "held_out" in data else ""
        return said + _over_views(data)
    chosen, error = data.get("selected_epoch"), data.get("test_error")
    if not isinstance(error, int | float):
        return "Judged on validation; the test split is measured once, at the end."
    epoch = f" The weights are those of epoch {chosen:g}." if isinstance(chosen, int | float) else ""
    measured = f"Judged on validation; the test split was measured once, at the end: {error:.2f} % error."
    return measured + epoch + _over_views(data)


def _over_views(data: dict[str, Any]) -> str:
    """What averaging over views of each test image came to, where the recipe asked for it."""
    views, error = data.get("test_views"), data.get("test_error_views")
    return f" Averaged over {views} views: {error:.2f} %." if isinstance(error, int | float) else ""


@st.fragment(run_every=2)
def in_sidebar() -> None:
    """The trainings that are under way, wait, or ended a moment ago, for the side of every page; starts what may."""
    with guard():
        found = [(run, run.status()) for run in list_runs() if isinstance(run, Run)]
        waiting = [run for run, status in found if status.state == "queued"]
        ended = [pair for pair in found if not pair[1].under_way and pair[1].seconds_since_heartbeat < RECENT_SECONDS]
        for run, status in [*(pair for pair in found if pair[1].alive), *ended[:MOST_ENDED]]:
            _in_short(run, status)
        if waiting:
            _link(min(waiting, key=lambda run: (run.place(), run.id)), f"{len(waiting)} waiting", FACES["queued"].icon)
            queue.advance()  # where the training before them was killed, nobody else does


def _in_short(run: Run, status: Status) -> None:
    face = FACES[status.state]
    _link(run, plain(run.name), face.icon)
    share, text = progress(status)
    running = status.state == "running"
    st.progress(share, text=f"{text}, {time_left(status)} left" if running else face.word)


def page_of(run: Run) -> str:
    """Return the name of the page on which the run is watched."""
    return WATCHED_ON.get(run.kind, "runs")


def _link(run: Run, label: str, icon: str) -> None:
    menu.link(page_of(run), label, icon, {"run": run.id})


def _figures(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    known = status.progress
    split = held_out(run)
    train = trailing_mean(rows, "train_error")
    figures = {
        f"{split.capitalize()} error": _percent(latest(rows, f"{split}_error")),
        "Train error": _percent(train[-1][1] if train else None),
        "Epoch": f"{_number(known, 'epoch'):.1f}".removesuffix(".0") + f" of {epochs(run)}",
        "Speed": f"{known['images_per_second']:,.0f} images/s" if _number(known, "images_per_second") else "–",
        "Time left": time_left(status),
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures.items():
            st.metric(label, value, width="content")


def _machine(run: Run) -> str:
    """How large the net is and what it is trained with; empty until the training has said so."""
    parameters = int(_number(run.data, "parameters"))
    known = (f"{parameters:,} parameters" if parameters else "", str(run.data.get("device", "")))
    return " · ".join(filter(None, known))


def time_left(status: Status) -> str:
    """The time that a training has left, as a clock shows it; a dash where that is not known."""
    if status.state == "finished":
        return "0:00"
    left = _number(status.progress, "seconds_left")
    return clock(left) if left else "–"


def sentence(run: Run, status: Status) -> None:
    """What there is to say about the state, in a sentence."""
    if status.state == "failed":
        st.error(status.message or FACES["failed"].sentence, icon=":material/error:")
        with guard():
            steering.offer_lower_rate(run, status, _show)
        return
    asked = run.control()[0]
    if status.state == "running" and asked in PENDING:
        st.caption(PENDING[asked])
    else:
        st.caption(status.message or FACES[status.state].sentence)


def controls(run: Run, status: Status, again: Callable[[Run], Run] = queue.restart) -> None:
    """Resume, pause, a single step, stop, restart (by `again`): always there, always in this order."""
    waits = status.state == "queued"
    with st.container(horizontal=True):
        if firm(
            "Resume",
            icon=":material/play_arrow:",
            key="resume",
            disabled=status.state not in RESUMABLE,
            help="Go on from here.",
        ):
            _act(lambda: queue.resume(run))
        if firm(
            "Pause",
            icon=":material/pause:",
            key="pause",
            disabled=status.state != "running",
            help="Hold the training after the present step; nothing is lost.",
        ):
            _act(lambda: run.ask("pause"))
        if firm(
            "Step",
            icon=":material/skip_next:",
            key="step",
            disabled=status.state not in ("running", "paused"),
            help="Take a single step, then pause.",
        ):
            _act(lambda: run.ask("step"))
        if firm(
            "Cancel" if waits else "Stop",
            icon=":material/close:" if waits else ":material/stop:",
            key="stop",
            width=STOP_PIXELS,
            disabled=status.state not in ("queued", "running", "paused"),
            help="Take it out of the queue."
            if waits
            else "End the training here. Its weights are kept, and it can be resumed.",
        ):
            _act(lambda: queue.cancel(run) if waits else run.ask("stop"))
        if firm(
            "Restart",
            icon=":material/restart_alt:",
            key="restart",
            disabled=status.state in ("starting", "queued"),
            help="Begin again from the same start, in a new run; this one is kept.",
        ):
            _act(lambda: st.query_params.update(run=again(run).id))


def _ways_on(run: Run) -> None:
    """To the pages that look inside the net of this run, and to its place beside the others."""
    ways = [("runs", "Compare it with other runs", ":material/stacked_line_chart:")]
    if run.model_path():
        ways = [
            ("mistakes", "See its mistakes", ":material/rule:"),
            ("explain", "Explain a picture with it", ":material/center_focus_strong:"),
            *ways,
        ]
    with st.container(horizontal=True):
        for page, label, icon in ways:
            menu.link(page, label, icon, {"run": run.id})


def _show(run: Run) -> None:
    st.query_params["run"] = run.id
    st.rerun()


def _act(action: Callable[[], object]) -> None:
    with guard():
        action()
        st.rerun()


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} %"


def _number(values: dict[str, Any], key: str) -> float:
    """A number of a run folder, which somebody may have edited; 0 where it is none."""
    value = values.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole else 0.0


def plain(text: str) -> str:
    """A name as it stands, without the markdown that it may contain."""
    return "".join(f"\\{char}" if char in "\\`*_[]{}()#+-!|~:$<>" else char for char in text)
