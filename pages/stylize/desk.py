"""The desk: one large picture that follows the sliders while they move, by components of our own.

The canvas requests its pictures from `pages.stylize.live`; this script only says what is on the desk.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import streamlit as st

from core import images, uploads
from core.errors import UserError
from core.style import painter
from core.style.paint_settings import PaintRecord, record_in
from core.uploads import Upload
from pages.stylize import mix
from pages.stylize.blend import Style
from pages.stylize.mix import Mix
from pages.stylize.photograph import UPLOAD, Photograph, loaded
from ui import frame
from web import address, hide
from web.visitor import visitor

CANVAS, CONTROLS, SHELF = "desk canvas", "desk controls", "desk shelf"
MOST_VISITED = 12  # paintings in the history of a visit
SETTINGS = ("net", "sample", UPLOAD, "side", *mix.KEYS)  # in the address of a painting of the history
LIKE = "Its styles and settings are used; the photograph on the desk stays."
BROKEN = "The picture did not arrive whole: drop it again."
_VISIT, _SAID, _TAKEN = "paintings of this visit", "what the desk has to say", "pictures that the desk took"


def _component(part: str) -> Callable[..., Any]:
    """Return the component whose files are named as `part`."""
    files = {kind: Path(__file__).with_name(f"{part}.{kind}").read_text("utf-8") for kind in ("html", "css", "js")}
    return st.components.v2.component(f"desk_{part}", **files)


_canvas, _controls, _shelf = map(_component, ("canvas", "controls", "shelf"))


@dataclass(frozen=True)
class Desk:
    """What is on the desk: a net, its styles, the mix, and how often that came from the address."""

    net: str
    styles: Sequence[Style]
    mix: Mix
    loads: int

    @property
    def names(self) -> list[str]:
        """The names of the styles."""
        return [style["name"] for style in self.styles]


def controls(net: str, styles: Sequence[Style]) -> Desk:
    """Draw the sliders and return the desk that they, or the address, set."""
    now, loads = mix.of_address(styles)
    desk = Desk(net, styles, now, loads)
    _controls(
        key=CONTROLS,
        data={
            "net": net,
            "styles": [dict(style) for style in styles],
            "mix": now.as_data(),
            "loads": loads,
            "presets": presets(desk.names),
            "hidden": sorted(hide.hidden()),
        },
        on_mix_change=lambda: mix.receive(_message(CONTROLS, "mix"), desk.names),
        height="content",
    )
    return desk


def show(desk: Desk, subject: Photograph, side: int, places: frame.Layout) -> None:
    """Draw the canvas with a photograph, and below it the download, the course between two styles and the history."""
    if said := st.session_state.pop(_SAID, None):
        address.note(said)
    whole = loaded(subject)
    photo = {"key": "sample", "value": subject.name, "name": subject.name}
    if subject.upload is not None:
        photo |= {"key": UPLOAD, "value": subject.upload.id}
    takes = hide.is_shown("upload")
    with places.result:
        _canvas(
            key=CANVAS,
            data={
                "net": desk.net,
                "mix": desk.mix.as_data(),
                "photo": photo,
                "side": side,
                "takes": takes,
                "number": st.session_state.get(_TAKEN, 0),
            },
            on_picture_change=lambda: _take_picture(desk.names) if takes else None,
            height="content",
        )
    with places.details:
        _shelf(
            key=SHELF,
            data={
                "net": desk.net,
                "styles": [{"name": style["name"], "title": style["title"]} for style in desk.styles],
                "photo": photo,
                "size": f"{whole.width} x {whole.height} px",
                "visit": _visited(desk, photo),
                "hidden": sorted(hide.hidden()),
            },
            on_opened_change=lambda: _reopen(_message(SHELF, "opened")),
            height="content",
        )


def offer_record(upload: Upload | None, names: Sequence[str]) -> None:
    """Draw a button that takes over the styles of an uploaded painting; nothing for another picture."""
    record = None if upload is None else _record(upload.digest, upload)
    if record is not None:
        st.button(
            "Use the styles of this painting",
            icon=":material/palette:",
            width="stretch",
            help="The picture was painted here, and carries its styles and settings.",
            on_click=_attempt,
            args=(lambda: mix.take_over(record, names),),
        )


def presets(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the ready-made blends whose styles all are among `names`, as the browser takes them."""
    return [row for row in _PRESETS if set(row["mix"]["styles"]) <= set(names)]


