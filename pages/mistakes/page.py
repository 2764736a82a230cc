"""Mistakes: the images that a net gets wrong, sorted, and which part of them decided (section 5.1.2)."""

import streamlit as st
import torch

from core.datasets import Dataset, Split
from core.errors import UserError
from core.explain import marks, mistakes
from core.explain.mistakes import Answers, Mistakes
from core.figures import class_maps
from core.trainers.trained import TrainedClassifier
from pages.mistakes import cards, controls, opened, overview
from pages.mistakes.controls import ANY, Settings
from pages.mistakes.listing import OPEN, Listing
from pages.mistakes.opened import Other
from ui import data_sets, frame, nets
from ui.frame import guard
from ui.slots import filled


def main() -> None:
    left, right = frame.columns()
    settings = None
    with left, guard():
        settings = controls.choose()
    with right, guard():
        data = None if settings is None else data_sets.load(settings.trained.dataset)
        if settings is not None and data is not None:
            show(settings, data)
    frame.takeaway(
        "Many mistakes are understandable once the maps are seen side by side: the net looked at the right place "
        "and weighed it wrongly, or it looked elsewhere. Some “mistakes” are wrong labels."
    )


def show(settings: Settings, data: Dataset) -> None:
    """Draw the summary, and the opened image or else the overview and the cards."""
    trained, split = settings.trained, getattr(data, settings.split)
    answers = answers_on(trained, split, settings.split)
    every = answers.mistakes()
    net, of_net, others = trained, every, []
    if settings.other is not None:
        with guard():
            net, of_net, others = compare(settings, split, answers)
    marks_of_net = marks.read(net, settings.split)
    listing = Listing(net, data, settings.split, split, filtered(of_net, settings, marks_of_net), marks_of_net)
    index = None
    with guard():
        index = image_in_address(split, listing.mistakes)
    summary(settings.split, every, listing.mistakes)
    if index is not None:
        opened.show(listing, index, settings.quiz, others)
        return
    if len(every):
        overview.show(trained, answers)
    if len(listing.mistakes):
        cards.show(listing, settings.layout, settings.quiz)
    else:
        st.markdown(why_none(settings, every))


@st.cache_resource(max_entries=8, show_spinner=False)
def _slot(name: str, stamp: int, split: str) -> list[Answers]:
    """Return the cache slot for a net's answers on one split."""
    return []


def answers_on(trained: TrainedClassifier, split: Split, name: str) -> Answers:
    """Return the net's answers on the split of that name, behind a progress bar where they are not cached."""
    slot = _slot(trained.name, nets.stamp(trained.name), name)
    return filled(slot, f"Classifying with {trained.title}", lambda step: mistakes.answers(trained, split, step))


def compare(settings: Settings, split: Split, answers: Answers) -> tuple[TrainedClassifier, Mistakes, list[Other]]:
    """Return the mistakes `settings.which`, the net that makes them, and the other net with its answers.

    A sentence says how many there are of each kind. Raise UserError where the other net cannot be opened.
    """
    trained, other = settings.trained, nets.opened(settings.other or "")
    before = answers_on(other, split, settings.split)
    comparison = mistakes.compare(before, answers)
    st.markdown(
        f"Against {other.title}, {trained.title} fixes **{len(comparison.fixed):,}** images and breaks "
        f"**{len(comparison.broken):,}**; **{len(comparison.still_wrong):,}** are wrong in both."
    )
    if settings.which == "fixed":
        return other, before.mistakes().among(indices=comparison.fixed), [(trained, answers)]
    indices = {"broken": comparison.broken, "both": comparison.still_wrong}.get(settings.which)
    return trained, answers.mistakes().among(indices=indices), [(other, before)]


def filtered(of_net: Mistakes, settings: Settings, marks_of_net: marks.Marks) -> Mistakes:
    """Return the mistakes that pass the filters, in the chosen order."""
    marked = None
    if settings.marked != ANY:
        marked = torch.tensor([i for i, of in marks_of_net.items() if settings.marked in of], dtype=torch.long)
    low, high = settings.confidence
    return of_net.ordered(settings.order).among(
        label=settings.truth,
        predicted=settings.predicted,
        confidence=(low / 100, high / 100) if (low, high) != (0, 100) else None,
        indices=marked,
    )


def image_in_address(split: Split, listed: Mistakes) -> int | None:
    """Return the image that the address opens, by its number or as the first of the list.

    Raise UserError where the split has none such.
    """
    image = st.query_params.get(OPEN)
    if image == class_maps.FIRST and len(listed):
        return int(listed.indices[0])
    if image in (None, class_maps.FIRST):
        return None
    if not image.isdecimal() or int(image) >= len(split):
        raise UserError(f"There is no image {image}: choose one from 0 to {len(split) - 1:,}, or go back to the list.")
    return int(image)


def summary(split: str, every: Mistakes, listed: Mistakes) -> None:
    """Draw how many images are wrong, and how many of them are listed."""
    st.subheader(f"{len(every):,} of {every.of:,} {split} images wrong: {every.error:.2f}% error", anchor=False)
    if len(listed) != len(every):
        st.caption(f"{len(listed):,} of these mistakes are shown.")


def why_none(settings: Settings, every: Mistakes) -> str:
    """Return why no mistake is listed, and what to do next."""
    if not len(every):
        return "Not one mistake on these images. Try a harder data set, or a smaller net."
    if settings.truth is not None or settings.predicted is not None:
        return "No image of that class was predicted as the other: choose another pair."
    return "No mistake passes these filters: choose others."


main()
