"""The menu: every page has a title and a file, and an old address leads to the page that replaced it."""

import pytest

from tests.pages.app import texts, visit
from ui.menu import MENU, OLD_ADDRESSES, PAGE_LIST


def test_every_page_has_a_script_and_a_summary():
    assert all(page.file.is_file() and page.summary and page.claim for page in PAGE_LIST)


@pytest.mark.parametrize(("old", "new"), OLD_ADDRESSES.items())
def test_an_old_address_leads_to_the_page_with_its_query(old: str, new: str):
    app = visit(old, run="gone", several=["one", "other"])
    assert not app.exception
    assert app.title[0].value == MENU[new].title
    assert "There is no run named gone" in texts(app)
    assert app.query_params["several"] == ["one", "other"]
