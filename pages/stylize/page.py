"""Stylize: a photograph in a painter's style, or in a blend of several; the address carries the blend."""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import images
from core.errors import UserError
from core.images import Picture
from core.style import painter
from ui import frame
from ui.frame import guard

Style = dict[str, str]

START = "vangogh_starry_night"
SAMPLE = "temple"
SIDES = (256, 384, 512, 768, 1024)
WRITTEN = "blend in the address of the stylize page"
SHOWN_BLEND = "blend that the sliders of the stylize page stood at"
VIEWS = ("Side by side", "Painting alone")
TWO_NETS = "Two nets"
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}
SWATCH_PX = 48
SHOWN = 8  # sliders before the rest is folded away, so that the picture is not far from them on a phone


def choose_net() -> str:
    """The shipped net that blends; asked only where there is a choice. Raises UserError where there is none."""
    nets = painter.palettes()
    if len(nets) < 2:
        return painter.net_of({})
    return st.selectbox("Net", nets, format_func=painter.title, key="net", bind="query-params")


def choose_picture() -> tuple[str, Picture]:
    """The photograph to paint and what to call it: an upload, else a sample picture."""
    names = images.sample_names()
    asked = st.query_params.get("sample")
    if "stylize_sample" not in st.session_state:
        st.session_state["stylize_sample"] = next(name for name in (asked, SAMPLE, names[0]) if name in names)
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
    """The uploaded picture, read once however often a slider moves."""
    return images.decode(_file)  # type: ignore[arg-type]


def blend_in_address(known: list[str]) -> dict[str, float] | None:
    """The blend that the address asks for, `?styles=name:weight,name:weight`; None where it asks for none.

    Raises UserError where it asks for what is not there.
    """
    text = st.query_params.get("styles")
    if not text:
        return None
    found = {}
    for part in text.split(","):
        name, _, number = part.partition(":")
        try:
            weight = float(number or 1)
        except ValueError:
            weight = -1.0
        if name not in known or not 0 <= weight <= 1:
            raise UserError(
                f"The address asks for “{part}”, which is no style with a weight from 0 to 1; "
                "the sliders show what is painted instead."
            )
        found[name] = weight
    return found


def blend_as_text(blend: dict[str, float]) -> str:
    return ",".join(f"{name}:{weight:g}" for name, weight in blend.items() if weight > 0)


def set_sliders(blend: dict[str, float], names: list[str]) -> None:
    for name in names:
        st.session_state[f"style {name}"] = blend.get(name, 0.0)


def follow_address(names: list[str]) -> None:
    """Set the sliders from the address where it has changed under them: a link, or the way back.

    Where a slider has moved it is the one to be heard: the browser may not yet have read the address that its last move
    brought about, and speak of the one before.
    """
    last = st.session_state.get(SHOWN_BLEND, {})
    moved = any(st.session_state.get(f"style {name}", weight) != weight for name, weight in last.items())
    changed = st.query_params.get("styles") != st.session_state.get(WRITTEN) or not st.session_state.get(WRITTEN)
    if changed and not moved:
        with guard():
            asked = blend_in_address(names)
            if asked is not None:
                set_sliders(asked, names)
    if f"style {names[0]}" not in st.session_state:
        set_sliders({START if START in names else names[0]: 1.0}, names)


def choose_blend(styles: list[Style]) -> tuple[dict[str, float], dict[str, DeltaGenerator]]:
    """A slider for each style with room for its swatch: the weights, and the rooms."""
    names = [style["name"] for style in styles]
    follow_address(names)
    blend: dict[str, float] = {}
    rooms: dict[str, DeltaGenerator] = {}
    for style in styles[:SHOWN]:
        choose_weight(style, blend, rooms)
    if rest := styles[SHOWN:]:
        wanted = any(st.session_state.get(f"style {style['name']}") for style in rest)
        with st.expander(f"{len(rest)} more paintings", expanded=wanted):
            for style in rest:
                choose_weight(style, blend, rooms)
    st.session_state[SHOWN_BLEND] = blend
    st.session_state[WRITTEN] = st.query_params["styles"] = blend_as_text(blend)
    return blend, rooms


def choose_weight(style: Style, blend: dict[str, float], rooms: dict[str, DeltaGenerator]) -> None:
    """One slider and the room for its swatch."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")  # also on a phone one row
    rooms[style["name"]] = row.container(width=SWATCH_PX).empty()
    blend[style["name"]] = row.slider(
        style["title"],
        0.0,
        1.0,
        step=0.05,
        key=f"style {style['name']}",
        persist_state="session",
        help=f"{style['artist']}, {style['year']}. Weights count against each other: only their ratio matters.",
    )


def more() -> tuple[int, float]:
    """Seldom used: the side at which the screen's picture is painted, and the part of the photograph kept."""
    with st.expander("More"):
        side = st.select_slider(
            "Painted on screen at, px",
            SIDES,
            512,
            key="stylize_side",
            persist_state="session",
            help="Longer side. Strokes keep their width in pixels, so a larger picture has finer ones.",
        )
        photograph = st.slider(
            "Photograph mixed in",
            0.0,
            0.9,
            step=0.1,
            format="percent",
            key="stylize_photograph",
            persist_state="session",
            help="Averages the painting with the photograph, pixel by pixel. The net itself knows no strength.",
        )
    return side, photograph


