"""The canvas of the page: pictures with tags on them, some to be opened, and the confusion matrix, as one drawing.

It needs no chart library and no request for a picture, so that it stands as soon as the page does. Everything on it
that can be clicked can be reached by keyboard.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from core.images import Picture, encode

KEY = "mistakes on canvas"
SHARP_SIDE = 96  # px: smaller pictures are sent as they are and enlarged by the browser, pixel by pixel
QUALITY = 85
_CSS = """
.canvas { container-type: inline-size; font-family: var(--st-font); font-size: 0.8rem; color: var(--st-text-color); }
.both { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; align-items: start; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px;
     grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); }
.card { display: grid; gap: 2px; width: 100%; margin: 0; padding: 0; border: 0; border-radius: 6px; overflow: hidden;
        font: inherit; background: none; }
.across .card { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.one .card { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.one .card .tile:first-child { grid-column: span 2; }
button.card { cursor: pointer; }
button.card:hover, button.card:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.tile { position: relative; display: block; min-width: 0; }
.tile img { display: block; width: 100%; aspect-ratio: 1; border-radius: 3px; object-fit: contain;
            background: var(--st-secondary-background-color); }
.tile img.sharp { image-rendering: pixelated; }
.tag { position: absolute; left: 4px; bottom: 4px; max-width: calc(100% - 8px); box-sizing: border-box;
       padding: 1px 6px; border-radius: 4px; color: #FFFFFF; background: rgb(0 0 0 / 0.75); line-height: 1.35;
       text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.truth .tag { border-left: 4px solid #2BC49A; }
.prediction .tag { border-left: 4px solid #FF8A4C; }
.figure { display: grid; gap: 6px; grid-template-columns: repeat(4, minmax(0, 1fr)); }
.figure .large { grid-column: span 2; }
.alone { max-width: min(100%, calc(100vh - 11rem)); margin: 0 auto; }
svg { display: block; width: 100%; height: auto; font-family: var(--st-font); }
svg text { fill: var(--st-text-color); }
svg .right { fill: #009E73; fill: light-dark(#009E73, #2BC49A); }
svg .wrong { fill: #D55E00; fill: light-dark(#D55E00, #FF8A4C); }
svg .cell { cursor: pointer; }
svg .cell:focus-visible { outline: none; }
svg .edge { fill: none; stroke: transparent; stroke-width: 2.5; }
svg .cell:hover .edge, svg .chosen .edge { stroke: var(--st-text-color); }
svg .cell:focus-visible .edge { stroke: var(--st-primary-color); stroke-width: 3.5; }
p { margin: 6px 0 0; }
@container (max-width: 640px) {
  .both { grid-template-columns: minmax(0, 1fr); }
  .figure { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figure .large { grid-column: span 1; }
  .alone { max-width: 42vh; }
}
"""
_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".canvas");
  if (place.shown !== data.html) {
    const focused = place.getRootNode().activeElement?.dataset;  // what was used last keeps the keyboard
    const [kind] = ["cell", "open"].filter(kind => focused?.[kind]);
    place.shown = data.html;
    place.innerHTML = data.html;
    if (kind) place.querySelector(`[data-${kind}="${focused[kind]}"]`)?.focus({ preventScroll: true });
  }
  const act = target => {
    const picture = target.closest("[data-open]"), cell = target.closest("[data-cell]");
    if (picture) setTriggerValue("opened", picture.dataset.open);
    else if (cell) setTriggerValue("cell", cell.dataset.cell);
  };
  place.onclick = event => act(event.target);
  place.onkeydown = event => {
    if ((event.key === "Enter" || event.key === " ") && event.target.closest("[data-cell]")) {
      event.preventDefault();
      act(event.target);
    }
  };
}
"""
_canvas = st.components.v2.component("mistakes_canvas", html='<div class="canvas"></div>', css=_CSS, js=_JS)


@dataclass(frozen=True)
class Tile:
    """A picture by its data address, and the tag on it: a name in bold and more words.

    `role` is "truth", "prediction" or none, `large` one of twice the width.
    """

    source: str
    alt: str
    name: str = ""
    words: str = ""
    role: str = ""
    large: bool = False

    @property
    def html(self) -> str:
        """The picture and its tag as HTML."""
        sharp = ' class="sharp"' if self.source.startswith("data:image/png") else ""
        name = f"<b>{escape(self.name)}</b> " if self.name else ""
        tag = f'<span class="tag">{name}{escape(self.words)}</span>' if self.name or self.words else ""
        classes = " ".join(filter(None, ("tile", self.role, "large" if self.large else "")))
        return f'<span class="{classes}"><img{sharp} src="{self.source}" alt="{escape(self.alt)}">{tag}</span>'


def source(picture: Picture) -> str:
    """Return a picture as a data address: a small one as it is, a larger one as JPEG."""
    format = "PNG" if max(picture.shape) <= SHARP_SIDE else "JPEG"
    return f"data:image/{format.lower()};base64,{base64.b64encode(encode(picture, format, QUALITY)).decode()}"


def show(html: str, on_opened: Callable[[int], None], on_cell: Callable[[int, int], None]) -> None:
    """Draw the HTML. A click on what has `data-open` or `data-cell` calls one of the functions with what that says."""

    def opened() -> None:
        on_opened(int(_state()["opened"]))

    def cell() -> None:
        truth, predicted = _state()["cell"].split(",")
        on_cell(int(truth), int(predicted))

    _canvas(key=KEY, data={"html": html}, on_opened_change=opened, on_cell_change=cell, height="content")


def _state() -> dict[str, Any]:
    state: dict[str, Any] = st.session_state[KEY]
    return state
