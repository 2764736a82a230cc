"""Stylize: a photograph in a painter's style, or in a blend of several; the address carries the blend."""

import time
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import images
from core.images import Picture
from core.style import painter
from pages.stylize.blend import SWATCH_PX, Blend, Style, choose_blend
from ui import frame
from ui.frame import guard

SAMPLE = "temple"
SIDES = (256, 384, 512, 768, 1024)
SIDE_BY_SIDE, ALONE, TWO_NETS = "Side by side", "Painting alone", "Two nets"  # in the address too
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True)
class Commission:
    """What to paint: a photograph and its name, the net, its styles and their blend.

    `photograph_share` of the result is the photograph itself.
    """

    name: str
    picture: Picture
    net: str
    styles: list[Style]
    blend: Blend
    photograph_share: float

    def paint(self, picture: Picture) -> Picture:
        """Return `picture`, the photograph at any size, painted."""
        return painter.stylise(picture, self.blend, net=self.net, photograph=self.photograph_share)

    @property
    def titles(self) -> dict[str, str]:
        """Titles of the styles by name."""
        return {style["name"]: style["title"] for style in self.styles}


def main() -> None:
    """Draw the page; a slider's move redraws only the studio."""
    studio()
    frame.takeaway(
        "The net was trained on each style alone and never on a mixture. Blending the scales and shifts of its sixteen "
        "normalisations (equation 5.14) is enough to paint between the styles, as in Figure 5.12."
    )


@st.fragment
def studio() -> None:
    """Draw everything that a slider changes; a fragment, so that nothing else is drawn again."""
    controls, canvas = frame.columns()
    with guard():
        with controls:
            net = choose_net()
            styles = painter.styles_of(net)
            with guard():
                name, picture = choose_picture()
            blend, places = choose_blend(styles)
            side, photograph_share = more()
        with canvas, guard():
            show(Commission(name, picture, net, styles, blend, photograph_share), side)
        show_swatches(places, styles)


def choose_net() -> str:
    """Return the shipped net that blends; a control only where there is a choice. Raises UserError without any."""
    nets = painter.palettes()
    if len(nets) < 2:
        return painter.net_of({})
    return st.selectbox("Style network", nets, format_func=painter.title, key="net", bind="query-params")


def choose_picture() -> tuple[str, Picture]:
    """Return what to call the photograph, and the photograph: an upload, else a sample picture."""
    names = images.sample_names()
    if "stylize_sample" not in st.session_state:
        preferred = (st.query_params.get("sample"), SAMPLE, names[0])
        st.session_state["stylize_sample"] = next(name for name in preferred if name in names)
    name = st.selectbox(
        "Sample picture", names, format_func=str.capitalize, key="stylize_sample", persist_state="session"
    )
    upload = st.file_uploader(
        "Or a photograph of yours",
        key="stylize_upload",
        help="JPEG, PNG, WebP, GIF, BMP or TIFF of up to 40 megapixels. It stays on the computer that runs the app.",
    )
    if upload is None:
        st.query_params["sample"] = name
        return name, images.sample(name)
    st.query_params.pop("sample", None)
    return upload.name.rpartition(".")[0] or "photograph", decoded(upload.file_id, upload)


@st.cache_data(max_entries=3, show_spinner=False)
def decoded(file_id: str, _file: object) -> Picture:
    """Return the uploaded picture, decoded once however often a slider moves."""
    return images.decode(_file)  # type: ignore[arg-type]


def more() -> tuple[int, float]:
    """Return seldom used options: the long side of the picture on the screen, and the share of the photograph."""
    with st.expander("More"):
        side = st.select_slider(
            "Size on the screen, px",
            SIDES,
            512,
            key="stylize_side",
            persist_state="session",
            help="Longer side. Strokes keep their width in pixels, so a larger picture has finer ones.",
        )
        photograph_share = st.slider(
            "Blend with the photograph",
            0.0,
            0.9,
            step=0.1,
            format="percent",
            key="stylize_photograph",
            persist_state="session",
            help="Averages the painting with the photograph, pixel by pixel. The net itself has no strength to set.",
        )
    return side, photograph_share


