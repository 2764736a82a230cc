"""Stylize: a photograph in a painter's style, or in a blend of several; the address carries all that is set."""

from contextlib import suppress
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import images
from core.errors import UserError
from core.style import painter, paintings
from core.style.paint_settings import PaintSettings
from core.uploads import UploadGone
from pages.stylize import blend, desk, manner, painting, photograph
from pages.stylize.blend import Style
from pages.stylize.painting import Commission, Painting
from pages.stylize.photograph import LARGEST_SIDE, UPLOAD, Photograph
from ui import frame, menu, messages
from ui.frame import guard
from web import address, camera, hide, uploads
from web.formats import escape_markdown

SIDES = (256, 384, 512, 768, LARGEST_SIDE)
SIDE = 512
ALONE, SIDE_BY_SIDE, TWO_NETS = "Painting alone", "Side by side", "Two nets"  # in the address too
SHORT = {ALONE: "Painting"}  # fits beside the others
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}
PLAIN = "plain"  # in the address: Streamlit's own sliders, which need no script of ours
SETTINGS = (PLAIN, blend.KEY, "net", "sample", UPLOAD, "view", "side", *manner.KEYS)  # keys in the address
LAST = "settings of the stylize page when it was left"


def main() -> None:
    """Draw the page; a slider's move redraws only the studio."""
    go_on_with_last()
    studio()


def go_on_with_last() -> None:
    """Give a bare address the settings that the page had before another page was opened."""
    arrives = "side" not in st.session_state
    last = st.session_state.get(LAST)
    if arrives and last and not any(key in st.query_params for key in SETTINGS):
        st.query_params.from_dict({**st.query_params.to_dict(), **last})


@st.fragment
def studio() -> None:
    """Draw everything that a slider changes; a fragment, so that nothing else is drawn again."""
    address.begin()
    places = frame.layout()
    styles: list[Style] = []
    with places.result, guard():
        with places.controls:
            net = choose_net()
            styles = painter.styles_of(net)
        if is_plain():
            paint_plainly(net, styles, places)
        else:
            paint_live(net, styles, places)
    with places.details:
        frame.takeaway(
            "The net was trained on each style alone and never on a mixture. Blending the scales and shifts of its "
            "sixteen normalisations (equation 5.14) is enough to paint between the styles, as in Figure 5.12."
        )
        credit_paintings(styles)
    st.session_state[LAST] = {key: st.query_params.get_all(key) for key in SETTINGS if key in st.query_params}


def is_plain() -> bool:
    """Return whether the address asks for Streamlit's own sliders, or for a view that only they have."""
    return st.query_params.get(PLAIN) == "1" or st.query_params.get("view") in (SIDE_BY_SIDE, TWO_NETS)


def paint_live(net: str, styles: list[Style], places: frame.Layout) -> None:
    """Draw the desk: a picture that follows the sliders while they move."""
    with places.controls:
        on_desk = desk.controls(net, styles)
        with hide.group("sample"):
            samples = st.container()
        subject = choose_subject(samples)
        if isinstance(subject, Photograph):
            desk.offer_record(subject.upload, on_desk.names)
        with hide.group("upload"):
            camera.upload(UPLOAD)
        with hide.group("more"), st.expander("More"):
            side = choose_side()
            choose_view(styles)
            menu.link("stylize", "Plain sliders", query={**_query(), PLAIN: "1"})
    if isinstance(subject, UploadGone):
        offer_sample(subject)
    else:
        desk.show(on_desk, subject, side, places)


def _query() -> dict[str, str]:
    """Return what the address has, one value a key."""
    return {key: st.query_params[key] for key in SETTINGS if key in st.query_params}


def paint_plainly(net: str, styles: list[Style], places: frame.Layout) -> None:
    """Draw the page with Streamlit's own sliders, which paint once they are let go."""
    with places.controls:
        with hide.group("sample"):
            samples = st.container()
        view = choose_view(styles)
        with hide.group("strength"):
            strength = manner.choose_strength()
        with hide.group("styles"):
            weights = blend.choose_blend(styles)
        subject = choose_subject(samples)
        side, settings = more(strength)
    if isinstance(subject, UploadGone):
        offer_sample(subject)
    else:
        show(Commission(subject, net, tuple(weights.items()), settings, side), view, styles, places)


def choose_net() -> str:
    """Return the shipped net that blends; a control only where there is a choice. Raises UserError without any."""
    nets = painter.palettes()
    if len(nets) < 2:
        return painter.net_of({})
    with hide.group("net"):
        return address.choice("net", "Style network", nets, painter.title)


def choose_subject(samples: DeltaGenerator) -> Photograph | UploadGone:
    """Return the photograph, or the error that says that the one of the address is gone."""
    try:
        return photograph.choose(samples)
    except UploadGone as gone:
        return gone


def choose_view(styles: list[Style]) -> str:
    """Return how the painting is shown; beside another net only where one of a single style is shipped."""
    has_single = any(painter.single(style["name"]) for style in styles)
    views = (ALONE, SIDE_BY_SIDE, TWO_NETS) if has_single else (ALONE, SIDE_BY_SIDE)
    with hide.group("view"):
        return address.segments("view", "View", views, lambda view: SHORT.get(view, view))


