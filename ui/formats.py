"""Times and names as text for a page."""


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
    """Return a name in which no character is read as markdown."""
    return "".join(f"\\{char}" if char in "\\`*_[]{}()#+-!|~:$<>" else char for char in text)
