"""Choices that the address of a page carries by their names, whatever titles they are shown with."""

from collections.abc import Callable, Sequence

import streamlit as st


def choice(
    key: str, label: str, options: tuple[str, ...], title: Callable[[str], str] = str, help: str | None = None
) -> str:
    """One of the options; the first where the address says nothing, or something that is not among them.

    Streamlit's own `bind` would write the title into the address, where it is no name to hand on.
    """
    asked = st.query_params.get(key)
    widget = f"choice of {key}"

    def write() -> None:
        # Where the options change under a choice, Streamlit tells of its title as if it were new.
        if st.session_state[widget] in options:
            st.query_params[key] = st.session_state[widget]

    return st.selectbox(
        label,
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=title,
        key=widget,
        on_change=write,
        help=help,
    )


def several(
    key: str,
    label: str,
    options: Sequence[str],
    title: Callable[[str], str] = str,
    *,
    most: int,
    placeholder: str,
    help: str | None = None,
) -> list[str]:
    """Some of the options, `most` at most, each under the same key of the address; none where it says nothing."""
    asked = [name for name in st.query_params.get_all(key) if name in options][:most]
    widget = f"choices of {key}"

    def write() -> None:
        chosen = [name for name in st.session_state[widget] if name in options]
        if chosen:
            st.query_params[key] = chosen
        else:
            st.query_params.pop(key, None)

    return st.multiselect(
        label,
        options,
        default=list(dict.fromkeys(asked)),
        format_func=title,
        key=widget,
        max_selections=most,
        placeholder=placeholder,
        on_change=write,
        help=help,
    )