def _visited(desk: Desk, photo: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the paintings of this visit as links, the newest first; the one on the desk is among them."""
    now = {key: st.query_params.get_all(key) for key in SETTINGS if key in st.query_params}
    data = desk.mix.as_data()
    weights = ",".join(f"{name}:{weight:g}" for name, weight in data["styles"].items())
    settings = {key: data[key] for key in ("strength", "stroke")} | {"colours": str(data["colours"]).lower()}
    titles = {style["name"]: style["title"] for style in desk.styles}
    shares = painter.shares(desk.mix.blend) if any(desk.mix.blend.values()) else {}
    row = {
        "href": f"?{urlencode(now, doseq=True)}",
        "query": urlencode({photo["key"]: photo["value"], "net": desk.net, "styles": weights, **settings}),
        "label": ", ".join(f"{share:.0%} {titles[name]}" for name, share in shares.items()),
    }
    visited = [each for each in st.session_state.get(_VISIT, []) if each["href"] != row["href"]]
    st.session_state[_VISIT] = ([row] if shares else []) + visited[: MOST_VISITED - 1]
    return st.session_state[_VISIT]


def _reopen(href: object) -> None:
    """Let the address be that of a painting of this visit."""
    if href not in [row["href"] for row in st.session_state.get(_VISIT, [])]:
        return
    values = parse_qs(str(href).removeprefix("?"))
    for key in SETTINGS:
        if st.query_params.get_all(key) != values.get(key, []):
            address.put(key, values.get(key), follow=True)


def _take_picture(names: Sequence[str]) -> None:
    """Keep a picture that was dropped or pasted; of one that was painted here, take over the styles instead."""
    st.session_state[_TAKEN] = st.session_state.get(_TAKEN, 0) + 1
    message = _message(CANVAS, "picture")
    _attempt(lambda: take_in(message, names))


def take_in(message: object, names: Sequence[str]) -> None:
    """Put a picture on the desk: `message` has its `name`, and `data` in base64. Raises UserError for an unusable one.

    The settings of a picture that was painted here are taken over instead, and the photograph stays.
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("data"), str):
        raise UserError(BROKEN)
    try:
        data = base64.b64decode(message["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(BROKEN) from error
    images.decode(data)
    record = _read_record(data)
    if record is not None:
        mix.take_over(record, names)
        st.session_state[_SAID] = f"This picture was painted here. {LIKE}"
        return
    address.put(UPLOAD, uploads.keep(data, str(message.get("name") or "picture"), visitor()).id, follow=True)


def _attempt(work: Callable[[], None]) -> None:
    """Do what a visitor ordered; a UserError is said beside the picture."""
    try:
        work()
    except UserError as error:
        st.session_state[_SAID] = str(error)


def _read_record(data: bytes) -> PaintRecord | None:
    """Return how a picture was painted; None where it does not say."""
    try:
        return record_in(images.description(data))
    except UserError:
        return None


@lru_cache(maxsize=64)
def _record(digest: str, upload: Upload) -> PaintRecord | None:
    try:
        return _read_record(upload.read())
    except UserError:
        return None


def _message(key: str, name: str) -> object:
    """Return what a component sent under a name."""
    return (st.session_state.get(key) or {}).get(name)


def _preset(title: str, styles: dict[str, float], strength: float = 1.0, stroke: float = 0.0) -> dict[str, Any]:
    return {"title": title, "mix": {"styles": styles, "strength": strength, "stroke": stroke, "colours": False}}


_PRESETS = (
    _preset("Figure 5.12: night and scream", {"vangogh_starry_night": 0.5, "munch_scream": 0.5}),
    _preset("Wave under stars", {"hokusai_great_wave": 0.65, "vangogh_starry_night": 0.35}),
    _preset("Soft water lilies", {"monet_water_lilies": 1.0}, 0.5),
    _preset("Spring, in dots", {"seurat_grande_jatte_spring": 1.0}),
    _preset("Broad strokes of Composition VII", {"kandinsky_composition_vii": 1.0}, 1.0, 1.0),
    _preset("Two cubists", {"leger_contrast_of_forms": 0.5, "picabia_udnie": 0.5}, 0.9, 0.5),
)
