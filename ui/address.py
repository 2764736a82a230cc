"""Choices that the address of a page carries by the names of their options, whatever titles these are shown with.

Streamlit's own `bind` would write the title into the address, so that a link would break with every new title.
"""

from collections.abc import Callable, Sequence

import streamlit as st


def choice(
    key: str, label: str, options: tuple[str, ...], title: Callable[[str], str] = str, help: str | None = None
) -> str:
    """Return the chosen option; the first one where the address has none of them under `key`."""
    in_address = st.query_params.get(key)
    widget = f"choice of {key}"

    def write() -> None:
        # Where the options change under a choice, Streamlit reports its title as if it were new.
        if st.session_state[widget] in options:
            st.query_params[key] = st.session_state[widget]

    return st.selectbox(
        label,
        options,
        index=options.index(in_address) if in_address in options else 0,
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
    """Return the chosen options, at most `most`; each stands under `key` in the address. None are chosen at first."""
    in_address = [name for name in st.query_params.get_all(key) if name in options][:most]
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
        default=list(dict.fromkeys(in_address)),
        format_func=title,
        key=widget,
        max_selections=most,
        placeholder=placeholder,
        on_change=write,
        help=help,
    )
