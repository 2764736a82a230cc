"""Sentences in place of tracebacks."""

from streamlit.testing.v1 import AppTest


def test_an_error_for_the_user_is_shown_as_it_stands_and_the_rest_of_the_page_too():
    def script():
        import streamlit as st

        from core.errors import UserError
        from ui.frame import guard

        with guard():
            raise UserError("The picture is empty; choose another.")
        st.caption("still here")

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert app.error[0].value == "The picture is empty; choose another."
    assert app.caption[0].value == "still here"


def test_any_other_error_becomes_a_general_sentence_and_a_log(capsys):
    def script():
        from ui.frame import guard

        with guard():
            raise KeyError("secret detail")

    app = AppTest.from_function(script).run()
    assert not app.exception
    assert "secret detail" not in app.error[0].value
    assert "unexpected error" in app.error[0].value
    assert "secret detail" in capsys.readouterr().err


def test_a_rerun_passes_through():
    def script():
        import streamlit as st

        from ui.frame import guard

        with guard():
            if "again" not in st.session_state:
                st.session_state["again"] = True
                st.rerun()
        st.caption("second run")

    app = AppTest.from_function(script).run()
    assert app.caption[0].value == "second run"
    assert not app.error


def test_nothing_in_the_sentence_of_an_error_is_read_as_markdown():
    def script():
        from core.errors import UserError
        from ui.frame import guard

        with guard():
            raise UserError("There is no run named ![x](https://example.org/a.png).")

    app = AppTest.from_function(script).run()
    assert app.error[0].value.startswith("There is no run named \\!\\[x\\]\\(")
