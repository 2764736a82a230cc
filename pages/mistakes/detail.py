"""One image that a net gets wrong, as in Figure 5.4, and beyond it: difference of the maps, copies, and a verdict."""

from dataclasses import replace

import pandas as pd
import streamlit as st
from torch import Tensor

from core.explain import cam, marks, survival
from core.explain.view import View
from core.images import Picture, encode, fit
from core.trainers.trained import TrainedClassifier
from pages.mistakes import canvas
from pages.mistakes.canvas import Tile
from pages.mistakes.listing import Listing
from ui import bars, theme
from web.formats import escape_markdown

MOST_BARS = 5
CHOICES = 6  # classes to guess from
LONG_SIDE = 720  # px of an opened photograph


def quiz(trained: TrainedClassifier, result: View, label: int, key: str) -> int | None:
    """Draw the choice of what the net predicts; return the class that was guessed, None before."""
    among = [i for i in result.top(CHOICES + 1) if i != label][:CHOICES]
    names = trained.classes
    st.markdown(f"The true class is **{escape_markdown(names[label])}**. Which class does the net predict?")
    return st.pills("Your guess", sorted(among), format_func=names.__getitem__, key=key, label_visibility="collapsed")


def image_alone(trained: TrainedClassifier, result: View, label: int) -> str:
    """Return the image as HTML for the canvas, with its true class."""
    name = trained.classes[label]
    tile = Tile(canvas.source(result.picture), f"The image, a {name}", name, "true class", "truth")
    return f'<div class="alone">{tile.html}</div>'


@st.cache_data(max_entries=64, show_spinner=False)
def figure(key: tuple[str, int, str, int], _trained: TrainedClassifier, _result: View, _label: int) -> str:
    """Return both maps over the image and, smaller, the image, their difference and each alone: HTML for the canvas.

    `_result` has the maps of the predicted and of the true class; `key` names net, state of its weights, and image.
    """
    names, result = _trained.classes, replace(_result, picture=fit(_result.picture, LONG_SIDE))
    tiles, alone = [], []
    for position, (role, colour) in enumerate((("predicted", "prediction"), ("true class", "truth"))):
        index, evidence = result.classes[position], result.evidence(position)
        name, share = names[index], f"{100 * float(result.probabilities[index]):.1f}%"
        over, only = (canvas.source(result.heat(position, alpha=alpha)) for alpha in (0.6, 1))
        alt = f"{result.method} of {name}, {role}, over the image"
        tiles.append(Tile(over, alt, name, f"{role}, {share}; evidence {evidence}", colour, large=True))
        alone.append(Tile(only, f"The map alone, {role}", name, "the map alone", colour))
    tiles.append(Tile(canvas.source(result.picture), f"The image, a {names[_label]}", names[_label], "", "truth"))
    words = f"red: more for {names[result.classes[0]]}; blue: for {names[_label]}"
    alt = f"Evidence for {names[result.predicted]} less that for {names[_label]}"
    tiles.append(Tile(canvas.source(_difference(result)), alt, "Difference", words))
    return f'<div class="figure">{"".join(tile.html for tile in [*tiles, *alone])}</div>'


def explanation(trained: TrainedClassifier, result: View, label: int) -> None:
    """Draw bars of the probabilities, and what the maps are and how they are coloured."""
    _bars(trained.classes, result, label)
    low, high = result.scale
    st.caption(f"Both maps are coloured from {low:.3g} to {high:.3g}. {result.method}: {result.why}")


def roles() -> tuple[tuple[str, str], tuple[str, str]]:
    """Return name and colour of the roles that the two classes of a mistake have, in the order of its maps."""
    colours = theme.colours()
    return ("predicted", colours.prediction), ("true class", colours.truth)


def _bars(names: tuple[str, ...], result: View, label: int) -> None:
    top = sorted({*result.top(MOST_BARS), label}, key=lambda i: -float(result.probabilities[i]))
    st.altair_chart(
        bars.probabilities(
            [names[i] for i in top],
            [float(result.probabilities[i]) for i in top],
            names[result.predicted],
            names[label],
        ),
        alt="Probabilities of the most probable classes and of the true one",
    )


def picture(shown: Picture, alt: str) -> None:
    """Draw a picture as wide as its place."""
    st.image(encode(shown, quality=92), width="stretch", alt=alt)


def _difference(result: View) -> Picture:
    """Return the first map less the second, over the image in signed colours, as far on either side of zero."""
    shown = result.shown()
    less = result.map(0, shown.shape[:2]) - result.map(1, shown.shape[:2])
    return cam.overlay(shown, less, *cam.scale(less, signed=True), 0.75, signed=True)


def copies(trained: TrainedClassifier, image: Tensor, label: int) -> None:
    """Draw the predictions for flipped and shifted copies of an image, and whether the mistake outlives them."""
    result = survival.survival(trained, image[None], Tensor([label]).long())
    wrong, names = result.wrong[0].tolist(), trained.classes
    if all(wrong):
        st.markdown("**Wrong on every copy**: a few pixels do not decide this mistake.")
    elif not any(wrong):
        st.markdown("**Right on every copy**.")
    else:
        right = [name for name, is_wrong in zip(survival.COPIES, wrong, strict=True) if not is_wrong]
        st.markdown(f"**Right on some copies**: on the image {', '.join(right)}.")
    rows = zip(survival.COPIES, result.predicted[0].tolist(), result.confidence[0].tolist(), wrong, strict=True)
    st.dataframe(
        pd.DataFrame(
            [(copy, names[i], 100 * sure, "wrong" if is_wrong else "right") for copy, i, sure, is_wrong in rows],
            columns=["Copy", "Predicted", "Confidence", "Verdict"],
        ),
        hide_index=True,
        column_config={"Confidence": st.column_config.NumberColumn(format="%.1f%%")},
        alt="Predictions for flipped and shifted copies",
    )


def verdict(listing: Listing, index: int) -> None:
    """Draw the marks of an image, and save them as soon as they change."""
    before = listing.marks.get(index, ())
    chosen = st.pills(
        "Your verdict",
        list(marks.MARKS),
        selection_mode="multi",
        default=before,
        format_func=marks.MARKS.__getitem__,
        key=f"marks {listing.trained.name} {listing.pictures.marks_key} {index}",
        help="Saved with the run, and exported with the list.",
    )
    if set(chosen) != set(before):
        marks.put(listing.trained, listing.pictures.marks_key, index, tuple(chosen))
