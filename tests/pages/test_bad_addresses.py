"""Hostile addresses: whatever stands under whatever key, a page shows its default and says so in a sentence."""

import re
from collections.abc import Callable

import pytest
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy

from tests.pages.app import REPOSITORY, as_read, errors, visit
from ui.frame import UNEXPECTED
from ui.menu import MENU

HOSTILE: tuple[str | list[str], ...] = (
    "nobody-knows-this",
    "",
    ["a", "b"],
    "x" * 10_000,
    "\x00\x07\x1b[31m\u202e",
    "../../../etc/passwd",
    "9" * 400,
    "nan",
    "-1",
    "1e309",
    "![x](https://example.org/a.png) <script>alert(1)</script>",
)
# Keys under which a page finds what all others are about: with a bad one of these, the others may not be read at all.
SUBJECTS = {"run", "net", "dataset"}
_IN_SOURCE = (
    r'(?:address\.\w+|query_params\.(?:get|get_all|pop)|uploads\.\w+)\(\s*"(\w+)"',
    r'key="(\w+)",\s*bind="query-params"',
)


def keys(page: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys that a page reads from the address: those of one visit, and those in its source."""
    read: set[str] = set()

    def recorded(method: Callable) -> Callable:
        def call(self: QueryParamsProxy, key: str) -> object:
            read.add(key)
            return method(self, key)

        return call

    with monkeypatch.context() as patch:
        for name in ("__getitem__", "get_all"):
            patch.setattr(QueryParamsProxy, name, recorded(getattr(QueryParamsProxy, name)))
        visit(page)
    for file in (REPOSITORY / "pages" / page).glob("*.py"):
        source = file.read_text("utf-8")
        read.update(key for pattern in _IN_SOURCE for key in re.findall(pattern, source))
    return sorted(read - {"hide"})


@pytest.mark.parametrize("page", MENU)
def test_a_hostile_address_gives_the_default_and_a_sentence(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    every = keys(page, monkeypatch)
    faults = set()
    for some in ([key for key in every if key not in SUBJECTS], [key for key in every if key in SUBJECTS]):
        for turn in range(len(HOSTILE) if some else 0):  # each key meets each value in one of the visits
            query = {key: HOSTILE[(turn + place) % len(HOSTILE)] for place, key in enumerate(some)}
            asked = ", ".join(f"{key}={repr(value)[:40]}" for key, value in query.items())
            faults |= {f"{fault[:400]}\n    at {asked}" for fault in wrong_at(page, query)}
    assert not faults, "\n".join(sorted(faults))


def wrong_at(page: str, query: dict[str, str | list[str]]) -> list[str]:
    """Return what is wrong with the page at an address."""
    app = visit(page, **query)
    values = sum(len(value) if isinstance(value, list) else 1 for value in query.values())
    notes = [caption.value for caption in app.caption if caption.value.startswith(":material/info: ")]
    said = [*errors(app), *map(as_read, notes)]
    return [
        *(f"{one.message}: {''.join(one.stack_trace)}" for one in app.exception),
        *(f"red: {error}" for error in errors(app)),
        *(f"unexpected error {sentence}" for sentence in said if sentence == UNEXPECTED),
        *(f"{len(sentence)} characters" for sentence in said if len(sentence) > 600),
        *([f"{len(said)} sentences: {said}"] if len(said) > values else []),
        *(["no title"] if not app.title else []),
    ]
