"""Maps side by side: each with its raw range, its box and its remarks, over one legend, and as files to download."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.explain import boxes, cam, view
from core.explain.view import View
from core.images import Picture, encode
from ui import map_legend
from ui.map_legend import Scale

COLUMNS = {1: 2, 2: 3, 3: 2, 4: 3, 5: 3}  # of the picture and so many maps
NARROWEST = 220  # px of a panel, before the next goes below it


@dataclass(frozen=True)
class Look:
    """How maps are drawn: the box's `threshold` and `rule`, the `opacity` of the colours 0 to 1, `signed` or positive.

    With `each_alone` the colours of every map span its own range; otherwise one raw range spans them all.
    """

    threshold: float = boxes.THRESHOLD
    rule: str = "all"
    opacity: float = 0.6
    signed: bool = False
    each_alone: bool = False


@dataclass(frozen=True)
class Panel:
    """One map of a view: that at `position`, of the class `name`. `title` says what sets it apart from the others."""

    view: View
    position: int
    name: str
    title: str = ""

    def describe(self, look: Look) -> str:
        """Return method, class, raw range and box in one sentence."""
        evidence = self.view.evidence(self.position)
        return f"{self.view.method} of {self.name}: evidence {evidence}; {self._describe_box(look)}"

    def heat(self, look: Look, scale: Scale) -> Picture:
        """Return the picture under its map, the colours spanning the raw range `scale`."""
        return self.view.heat(
            self.position, alpha=look.opacity, threshold=look.threshold, by=look.rule, signed=look.signed, scale=scale
        )

    def raw(self) -> bytes:
        """Return the map as the bytes of a .npy file, float32 (h, w), signed and unscaled."""
        stream = io.BytesIO()
        np.save(stream, self.view.maps[self.position].detach().numpy().astype(np.float32))
        return stream.getvalue()

    def _describe_box(self, look: Look) -> str:
        box = self.view.box(self.position, look.threshold, look.rule)
        if box is None:
            return "no box: no evidence for the class"
        x0, y0, x1, y1 = box
        height, width = self.view.picture.shape[:2]
        return f"box {x1 - x0} x {y1 - y0} of {width} x {height} px, its corner at ({x0}, {y0})"


def scales(panels: Sequence[Panel], look: Look) -> list[Scale]:
    """Return the raw range that the colours of each panel span."""
    if look.each_alone:
        return [cam.scale(panel.view.maps[panel.position], signed=look.signed) for panel in panels]
    return [view.common_scale([panel.view for panel in panels], signed=look.signed)] * len(panels)


def show(panels: Sequence[Panel], look: Look, caption: str, stem: str) -> None:
    """Draw the picture alone, with its `caption`, and every map over it; names of files begin with `stem`."""
    ranges = scales(panels, look)
    with st.grid(COLUMNS[len(panels)], min_column_width=NARROWEST, gap="medium"):
        with st.container(gap="xsmall"):
            if len(panels) > 1:
                st.markdown("**The picture**")
            shown = panels[0].view.shown()
            st.image(encode(shown, quality=92), width="stretch", alt="Network input")
            st.caption(caption)
            _download("Picture", lambda: encode(shown, "PNG"), f"{stem}.png", "The network input, as PNG.")
        for panel, scale in zip(panels, ranges, strict=True):
            with st.container(gap="xsmall"):
                _draw(panel, look, scale, stem)
    map_legend.draw(ranges[0], signed=look.signed, each_alone=look.each_alone and len(panels) > 1)


def _draw(panel: Panel, look: Look, scale: Scale, stem: str) -> None:
    if panel.title:
        st.markdown(f"**{panel.title}**")
    words, heat = panel.describe(look), panel.heat(look, scale)
    st.image(encode(heat, quality=92), width="stretch", alt=words)
    st.caption(words)
    for remark in panel.view.remarks(panel.position):
        st.caption(f":material/info: {remark}")
    name = "-".join((stem, plain_name(panel.title or panel.name), plain_name(panel.view.method)))
    rows, columns = panel.view.maps.shape[-2:]
    with st.container(horizontal=True, gap="small"):
        _download("Map", panel.raw, f"{name}.npy", f"The raw map, signed, {columns} x {rows}, as a NumPy array.")
        _download("Overlay", lambda: encode(heat, "PNG"), f"{name}.png", "The map over the picture, as PNG.")


def plain_name(text: str) -> str:
    """Return the text as a part of a file's name."""
    return re.sub(r"[^a-z0-9+]+", "-", text.lower()).strip("-") or "map"


def _download(label: str, data: Callable[[], bytes], name: str, help: str) -> None:
    """Draw a download button for a file that is made at the click."""
    st.download_button(
        label,
        data,
        name,
        "application/octet-stream" if name.endswith(".npy") else "image/png",
        key=f"download {name}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help=help,
    )
