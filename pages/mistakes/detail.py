"""One image that a net gets wrong, as in Figure 5.4, and beyond it: difference, relatives, copies, and a verdict."""

import pandas as pd
import streamlit as st
from torch import Tensor

from core.datasets import Split
from core.errors import UserError
from core.explain import cam, marks, neighbours, survival, view
from core.explain.neighbours import Neighbourhood
from core.explain.view import View
from core.images import Picture, encode
from core.trainers.trained import TrainedClassifier
from ui import bars, nets, theme

MOST_BARS = 5
RELATIVES = 6  # nearest training images in a row
AT_ONCE = 5_000  # training images that are looked through unasked: a few seconds
CHOICES = 6  # classes to guess from


def guessed(trained: TrainedClassifier, seen: View, label: int, key: str) -> int | None:
    """Ask what the net took the image for: the class that was guessed, None before."""
    among = [i for i in seen.top(CHOICES + 1) if i != label][:CHOICES]
    names = trained.classes
    left, right = st.columns([1, 2])
    left.image(encode(seen.shown(), quality=92), width="stretch", alt=f"The image, a {names[label]}")
    with right:
        st.markdown(f"In truth it is **{names[label]}**. What did the net take it for?")
        return st.pills(
            "Your guess", sorted(among), format_func=names.__getitem__, key=key, label_visibility="collapsed"
        )


def figure(trained: TrainedClassifier, seen: View, label: int) -> None:
    """Image, bars of the probabilities, and both maps, alone and over the image, on one scale; then their difference.

    `seen` has the maps of the predicted class and of the truth.
    """
    colours, names = theme.colours(), trained.classes
    roles = ((0, "predicted", colours.prediction), (1, "truth", colours.truth))
    with st.grid(3, min_column_width=150, gap="small"):
        with st.container(gap="xxsmall"):
            picture(seen.shown(), f"The image, a {names[label]}")
            st.caption(f"{names[label]}, {trained.side} x {trained.side} px")
        for position, role, colour in roles:
            with st.container(gap="xxsmall"):
                name, evidence = names[seen.classes[position]], seen.evidence(position)
                picture(seen.heat(position, alpha=0.6), f"{seen.method} of {name}, the {role} class, over the image")
                st.markdown(f':small[:color[**{name}, {role}**]{{foreground="{colour}"}}]')
                st.caption(f"evidence {evidence}")
        with st.container(gap="xxsmall"):
            picture(_difference(seen), f"Evidence for {names[seen.predicted]} less that for {names[label]}")
            st.markdown(":small[**The difference**]")
            st.caption(f"red: more for {names[seen.classes[0]]}; blue: more for {names[label]}")
        for position, role, _ in roles:
            with st.container(gap="xxsmall"):
                picture(seen.heat(position, alpha=1), f"The map of the {role} class alone")
                st.caption(f"the map of {names[seen.classes[position]]} alone")
    top = sorted({*seen.top(MOST_BARS), label}, key=lambda i: -float(seen.probabilities[i]))
    st.altair_chart(
        bars.probabilities(
            [names[i] for i in top],
            [float(seen.probabilities[i]) for i in top],
            names[seen.predicted],
            names[label],
        ),
        alt="Probabilities of the likeliest classes, with the truth",
    )
    low, high = seen.scale
    st.caption(f"Both maps are coloured from {low:.3g} to {high:.3g}. {seen.method}: {seen.why}")


def picture(shown: Picture, alt: str) -> None:
    """A picture as wide as its place."""
    st.image(encode(shown, quality=92), width="stretch", alt=alt)


def _difference(seen: View) -> Picture:
    """The first map less the second, over the image in signed colours, as far on either side of zero."""
    shown = seen.shown()
    less = cam.upsample(seen.maps[0] - seen.maps[1], shown.shape[:2])
    return cam.overlay(shown, less, *cam.scale(less, signed=True), 0.75, signed=True)


