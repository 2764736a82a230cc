"""Names of data sets as text: `mnist`, `toybox?side=64`, `folder:/home/me/pictures?side=64&seed=0`.

A name identifies a data set in settings, addresses of pages and run folders, so it holds its options and, for the
user's own pictures, their path.
"""

import re
from dataclasses import dataclass

from core.errors import UserError

_OPTIONS = re.compile(r"\w+=[^&=]*(?:&\w+=[^&=]*)*")


@dataclass(frozen=True)
class Name:
    """A name in its parts: kind[:path][?option=value&option=value]."""

    kind: str
    path: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        path = f":{self.path}" if self.path else ""
        options = "&".join(f"{key}={value}" for key, value in self.options)
        return self.kind + path + (f"?{options}" if options else "")


def parse(text: str) -> Name:
    """Return the parts of a name. Text after its last question mark that is not options is part of the path.

    Kinds may be written with hyphens ("fashion-mnist").
    """
    head, mark, tail = text.rpartition("?")
    if not mark or not _OPTIONS.fullmatch(tail):
        head, tail = text, ""
    kind, _, path = head.partition(":")
    pairs = (option.partition("=") for option in tail.split("&") if option)
    return Name(kind.replace("-", "_"), path, tuple((key, value) for key, _, value in pairs))


def whole_numbers(name: Name, defaults: dict[str, int], limits: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Return the options of a name as numbers, `defaults` for those left out.

    Raises UserError for an option that is not in `defaults`, one that is no whole number, and one outside its
    `limits`.
    """
    values = dict(defaults)
    for key, text in name.options:
        if key not in defaults:
            options = ", ".join(defaults) if defaults else "none"
            raise UserError(f'The data set "{name.kind}" has no option "{key}": its options are {options}.')
        low, high = limits[key]
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise UserError(f'The option {key} of "{name.kind}" is "{text}": give a whole number from {low} to {high}.')
        values[key] = int(text)
    return values
