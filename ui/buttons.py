"""A button whose click is never lost; Streamlit's own may miss one beside a picture that is redrawn every second."""

from typing import Any

import streamlit as st


def firm(label: str, *, key: str, **options: Any) -> bool:
    """Draw `st.button` and return True once for every click, but not if the button is disabled by now.

    A click makes Streamlit run the page, or a fragment of it, with the button at True. Where another run cuts in before
    the button is drawn, that value is lost. The callback runs first, and its mark stays until the button is drawn.

    Draw the button in every state, disabled where it has no use, and never another one in its place. Streamlit leaves a
    widget that has the focus beside the one that replaces it until the run has ended: the row jumps aside and back, and
    a click on its neighbour misses.
    """
    clicked = f"{key}, clicked"
    st.button(label, key=key, on_click=lambda: st.session_state.update({clicked: True}), **options)
    return bool(st.session_state.pop(clicked, False)) and not options.get("disabled", False)
