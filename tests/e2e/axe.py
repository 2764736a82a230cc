"""Accessibility of a page as axe-core finds it, Streamlit's own violations left out by name.

Serious and critical ones count, and of the lesser ones those in `LESSER`.
"""

import re
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Rule and a pattern of the element's HTML: what Streamlit draws itself and no setting of ours changes.
STREAMLIT: tuple[tuple[str, str], ...] = ()

LESSER = ("heading-order",)  # who hears a page finds the way by its headings


@dataclass(frozen=True)
class Violation:
    """One element that breaks a rule: the rule's name, its impact and the start of the element's HTML."""

    rule: str
    impact: str
    html: str

    def __str__(self) -> str:
        return f"{self.rule} ({self.impact}): {self.html}"


def violations(page: Page) -> list[Violation]:
    """Return the violations of the page as it stands."""
    found = [
        Violation(rule["id"], rule["impact"], node["html"][:300])
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical") or rule["id"] in LESSER
        for node in rule["nodes"]
    ]
    return [one for one in found if not any(one.rule == rule and re.search(html, one.html) for rule, html in STREAMLIT)]
