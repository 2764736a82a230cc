"""The mistakes of a page of the list as cards on the canvas, each with its picture and both maps, or as pictures alone;
and their downloads, as a list and as a picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from core.explain import marks
from core.explain.view import View
from core.figures import class_maps
from core.images import encode, fit
from pages.mistakes import canvas, sheet
from pages.mistakes.canvas import Tile
from pages.mistakes.listing import Listing
from ui import nets

A_PAGE = {"maps": 8, "pictures": 40}
LONG_SIDE = 288  # px of the long side of a picture and of a map on a card
HEIGHT = 1.5  # of a full page of cards, as a share of its width: it fills the first screen of a desk
WORDS = {"label": "label looks wrong", "human": "I would err too"}


@dataclass(frozen=True)
class Card:
    """One mistake: the image at `index` of its split, the names of its classes, and its loss in nats.

    `sources` are the addresses of the picture and of the maps of the predicted and of the true class, where there are
    any; `shares` the probabilities of both in percent, `evidence` the raw ranges of their maps,
    `method` and `why` as in `cam.Explanation`.
    """

    index: int
    truth: str
    predicted: str
    loss: float
    sources: tuple[str, ...]
    shares: tuple[float, float]
    evidence: tuple[str, str]
    method: str
    why: str

    def headline(self, quiz: bool = False) -> str:
        """Return true and predicted class, the latter left open in a quiz."""
        return f"{self.truth} predicted as {'…' if quiz else self.predicted}"


def of_page(listing: Listing, page: int, layout: str) -> list[Card]:
    """Return the cards of a page of the list, counted from 1."""
    a_page = A_PAGE[layout]
    indices = listing.mistakes.part(a_page * (page - 1), a_page).indices.tolist()
    key = (listing.trained.name, nets.stamp(listing.trained.name), listing.pictures.key, listing.name)
    return _drawn(key, tuple(indices), layout, listing)


@st.cache_data(max_entries=64, show_spinner=False)
def _drawn(key: tuple[str, int, str, str], indices: tuple[int, ...], layout: str, _listing: Listing) -> list[Card]:
    """Return the cards of these images; `key` names net, state of its weights, pictures and what one is called."""
    views = _listing.views(indices)
    return [_card(_listing.trained.classes, index, seen, layout) for index, seen in zip(indices, views, strict=True)]


def _card(names: tuple[str, ...], index: int, seen: View, layout: str) -> Card:
    predicted, label = seen.classes
    small = replace(seen, picture=fit(seen.picture, LONG_SIDE))
    pictures = [small.picture]
    if layout == "maps":
        pictures += [fit(small.heat(position, alpha=0.6), LONG_SIDE) for position in (0, 1)]
    return Card(
        index,
        names[label],
        names[predicted],
        -float(seen.probabilities[label].clamp_min(1e-38).log()),
        tuple(map(canvas.source, pictures)),
        (100 * float(seen.probabilities[predicted]), 100 * float(seen.probabilities[label])),
        (seen.evidence(0), seen.evidence(1)),
        seen.method,
        seen.why,
    )


def html(listing: Listing, cards: Sequence[Card], quiz: bool) -> str:
    """Return the cards as a list of buttons that open them; in a quiz with their pictures alone."""
    maps = bool(cards) and len(cards[0].sources) > 1 and not quiz
    columns, kind = _arrangement(len(cards), maps)
    items = "".join(
        f'<li><button type="button" class="card" data-open="{card.index}" aria-label="{_name(listing, card, quiz)}">'
        f"{''.join(tile.html for tile in _tiles(listing, card, maps, quiz))}</button></li>"
        for card in cards
    )
    return f'<ul class="{kind}" style="--columns:{columns}" aria-label="Mistakes">{items}</ul>'


def _arrangement(count: int, maps: bool) -> tuple[int, str]:
    """Return the columns of `count` cards and how the pictures of each stand, so that together they fill the screen."""
    if not maps:
        return max(2, round((count / HEIGHT) ** 0.5)), "down"
    if count == 1:
        return 1, "one"
    if count == 4:
        return 1, "across"
    return (2 if count < 4 else 4), "down"


def _name(listing: Listing, card: Card, quiz: bool) -> str:
    words = [f"Open {listing.name} {card.index}", card.headline(quiz), *_marks(listing, card)]
    return escape(", ".join(words))


def _marks(listing: Listing, card: Card) -> list[str]:
    """Return the user's marks of a card in words."""
    return [WORDS[mark] for mark in listing.marks.get(card.index, ()) if mark in WORDS]


def _tiles(listing: Listing, card: Card, maps: bool, quiz: bool) -> list[Tile]:
    """Return the pictures of a card: the image, and with `maps` those of the predicted and of the true class."""
    marked = "".join(f", {words}" for words in _marks(listing, card))
    if not maps:
        name = "" if quiz else f"{card.truth} → {card.predicted}"
        return [Tile(card.sources[0], f"The image, a {card.truth}", name or card.truth, marked.lstrip(", "))]
    words = f"{listing.name} {card.index}, loss {card.loss:.2f}{marked}"
    tiles = [Tile(card.sources[0], f"The image, a {card.truth}", card.truth, words, "truth")]
    both = ((card.predicted, "predicted", "prediction"), (card.truth, "true class", "truth"))
    for (name, role, colour), source, share, evidence in zip(
        both, card.sources[1:], card.shares, card.evidence, strict=True
    ):
        alt = f"{card.method} of {name}, {role}: evidence {evidence}"
        tiles.append(Tile(source, alt, name, f"{role}, {share:.1f}%", colour))
    return tiles


def downloads(listing: Listing, cards: Sequence[Card]) -> None:
    """Draw the downloads: the list as a table, and the page as a picture that is made at the click."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{listing.trained.title} mistakes").strip("-").lower()
    with st.container(horizontal=True):
        st.download_button(
            "List, CSV",
            lambda: marks.table(listing.mistakes, listing.trained.classes, listing.marks, listing.pictures.file),
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
        st.download_button(
            "Figure 5.4, PNG",
            lambda: _figure(listing),
            f"{stem}-figure-5-4.png",
            "image/png",
            icon=":material/image:",
            disabled=not class_maps.has_close_mistakes(listing.pictures.answers),
            help="The closest mistakes as in Figure 5.4 of the thesis, each with the maps of both classes.",
        )


def _figure(listing: Listing) -> bytes:
    """Return the PNG of Figure 5.4 of these pictures."""
    from core.figures import class_map_drawing  # matplotlib's figures take half a second to import

    trained, pictures = listing.trained, listing.pictures
    examples = class_maps.close_mistakes(trained, pictures.subjects, pictures.answers)
    return encode(class_map_drawing.draw_mistakes(trained, examples), "PNG")


def _sheet(listing: Listing, cards: Sequence[Card]) -> bytes:
    """Return the PNG of a page: every mistake with its picture and both maps."""
    views = listing.views([card.index for card in cards])
    entries = [
        sheet.Entry(
            card.headline(),
            (seen.shown(), seen.heat(0, alpha=0.6), seen.heat(1, alpha=0.6)),
            (
                f"{listing.name} {card.index}",
                f"{card.predicted} {card.shares[0]:.1f}%",
                f"{card.truth} {card.shares[1]:.1f}%",
            ),
        )
        for card, seen in zip(cards, views, strict=True)
    ]
    title = f"{listing.trained.title} on {listing.pictures.title}: image, predicted class, true class"
    return sheet.png(title, entries)
