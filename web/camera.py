"""A picture taken with the visitor's camera: drawn only where it was asked for, and a sentence where there is none.

Browsers give a camera to pages of secure contexts alone: those that came by HTTPS, or from the same computer.
"""

from collections.abc import Callable
from io import BytesIO
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import images, uploads
from core.errors import UserError
from web import address
from web.formats import escape_markdown
from web.visitor import visitor

FILE = "camera.jpg"  # the name of a picture that was taken
RESOLUTION: Final = "720p"  # of a picture; without it the width of the field would be that of the picture
NOT_SECURE = (
    "A camera needs HTTPS or localhost: the browser gives none to a page that came over plain HTTP from another "
    "computer. Open the page by https:// or as localhost, or upload a photograph."
)
_REFUSED = (
    "The browser gives this page no camera: allow it with the icon beside the address and reload the page, or "
    "upload a photograph."
)
_ABSENT = "No camera was found on this computer: connect one and reload, or upload a photograph."
_FAULT, _ROUND, _OPEN = "why a picture of the camera failed", "round of the camera", "camera is open"
_JS = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector("p"), media = navigator.mediaDevices;
  const say = text => { place.textContent = text; place.hidden = !text; };
  const look = async permission => {
    if (!isSecureContext || !media?.getUserMedia) return say(data.not_secure);
    if (permission?.state === "denied") return say(data.refused);
    const devices = await media.enumerateDevices();
    say(devices.some(one => one.kind === "videoinput") ? "" : data.absent);
  };
  const ask = navigator.permissions?.query({ name: "camera" }) ?? Promise.resolve();
  ask.catch(() => undefined).then(permission => {
    if (permission) permission.onchange = () => look(permission);
    look(permission);
  });
}
"""
_CSS = "p { margin: 0; font: inherit; font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }"
_notice = st.components.v2.component("camera_notice", html='<p role="status" hidden></p>', css=_CSS, js=_JS)


def fault() -> str:
    """Return the sentence for a page that is in no secure context, by its address; nothing for one that is."""
    url = urlsplit(st.context.url or "")
    host = url.hostname or ""
    if not host or url.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return ""
    try:
        return "" if ip_address(host).is_loopback else NOT_SECURE
    except ValueError:
        return NOT_SECURE


def take(key: str, label: str, on_taken: Callable[[UploadedFile], None]) -> None:
    """Draw the camera, or why there is none, and call `on_taken` with each picture that is taken.

    The sentence of a UserError that it raises is drawn below. After each picture the camera is ready for another.
    """
    if reason := fault():
        st.caption(f":material/info: {reason}")
        return
    turn = st.session_state.get(f"{_ROUND} {key}", 0)
    widget = f"camera of {key}, {turn}"

    def taken() -> None:
        file = st.session_state.get(widget)
        if file is None:
            return
        st.session_state[f"{_ROUND} {key}"] = turn + 1
        try:
            on_taken(file)
        except UserError as error:
            st.session_state[f"{_FAULT} {key}"] = str(error)

    st.camera_input(label, key=widget, on_change=taken, resolution=RESOLUTION)
    sentences = {"not_secure": NOT_SECURE, "refused": _REFUSED, "absent": _ABSENT}
    _notice(key=f"camera notice of {key}", data=sentences, height="content")
    if reason := st.session_state.pop(f"{_FAULT} {key}", None):
        st.error(escape_markdown(reason), icon=":material/error:")


def upload(key: str, label: str = "Take a picture") -> None:
    """Draw a button that opens the camera; a picture that is taken becomes the upload that the address has under `key`.

    The camera is closed again once there is one, and by a second click.
    """
    opened = st.session_state.get(f"{_OPEN} {key}", False)

    def turn() -> None:
        st.session_state[f"{_OPEN} {key}"] = not opened

    def keep(file: UploadedFile) -> None:
        data = file.getvalue()
        images.decode(BytesIO(data))
        address.put(key, uploads.keep(data, FILE, visitor()).id)
        st.session_state[f"{_OPEN} {key}"] = False

    st.button(
        "Close the camera" if opened else label,
        key=f"turn the camera of {key}",
        icon=":material/videocam_off:" if opened else ":material/photo_camera:",
        width="stretch",
        on_click=turn,
    )
    if opened:
        take(key, label, keep)
