"""Mistakes: the images that a net gets wrong, sorted, and which part of them decided (section 5.1.2)."""

import streamlit as st
import torch

from core.datasets import Dataset, Split
from core.explain import kept_answers, marks, mistakes
from core.explain.mistakes import Answers, Mistakes
from core.figures import class_maps
from core.trainers.trained import TrainedClassifier
from pages.mistakes import cards, controls, opened, overview
from pages.mistakes.cards import Card
from pages.mistakes.controls import Settings
from pages.mistakes.listing import ANY, OPEN, PAGE, Listing
from pages.mistakes.opened import Other
from ui import data_sets, frame, nets
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
        data = None if settings is None else data_sets.load(settings.trained.dataset)
        if settings is not None and data is not None:
            show(Layout(places.result, places.details, above), settings, data)
    with places.details:
        frame.takeaway(
            "Many mistakes are understandable once the maps are seen side by side: the net looked at the right place "
            "and weighed it wrongly, or it looked elsewhere. Some “mistakes” are wrong labels."
        )


def show(places: Layout, settings: Settings, data: Dataset) -> None:
    """Draw the opened image, or else the cards with the confusion matrix and the summary."""
    trained, split = settings.trained, getattr(data, settings.split)
    answers = answers_on(trained, split, settings.split)
    every = answers.mistakes()
    net, of_net, others, compared = trained, every, [], ""
    if settings.other is not None:
        with guard():
            net, of_net, others, compared = compare(settings, split, answers)
    marks_of_net = marks.read(net, settings.split)
    listing = Listing(net, data, settings.split, split, filtered(of_net, settings, marks_of_net), marks_of_net)
    index = image_in_address(split, listing)
    if index is not None:
        opened.show(places, listing, index, settings.quiz, others)
        return
    page = choose_page(places, listing, settings.layout)
    with places.result:
        overview.show(settings, answers, listing, page)
    with places.details:
        overview.summary(settings.split, every, listing.mistakes)
        if compared:
            st.markdown(compared)
        if not page:
            st.markdown(why_none(settings, every))
        overview.pairs(trained, answers)
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
    return filled(slot, f"Classifying with {trained.title}", lambda step: kept_answers.answers(trained, split, step))


def compare(settings: Settings, split: Split, answers: Answers) -> tuple[TrainedClassifier, Mistakes, list[Other], str]:
    """Return the net that makes the mistakes `settings.which`, these, and the other net with its answers.

    The last part is a sentence on how many there are of each kind. Raises UserError where the other cannot be opened.
    """
    trained, other = settings.trained, nets.opened(settings.other or "")
    before = answers_on(other, split, settings.split)
    comparison = mistakes.compare(before, answers)
    titles = (escape_markdown(net.title) for net in (other, trained))
    words = "Against {}, {} fixes **{:,}** images and breaks **{:,}**; **{:,}** are wrong in both.".format(
        *titles, *map(len, (comparison.fixed, comparison.broken, comparison.still_wrong))
    )
    if settings.which == "fixed":
        return other, before.mistakes().among(indices=comparison.fixed), [(trained, answers)], words
    indices = {"broken": comparison.broken, "both": comparison.still_wrong}.get(settings.which)
    return trained, answers.mistakes().among(indices=indices), [(other, before)], words


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


def image_in_address(split: Split, listing: Listing) -> int | None:
    """Return the image that the address opens, by its number or as the first of the list; None for the list.

    A sentence says what is the matter with one that is not there, or is no mistake (any more).
    """
    image = address.value(OPEN, "the image", "the list is shown")
    if image is None:
        return None
    if image == class_maps.FIRST:
        return int(listing.mistakes.indices[0]) if len(listing.mistakes) else None
    is_number = image.isascii() and image.isdecimal() and len(image) < MOST_DIGITS
    if not is_number or int(image) >= len(split):
        address.note(
            f"There is no image {address.quoted(image)}, only those from 0 to {len(split) - 1:,}: the list is shown."
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
