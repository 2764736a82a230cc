"""Three pages by keyboard alone: every stop is seen, and what has the focus does what a click would do."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.runs.run import Run, list_runs
from tests.e2e.conftest import card, shows
from tests.e2e.views import in_address, settle, steady

pytestmark = pytest.mark.e2e
MOST_STOPS = 120
_ACTIVE = """
() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}
"""
# Something about the element, or around or in it, looks different while it has the focus.
_SHOWS_FOCUS = f"""
async () => {{
  const active = ({_ACTIVE})();
  const near = [active, ...active.querySelectorAll('*')].slice(0, 20);
  for (let up = active.parentElement, i = 0; up && i < 5; up = up.parentElement, i += 1) near.push(up);
  const names = ['outline', 'boxShadow', 'borderColor', 'backgroundColor', 'stroke', 'color'];
  const styleOf = each => {{ const style = getComputedStyle(each); return names.map(name => style[name]).join(); }};
  const look = () => near.map(styleOf).join();
  const frame = () => new Promise(requestAnimationFrame);
  const rest = async () => {{  // colours change gradually
    await frame();
    await frame();
    const moving = document.getAnimations().filter(each => each instanceof CSSTransition);
    await Promise.allSettled(moving.map(each => each.finished));
  }};
  await rest();
  const withFocus = look();
  active.blur();
  await rest();
  const without = look();
  active.focus();
  return withFocus !== without;
}}
"""


def has_focus(target: Locator) -> bool:
    """Return whether the element, or one inside it, has the focus."""
    if not target.count():
        return False
    inside = f"element => {{ const active = ({_ACTIVE})(); return element === active || element.contains(active); }}"
    return target.first.evaluate(inside)


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab, or Shift+Tab, until `target` has the focus, which can be seen there."""
    expect(target.first).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if has_focus(target):
            assert page.evaluate(_SHOWS_FOCUS), f"The focus on {target} cannot be seen."
            assert has_focus(target)
            return
    pytest.fail(f"{MOST_STOPS} presses of {key} did not lead to {target}.")


def choose(page: Page, label: str, words: str) -> None:
    """Go to a select box, and choose the option of these words by typing them."""
    tab_to(page, page.get_by_role("combobox", name=label))
    page.keyboard.type(words)
    expect(page.get_by_role("option", name=words).first).to_be_visible()
    page.keyboard.press("Enter")


def test_the_first_page_by_keyboard(page: Page, server: str):
    page.goto(server)
    settle(page)
    tab_to(page, page.get_by_role("img", name=re.compile("Draw a digit here")))
    for key, times in (("ArrowUp", 9), ("Space", 1), ("ArrowDown", 18), ("Space", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(page.get_by_role("heading", name=re.compile("^The net reads 1, "))).to_be_visible()
    in_address(page, "drawn")
    before = steady(page).pictures
    tab_to(page, page.get_by_role("slider"))
    page.keyboard.press("ArrowRight")
    in_address(page, "blend")
    assert steady(page).pictures != before


def test_a_picture_is_explained_by_keyboard(page: Page, server: str):
    page.goto(f"{server}/explain")
    settle(page)
    before = steady(page)
    choose(page, "Net", "ResNet-20 on CIFAR-10")
    in_address(page, "net", "resnet20_cifar10")
    choose(page, "Sample", "coffee")
    in_address(page, "sample", "coffee")
    shown = steady(page)
    assert shown.pictures != before.pictures and shown.words != before.words
    tab_to(page, page.get_by_role("slider", name="Box threshold"))
    page.keyboard.press("ArrowRight")
    in_address(page, "threshold")
    assert steady(page).pictures != shown.pictures


def test_a_net_is_trained_and_stopped_by_keyboard(page: Page, address: str):
    page.goto(f"{address}/train")
    settle(page)
    tab_to(page, page.locator("summary").filter(has_text="More"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("spinbutton", name="Epochs"))
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    in_address(page, "epochs", "50")
    tab_to(page, page.locator(".st-key-controls").get_by_role("button", name="Train", exact=True), "Shift+Tab")
    page.keyboard.press("Enter")
    shows(page, "Running")
    (run,) = [run for run in list_runs() if isinstance(run, Run)]
    assert f"run={run.id}" in page.url and run.settings["recipe"]["epochs"] == 50
    stop = card(page).get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    tab_to(page, stop, "Shift+Tab")
    page.keyboard.press("Enter")
    shows(page, "Stopped")
    assert not Run.open(run.id).status().alive
