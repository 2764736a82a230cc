"""Maps: one large or several side by side, with raw ranges, boxes, remarks and legend, and as files to download."""

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
from web.formats import escape_markdown

COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2}  # of so many maps
NARROWEST = 160  # px of a map, before the next goes below it
QUALITY = 92  # of JPEGs on the screen
LISTED = 6  # boxes in a sentence


@dataclass(frozen=True)
class Look:
    """How maps are drawn: `threshold` and `rule` of the boxes, `opacity` of the colours 0 to 1, `signed` or positive.

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
        """Return method, class, raw range and boxes in one sentence."""
        evidence = self.view.evidence(self.position)
        return f"{self.view.method} of {self.name}: evidence {evidence}; {self._describe_boxes(look)}"

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

    def _describe_boxes(self, look: Look) -> str:
        boxes = self.view.boxes(self.position, look.threshold, look.rule)
        if not boxes:
            return "no box: no evidence for the class"
        height, width = self.view.picture.shape[:2]
        if len(boxes) == 1:
            x0, y0, x1, y1 = boxes[0]
            return f"box {x1 - x0} x {y1 - y0} of {width} x {height} px, its corner at ({x0}, {y0})"
        listed = [f"{x1 - x0} x {y1 - y0} at ({x0}, {y0})" for x0, y0, x1, y1 in boxes[:LISTED]]
        rest = f" and {len(boxes) - LISTED} more" if len(boxes) > LISTED else ""
        return f"{len(boxes)} boxes in {width} x {height} px: {', '.join(listed)}{rest}"


def scales(panels: Sequence[Panel], look: Look) -> list[Scale]:
    """Return the raw range that the colours of each panel span."""
    if look.each_alone:
        return [cam.scale(panel.view.maps[panel.position], signed=look.signed) for panel in panels]
    return [view.common_scale([panel.view for panel in panels], signed=look.signed)] * len(panels)


def show(panels: Sequence[Panel], look: Look) -> None:
    """Draw every map over its picture; several stand side by side, each over its title and its raw range."""
    ranges = scales(panels, look)
    if len(panels) == 1:
        _image(panels[0], look, ranges[0])
        return
    with st.grid(COLUMNS[len(panels)], min_column_width=NARROWEST, gap="small"):
        for panel, scale in zip(panels, ranges, strict=True):
            with st.container(gap="xsmall"):
                _image(panel, look, scale)
                st.markdown(f"**{escape_markdown(panel.title)}**")
                st.caption(escape_markdown(panel.describe(look)))


def _image(panel: Panel, look: Look, scale: Scale) -> None:
    st.image(encode(panel.heat(look, scale), quality=QUALITY), width="stretch", alt=panel.describe(look))


def show_input(view: View) -> None:
    """Draw the network input pixel by pixel."""
    st.image(encode(view.given(), "PNG"), width="stretch", alt=f"Network input, {size_of_input(view)}")


def size_of_input(view: View) -> str:
    """Return the size of the network input in words."""
    height, width = (view.picture if view.input is None else view.input).shape[:2]
    return f"{width} x {height} pixels"


def describe(panels: Sequence[Panel], look: Look) -> None:
    """Draw the legend, what a map alone shows in words, and the remarks on each."""
    ranges = scales(panels, look)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        map_legend.draw(
            ranges[0], signed=look.signed, each_alone=look.each_alone and len(panels) > 1, small=len(panels) == 1
        )
        if len(panels) == 1:
            st.caption(escape_markdown(panels[0].describe(look)), width="stretch")
    remarks = [(panel.title, remark) for panel in panels for remark in panel.view.remarks(panel.position)]
    for title, remark in dict.fromkeys(remarks):
        st.caption(f":material/info: {escape_markdown(f'{title}: {remark}' if title else remark)}")


def downloads(panels: Sequence[Panel], look: Look, stem: str) -> None:
    """Draw buttons to download the picture and every map, raw and over the picture; file names begin with `stem`."""
    shown = panels[0].view.shown()
    _download("Picture", lambda: encode(shown, "PNG"), f"{stem}.png", "The picture under the map, as PNG.")
    for panel, scale in zip(panels, scales(panels, look), strict=True):
        title = panel.title or panel.name
        name = "-".join((stem, plain_name(title), plain_name(panel.view.method)))
        rows, columns = panel.view.maps.shape[-2:]
        what = f" of {escape_markdown(title)}" if len(panels) > 1 else ""
        _download(f"Map{what}", panel.raw, f"{name}.npy", f"The raw map, signed, {columns} x {rows}, as a NumPy array.")
        _download(
            f"Overlay{what}",
            lambda panel=panel, scale=scale: encode(panel.heat(look, scale), "PNG"),  # type: ignore[misc]
            f"{name}.png",
            "The map over the picture, as PNG.",
        )

    if len(panels) == 1:
        _download(
            "Figure 5.1",
            lambda: _figure(panels[0], stem),
            f"{stem}-figure-5-1.png",
            "Picture, map and both together, as in Figures 5.1 and 5.2 of the thesis, as PNG.",
        )


def _figure(panel: Panel, title: str) -> bytes:
    """Return the PNG of Figure 5.1 of a map."""
    from core.figures import class_map_drawing  # matplotlib's figures take half a second to import

    return encode(class_map_drawing.draw_map(panel.view, panel.name, title, panel.position), "PNG")


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
