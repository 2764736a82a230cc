"""The screen speaks the field's words: each page is visited, and every label, option, help text and caption read."""

from collections.abc import Iterator, Sequence

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from core.datasets import classes
from tests.pages.app import visit
from tests.pages.test_words import offences
from ui.menu import MENU


def texts_of(message: Message) -> Iterator[str]:
    """Yield every string of a protocol buffer message, however deep."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in value if isinstance(value, Sequence) else (value,):
                if isinstance(part, Message):
                    yield from texts_of(part)
        elif field.type == FieldDescriptor.TYPE_STRING and field.name != "id":
            yield from (value,) if isinstance(value, str) else value


def shown(app: AppTest) -> list[str]:
    """Return every label, option, help text and caption of a page, and the titles in its charts."""
    elements = [*app.main, *app.sidebar]
    return [text for element in elements if element.proto is not None for text in texts_of(element.proto)]


# A page and the query that brings it into a state worth reading.
STATES: tuple[tuple[str, dict[str, str]], ...] = (
    ("home", {}),
    ("data", {}),
    ("data", {"dataset": "toybox"}),
    ("architectures", {}),
    ("architectures", {"view": "tables"}),
    ("architectures", {"net": "densenet_40_12", "depth": "22"}),
    ("train", {}),
    ("train", {"figure": "4.5"}),
    ("transfer", {}),
    ("runs", {}),
    ("explain", {}),
    ("explain", {"net": "resnet20_cifar10"}),
    ("explain", {"from": "Test image"}),
    ("explain", {"from": "Draw a digit"}),
    ("teach", {}),
    ("localise", {}),
    ("mistakes", {}),
    ("mistakes", {"image": "first"}),
    ("stylize", {}),
    ("optimise", {}),
    ("train_style", {}),
)


@pytest.mark.parametrize(("page", "query"), STATES, ids=lambda value: value if isinstance(value, str) else str(value))
def test_no_old_phrase_is_shown(page: str, query: dict[str, str]) -> None:
    app = visit(page, **query)
    assert not app.exception
    texts = [text for text in shown(app) if text not in classes.imagenet()]  # one of its classes is "car mirror"
    assert len(texts) > 12  # the page was drawn
    wrong = [f"{text!r}: {offence}" for text in texts for offence in offences(text)]
    assert not wrong, "\n".join(wrong)


def test_every_page_is_visited() -> None:
    assert {page for page, _ in STATES} == set(MENU)
