"""Maps side by side: each with its raw range, its box and its remarks, over one legend, and to take away as files."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.explain import boxes, cam, view
from core.explain.view import View
from core.images import Picture, encode

COLUMNS = {1: 2, 2: 3, 3: 2, 4: 3, 5: 3}  # of the picture and so many maps
NARROWEST = 220  # px of a panel, before the next goes below it
MINUS = "\N{MINUS SIGN}"

Scale = tuple[float, float]


@dataclass(frozen=True)
class Look:
    """How maps are shown: the box's `threshold` and `rule`, the colours' `strength` 0 to 1, `signed` or evidence alone.

    With `each_alone` the colours of every map span its own range; otherwise one raw range spans them all.
    """

    threshold: float = boxes.THRESHOLD
    rule: str = "all"
    strength: float = 0.6
    signed: bool = False
    each_alone: bool = False


@dataclass(frozen=True)
class Panel:
    """One map of a view: that at `position`, of the class `name`. `title` says what sets it apart from the others."""

    seen: View
    position: int
    name: str
    title: str = ""

    def words(self, look: Look) -> str:
        """Method, class, raw range and box in one sentence."""
        evidence = self.seen.evidence(self.position)
        return f"{self.seen.method} of {self.name}: evidence {evidence}; {self._box_in_words(look)}"

    def heat(self, look: Look, scale: Scale) -> Picture:
        """The picture under its map, the colours spanning `scale`."""
        return self.seen.heat(
            self.position, alpha=look.strength, threshold=look.threshold, by=look.rule, signed=look.signed, scale=scale
        )

    def raw(self) -> bytes:
        """The map as the file of a NumPy array, float32 (h, w), signed and unscaled."""
        stream = io.BytesIO()
        np.save(stream, self.seen.maps[self.position].detach().numpy().astype(np.float32))
        return stream.getvalue()

    def _box_in_words(self, look: Look) -> str:
        box = self.seen.box(self.position, look.threshold, look.rule)
        if box is None:
            return "no box, for nothing speaks for the class"
        x0, y0, x1, y1 = box
        height, width = self.seen.picture.shape[:2]
        return f"box {x1 - x0} x {y1 - y0} of {width} x {height} px, its corner at ({x0}, {y0})"


def scales(panels: Sequence[Panel], look: Look) -> list[Scale]:
    """The raw range that the colours of each panel span."""
    if look.each_alone:
        return [cam.scale(panel.seen.maps[panel.position], signed=look.signed) for panel in panels]
    return [view.common_scale([panel.seen for panel in panels], signed=look.signed)] * len(panels)


def show(panels: Sequence[Panel], look: Look, plain: str, stem: str) -> None:
    """The picture alone, captioned `plain`, and every map over it; names of files to take away begin with `stem`."""
    ranges = scales(panels, look)
    with st.grid(COLUMNS[len(panels)], min_column_width=NARROWEST, gap="medium"):
        with st.container(gap="xsmall"):
            if len(panels) > 1:
                st.markdown("**The picture**")
            shown = panels[0].seen.shown()
            st.image(encode(shown, quality=92), width="stretch", alt="The square that the net is shown")
            st.caption(plain)
            _download("Picture", lambda: encode(shown, "PNG"), f"{stem}.png", "What the net is shown, as PNG.")
        for panel, scale in zip(panels, ranges, strict=True):
            with st.container(gap="xsmall"):
                _one(panel, look, scale, stem)
    legend(ranges[0], signed=look.signed, each_alone=look.each_alone and len(panels) > 1)


def legend(scale: Scale, *, signed: bool, each_alone: bool = False) -> None:
    """The colours and what their ends mean: raw values, or shares of each map's own greatest."""
    low, high = (f"{_number(scale[0])} against" if signed else "0"), f"{_number(scale[1])} evidence"
    if each_alone:
        low, high = ("against" if signed else "0"), "as far as each map goes"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(low, width="content")
        colours = "blue against, red for it" if signed else "from none to most"
        strip = encode(view.scale_picture(signed=signed), "PNG")
        st.image(strip, width=160, alt=f"The colours of the scale: {colours}")
        st.caption(high, width="content")


def _one(panel: Panel, look: Look, scale: Scale, stem: str) -> None:
    if panel.title:
        st.markdown(f"**{panel.title}**")
    words, heat = panel.words(look), panel.heat(look, scale)
    st.image(encode(heat, quality=92), width="stretch", alt=words)
    st.caption(words)
    for remark in panel.seen.remarks(panel.position):
        st.caption(f":material/info: {remark}")
    name = "-".join((stem, plain_name(panel.title or panel.name), plain_name(panel.seen.method)))
    rows, columns = panel.seen.maps.shape[-2:]
    with st.container(horizontal=True, gap="small"):
        _download("Map", panel.raw, f"{name}.npy", f"The raw map, signed, {columns} x {rows}, as a NumPy array.")
        _download("Overlay", lambda: encode(heat, "PNG"), f"{name}.png", "The map over the picture, as PNG.")


def plain_name(text: str) -> str:
    """The text as a part of a file's name."""
    return re.sub(r"[^a-z0-9+]+", "-", text.lower()).strip("-") or "map"


def _download(label: str, data: Callable[[], bytes], name: str, help: str) -> None:
    """A button for a file that is made when it is asked for."""
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


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)
