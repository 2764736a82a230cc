"""One image that a net gets wrong, as in Figure 5.4, and beyond it: difference of the maps, copies, and a verdict."""

import pandas as pd
import streamlit as st
from torch import Tensor

from core.explain import cam, marks, survival, view
from core.explain.view import View
from core.images import Picture, encode
from core.trainers.trained import TrainedClassifier
from pages.mistakes.listing import Listing
from ui import bars, theme

MOST_BARS = 5
CHOICES = 6  # classes to guess from


def quiz(trained: TrainedClassifier, result: View, label: int, key: str) -> int | None:
    """Draw the choice of what the net predicts; return the class that was guessed, None before."""
    among = [i for i in result.top(CHOICES + 1) if i != label][:CHOICES]
    names = trained.classes
    left, right = st.columns([1, 2])
    left.image(encode(result.shown(), quality=92), width="stretch", alt=f"The image, a {names[label]}")
    with right:
        st.markdown(f"The true class is **{names[label]}**. Which class does the net predict?")
        return st.pills(
            "Your guess", sorted(among), format_func=names.__getitem__, key=key, label_visibility="collapsed"
        )


def figure(trained: TrainedClassifier, result: View, label: int) -> None:
    """Draw the image, both maps over it and alone on one scale, their difference, and bars of the probabilities.

    `result` has the maps of the predicted and of the true class.
    """
    names = trained.classes
    with st.grid(3, min_column_width=150, gap="small"):
        with st.container(gap="xxsmall"):
            picture(result.shown(), f"The image, a {names[label]}")
            st.caption(f"{names[label]}, {trained.side} x {trained.side} px")
        for position, (role, colour) in enumerate(roles()):
            with st.container(gap="xxsmall"):
                name, evidence = names[result.classes[position]], result.evidence(position)
                title = f"{result.method} of {name}, {role}, over the image"
                picture(result.heat(position, alpha=0.6), title)
                st.markdown(f':small[:color[**{name}, {role}**]{{foreground="{colour}"}}]')
                st.caption(f"evidence {evidence}")
        with st.container(gap="xxsmall"):
            picture(_difference(result), f"Evidence for {names[result.predicted]} less that for {names[label]}")
            st.markdown(":small[**The difference**]")
            st.caption(f"red: more for {names[result.classes[0]]}; blue: more for {names[label]}")
        for position, (role, _) in enumerate(roles()):
            with st.container(gap="xxsmall"):
                picture(result.heat(position, alpha=1), f"The map alone, {role}")
                st.caption(f"the map of {names[result.classes[position]]} alone")
    _bars(names, result, label)
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
    less = cam.upsample(result.maps[0] - result.maps[1], shown.shape[:2])
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
        key=f"marks {listing.trained.name} {listing.name} {index}",
        help="Saved with the run, and exported with the list.",
    )
    if set(chosen) != set(before):
        marks.put(listing.trained, listing.name, index, tuple(chosen))


def both_maps(trained: TrainedClassifier, image: Tensor, label: int) -> View:
    """Return the image with the maps of the predicted and of the true class."""
    predicted = view.of_image(trained, image).predicted
    return view.of_image(trained, image, (predicted, label))
