"""Choosing a trained net, shipped or of a run; the address of the page carries the choice."""

from collections import Counter
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core import datasets, weights
from core.errors import UserError
from core.models import torchvision_weights
from core.models.torchvision_weights import SOURCES
from core.runs.record import NetRecord
from core.runs.run import Run, list_runs
from core.trainers import trained as nets
from core.trainers.trained import TrainedClassifier
from ui import data_sets, menu
from ui.frame import guard
from web import address
from web.formats import escape_markdown

LAST = "net shown last"
CHOICE = "chosen net"
LONGEST_NAME = 200  # characters of a run's id


def choose(*, own_first: bool = False, of: str = "") -> TrainedClassifier | None:
    """Draw the choice of a net and return the net with its latest weights; None, with a sentence, where it has none.

    The address carries it as `run=` (a run's id) or `net=` (a shipped net, or a run's id). Without either, the net that
    was shown last is chosen, else the first: a run with `own_first`, otherwise a net for photographs. With `of` the
    nets trained on that kind of data come first, and one of them is chosen by default where there is any. Where the
    address names a net that is not there, or the default cannot be opened, a sentence says so, and another is shown.
    """
    suited = set(of_data(of)) if of else set()
    options = dict(sorted(titles(own_first).items(), key=lambda item: item[0] not in suited))
    if not own_first:
        options |= _to_fetch()
    in_address = _in_address(options)
    if own_first and st.session_state.get(LAST) in nets.packaged():
        st.session_state.pop(LAST)  # there are no data of its own to show
    if not options:
        _invite()
        return None
    name = _select(options, in_address, suited)
    named = bool(_keys())
    if not named:
        address.default(_key_of(name), name)
    if in_address is not None or not named:
        st.session_state[LAST] = name
    with guard():
        if name in nets.fetchable() and name not in nets.packaged():
            return _offer(name)
        if stamp(name) or name in nets.shipped():
            return opened(name)
        _await(Run.open(name))
    return None


def _to_fetch() -> dict[str, str]:
    """Return names and titles of torchvision's nets whose weights are not on this computer."""
    missing = [name for name in nets.fetchable() if name not in nets.packaged()]
    return {name: f"{nets.card(name)['title']} ({SOURCES[name].megabytes} MB to download)" for name in missing}


def _offer(name: str) -> TrainedClassifier | None:
    """Draw a button that downloads the weights of a net; return the net once they are there."""
    place, source = st.empty(), SOURCES[name]
    with place.container():
        st.markdown(f"The weights of {source.title} are not on this computer yet; they come from PyTorch's site.")
        clicked = st.button(
            f"Download {source.title} ({source.megabytes} MB)",
            icon=":material/download:",
            help="Once; later visits find it on this computer.",
        )
    if not clicked:
        return None
    data_sets.load_with_bar(lambda progress: torchvision_weights.fetch(name, progress))
    place.empty()
    return opened(name)


def _keys() -> list[str]:
    """Return those of the two keys of a net that stand in the address."""
    return [key for key in ("run", "net") if key in st.query_params]


def _in_address(options: dict[str, str]) -> str | None:
    """Return the net that the address names, added to the `options` where it is a run without weights yet.

    None where it names none, or, with a sentence, one that is not there.
    """
    instead = "another net is shown"
    for key in _keys():
        name = address.value(key, "the net", instead)
        if name is None or name in options:
            return name
        # A name is no path: an address opens no folder but those of runs.
        run, reason = None, f"There is no net named {address.quoted(name)}"
        if len(name) <= LONGEST_NAME and Path(name).name == name:
            try:
                run = Run.open(name)
            except UserError as error:
                reason = str(error).rstrip(".") if key == "run" else reason
        if run is None:
            address.note(f"{reason}: {instead}.")
            return None
        options[name] = run.name
        return name
    return None


def _select(options: dict[str, str], in_address: str | None, suited: set[str]) -> str:
    """Return the chosen of the `options`, names to titles; `suited` are the names that a default is taken from."""
    last = st.session_state.get(LAST)
    default = in_address or (None if suited and last not in suited else last)
    st.session_state[CHOICE] = default if default in options else next(filter(_opens, options), next(iter(options)))
    return st.selectbox(
        "Net",
        list(options),
        format_func=lambda name: options.get(name, name),
        key=CHOICE,
        on_change=_to_address,
        help="Shipped nets, and the nets of your own runs with the weights saved last.",
    )


