"""The app without a browser: a page opened by its name, as a visit to its address would."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, Selectbox
from streamlit.util import calc_hash

from web import address

REPOSITORY = Path(__file__).resolve().parents[2]


def visit(page: str, /, **query: str) -> AppTest:
    """Return the page `page` ("train") after one run of its script, opened with this query."""
    app = AppTest.from_file(REPOSITORY / "ui" / "navigation.py", default_timeout=200)
    app._page_hash = calc_hash(page)  # switch_page knows no `url_path` before a first run
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def in_link(app: AppTest, key: str) -> str:
    """Return the one value that a copied link of the page has under `key`."""
    value = app.query_params.get(key) or app.session_state[address.DEFAULTS][key]
    return value[0] if isinstance(value, list) else value


def texts(app: AppTest) -> str:
    """Return everything a visitor reads outside of widgets."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.error, app.metric)
    return "\n".join(as_read(f"{getattr(element, 'label', '')} {element.value}") for kind in kinds for element in kind)


def as_read(markdown: str) -> str:
    """Return the text that a browser shows for escaped Markdown: without backslashes and joiners."""
    return re.sub(r"\\([!-/:-@[-`{-~])", r"\1", markdown).replace("\N{WORD JOINER}", "")


def errors(app: AppTest) -> list[str]:
    """Return the errors that a page shows, as a visitor reads them."""
    return [as_read(error.value) for error in app.error]


def button(app: AppTest, label: str) -> Button:
    """Return the first button with this label."""
    return next(button for button in app.button if button.label == label)


def trainings(app: AppTest, kind: str) -> list:
    """Return the elements of a kind ("progress", "page_link") behind the button of trainings in the head."""
    heads = [block for block in app.get("popover") if block.proto.popover.icon == ":material/model_training:"]
    return [element for block in heads for element in block.get(kind)]


def type_into(box: Selectbox, text: str) -> AppTest:
    """Return the app after a text that is no option was typed into a select box that takes any."""
    assert box.proto.accept_new_options
    box.options.append(box.format_func(text))
    return box.set_value(text).run()
