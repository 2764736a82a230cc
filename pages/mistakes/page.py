"""Mistakes: the images that a net gets wrong, sorted, and which part of them decided (section 5.1.2)."""

from dataclasses import replace

import streamlit as st
import torch

from core.datasets import Dataset, Split
from core.explain import kept_answers, marks, mistakes
from core.explain.mistakes import Answers, Mistakes
from core.explain.subjects import Images
from core.figures import class_maps
from core.trainers.trained import TrainedClassifier
from pages.mistakes import cards, controls, opened, overview, photographs
from pages.mistakes.cards import Card
from pages.mistakes.controls import Settings
from pages.mistakes.listing import ANY, OPEN, PAGE, Classified, Listing
from pages.mistakes.opened import Other
from ui import data_sets, frame, messages, nets
from ui.frame import Layout, guard
from ui.slots import filled
from web import address
from web.formats import escape_markdown
from web.hide import group

MOST_DIGITS = 10  # of the number of an image in the address


def main() -> None:
    places = frame.layout()
    settings = None
    with places.controls, guard():
        above = st.container()  # what depends on the list: the way back from an opened image, or the pages
        settings = controls.choose()
    with places.result, guard():
        pictures = None if settings is None else pictures_of(settings)
        if settings is not None and pictures is not None:
            show(Layout(places.result, places.details, above), settings, pictures)
    with places.details:
        frame.takeaway(
            "Many mistakes are understandable once the maps are seen side by side: the net looked at the right place "
            "and weighed it wrongly, or it looked elsewhere. Some “mistakes” are wrong labels."
        )


def pictures_of(settings: Settings) -> Classified | None:
    """Return the pictures with the net's answers; None, with a sentence or a button, as long as there are none."""
    if settings.source == controls.OWN:
        if settings.photographs is not None:
            return photographs.classified(settings.trained, settings.photographs)
        if not settings.failed:
            messages.empty(
                "Give photographs in folders named like classes, such as tabby, espresso or dog, "
                "and see which of them the net gets wrong, and why."
            )
        return None
    data = data_sets.load(settings.trained.dataset)
    return None if data is None else of_data(settings.trained, data, settings.split)


def of_data(trained: TrainedClassifier, data: Dataset, name: str) -> Classified:
    """Return a split of the net's own data with its answers."""
    split = getattr(data, name)
    return Classified(data.title, name, data.name, name, Images(split), answers_on(trained, split, name), data.train)


def show(places: Layout, settings: Settings, pictures: Classified) -> None:
    """Draw the opened image, or else the cards with the confusion matrix and the summary."""
    trained, answers = settings.trained, pictures.answers
    every = answers.mistakes()
    shown, of_net, others, compared = (trained, pictures), every, [], ""
    if settings.other is not None and isinstance(pictures.subjects, Images):
        with guard():
            shown, of_net, others, compared = compare(settings, pictures, pictures.subjects.split)
    marks_of_net = marks.read(shown[0], pictures.marks_key)
    listing = Listing(*shown, filtered(of_net, settings, marks_of_net), marks_of_net)
    index = image_in_address(listing)
    if index is not None:
        opened.show(places, listing, index, settings.quiz, others)
        return
    page = choose_page(places, listing, settings.layout)
    with places.result:
        overview.show(settings, answers, listing, page)
    with places.details:
        overview.summary(pictures, every, listing.mistakes)
        if compared:
            st.markdown(compared)
        if not page:
            st.markdown(why_none(settings, every))
        overview.pairs(trained, answers)
        overview.remarks(pictures)
        if page:
            with group("actions"):
                cards.downloads(listing, page)
            st.caption(f"{page[0].method}: {page[0].why}")


def choose_page(places: Layout, listing: Listing, layout: str) -> list[Card]:
    """Draw the choice of a page of the list among the controls and return its cards."""
    a_page = cards.A_PAGE[layout]
    with places.controls:
        page = address.page(PAGE, "the page", max(1, -(-len(listing.mistakes) // a_page)))
    return cards.of_page(listing, page, layout)


@st.cache_resource(max_entries=8, show_spinner=False)
def _slot(name: str, stamp: int, split: str) -> list[Answers]:
    """Return the cache slot for a net's answers on one split."""
    return []


def answers_on(trained: TrainedClassifier, split: Split, name: str) -> Answers:
    """Return the net's answers on the split of that name, behind a progress bar where they are not cached."""
    slot = _slot(trained.name, nets.stamp(trained.name), name)
    return filled(
        slot, f"Classifying with {trained.title}", lambda step: kept_answers.answers(trained, split, step, name=name)
    )


def compare(
    settings: Settings, pictures: Classified, split: Split
) -> tuple[tuple[TrainedClassifier, Classified], Mistakes, list[Other], str]:
    """Return the net that makes the mistakes `settings.which` with its answers, these, and the other net with its own.

    The last part is a sentence on how many there are of each kind. Raises UserError where the other cannot be opened.
    """
    trained, other, answers = settings.trained, nets.opened(settings.other or ""), pictures.answers
    before = answers_on(other, split, settings.split)
    comparison = mistakes.compare(before, answers)
    titles = (escape_markdown(net.title) for net in (other, trained))
    words = "Against {}, {} fixes **{:,}** images and breaks **{:,}**; **{:,}** are wrong in both.".format(
        *titles, *map(len, (comparison.fixed, comparison.broken, comparison.still_wrong))
    )
    if settings.which == "fixed":
        by_other = replace(pictures, answers=before)
        return (other, by_other), before.mistakes().among(indices=comparison.fixed), [(trained, answers)], words
    indices = {"broken": comparison.broken, "both": comparison.still_wrong}.get(settings.which)
    return (trained, pictures), answers.mistakes().among(indices=indices), [(other, before)], words


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


def image_in_address(listing: Listing) -> int | None:
    """Return the image that the address opens, by its number or as the first of the list; None for the list.

    A sentence says what is the matter with one that is not there, or is no mistake (any more).
    """
    image = address.value(OPEN, "the image", "the list is shown")
    if image is None:
        return None
    if image == class_maps.FIRST:
        return int(listing.mistakes.indices[0]) if len(listing.mistakes) else None
    is_number = image.isascii() and image.isdecimal() and len(image) < MOST_DIGITS
    if not is_number or int(image) >= len(listing.pictures.answers):
        address.note(
            f"There is no image {address.quoted(image)}, only those from 0 to "
            f"{len(listing.pictures.answers) - 1:,}: the list is shown."
        )
        return None
    return int(image)


def why_none(settings: Settings, every: Mistakes) -> str:
    """Return why no mistake is listed, and what to do next."""
    if not len(every):
        return "Not one mistake on these images. Try a harder data set, or a smaller net."
    if settings.truth is not None or settings.predicted is not None:
        return "No image of that class was predicted as the other: choose another pair."
    return "No mistake passes these filters: choose others."


main()
