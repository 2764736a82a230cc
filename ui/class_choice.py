"""The choice of a class for each name of the user's that means none of a net's; made once, the address carries it."""

from collections.abc import Sequence

import streamlit as st

from core.datasets import class_names
from core.trainers.trained import TrainedClassifier
from web import address
from web.formats import escape_markdown

KEY = "means"  # in the address: NAME=CLASS, several times
MOST = 12  # names that one can choose a class for: each choice carries all classes
LISTED = 3  # names in the sentence on what they mean


def choose(trained: TrainedClassifier, names: Sequence[str]) -> dict[str, str]:
    """Draw what the names mean and a choice of a class for each that means none; return the choices by name."""
    chosen = _in_address(trained, names)
    naming = class_names.naming(names, trained.classes)
    unknown = [name for name, group in naming.items() if not group]
    several = {name: group for name, group in naming.items() if len(group) > 1}
    if several:
        _say_groups(trained, several)
    if unknown:
        open_names = [name for name in unknown if name not in chosen]
        title = f"Names that are no class of the net: {len(open_names)} left out" if open_names else "Classes of names"
        with st.expander(title, expanded=len(open_names) == len(naming)):
            fresh = address.is_new(KEY, _widget(unknown[0]))
            for name in unknown[:MOST]:
                _choice(trained, name, chosen, fresh)
            if len(unknown) > MOST:
                st.caption(f"And {len(unknown) - MOST} more: rename them, or give them on the command line.")
    return chosen


def _say_groups(trained: TrainedClassifier, several: dict[str, tuple[int, ...]]) -> None:
    words = [f"“{name}” is any of {len(group)} classes" for name, group in list(several.items())[:LISTED]]
    first, group = next(iter(several.items()))
    words[0] += f", {trained.classes[group[0]]} to {trained.classes[group[-1]]}"
    rest = f"; {len(several) - LISTED} more names mean several" if len(several) > LISTED else ""
    st.caption(escape_markdown(f"{'; '.join(words)}{rest}."))


def _widget(name: str) -> str:
    return f"class of {name}"


def _choice(trained: TrainedClassifier, name: str, chosen: dict[str, str], fresh: bool) -> None:
    widget = _widget(name)

    def write() -> None:
        choice = st.session_state[widget]
        others = {other: one for other, one in chosen.items() if other != name}
        address.put(KEY, [f"{key}={value}" for key, value in (others | ({name: choice} if choice else {})).items()])

    if fresh or widget not in st.session_state:
        st.session_state[widget] = chosen.get(name)
    st.selectbox(
        escape_markdown(name),
        trained.classes,
        index=None,
        key=widget,
        placeholder="Left out: choose a class",
        on_change=write,
    )


def _in_address(trained: TrainedClassifier, names: Sequence[str]) -> dict[str, str]:
    """Return the choices in the address; one sentence says that there are some that cannot be used."""
    chosen, faults = {}, []
    for pair in st.query_params.get_all(KEY):
        name, mark, choice = pair.partition("=")
        if mark and name in names and choice in trained.classes:
            chosen[name] = choice
        else:
            faults.append(pair)
    if faults:
        address.note(f"The class of a name in the address, {address.quoted(faults[0])}, means nothing here: left out.")
    return chosen
