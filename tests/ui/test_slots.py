"""Cache slots: filled once, and left empty by an error."""

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import UserError
from ui import slots


def test_a_slot_is_filled_once():
    slot: list[int] = []
    assert slots.filled(slot, "Counting", lambda step: 3) == 3
    assert slots.filled(slot, "Counting", lambda step: 4) == 3


def test_an_error_leaves_the_slot_empty():
    slot: list[int] = []

    def fail(step: slots.Progress) -> int:
        raise UserError("There is nothing to count.")

    with pytest.raises(UserError, match="nothing to count"):
        slots.filled(slot, "Counting", fail)
    assert slot == []


def test_the_bar_goes_away():
    def script() -> None:
        from ui import slots

        with slots.progress_bar("Counting", "sheep") as step:
            step(1_000, 2_000)

    app = AppTest.from_function(script).run()
    assert not app.exception and not app.get("progress")


def test_work_that_was_cancelled_waits_for_its_button():
    def script() -> None:
        import streamlit as st

        from ui import slots

        if slots.is_cancelled("counting", "Count again"):
            st.markdown("waiting")
        else:
            st.button("Cancel", on_click=slots.canceller("counting"))

    app = AppTest.from_function(script).run()
    app = app.button[0].click().run()
    assert app.markdown[0].value == "waiting" and app.button[0].label == "Count again"
    assert app.button[0].click().run().button[0].label == "Cancel"