def choose_view(styles: list[Style]) -> str:
    """How the painting is shown; beside another net only where one of a single style is shipped."""
    views = (*VIEWS, TWO_NETS) if any(painter.single(style["name"]) for style in styles) else VIEWS
    return st.segmented_control(
        "View", views, default=VIEWS[0], required=True, label_visibility="collapsed", key="view", bind="query-params"
    )


def show(
    name: str, picture: Picture, net: str, blend: dict[str, float], styles: list[Style], side: int, mixed: float
) -> None:
    """The painting beside its photograph or another net's, what was blended, the time it took, and the downloads."""
    view = choose_view(styles)
    small = images.fit(picture, side)
    started = time.perf_counter()
    painted = painter.stylise(small, blend, net=net, photograph=mixed)
    milliseconds = 1000 * (time.perf_counter() - started)
    titles = {style["name"]: style["title"] for style in styles}
    shares = painter.shares(blend)
    what = ", ".join(f"{share:.0%} {titles[style]}" for style, share in shares.items())
    left, right = (st.container(), st.container()) if view == VIEWS[1] else st.columns(2)
    if view == VIEWS[0]:
        left.image(images.encode(small), "The photograph", width="stretch", alt=f"The photograph {name}")
    with left if view == TWO_NETS else right:
        picture_of(painted, f"{what}, by one net of {len(styles)} styles" if view == TWO_NETS else what, name)
    if view == TWO_NETS:
        with right:  # as in Figure 5.11
            show_single(name, small, shares, titles, mixed)
    st.caption(
        f"Painted in {milliseconds:.0f} ms at {small.shape[1]} x {small.shape[0]} px, {painter.number_format(net)}."
    )
    offer_downloads(name, picture, net, blend, mixed)


def picture_of(painted: Picture, what: str, name: str) -> None:
    st.image(images.encode(painted), what, width="stretch", alt=f"The photograph {name} painted as {what}")


def show_single(name: str, small: Picture, shares: dict[str, float], titles: dict[str, str], mixed: float) -> None:
    """What the net of a single style paints, or a word where the blend is not of one style that has such a net."""
    alone = painter.single(next(iter(shares))) if len(shares) == 1 else None
    if alone is None:
        known = ", ".join(f"*{title}*" for style, title in titles.items() if painter.single(style))
        st.caption(f"There are nets of a single style for {known}: raise one of these sliders alone to compare.")
        return
    painted = painter.stylise(small, shares, net=alone, photograph=mixed)
    picture_of(painted, f"{titles[next(iter(shares))]}, by a net of this style alone", name)


def offer_downloads(name: str, picture: Picture, net: str, blend: dict[str, float], mixed: float) -> None:
    """The painting at full size as PNG or JPEG, painted when it is asked for."""
    full = painter.largest(picture)
    size = f"{full.shape[1]} x {full.shape[0]} px"
    with st.container(horizontal=True, vertical_alignment="center"):
        for format, mime in FORMATS.items():
            st.download_button(
                format,
                lambda format=format: images.encode(  # type: ignore[misc]
                    painter.stylise(full, blend, net=net, photograph=mixed), format, quality=92
                ),
                f"{name}-{'-'.join(painter.shares(blend))}.{format.lower().replace('jpeg', 'jpg')}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                help=f"Paints the picture again at full size, {size}, when you click.",
            )
        smaller = "" if full is picture else f", the most that is painted here (yours has {picture.shape[1]} px across)"
        st.caption(f"Full size: {size}{smaller}.")


def show_swatches(rooms: dict[str, DeltaGenerator], styles: list[Style]) -> None:
    """Beside each slider the same photograph in its style alone."""
    for style in styles:
        alt = f"A temple painted in the style of {style['title']}"
        rooms[style["name"]].image(painter.swatch(style["name"], style["net"]), width=SWATCH_PX, alt=alt)


@st.fragment
def studio() -> None:
    """Everything that a slider changes; a fragment, so that nothing else is drawn again."""
    controls, canvas = frame.columns()
    with guard():
        with controls:
            net = choose_net()
            styles = painter.styles_of(net)
            with guard():
                name, picture = choose_picture()
            blend, rooms = choose_blend(styles)
            side, mixed = more()
        with canvas, guard():
            show(name, picture, net, blend, styles, side, mixed)
        show_swatches(rooms, styles)


studio()
frame.takeaway(
    "The net was trained on each style alone and never on a mixture. Blending the scales and shifts of its sixteen "
    "normalisations (equation 5.14) is enough to paint between the styles, as in Figure 5.12."
)
