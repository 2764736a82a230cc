"""A button whose click is never lost: beside a picture that is redrawn every second Streamlit's own may miss one."""

from typing import Any

import streamlit as st


def firm(label: str, *, key: str, **options: Any) -> bool:
    """`st.button`, True once for every click; one that has become disabled since it was clicked stays False.

    A click makes Streamlit run the page, or a fragment of it, with the button at True; where another run cuts in before
    the button is drawn, that is forgotten. The callback comes before everything, and what it notes down stays until the
    button is drawn. So draw it in every state, disabled where it has no use, and never another in its place: Streamlit
    leaves a widget that has the focus standing beside the one that replaces it until the run has ended, the row jumps
    aside and back, and a click meant for its neighbour goes astray.
    """
    noted = f"{key}, clicked"
    st.button(label, key=key, on_click=lambda: st.session_state.update({noted: True}), **options)
    return bool(st.session_state.pop(noted, False)) and not options.get("disabled", False)
