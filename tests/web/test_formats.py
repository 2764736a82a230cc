"""Text of others on a page: no Markdown, no second line, no change of direction."""

import pytest

from tests.pages.app import as_read
from web.formats import escape_markdown, on_one_line

HOSTILE = (
    "![x](https://example.org/a.png) <img src=https://example.org/b.png> [l](javascript:alert(1)) :red[x] $a$ `b` "
    "**c** _d_ ~~e~~ &lt; | # f :cat: :material/pets: www.example.org a@example.org"
)


def test_a_text_of_others_is_read_letter_by_letter():
    escaped = escape_markdown(HOSTILE)
    assert as_read(escaped) == HOSTILE
    for mark in "![]()<>:$`*_~&|#":
        assert escaped.count(mark) == escaped.count(f"\\{mark}"), mark


@pytest.mark.parametrize("text", ["http://a.org", "www.a.org", "me@a.org", ":cat:", ":material/pets:", "a -> b", "<->"])
def test_what_streamlit_replaces_in_plain_text_is_parted(text: str):
    assert "\N{WORD JOINER}" in escape_markdown(text)


@pytest.mark.parametrize("text", ["baseline, digits", "12:30", "C:/pictures", "0.56% after 3 epochs", "café, 猫, 🐱"])
def test_ordinary_names_are_not_changed_to_the_eye(text: str):
    assert as_read(escape_markdown(text)) == text and "\N{WORD JOINER}" not in escape_markdown(text)


def test_a_text_stays_on_one_line_and_in_its_direction():
    assert on_one_line(" a\n# b\t\x00c\u2028d ") == "a # b c d"
    assert on_one_line("\u202eevil\u2066") == "evil"
    assert on_one_line("a\udc80") == "a\N{REPLACEMENT CHARACTER}", "a file name in no encoding"
    assert escape_markdown("1. a") == "1\\. a"
