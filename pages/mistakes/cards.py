"""A page of mistakes as cards, to be opened one by one or downloaded as a list and as a picture."""

import re
from dataclasses import dataclass

import streamlit as st

from core.explain import marks, view
from core.explain.mistakes import Mistakes
from core.explain.view import View
from core.images import Picture
from pages.mistakes import sheet
from pages.mistakes.detail import picture, roles
from pages.mistakes.listing import Listing, open_button
from ui import map_legend

A_PAGE = {"maps": 8, "pictures": 40}
GLYPHS = {"label": ":material/label_off:", "human": ":material/person:"}


@dataclass(frozen=True)
class Card:
    """One mistake of a listing: the image at `index` of its split, with its view, true class and loss in nats."""

    listing: Listing
    view: View
    index: int
    label: int
    loss: float

    @property
    def name(self) -> str:
        """The name of the true class."""
        return self.listing.trained.classes[self.label]

    @property
    def place(self) -> str:
        """Split and number of the image."""
        return f"{self.listing.name} {self.index}"

    def headline(self, quiz: bool = False) -> str:
        """Return true and predicted class, the latter left open in a quiz."""
        return f"{self.name} predicted as {'…' if quiz else self.listing.trained.classes[self.view.predicted]}"

    @property
    def glyphs(self) -> str:
        """The icons of its marks."""
        return "".join(f" {GLYPHS[mark]}" for mark in self.listing.marks.get(self.index, ()) if mark in GLYPHS)


def show(listing: Listing, layout: str, quiz: bool) -> None:
    """Draw a page of mistakes, and the buttons that download them."""
    a_page = A_PAGE[layout]
    pages = max(1, -(-len(listing.mistakes) // a_page))
    slot = st.container()
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    cards = _cards(listing, listing.mistakes.part(a_page * (page - 1), a_page))
    with slot:
        _downloads(listing, cards)
        if layout == "maps" and not quiz:
            st.caption(f"{cards[0].view.method}: {cards[0].view.why}")
            with st.grid(2, min_column_width=320, gap="medium"):
                for card in cards:
                    _draw(card)
        else:
            with st.grid(8, min_column_width=100, gap="small"):
                for card in cards:
                    _draw_small(card, quiz)


def _cards(listing: Listing, shown: Mistakes) -> list[Card]:
    views = view.of_images(listing.trained, listing.split.images[shown.indices], shown.both)
    columns = (shown.indices.tolist(), shown.labels.tolist(), shown.loss.tolist())
    return [Card(listing, *of_card) for of_card in zip(views, *columns, strict=True)]


def _draw(card: Card) -> None:
    """Draw one mistake, as in Figure 5.4: image, map of the predicted class, map of the true class, on one scale."""
    names = card.listing.trained.classes
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{card.headline()}**{card.glyphs}")
        with st.grid(3, min_column_width=80, gap="small"):
            _cell(card.view.shown(), card.place, f"loss {card.loss:.2f}", f"The image, a {card.name}")
            for position, (role, colour) in enumerate(roles()):
                index = card.view.classes[position]
                name, evidence = names[index], card.view.evidence(position)
                _cell(
                    card.view.heat(position, alpha=0.6),
                    f':color[**{name}, {role}**]{{foreground="{colour}"}}',
                    f"{100 * float(card.view.probabilities[index]):.1f}%  \n{evidence}",
                    f"{card.view.method} of {name}, {role}: evidence {evidence}",
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            map_legend.draw(card.view.scale, small=True)
            st.space("stretch")
            open_button("Open", card.index)


def _draw_small(card: Card, quiz: bool) -> None:
    """Draw one mistake as its picture alone."""
    with st.container(gap="xxsmall"):
        picture(card.view.shown(), f"Image {card.index}, a {card.name}")
        st.markdown(f":small[{card.place}]")
        st.caption(card.headline(quiz) + card.glyphs)
        open_button("Open", card.index)


def _cell(shown: Picture, name: str, words: str, alt: str) -> None:
    with st.container(gap="xxsmall"):
        picture(shown, alt)
        st.markdown(f":small[{name}]")
        st.caption(words)


def _downloads(listing: Listing, cards: list[Card]) -> None:
    """Draw the downloads: the list as a table, and the page as a picture that is made at the click."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{listing.trained.title} mistakes").strip("-").lower()
    with st.container(horizontal=True):
        st.download_button(
            "List, CSV",
            lambda: marks.table(listing.mistakes, listing.trained.classes, listing.marks),
            f"{stem}.csv",
            "text/csv",
            icon=":material/table:",
            help="All mistakes that pass the filters, in this order, with your marks.",
        )
        st.download_button(
            "This page, PNG",
            lambda: _sheet(listing, cards),
            f"{stem}.png",
            "image/png",
            icon=":material/image:",
            help="The mistakes of this page with their maps, as one picture.",
        )


def _sheet(listing: Listing, cards: list[Card]) -> bytes:
    """Return the PNG of a page: every mistake with its picture and both maps."""
    names = listing.trained.classes
    entries = [
        sheet.Entry(
            card.headline(),
            (card.view.shown(), card.view.heat(0, alpha=0.6), card.view.heat(1, alpha=0.6)),
            (card.place, *(f"{names[c]} {100 * float(card.view.probabilities[c]):.1f}%" for c in card.view.classes)),
        )
        for card in cards
    ]
    title = f"{listing.trained.title} on {listing.data.title}: image, predicted class, true class"
    return sheet.png(title, entries)
