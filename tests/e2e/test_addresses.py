"""Addresses of pages in a browser: those that a page had before lead to it, with their query."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import top_menu
from ui.menu import MENU, OLD_ADDRESSES

pytestmark = pytest.mark.e2e


def test_old_addresses_lead_to_the_new_ones_with_their_query(page: Page, address: str):
    for old, new in OLD_ADDRESSES.items():
        page.goto(f"{address}/{old}?run=gone")
        page.wait_for_url(re.compile(rf"/{new}\?.*run=gone"))
        expect(page.get_by_role("heading", name=MENU[new].title, level=1)).to_be_visible()
        expect(page.get_by_text("There is no run named gone")).to_be_visible()
        assert sorted(top_menu.titles(page)) == sorted(entry.title for entry in MENU.values())


def test_a_page_knows_where_its_server_is(page: Page, address: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/data")
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()
    assert not [url for url in asked if url.startswith(f"{address}/data/")]  # Streamlit alone tries that first