def show(commission: Commission, side: int) -> None:
    """Draw the painting beside its photograph or another net's, its blend, the time it took, and the downloads."""
    view = choose_view(commission.styles)
    small = images.fit(commission.picture, side)
    started = time.perf_counter()
    painted = commission.paint(small)
    milliseconds = 1000 * (time.perf_counter() - started)
    shares = painter.shares(commission.blend)
    parts = ", ".join(f"{share:.0%} {commission.titles[style]}" for style, share in shares.items())
    left, right = (st.container(), st.container()) if view == ALONE else st.columns(2)
    if view == TWO_NETS:
        with left:
            show_painted(painted, f"{parts}, by one net of {len(commission.styles)} styles", commission.name)
        with right:  # as in Figure 5.11
            show_single(commission, small)
    else:
        if view == SIDE_BY_SIDE:
            alt = f"The photograph {commission.name}"
            left.image(images.encode(small), "The photograph", width="stretch", alt=alt)
        with right:
            show_painted(painted, parts, commission.name)
    pixels = f"{small.shape[1]} x {small.shape[0]} px"
    st.caption(f"Painted in {milliseconds:.0f} ms at {pixels}, {painter.number_format(commission.net)}.")
    offer_downloads(commission)


def choose_view(styles: list[Style]) -> str:
    """Return how the painting is shown; beside another net only where one of a single style is shipped."""
    has_single = any(painter.single(style["name"]) for style in styles)
    views = (SIDE_BY_SIDE, ALONE, TWO_NETS) if has_single else (SIDE_BY_SIDE, ALONE)
    return st.segmented_control(
        "View", views, default=views[0], required=True, label_visibility="collapsed", key="view", bind="query-params"
    )


def show_painted(painted: Picture, caption: str, name: str) -> None:
    """Draw a painting of the photograph `name`."""
    st.image(images.encode(painted), caption, width="stretch", alt=f"The photograph {name} painted as {caption}")


def show_single(commission: Commission, small: Picture) -> None:
    """Draw the painting by a net of this style alone, or a sentence where the blend is not of one such style."""
    shares, titles = painter.shares(commission.blend), commission.titles
    net = painter.single(next(iter(shares))) if len(shares) == 1 else None
    if net is None:
        singles = ", ".join(f"*{title}*" for style, title in titles.items() if painter.single(style))
        st.caption(f"There are nets of a single style for {singles}: raise one of these sliders alone to compare.")
        return
    painted = painter.stylise(small, shares, net=net, photograph=commission.photograph_share)
    show_painted(painted, f"{titles[next(iter(shares))]}, by a net of this style alone", commission.name)


def offer_downloads(commission: Commission) -> None:
    """Draw buttons for the painting at full size as PNG or JPEG, painted at the click."""
    picture = commission.picture
    full = painter.largest(picture)
    size = f"{full.shape[1]} x {full.shape[0]} px"
    stem = f"{commission.name}-{'-'.join(painter.shares(commission.blend))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        for format, mime in FORMATS.items():
            st.download_button(
                format,
                lambda format=format: images.encode(commission.paint(full), format, quality=92),  # type: ignore[misc]
                f"{stem}.{format.lower().replace('jpeg', 'jpg')}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                help=f"Paints the picture again at full size, {size}, when you click.",
            )
        smaller = "" if full is picture else f", the most that is painted here (yours has {picture.shape[1]} px across)"
        st.caption(f"Full size: {size}{smaller}.")


def show_swatches(places: dict[str, DeltaGenerator], styles: list[Style]) -> None:
    """Draw beside each slider the same photograph in its style alone."""
    for style in styles:
        alt = f"A temple painted in the style of {style['title']}"
        places[style["name"]].image(painter.swatch(style["name"], style["net"]), width=SWATCH_PX, alt=alt)


main()
