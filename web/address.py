"""Settings that the address of a page carries, each under its key, so that a link opens the same view.

A step is an entry of the browser's history: Back takes it back. A value that cannot be used gives the default and one
sentence, which `frame` draws between the result and the controls. Streamlit's own `bind` does neither: it replaces the
entry, removes a bad value in silence, and writes titles into the address, so that a link would break with a new title.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import UserError
from web.formats import escape_markdown

Number = TypeVar("Number", int, float)
NONE = "none"  # in the address where nothing is chosen
LONGEST = 60  # characters of a value that are worth quoting
_IN_FLIGHT = 5.0  # s in which the browser may still send the address from before a change
_SEEN, _WRITTEN = "values of the address", "values just written to the address"
DEFAULTS = "what a link names although the address does not"
_NOT_FOUND = "why nothing was found for"
_NOTES, _PLACE = "sentences about the address", "place of the sentences about the address"


def begin() -> None:
    """Forget the sentences and defaults of the run before: called once, before a page draws."""
    st.session_state[_NOTES] = []
    st.session_state[DEFAULTS] = {}
    st.session_state[_PLACE] = None


def place_notes(place: DeltaGenerator) -> None:
    """Draw the sentences about the address in `place`, those that are to come as well."""
    st.session_state[_PLACE] = place
    for sentence in st.session_state.get(_NOTES, []):
        _draw_note(place, sentence)


def default(key: str, value: str) -> None:
    """Let a copied link name `value` under `key`, which is shown without standing in the address.

    Writing it there would be a step of the browser's history that nobody took, and Back would lead to it.
    """
    st.session_state.setdefault(DEFAULTS, {})[key] = value


def defaults() -> dict[str, str]:
    """Return what a copied link names besides the address."""
    return st.session_state.get(DEFAULTS, {})


def has_place() -> bool:
    """Return whether the page has a place for the sentences."""
    return st.session_state.get(_PLACE) is not None


def note(sentence: str) -> None:
    """Say once, in a plain sentence, what was wrong with the address and what is shown instead; no Markdown is read."""
    notes = st.session_state.setdefault(_NOTES, [])
    if sentence not in notes:
        notes.append(sentence)
        if place := st.session_state.get(_PLACE):
            _draw_note(place, sentence)


def quoted(value: str) -> str:
    """Return a value of the address in quotation marks, on one line, the end of a long one left out."""
    text = " ".join(value.split())
    return f"“{text[:LONGEST]}…”" if len(text) > LONGEST else f"“{text}”"


def value(key: str, what: str, instead: str = "the usual one is shown") -> str | None:
    """Return the value under `key`; None where there is none, or, with a sentence, an empty one or several."""
    values = st.query_params.get_all(key)
    if len(values) == 1 and values[0]:
        return values[0]
    if values:
        fault = "is empty" if not any(values) else "has several values"
        note(f"{_capital(what)} in the address {fault}: {instead}.")
    return None


def read(key: str, label: str, parse: Callable[[str], Any], default: Any) -> Any:
    """Return what `parse` makes of the value under `key`, without a widget of its own.

    The default where there is none, or, with a sentence, where `parse` raises ValueError, KeyError or OverflowError.
    """
    in_address = _read_one(key, label, parse, lambda: f"{_in_words(default)} is used")
    return default if in_address is None else in_address


def put(key: str, value: str | Sequence[str] | None, *, follow: bool = False) -> None:
    """Write a value into the address, or several; None or none takes the key out of it. Call it in a callback.

    With `follow` the widget of the key takes the value, as for a button that changes what another control is set to.
    """
    before, after = st.query_params.get_all(key), [value] if isinstance(value, str) else list(value or [])
    if after:
        st.query_params[key] = after if len(after) > 1 else after[0]
    else:
        st.query_params.pop(key, None)
    st.session_state.setdefault(_SEEN, {})[key] = None if follow else after
    st.session_state.setdefault(_WRITTEN, {})[key] = None if follow else before, time.monotonic()


def choice(
    key: str,
    label: str,
    options: tuple[str, ...],
    title: Callable[[str], str] = str,
    help: str | None = None,
    on_change: Callable[[], None] = lambda: None,
    *,
    unfit: Mapping[str, str] | None = None,
    search: Callable[[str], str] | None = None,
) -> str:
    """Return the chosen option; the first one where the address has none of them under `key`.

    `unfit` says of names that are options elsewhere why they are none here. With `search` any text may be typed, and
    that function returns the option that is meant by one, or raises UserError, whose sentence is drawn.
    """
    widget = f"choice of {key}"

    def instead() -> str:
        return f"{title(options[0])} is used"

    def write() -> None:
        chosen = st.session_state[widget]
        if search is not None and chosen and chosen not in options:
            chosen = _searched(search, chosen, key)
            st.session_state[widget] = chosen or read()
        # Where the options change under a choice, Streamlit reports its title as if it were new.
        if chosen in options:
            put(key, chosen)
            on_change()

    def read() -> str:
        in_address = st.query_params.get_all(key)
        return in_address[0] if in_address and in_address[0] in options else options[0]

    in_address = _read_one(key, label, _among(options), instead, unfit)
    # What was chosen stands in the address: without it the first option holds, also where that is another one now.
    if is_new(key, widget) or st.session_state[widget] not in options or not st.query_params.get_all(key):
        st.session_state[widget] = options[0] if in_address is None else in_address
    if fault := st.session_state.pop(f"{_NOT_FOUND} {key}", None):
        note(fault)
    return st.selectbox(
        label,
        options,
        format_func=title,
        key=widget,
        on_change=write,
        help=help,
        accept_new_options=search is not None,
    )


def _searched(search: Callable[[str], str], text: str, key: str) -> str | None:
    """Return the option that a typed text means; None, with a sentence once the page is drawn, where there is none."""
    try:
        return search(text)
    except UserError as error:
        st.session_state[f"{_NOT_FOUND} {key}"] = str(error)
        return None


def segments(
    key: str,
    label: str,
    options: Sequence[str],
    title: Callable[[str], str] = str,
    help: str | None = None,
    *,
    default: str = "",
    labelled: bool = False,
) -> str:
    """Return the chosen one of a few options, drawn side by side.

    The `default`, else the first one, is chosen where the address has none of them. The label is drawn over them where
    they are `labelled`.
    """
    default = default or options[0]
    _hold(key, label, _among(options), default, title)
    if st.session_state[key] not in options:
        st.session_state[key] = default
    return st.segmented_control(
        label,
        options,
        required=True,
        format_func=title,
        key=key,
        on_change=_write(key, default),
        help=help,
        width="stretch",
        label_visibility="visible" if labelled else "collapsed",
    )


def step(
    key: str, label: str, options: Sequence[Number], default: Number, help: str | None = None, **look: Any
) -> Number:
    """Return one of some ascending numbers, on a slider that has no others."""
    named = {_in_words(option): option for option in options}
    _hold(key, label, lambda text: named[text], default)
    if st.session_state[key] not in options:
        st.session_state[key] = default
    return st.select_slider(label, options, key=key, on_change=_write(key, default), help=help, **look)


def several(
    key: str,
    label: str,
    options: Sequence[str],
    title: Callable[[str], str] = str,
    *,
    most: int | None = None,
    placeholder: str = "Choose options",
    default: Sequence[str] = (),
    help: str | None = None,
) -> list[str]:
    """Return the chosen options, at most `most`; each stands under `key` in the address, "none" for none of them.

    Without any in the address those of the `default` are chosen.
    """
    widget = f"choices of {key}"
    in_address = _known(key, label, options)
    if most is not None and len(in_address) > most:
        note(f"{label}: the address asks for {len(in_address)}; the first {most} are shown.")

    def write() -> None:
        chosen = [name for name in st.session_state[widget] if name in options]
        put(key, None if chosen == list(default) else chosen or NONE)

    if not in_address and NONE not in st.query_params.get_all(key):
        in_address = list(default)
    chosen = in_address[:most] if is_new(key, widget) else st.session_state[widget]
    if chosen != st.session_state.get(widget) or not set(chosen) <= set(options):
        st.session_state[widget] = [name for name in chosen if name in options]
    return st.multiselect(
        label,
        options,
        format_func=title,
        key=widget,
        max_selections=most,
        placeholder=placeholder,
        on_change=write,
        help=help,
    )


def _known(key: str, label: str, options: Sequence[str]) -> list[str]:
    """Return the options that the address has under `key`, each once; a sentence names each other value."""
    values = dict.fromkeys(name for name in st.query_params.get_all(key) if name != NONE)
    for unknown in values:
        if unknown not in options:
            note(f"{label}: the address asks for {quoted(unknown)}, which is not among them; it is left out.")
    return [name for name in values if name in options]


def pills(
    key: str,
    label: str,
    options: tuple[str, ...],
    default: tuple[str, ...],
    title: Callable[[str], str] = str,
    help: str | None = None,
) -> list[str]:
    """Return the chosen options, any number of them; the address has each under `key`, or "none"."""
    known = _known(key, label, options)
    in_address = [name for name in options if name in known]
    if is_new(key, key):
        nothing = st.query_params.get_all(key) == [NONE]
        st.session_state[key] = in_address if in_address or nothing else list(default)

    def write() -> None:
        chosen = st.session_state[key]
        put(key, None if sorted(chosen) == sorted(default) else chosen or NONE)

    return st.pills(
        label, options, format_func=title, selection_mode="multi", key=key, wrap=True, help=help, on_change=write
    )


def slider(
    key: str, label: str, limits: tuple[float, float, float], default: float, help: str | None = None, **look: Any
) -> float:
    """Return a number on a slider whose `limits` are least, most and step; whole numbers where the step is one."""
    low, high, step = limits
    kind = int if isinstance(step, int) else float

    def read(text: str) -> float:
        return _number(text, kind, low, high)

    _hold(key, label, read, default)
    return st.slider(label, low, high, step=step, key=key, on_change=_write(key, default), help=help, **look)


def span(key: str, label: str, limits: tuple[int, int], help: str | None = None) -> tuple[int, int]:
    """Return a range of whole numbers on a slider from end to end; the address has both ends under the one key."""
    low, high = limits
    values = st.query_params.get_all(key)
    in_address = _span(values, limits)
    if values and in_address is None:
        found = quoted(", ".join(values))
        note(f"{_capital(label)} in the address is {found}, which cannot be used: {low} to {high} is used.")
    if is_new(key, key):
        st.session_state[key] = in_address or limits

    def write() -> None:
        chosen = st.session_state[key]
        put(key, None if tuple(chosen) == limits else [str(end) for end in chosen])

    first, last = st.slider(label, low, high, key=key, on_change=write, help=help)
    return first, last


def _span(values: Sequence[str], limits: tuple[int, int]) -> tuple[int, int] | None:
    """Return the two numbers within `limits` that the values are, the lesser first; None where they are not."""
    try:
        first, last = (int(_number(text, int, *limits)) for text in values)
    except (ValueError, OverflowError):
        return None
    return min(first, last), max(first, last)


def number(
    key: str, label: str, limits: tuple[int, int], default: int = 0, help: str | None = None, *, step: int = 1
) -> int:
    """Return a whole number within `limits`, least and most, typed or raised by `step`."""
    low, high = limits

    def read(text: str) -> int:
        return int(_number(text, int, low, high))

    _hold(key, label, read, min(max(default, low), high))
    if not low <= st.session_state[key] <= high:  # of other limits than these
        st.session_state[key] = min(max(default, low), high)
    return st.number_input(label, low, high, step=step, key=key, on_change=_write(key, default), help=help)


def decimal(
    key: str,
    label: str,
    limits: tuple[float, float],
    default: float,
    help: str | None = None,
    *,
    step: float | None = None,
    **look: Any,
) -> float:
    """Return a number within `limits`, least and most, typed or raised by `step`, which is half of its default."""
    low, high = limits
    _hold(key, label, lambda text: _number(text, float, low, high), default)
    step = default / 2 if step is None else step
    return st.number_input(
        label, low, high, step=step, format="%g", key=key, on_change=_write(key, default), help=help, **look
    )


def optional_decimal(
    key: str, label: str, limits: tuple[float, float], default: float | None, help: str | None = None, **look: Any
) -> float | None:
    """Return a number within `limits`, least and most; None where the field is empty, for which "none" stands."""
    low, high = limits

    def read(text: str) -> float | None:
        return None if text == NONE else _number(text, float, low, high)

    if NONE in st.query_params.get_all(key) and is_new(key, key):
        st.session_state[key] = None
    else:
        _hold(key, label, read, default)
    return st.number_input(label, low, high, value=None, key=key, on_change=_write(key, default), help=help, **look)


def text(key: str, label: str, default: str = "", help: str | None = None, **look: Any) -> str:
    """Return a text, the default where the field is empty; the address has it as it was typed."""
    _hold(key, label, str, default, lambda text: quoted(text) if text else "none")

    def write() -> None:
        typed = st.session_state[key]
        put(key, None if typed.strip() in ("", default) else typed)

    return st.text_input(label, key=key, on_change=write, help=help, **look)


def toggle(key: str, label: str, default: bool = False, help: str | None = None) -> bool:
    """Return whether a switch is on."""

    def read(text: str) -> bool:
        return {"true": True, "false": False}[text.lower()]

    _hold(key, label, read, default)
    return st.toggle(label, key=key, on_change=_write(key, default), help=help)


def page(key: str, label: str, count: int) -> int:
    """Draw the choice of one of `count` pages and return it, from 1; nothing is drawn where there is one."""
    _hold(key, label, lambda text: int(_number(text, int, 1, count)), 1)
    if not 1 <= st.session_state[key] <= count:
        st.session_state[key] = 1
    return st.pagination(count, key=key, on_change=_write(key, 1)) if count > 1 else 1


def _hold(
    key: str, label: str, read: Callable[[str], Any], default: Any, title: Callable[[Any], str] | None = None
) -> None:
    """Give the widget `key` the value that the address has under the same name, where that is new to it."""
    in_address = _read_one(key, label, read, lambda: f"{(title or _in_words)(default)} is used")
    # Without a value in the address the default holds, also where that is another one now.
    if is_new(key, key) or (not st.query_params.get_all(key) and st.session_state[key] != default):
        st.session_state[key] = default if in_address is None else in_address


def _read_one(
    key: str,
    label: str,
    read: Callable[[str], Any],
    instead: Callable[[], str],
    unfit: Mapping[str, str] | None = None,
) -> Any:
    """Return what `read` makes of the value under `key`; None where there is none, or, with a sentence, no good one."""
    text = value(key, label, instead()) if key in st.query_params else None
    if text is None:
        return None
    try:
        return read(text)
    except (ValueError, KeyError, OverflowError):
        why = (unfit or {}).get(text) or f"{_capital(label)} in the address is {quoted(text)}, which cannot be used"
        note(f"{why}: {instead()}.")
        return None


def is_new(key: str, widget: str) -> bool:
    """Return whether a widget is to take its value from the address: at first, and where the address was changed.

    That is by Back, Forward or a link. A browser on its way to the address that was just written may still send the one
    from before: then it is written again.
    """
    now = st.query_params.get_all(key)
    seen = st.session_state.setdefault(_SEEN, {})
    changed = seen.get(key) != now
    before, written_at = st.session_state.setdefault(_WRITTEN, {}).get(key, (None, -math.inf))
    context = get_script_run_ctx()
    late = time.monotonic() - written_at < _IN_FLIGHT and not (context and context.is_history_navigation)
    if changed and late and now == before and widget in st.session_state:
        put(key, seen[key])
        return False
    seen[key] = now
    return changed or widget not in st.session_state


def _write(key: str, default: Any) -> Callable[[], None]:
    """Return a callback that writes the widget `key` into the address, where its default need not stand."""

    def write() -> None:
        chosen = st.session_state[key]
        put(key, None if chosen == default else _in_words(chosen))

    return write


def _among(options: Sequence[str]) -> Callable[[str], str]:
    """Return a function that returns a text if it is one of `options`, and raises ValueError for any other."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError
        return text

    return read


def _number(text: str, kind: type, low: float, high: float) -> float:
    """Return the number in a text. Raises ValueError where there is none from `low` to `high`."""
    found = kind(text)
    if not low <= found <= high:
        raise ValueError
    return found


def _in_words(value: Any) -> str:
    if value is None:
        return NONE
    return (
        str(value).lower() if isinstance(value, bool) else f"{value:.12g}" if isinstance(value, float) else str(value)
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _draw_note(place: DeltaGenerator, sentence: str) -> None:
    place.caption(f":material/info: {escape_markdown(sentence)}")
