"""Who is visiting: a random id in a cookie that `web.server` sets, so that uploads have an owner."""

import re
import secrets

import streamlit as st

COOKIE = "atelier_visitor"
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_SESSION = "visitor without a cookie"


def new_id() -> str:
    """Return a random id of 128 bits."""
    return secrets.token_urlsafe(16)


def is_id(text: str | None) -> bool:
    """Return whether `text` has the form of a visitor's id."""
    return bool(text and _ID.fullmatch(text))


def visitor() -> str:
    """Return the id of the visitor; where the browser takes no cookies, one that lasts as long as the tab."""
    cookie = st.context.cookies.get(COOKIE)
    if isinstance(cookie, str) and is_id(cookie):
        return cookie
    return st.session_state.setdefault(_SESSION, new_id())
