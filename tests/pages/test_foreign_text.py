"""Text of others on every page: names, classes and messages reach Streamlit's Markdown escaped, or not at all."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from tests.foreign import MARK, TAG, every_kind
from tests.pages.app import visit
from ui.menu import MENU
from web.formats import escape_markdown

TWICE = escape_markdown(escape_markdown(MARK))
# Fields that a browser shows as plain text, or not at all: options of menus, the content of fields, data of charts,
# alternative texts.
PLAIN = (
    "selectbox.options", "selectbox.raw_value", "multiselect.options", "multiselect.raw_values", "textinput.",
    "textarea.", "vegalitechart.", "arrowvegalitechart.", "imagelist.imgs.alt", "pagelink.query_string",
)  # fmt: skip
AS_TEXT = ("class_bars",)  # components whose scripts set what they are given as textContent, never as HTML


def strings(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a message with the names of the fields that lead to it."""
    for field, value in message.ListFields():
        place = f"{path}.{field.name}" if path else field.name
        for one in value if field.is_repeated else (value,):
            if isinstance(one, Message):
                yield from strings(one, place)
            elif isinstance(one, str):
                yield place, one


def wrong(app: AppTest) -> list[str]:
    """Return the fields of a page that a browser reads as Markdown or HTML, and that hold a text as others wrote it.

    A text that was escaped twice is wrong as well: its backslashes would be read.
    """
    found = set()
    for element in app._tree:
        proto = getattr(element, "proto", None)
        if isinstance(proto, Message) and getattr(proto, "component_name", "") not in AS_TEXT:
            for field, value in strings(proto, type(proto).__name__.lower()):
                is_html = field.startswith(("html.", "bidicomponent."))
                bad = TAG in value if is_html else MARK in value or TWICE in value
                if bad and not field.startswith(PLAIN):
                    found.add(f"{field}: {value[:300]}")
    return sorted(found)


@pytest.mark.parametrize("page", MENU)
def test_no_text_of_others_is_read_as_markdown(page: str, runs: Path) -> None:
    queries = every_kind(runs)
    for name in (name for name in (*queries, *MENU) if name.strip() == page):
        app = visit(page, **parse_qs(queries.get(name, "")))
        assert not app.exception
        assert not wrong(app), "\n".join(wrong(app))
