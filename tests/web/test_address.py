"""Choices in the address: named by their options, whatever titles these have, and read back from there."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.app import type_into


def one() -> None:
    import streamlit as st

    from web import address

    st.text(address.choice("fruit", "Fruit", ("apple", "pear"), str.upper))


def many() -> None:
    import streamlit as st

    from web import address

    st.text(" ".join(address.several("fruit", "Fruit", ("apple", "pear", "plum"), most=2, placeholder="Choose")))


def numbers() -> None:
    import streamlit as st

    from web import address

    address.begin()
    address.place_notes(st.container())
    share = address.slider("share", "Share", (0.0, 1.0, 0.05), 0.5)
    index, on = address.number("index", "Index", (0, 9), 2), address.toggle("on", "On")
    st.text(f"{share} {index} {on} {address.page('page', 'Page', 4)}")


def noted() -> None:
    import streamlit as st

    from web import address

    address.begin()
    address.place_notes(st.container())
    st.text(address.choice("fruit", "Fruit", ("apple", "pear"), str.upper))
    st.text(" ".join(address.several("more", "More", ("apple", "pear", "plum"), most=2, placeholder="Choose")))


def searched() -> None:
    import streamlit as st

    from core.errors import UserError
    from web import address

    def search(text: str) -> str:
        if text.lower() not in ("apple", "pear"):
            raise UserError(f"There is no *{text}*.")
        return text.lower()

    address.begin()
    address.place_notes(st.container())
    st.text(address.choice("fruit", "Fruit", ("apple", "pear"), search=search))


HOSTILE = "![](https://example.org/x.png)"


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


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


def test_a_typed_text_is_searched_among_the_options():
    app = at(searched)
    type_into(app.selectbox[0], "Pear")
    assert not app.exception and app.text[0].value == "pear" and not captions(app)
    assert app.query_params["fruit"] in ("pear", ["pear"])


def test_a_text_that_is_not_found_is_a_sentence_and_the_choice_stays():
    app = at(searched, fruit="pear")
    type_into(app.selectbox[0], "durian")
    assert not app.exception and app.text[0].value == app.selectbox[0].value == "pear"
    assert captions(app) == [r":material/info: There is no \*durian\*."]
    app.selectbox[0].set_value("apple").run()
    assert app.text[0].value == "apple" and not captions(app)


def test_several_are_read_up_to_the_most_and_written():
    app = at(many, fruit=["plum", "kiwi", "pear", "apple"])
    assert app.text[0].value == "plum pear"
    app.multiselect[0].set_value([]).run()
    assert "fruit" not in app.query_params


def test_numbers_and_switches_are_read_and_written_without_their_defaults():
    assert at(numbers).text[0].value == "0.5 2 False 1"
    app = at(numbers, share="0.3", index="7", on="TRUE", page="3")
    assert app.text[0].value == "0.3 7 True 3" and not app.caption
    app.slider("share").set_value(0.75)
    app.number_input("index").set_value(2).run()
    assert app.query_params["share"] in ("0.75", ["0.75"]) and "index" not in app.query_params
    assert app.text[0].value == "0.75 2 True 3" and not app.exception


def test_an_address_that_changes_takes_the_widgets_along():
    app = at(numbers, share="0.3", on="true")
    app.query_params["share"] = "0.4"
    del app.query_params["on"]
    assert app.run().text[0].value == "0.4 2 False 1", "as Back and links change it"


@pytest.mark.parametrize("bad", ["plum", "", ["apple", "pear"], "x" * 5000, HOSTILE, "PEAR", "\x00"])
def test_a_bad_choice_is_the_default_and_one_sentence(bad):
    app = at(noted, fruit=bad)
    assert not app.exception and app.text[0].value == "apple"
    (sentence,) = captions(app)
    assert "Fruit" in sentence and "APPLE is used" in sentence
    assert len(sentence) < 250 and "![" not in sentence
    app.selectbox[0].set_value("pear").run()
    assert not app.caption, "another choice replaces it"


@pytest.mark.parametrize("bad", ["many", "", "nan", "1e400", "-1", "11", ["1", "2"], "9" * 5000, HOSTILE])
@pytest.mark.parametrize("key", ["share", "index", "on", "page"])
def test_a_bad_number_is_the_default_and_one_sentence(key, bad):
    app = at(numbers, **{key: bad})
    assert not app.exception and app.text[0].value == "0.5 2 False 1"
    assert len(app.caption) == 1 and "is used" in captions(app)[0]


def test_of_several_the_unknown_ones_are_named_and_left_out():
    app = at(noted, more=["kiwi", "plum", HOSTILE, "pear", "apple"])
    assert not app.exception and app.text[1].value == "plum pear"
    assert ["kiwi" in caption for caption in captions(app)] == [True, False, False]
    assert "the first 2 are shown" in captions(app)[2] and not any("![" in caption for caption in captions(app))


def few() -> None:
    import streamlit as st

    from web import address

    address.begin()
    address.place_notes(st.container())
    fruit = address.segments("fruit", "Fruit", ("apple", "pear"), str.upper)
    side, weight = address.step("side", "Side", (256, 512), 512), address.decimal("weight", "Weight", (0.0, 1e6), 3.0)
    st.text(f"{fruit} {side} {weight}")


def test_segments_steps_and_decimals_are_read_and_written_without_their_defaults():
    assert at(few).text[0].value == "apple 512 3.0"
    app = at(few, fruit="pear", side="256", weight="0.25")
    assert app.text[0].value == "pear 256 0.25" and not app.caption
    app.get("button_group")[0].set_value("apple")
    app.select_slider("side").set_value(512)
    app.number_input("weight").set_value(7.5).run()
    assert app.text[0].value == "apple 512 7.5"
    assert app.query_params == {"weight": "7.5"} or app.query_params == {"weight": ["7.5"]}


@pytest.mark.parametrize("key", ["fruit", "side", "weight"])
@pytest.mark.parametrize("bad", ["", "300", "-1", "nan", "APPLE", ["1", "2"], "9" * 5000, HOSTILE])
def test_a_bad_segment_step_or_decimal_is_the_default_and_one_sentence(key, bad):
    if (key, bad) == ("weight", "300"):
        return
    app = at(few, **{key: bad})
    assert not app.exception and app.text[0].value == "apple 512 3.0"
    assert len(app.caption) == 1 and "is used" in captions(app)[0]


def query(app: AppTest) -> dict[str, list[str]]:
    """Return the query of the address, where a single value stands with or without a list."""
    return {key: [value] if isinstance(value, str) else list(value) for key, value in app.query_params.items()}


def turned() -> None:
    import streamlit as st

    from web import address

    turn = st.toggle("turn")
    fruit = address.choice("fruit", "Fruit", ("pear", "apple") if turn else ("apple", "pear"))
    st.text(f"{fruit} {address.number('count', 'Count', (0, 99), 20 if turn else 10)}")


def test_without_a_value_in_the_address_the_default_holds_also_where_it_changes():
    app = at(turned)
    assert app.text[0].value == "apple 10"
    app.toggle[0].set_value(True).run()
    assert app.text[0].value == "pear 20"
    app.number_input("count").set_value(5)
    app.selectbox[0].set_value("apple").run()
    app.toggle[0].set_value(False).run()
    assert app.text[0].value == "apple 5", "what was chosen stays"
    assert query(app) == {"fruit": ["apple"], "count": ["5"]}


def typed() -> None:
    import streamlit as st

    from web import address

    address.begin()
    address.place_notes(st.container())
    share = address.optional_decimal("share", "Share", (0.0, 1.0), 0.5)
    st.text(f"{address.text('folder', 'Folder', 'here')} {share}")


def test_texts_and_numbers_that_may_be_left_out_are_read_and_written_without_their_defaults():
    assert at(typed).text[0].value == "here 0.5"
    app = at(typed, folder="/a b", share="none")
    assert app.text[0].value == "/a b None" and not app.caption
    app.text_input("folder").set_value(" ")
    app.number_input("share").set_value(0.25).run()
    assert app.text[0].value == "here 0.25" and query(app) == {"share": ["0.25"]}
    app.number_input("share").set_value(None).run()
    assert app.text[0].value == "here None" and query(app) == {"share": ["none"]}
    assert at(typed, share="2").text[0].value == "here 0.5" and "is used" in captions(at(typed, share="2"))[0]


def layered() -> None:
    import streamlit as st

    from web import address

    address.begin()
    address.place_notes(st.container())
    st.text(" ".join(address.several("layer", "Layers", ("a", "b", "c"), default=("a", "b"))) or "nothing")


def test_several_with_a_default_need_not_stand_and_none_of_them_does():
    assert at(layered).text[0].value == "a b"
    assert at(layered, layer="none").text[0].value == "nothing" and at(layered, layer=["c", "a"]).text[0].value == "c a"
    app = at(layered)
    app.multiselect[0].set_value([]).run()
    assert app.text[0].value == "nothing" and query(app) == {"layer": ["none"]}
    app.multiselect[0].set_value(["a", "b"]).run()
    assert app.text[0].value == "a b" and not query(app) and not app.caption