def _opens(name: str) -> bool:
    """Return False, with a sentence, for a net whose weights other packages bring, where these are not to be had."""
    if name not in nets.packaged():
        return True
    try:
        opened(name)
    except UserError as error:
        address.note(f"{error} Another net is shown.")
        return False
    return True


def of_data(kind: str) -> dict[str, str]:
    """Return names and titles of the nets trained on that kind of data ("toybox", with whatever options)."""
    cards = weights.cards("classifier")

    def kind_of(name: str) -> str:
        if name in nets.packaged():
            return nets.IMAGENET
        record = NetRecord.find(cards[name]["data"]) if name in cards else Run.open(name).classifier.net
        return record.dataset.partition("?")[0] if record else ""

    return {name: title for name, title in titles(own_first=True).items() if kind_of(name) == kind}


def opened(name: str) -> TrainedClassifier:
    """Return the net of that name with its latest weights. Raise UserError where there is none."""
    return _opened(name, stamp(name))


def stamp(name: str) -> int:
    """Return when the weights of a net were saved, in ns since 1970; 0 where there are none.

    New weights have a new stamp, so it belongs to the key of everything that is cached about a net.
    """
    path = _weights_file(name)
    try:
        return path.stat().st_mtime_ns if path else 0
    except OSError:
        return 0


def _await(run: Run) -> None:
    """Show that a training has saved no weights yet, and rerun the page as soon as it has."""
    if not run.status().alive:
        nets.open_run(run)  # raises the UserError that names what is missing
    st.caption(f"The training of {escape_markdown(run.name)} has begun; its first weights come with its first epoch.")

    @st.fragment(run_every=2)
    def look() -> None:
        with guard():
            if stamp(run.id) or not run.status().alive:
                st.rerun()

    look()


def titles(own_first: bool) -> dict[str, str]:
    """Return names and titles of all nets that have weights.

    Of the shipped ones those for photographs come first, whole ones before squares; with `own_first`, for pages that
    show a net's own data, those whose data need no download, and last those whose data are not to be had.
    """
    cards = weights.cards("classifier")
    whole = {name: nets.card(name)["title"] for name in nets.packaged()}

    def place(name: str) -> int:
        record = NetRecord.from_json(cards[name]["data"])
        return not datasets.info(record.dataset).embedded if own_first else -record.channels

    shipped = {name: cards[name]["title"] for name in sorted(cards, key=place)}
    runs = [run for run in list_runs("classifier") if isinstance(run, Run) and run.model_path()]
    names = Counter(run.name for run in runs)
    own = {run.id: run.name if names[run.name] == 1 else _dated(run) for run in runs}
    return own | shipped | whole if own_first else whole | shipped | own


def _dated(run: Run) -> str:
    try:
        began = datetime.fromisoformat(run.created).astimezone()
    except ValueError:
        return run.name
    return f"{began:%d %b %H:%M}, {run.name}"


def _weights_file(name: str) -> Path | None:
    if name in nets.fetchable():
        return nets.weights_file(name)
    if name in nets.shipped():
        try:
            return _file_of(name)
        except UserError:  # its package is missing, which opening it says
            return None
    return Run.open(name).model_path()


@lru_cache  # a package's list of files takes long to read
def _file_of(name: str) -> Path:
    return nets.weights_file(name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(name: str, stamp: int) -> TrainedClassifier:
    return nets.open_named(name)


def _key_of(name: str) -> str:
    """Return the key of the address under which a net is named."""
    return "net" if name in nets.shipped() or name in nets.fetchable() else "run"


def _to_address() -> None:
    """Write the choice into the address, under the one key that fits."""
    name = st.session_state[CHOICE]
    for key in ("net", "run"):
        address.put(key, name if key == _key_of(name) else None)
    st.session_state[LAST] = name


def _invite() -> None:
    """Show, where there is no net at all, the way to train one."""
    st.markdown("There is no trained net yet. One that reads digits takes about a minute to train.")
    menu.link("train", "Train a net", ":material/play_arrow:")
