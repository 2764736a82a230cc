"""Times and names as text for a page."""


def duration(seconds: float) -> str:
    """A time that is only known about, in words."""
    for length, word in ((86_400, "days"), (3600, "hours"), (60, "min")):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {word}"
    return "a minute"


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def escape_markdown(text: str) -> str:
    """A name as it stands, without the markdown that it may contain."""
    return "".join(f"\\{char}" if char in "\\`*_[]{}()#+-!|~:$<>" else char for char in text)
