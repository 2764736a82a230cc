"""Times as text for a page, and the text of others: names, messages and addresses that Markdown must not read."""

import re
import unicodedata

# Streamlit replaces these in the text that is left when Markdown has been read, where no backslash stands any more:
# icons and emoji (":cat:"), addresses that become links, and arrows and dashes between spaces.
_REPLACED = re.compile(
    r"""
    (?<=:)(?=[\w+/-]+:)                                     # :cat: and :material/pets:
    | (?<=://) | (?<=www)(?=\.) | (?<=@)(?=[\w-]+\.)         # https://..., www.... and a@b.c
    | (?<=(?<!\S)[-<>~])(?=->?(?!\S)|=(?!\S)|>(?!\S))       # <->, ->, <-, --, <=, >=, ~=
    """,
    re.VERBOSE | re.IGNORECASE,
)
_JOINER = "\N{WORD JOINER}"  # has no width: it only parts what would be replaced
_MARKS = frozenset("\\`*_[]{}()#+-!|~:$<>&")
# Characters that turn the direction of the text after them, also of what is not theirs.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def duration(seconds: float) -> str:
    """Return an approximate time in words."""
    for length, word in ((86_400, "days"), (3600, "hours"), (60, "min")):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {word}"
    return "a minute"


def clock(seconds: float) -> str:
    """Return seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def escape_markdown(text: str) -> str:
    """Return a text of others as Markdown that shows it letter by letter, on one line.

    No part of it becomes a link, a picture, a formula, an icon or a colour. Line breaks and control characters become
    spaces, characters that change the direction of writing are left out, and what no encoding has becomes "\ufffd".
    """
    parted = _REPLACED.sub(_JOINER, on_one_line(text))
    escaped = "".join(f"\\{letter}" if letter in _MARKS else letter for letter in parted)
    return re.sub(r"^(\d+)\.", r"\1\\.", escaped)  # a number and a dot would begin a list


def on_one_line(text: str) -> str:
    """Return a text of others without line breaks, control characters, changes of direction and broken letters."""
    return " ".join("".join(map(_plain, text)).split())


def _plain(letter: str) -> str:
    if letter in _DIRECTION:
        return ""
    kind = unicodedata.category(letter)
    return " " if kind in ("Cc", "Zl", "Zp") else "\N{REPLACEMENT CHARACTER}" if kind == "Cs" else letter
