"""Choosing a trained net, shipped or of a run; the address of the page carries the choice."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import streamlit as st

from core import datasets, weights
from core.runs.record import NetRecord
from core.runs.run import Run, list_runs
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier
from ui import address, menu
from ui.frame import guard

LAST = "net looked into last"
CHOICE = "chosen net"


def choose(*, own_first: bool = False, of: str = "") -> TrainedClassifier | None:
    """The choice of a net, and the net itself as its latest weights have it.

    The address says it as `run=` (a run's id) or `net=` (a shipped net, or a run's id). Where it says nothing, the net
    that was looked into last is taken, else the first: a run with `own_first`, without it a net for photographs. With
    `of` the nets that learned that kind of data come first, and only one of them is taken unasked where there is any.
    None, with a sentence, where there is none or it has no weights.
    """
    found = titles(own_first)
    suited = set(of_data(of)) if of else set()
    found = dict(sorted(found.items(), key=lambda item: item[0] not in suited))
    asked = st.query_params.get("run") or st.query_params.get("net")
    with guard():
        if asked and asked not in found:
            found[asked] = Run.open(asked).name
    if not found:
        _invite()
        return None
    last = st.session_state.get(LAST)
    wanted = asked or (None if suited and last not in suited else last)
    if wanted not in found:  # an address that leads nowhere is not answered with another net
        wanted = None if asked else next(iter(found))
    st.session_state[CHOICE] = wanted
    name = st.selectbox(
        "Net",
        list(found),
        format_func=lambda name: found.get(name, name),
        index=None if wanted is None else 0,
        key=CHOICE,
        placeholder="Choose a net",
        on_change=_to_address,
        help="Shipped nets, and the nets of your own runs with the weights saved last.",
    )
    if name is None:
        return None
    _remember(name)
    with guard():
        if stamp(name):
            return _opened(name, stamp(name))
        _await(Run.open(name))
    return None


def of_data(kind: str) -> dict[str, str]:
    """Names and titles of the nets whose data are of that kind ("toybox", with whatever options)."""
    cards = weights.cards("classifier")

    def learned(name: str) -> str:
        record = NetRecord.find(cards[name]["data"]) if name in cards else Run.open(name).classifier.net
        return record.dataset.partition("?")[0] if record else ""

    return {name: title for name, title in titles(own_first=True).items() if learned(name) == kind}


def opened(name: str) -> TrainedClassifier:
    """The net of that name as its latest weights have it. Raises UserError where there is none."""
    return _opened(name, stamp(name))


def stamp(name: str) -> int:
    """When the weights of a net were saved, in nanoseconds; 0 where there are none. Another stamp, other weights."""
    path = _weights_file(name)
    try:
        return path.stat().st_mtime_ns if path else 0
    except OSError:
        return 0


def is_alive(trained: TrainedClassifier) -> bool:
    """Whether a training is still at work on the net."""
    return trained.source == "run" and Run.open(trained.name).status().alive


def _await(run: Run) -> None:
    """Beside a training that has saved no weights yet: say so, and go on by itself when they come."""
    if not run.status().alive:
        nets.open_run(run)  # its sentence says what is missing
    st.caption(f"The training of {run.name} has begun; its first weights come with its first epoch.")

    @st.fragment(run_every=2)
    def look() -> None:
        with guard():
            if stamp(run.id) or not run.status().alive:
                st.rerun()

    look()


def titles(own_first: bool) -> dict[str, str]:
    """Names and titles of all nets that have weights.

    Of the shipped ones those for photographs come first; with `own_first`, where a net is asked about its own data,
    those whose data need no download.
    """
    cards = weights.cards("classifier")

    def place(name: str) -> int:
        record = NetRecord.from_json(cards[name]["data"])
        return not datasets.info(record.dataset).embedded if own_first else -record.channels

    shipped = {name: cards[name]["title"] for name in sorted(cards, key=place)}
    runs = [run for run in list_runs("classifier") if isinstance(run, Run) and run.model_path()]
    names = Counter(run.name for run in runs)
    own = {run.id: run.name if names[run.name] == 1 else _dated(run) for run in runs}
    return own | shipped if own_first else shipped | own


def _dated(run: Run) -> str:
    try:
        began = datetime.fromisoformat(run.created).astimezone()
    except ValueError:
        return run.name
    return f"{began:%d %b %H:%M}, {run.name}"


def _weights_file(name: str) -> Path | None:
    if name in nets.shipped():
        return weights.WEIGHTS / f"{name}.safetensors"
    return Run.open(name).model_path()


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(name: str, stamp: int) -> TrainedClassifier:
    return nets.open_named(name)


def _to_address() -> None:
    name = st.session_state[CHOICE]
    if name is not None:
        _remember(name)


def _remember(name: str) -> None:
    """Put the choice into the address, under the one key that fits."""
    key, other = ("net", "run") if name in nets.shipped() else ("run", "net")
    if st.query_params.get(key) != name:
        st.query_params[key] = name
    if other in st.query_params:
        del st.query_params[other]
    st.session_state[LAST] = name


def _invite() -> None:
    """Where there is no net at all: the one button that makes one."""
    st.markdown("There is no trained net yet. One that reads digits takes about a minute to train.")
    menu.link("train", "Train a net", ":material/play_arrow:")


def beside(trained: TrainedClassifier, most: int) -> list[TrainedClassifier]:
    """Other nets to be compared with `trained`, chosen by the visitor; the address says them as `with=`."""
    found = {name: title for name, title in titles(own_first=False).items() if name != trained.name}
    chosen = address.several(
        "with",
        "Nets beside it",
        list(found),
        lambda name: found[name],
        most=most,
        placeholder="Choose nets",
        help="They are asked about the same picture, each at its own size.",
    )
    return [_opened(name, stamp(name)) for name in chosen]
