"""Choices in the address: named by their options, whatever titles these have, and read back from there."""

from streamlit.testing.v1 import AppTest


def one() -> None:
    import streamlit as st

    from ui import address

    st.text(address.choice("fruit", "Fruit", ("apple", "pear"), str.upper))


def many() -> None:
    import streamlit as st

    from ui import address

    st.text(" ".join(address.several("fruit", "Fruit", ("apple", "pear", "plum"), most=2, placeholder="Choose")))


def at(script, **query) -> AppTest:
    """Return the app of a script, opened with the query given."""
    app = AppTest.from_function(script)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_the_first_option_is_chosen_unless_the_address_has_another():
    assert at(one).text[0].value == "apple"
    assert at(one, fruit="pear").text[0].value == "pear"
    assert at(one, fruit="PEAR").text[0].value == "apple", "an address has names, not titles"


def test_a_choice_goes_into_the_address_by_its_name():
    app = at(one)
    app.selectbox[0].set_value("pear").run()
    assert app.query_params["fruit"] in ("pear", ["pear"]) and app.selectbox[0].options == ["APPLE", "PEAR"]


def test_several_are_read_up_to_the_most_and_written():
    app = at(many, fruit=["plum", "kiwi", "pear", "apple"])
    assert app.text[0].value == "plum pear"
    app.multiselect[0].set_value([]).run()
    assert "fruit" not in app.query_params
