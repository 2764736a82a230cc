"""Choices that the address of a page carries by their names, whatever titles they are shown with."""

from collections.abc import Callable

import streamlit as st


def choice(
    key: str, label: str, options: tuple[str, ...], title: Callable[[str], str] = str, help: str | None = None
) -> str:
    """One of the options; the first where the address says nothing, or something that is not among them.

    Streamlit's own `bind` would write the title into the address, where it is no name to hand on.
    """
    asked = st.query_params.get(key)
    widget = f"choice of {key}"
    return st.selectbox(
        label,
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=title,
        key=widget,
        on_change=lambda: st.query_params.update({key: st.session_state[widget]}),
        help=help,
    )
