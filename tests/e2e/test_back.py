"""Back in a browser: it takes back one step after the other, and then leads to the page before."""

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import top_menu
from tests.e2e.views import enter, press, seen, select, settle, slide, steady, unfold
from ui.menu import HOME, MENU

pytestmark = pytest.mark.e2e
Step = Callable[[Page], object]


def more_epochs(page: Page) -> None:
    unfold(page, "More")
    enter(page, "Epochs", "7", "epochs")


STEPS: dict[str, Sequence[Step]] = {
    "train": (
        lambda page: press(page, "BN-NiN on MNIST", "run", "bn_nin_mnist"),
        lambda page: select(page, "Net", "ResNet-20", "net"),
        more_epochs,
    ),
    "explain": (
        lambda page: select(page, "Sample", "coffee", "sample"),
        lambda page: slide(page, "Box threshold", 1, "threshold"),
    ),
}


def view(page: Page) -> tuple:
    """Return the address and what is shown at it; the words differ by how long something took."""
    now = steady(page)
    return page.url, now.pictures, now.marks, now.settings


@pytest.mark.parametrize("name", STEPS)
def test_back_undoes_each_step_and_leads_to_the_page_before(page: Page, server: str, name: str):
    page.goto(server)
    settle(page)
    top_menu.go(page, name)
    expect(page.get_by_role("heading", name=MENU[name].title, level=1)).to_be_visible()
    views = [view(page)]
    for step in STEPS[name]:
        step(page)
        views.append(view(page))
    assert len(set(views)) == len(views), "every step is to be seen"
    for before in reversed(views[:-1]):
        page.go_back(wait_until="commit")
        page.wait_for_url(before[0], wait_until="commit")
        assert view(page) == before
    page.go_forward(wait_until="commit")
    page.wait_for_url(views[1][0], wait_until="commit")
    assert view(page) == views[1]
    page.go_back(wait_until="commit")
    page.wait_for_url(views[0][0], wait_until="commit")
    settle(page)
    page.go_back(wait_until="commit")
    expect(page.get_by_role("heading", name=MENU[HOME].heading, level=1)).to_be_visible()
    settle(page)
    assert seen(page).pictures and page.url.rstrip("/") == server