def more(strength: float) -> tuple[int, PaintSettings]:
    """Return seldom used options: the long side of the picture on the screen, and how it is painted."""
    with hide.group("more"), st.expander("More"):
        side = choose_side()
        settings = manner.choose_rest(strength)
    return side, settings


def choose_side() -> int:
    """Return the longer side of the painting on the screen, px."""
    return address.step(
        "side",
        "Size, px",
        SIDES,
        SIDE,
        help="Longer side. Strokes keep their width in pixels, so a larger picture has finer ones.",
    )


def offer_sample(gone: UploadGone) -> None:
    """Say that the photograph of the address is gone, and offer one that is there."""
    forget = partial(uploads.forget, UPLOAD)
    messages.empty(
        str(gone),
        lambda: st.button("Paint a sample photograph", type="primary", icon=":material/brush:", on_click=forget),
    )


def show(commission: Commission, view: str, styles: list[Style], places: frame.Layout) -> None:
    """Draw the painting, alone or beside its photograph or another net's; below it blend, time and downloads.

    Raises UserError where nothing can be painted; the photograph is drawn then, if it can be read.
    """
    titles = {style["name"]: style["title"] for style in styles}
    try:
        painted = painting.painted(commission)
    except UserError:
        with suppress(UserError):
            show_photograph(commission)
        raise
    parts = ", ".join(f"{share:.0%} {titles[style]}" for style, share in painter.shares(dict(commission.blend)).items())
    if view == ALONE:
        show_painting(painted, parts, commission)
    else:
        show_two(painted, parts, commission, view, titles)
    with places.details:
        say_facts(painted, parts, commission, view, len(styles))
        with hide.group("downloads"):
            offer_downloads(commission)


def show_two(painted: Painting, parts: str, commission: Commission, view: str, titles: dict[str, str]) -> None:
    """Draw the painting on the right of its photograph, or on the left of that by a net of one style."""
    row = st.container(horizontal=True, wrap=False, gap="small")
    left, right = row.container(), row.container()
    if view == SIDE_BY_SIDE:
        with left:
            show_photograph(commission)
        with right:
            show_painting(painted, parts, commission)
    else:
        with left:
            show_painting(painted, parts, commission)
        with right:
            show_single(commission, titles)


def say_facts(painted: Painting, parts: str, commission: Commission, view: str, styles: int) -> None:
    """Draw what was blended and how long it took, and in the view of two nets which picture is whose."""
    strength = commission.settings.strength
    weaker = "" if strength == 1 else f", at a strength of {strength:.0%}"
    st.caption(
        f"{escape_markdown(parts)}{weaker}. Painted in {painted.milliseconds:.0f} ms at "
        f"{painted.width} x {painted.height} px, {painter.number_format(commission.net)}."
    )
    if view == TWO_NETS:
        st.caption(f"Left: by one net of {styles} styles. Right: by a net of this style alone, as in Figure 5.11.")


def show_painting(painted: Painting, parts: str, commission: Commission) -> None:
    """Draw a painting as large as its place."""
    st.image(painted.jpeg, width="stretch", alt=f"The photograph {commission.photograph.name} painted as {parts}")


def show_photograph(commission: Commission) -> None:
    """Draw the photograph at the size of the painting."""
    small = images.fit(photograph.loaded(commission.photograph).picture, commission.side)
    st.image(images.encode(small), width="stretch", alt=f"The photograph {commission.photograph.name}")


def show_single(commission: Commission, titles: dict[str, str]) -> None:
    """Draw the painting by a net of this style alone, or a sentence where the blend is not of one such style."""
    shares = painter.shares(dict(commission.blend))
    net = painter.single(next(iter(shares))) if len(shares) == 1 else None
    if net is None:
        singles = ", ".join(f"*{escape_markdown(title)}*" for style, title in titles.items() if painter.single(style))
        st.caption(f"There are nets of a single style for {singles}: raise one of these sliders alone to compare.")
        return
    alone = painting.painted(commission.by_single(net))
    show_painting(alone, f"{titles[next(iter(shares))]}, by a net of this style alone", commission)


def offer_downloads(commission: Commission) -> None:
    """Draw buttons for the painting at full size as PNG or JPEG, painted at the click."""
    whole = photograph.loaded(commission.photograph)
    size = f"{whole.width} x {whole.height} px"
    stem = f"{commission.photograph.name}-{'-'.join(painter.shares(dict(commission.blend)))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        for format, mime in FORMATS.items():
            st.download_button(
                format,
                partial(painting.full_size, commission, format),
                f"{stem}.{format.lower().replace('jpeg', 'jpg')}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                help=f"Paints the picture again at full size, {size}, when you click.",
            )
        st.caption(f"Full size: {size}.")


def credit_paintings(styles: list[Style]) -> None:
    """Draw title, artist and year of each painting that is a swatch here."""
    credited = [paintings.shipped()[style["name"]] for style in styles if style["name"] in paintings.shipped()]
    if credited:
        with st.expander("The paintings"):
            st.caption("  \n".join(escape_markdown(painting.credit) for painting in credited))
            st.caption("All are in the public domain. A title is attributed where it was recognised by eye.")


main()
