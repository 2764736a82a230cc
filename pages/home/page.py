"""Start here: a digit that is answered as one draws it, a blend of two paintings, and a training of one's own."""

import streamlit as st

from pages.home import tiles, training
from ui import digit_pad, frame, menu
from ui.frame import guard
from web import address, hide
from web.server import wait_until_warm

PAD = "Draw a digit"  # the pad's name in addresses of the page Explain a picture


def main() -> None:
    """Draw what is there at once (curves and pictures), then the pad, then what nets have to compute."""
    with st.container(key="home"):
        with st.container(key="result"):
            digit, painting = st.columns([2, 1.4], gap="medium")
            curves = st.container()
        address.place_notes(st.container(key="notes"))
        details = st.container(key="details")
    with curves, guard():
        training.show()
    with details:
        if hide.is_shown("links"):
            tiles.show()
        frame.takeaway(
            "Every net here is small enough to train and to understand on a laptop. Nothing leaves your machine."
        )
    with digit, guard():
        show_digit()
    with painting, guard():
        show_painting()


@st.fragment
def show_digit() -> None:
    """Draw the pad and the net's answer; a fragment, so that a new line does not draw the whole page again."""
    left, right = st.columns(2, gap="medium")
    strokes, is_example = digit_pad.drawn()
    early = digit_pad.is_untouched()
    if early:  # torch takes a moment where the server has just started: the pad is there before
        with left:
            digit_pad.show(width=None)
    with right, guard():
        if strokes:
            show_answer(strokes, is_example)
        else:
            st.header("Draw a digit", anchor=False)
            st.markdown("With mouse, finger, pen or arrow keys: the net answers while you draw.")
    if not early:
        with left:
            digit_pad.show(width=None)


def show_answer(strokes: tuple[digit_pad.Stroke, ...], is_example: bool) -> None:
    """Draw the map of what the net looks at, what it reads, and the way to all maps of this drawing."""
    wait_until_warm()
    from pages.home import results

    answer = results.answer(strokes)
    best, probability = answer.top[0]
    st.image(
        answer.map,
        width="stretch",
        alt=f"The drawing as the net gets it, under the heat map of the evidence for {best}.",
    )
    st.header(f"The net reads {best}, {100 * probability:.1f}%", anchor=False)
    others = " or ".join(f"{name} ({100 * share:.1f}%)" for name, share in answer.top[1:])
    example = "This one is an example: draw your own over it." if is_example else f"Next it would say {others}."
    st.markdown(f"Bright is evidence for {best}. {example}")
    query = {"net": results.NET, "grey_from": PAD, **digit_pad.query()}
    menu.link("explain", "Explain this digit", query=query)


@st.fragment
def show_painting() -> None:
    """Draw a photograph in a blend of two paintings, and the slider between them."""
    picture, below = st.container(), st.container()
    wait_until_warm()
    from pages.home import results

    first, second = results.titles()
    percent = 50
    with below:
        if hide.is_shown("blend"):
            percent = int(
                address.slider(
                    "blend",
                    f"From {first} to {second}",
                    (0, 100, 5),
                    50,
                    "The part of the second painting, in percent; one small net paints both and everything between.",
                    format="%d%%",
                )
            )
        menu.link("stylize", "Paint your own photograph")
    with picture:
        st.image(
            results.painting(percent),
            width="stretch",
            alt=f"A temple, painted with {100 - percent}% of {first} and {percent}% of {second}.",
        )


main()