def copies(trained: TrainedClassifier, image: Tensor, label: int) -> None:
    """Whether the mistake outlives mirroring and shifts."""
    asked = survival.survival(trained, image[None], Tensor([label]).long())
    wrong, names = asked.wrong[0].tolist(), trained.classes
    if all(wrong):
        st.markdown("**It survives**: the net errs on every copy, so this is no matter of a pixel.")
    elif not any(wrong):
        st.markdown("**It holds**: the net is right about every copy.")
    else:
        right = [name for name, errs in zip(survival.COPIES, wrong, strict=True) if not errs]
        st.markdown(f"**It hangs by a hair**: the net is right about the image {', '.join(right)}.")
    rows = zip(survival.COPIES, asked.predicted[0].tolist(), asked.confidence[0].tolist(), wrong, strict=True)
    st.dataframe(
        pd.DataFrame(
            [(copy, names[said], 100 * sure, "wrong" if errs else "right") for copy, said, sure, errs in rows],
            columns=["Copy", "Taken for", "Confidence", "Verdict"],
        ),
        hide_index=True,
        column_config={"Confidence": st.column_config.NumberColumn(format="%.1f %%")},
        alt="What the net takes mirrored and shifted copies for",
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _kept(name: str, stamp: int) -> list[Neighbourhood]:
    """A place for what a net makes of its training images; empty until they have been looked through."""
    return []


def relatives(trained: TrainedClassifier, train: Split, image: Tensor, seen: View, label: int) -> None:
    """The nearest training images that the net has right: of all, and of the true class."""
    place = _kept(trained.name, nets.stamp(trained.name))
    if not place and len(train) > AT_ONCE:
        wanted = st.button(
            f"Look through the {len(train):,} training images",
            icon=":material/search:",
            help="Once for this net; it takes about as long as an epoch without learning.",
        )
        if not wanted:
            return
    if not place:
        bar = st.progress(0.0, text="Looking through the training images")
        place.append(
            neighbours.neighbourhood(
                trained,
                train,
                lambda done, of: bar.progress(done / of, text=f"Looking through: {done:,} of {of:,} images"),
            )
        )
        bar.empty()
    features = neighbours.features_of(trained, image[None])
    for words, of_class in (("Of all classes", None), (f"Of {trained.classes[label]}, the truth", label)):
        st.caption(words)
        try:
            indices, cosines = place[0].nearest(features, RELATIVES, of_class)
        except UserError as error:  # nothing has failed: there is none to show
            st.markdown(str(error))
        else:
            _row(trained, train, indices[0].tolist(), cosines[0].tolist(), (seen.predicted, label))


def _row(
    trained: TrainedClassifier, train: Split, indices: list[int], cosines: list[float], marked: tuple[int, int]
) -> None:
    predicted, truth = marked
    colours = {predicted: theme.colours().prediction} | {truth: theme.colours().truth}
    with st.grid(RELATIVES, min_column_width=70, gap="small"):
        for index, cosine in zip(indices, cosines, strict=True):
            of = int(train.labels[index])
            name = trained.classes[of]
            with st.container(gap="xxsmall"):
                shown = train.images[index].expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
                zoom = max(1, 160 // shown.shape[0])
                picture(shown.repeat(zoom, 0).repeat(zoom, 1), f"Training image {index}, a {name}")
                colour = colours.get(of)
                said = f':color[{name}]{{foreground="{colour}"}}' if colour else name
                st.markdown(f":small[{said} {cosine:.2f}]")


def verdict(trained: TrainedClassifier, split: str, index: int, kept: marks.Marks) -> None:
    """The marks of an image, kept as soon as they change."""
    before = kept.get(index, ())
    chosen = st.pills(
        "Your verdict",
        list(marks.MARKS),
        selection_mode="multi",
        default=before,
        format_func=marks.MARKS.__getitem__,
        key=f"marks {trained.name} {split} {index}",
        help="Kept with the run, and exported with the list.",
    )
    if set(chosen) != set(before):
        marks.put(trained, split, index, tuple(chosen))


def both_maps(trained: TrainedClassifier, image: Tensor, label: int) -> View:
    """The image with the maps of what the net says and of the truth."""
    predicted = view.of_image(trained, image).predicted
    return view.of_image(trained, image, (predicted, label))
