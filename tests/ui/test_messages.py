"""Empty states and progress: the same words on every page."""

from streamlit.testing.v1 import AppTest

from ui.messages import Work


def test_progress_tells_count_and_estimate():
    assert Work("Maps", 1_200, 5_000, seconds_left=40).words == "Maps: 1,200 of 5,000 images, 0:40 left"
    assert Work("Maps", 0, 0).words == "Maps"
    assert (Work("", 6, 4).share, Work("", 0, 0).share) == (1.0, 0.0)


def test_an_empty_state_returns_whether_its_button_was_clicked():
    def script() -> None:
        import streamlit as st

        from ui import messages

        if messages.empty("No run yet.", lambda: st.button("Train")):
            st.caption("training")

    app = AppTest.from_function(script).run()
    assert app.markdown[0].value == "No run yet."
    assert not app.caption
    assert app.button[0].click().run().caption[0].value == "training"


def test_slow_work_can_be_cancelled():
    def script() -> None:
        import streamlit as st

        from ui import messages
        from ui.messages import Work

        st.session_state.setdefault("cancelled", False)
        messages.progress(Work("Maps", 1, 2), cancel=lambda: st.session_state.update(cancelled=True))

    app = AppTest.from_function(script).run()
    app.button("cancel").click().run()
    assert app.session_state["cancelled"]
