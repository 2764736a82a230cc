"""Groups of controls that the address hides."""

from streamlit.testing.v1 import AppTest


def controls() -> None:
    import streamlit as st

    from web import hide

    with hide.group("form"):
        st.slider("Depth", 1, 9, 3)
    if hide.is_shown("more"):
        st.button("More")


def at(**query: str) -> AppTest:
    app = AppTest.from_function(controls)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def is_hidden(app: AppTest) -> bool:
    """Return whether there is a place with the name that the stylesheet does not display."""
    return any("hidden form" in block.proto.id for block in app.get("flex_container"))


def test_all_groups_are_shown_unless_the_address_hides_them():
    assert len(at().button) == 1
    assert len(at(hide="more").button) == 0 and len(at(hide=" form , more").button) == 0


def test_a_hidden_group_keeps_its_widgets_in_a_place_that_is_not_displayed():
    app = at(hide="form")
    assert app.slider[0].value == 3 and is_hidden(app)
    assert not is_hidden(at())
