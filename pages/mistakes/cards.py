"""A page of mistakes as cards, to be opened one by one or taken away as a list and as a picture."""

import re
from dataclasses import dataclass

import streamlit as st

from core.datasets import Dataset, Split
from core.explain import marks, view
from core.explain.mistakes import Mistakes
from core.explain.view import View
from core.images import Picture, encode
from core.trainers.trained import TrainedClassifier
from pages.mistakes import detail as mistake_figure
from pages.mistakes import sheet as mistake_sheet
from ui import theme

A_PAGE = {"maps": 8, "pictures": 40}
OPEN = "image"  # the key of the address that says which image is opened
GLYPHS = {"label": ":material/label_off:", "human": ":material/person:"}


@dataclass(frozen=True)
class Chosen:
    """What is shown: `mistakes` of `trained` on the images of `split`, which is called `name`, of `data`."""

    trained: TrainedClassifier
    data: Dataset
    name: str
    split: Split
    mistakes: Mistakes
    marks: marks.Marks


def cards(chosen: Chosen, layout: str, hidden: bool) -> None:
    """A page of mistakes, and what can be taken away of them."""
    a_page = A_PAGE[layout]
    pages = max(1, -(-len(chosen.mistakes) // a_page))
    slot = st.container()
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    shown = chosen.mistakes.part(a_page * (page - 1), a_page)
    views = view.of_images(chosen.trained, chosen.split.images[shown.indices], shown.both)
    with slot:
        _take_away(chosen, shown, views)
        if layout == "maps" and not hidden:
            st.caption(f"{views[0].method}: {views[0].why}")
            with st.grid(2, min_column_width=320, gap="medium"):
                for i, seen in enumerate(views):
                    label, index, loss = (column[i].item() for column in (shown.labels, shown.indices, shown.loss))
                    _card(chosen, seen, int(label), int(index), loss, hidden)
        else:
            with st.grid(8, min_column_width=100, gap="small"):
                for i, seen in enumerate(views):
                    _small_card(chosen, seen, int(shown.labels[i]), int(shown.indices[i]), hidden)


def opener(label: str, index: int, **options: str) -> None:
    """A button that opens an image on this page."""
    st.button(
        label,
        key=f"{label} {index}",
        type="tertiary",
        on_click=lambda: st.query_params.update({OPEN: str(index)}),
        **({"icon": ":material/open_in_full:"} | options),  # type: ignore[arg-type]
    )


def _card(chosen: Chosen, seen: View, label: int, index: int, loss: float, hidden: bool) -> None:
    """One mistake, as in Figure 5.4: image, map of the predicted class, map of the truth, on one scale."""
    colours, names = theme.colours(), chosen.trained.classes
    with st.container(border=True, height="stretch"):
        st.markdown(_headline(chosen, seen, label, index, hidden))
        with st.grid(3, min_column_width=80, gap="small"):
            _cell(seen.shown(), f"{chosen.name} {index}", f"loss {loss:.2f}", f"The image, a {names[label]}")
            for position, (role, colour) in enumerate((("predicted", colours.prediction), ("truth", colours.truth))):
                name, evidence = names[seen.classes[position]], seen.evidence(position)
                _cell(
                    seen.heat(position, alpha=0.6),
                    f':color[**{name}, {role}**]{{foreground="{colour}"}}',
                    f"{100 * float(seen.probabilities[seen.classes[position]]):.1f}\u00a0%  \n{evidence}",
                    f"{seen.method} of {name}, the {role} class: evidence {evidence}",
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            _legend(seen)
            st.space("stretch")
            opener("Open", index)


def _small_card(chosen: Chosen, seen: View, label: int, index: int, hidden: bool) -> None:
    """One mistake as its picture alone."""
    names = chosen.trained.classes
    with st.container(gap="xxsmall"):
        mistake_figure.picture(seen.shown(), f"Image {index}, a {names[label]}")
        st.markdown(f":small[{chosen.name} {index}]")
        st.caption(_headline(chosen, seen, label, index, hidden).replace("**", ""))
        opener("Open", index)


def _headline(chosen: Chosen, seen: View, label: int, index: int, hidden: bool) -> str:
    """What was taken for what, unless it is to be guessed, and how it is marked."""
    names = chosen.trained.classes
    glyphs = "".join(f" {GLYPHS[mark]}" for mark in chosen.marks.get(index, ()) if mark in GLYPHS)
    return f"**{names[label]} taken for {'…' if hidden else names[seen.predicted]}**{glyphs}"


def _cell(picture: Picture, name: str, words: str, alt: str) -> None:
    with st.container(gap="xxsmall"):
        mistake_figure.picture(picture, alt)
        st.markdown(f":small[{name}]")
        st.caption(words)


def _legend(seen: View) -> None:
    """The one scale of both maps."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption("0", width="content")
        st.image(encode(view.scale_picture(), "PNG"), width=90, alt="The colours of the scale, from none to most")
        st.caption(f"{seen.scale[1]:.3g} evidence", width="content")


def _take_away(chosen: Chosen, shown: Mistakes, views: list[View]) -> None:
    """The list as a table, and the page as a picture; the latter is made when its button is pressed."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", f"{chosen.trained.title} mistakes").strip("-").lower()
    with st.container(horizontal=True):
        st.download_button(
            "List, CSV",
            lambda: marks.table(chosen.mistakes, chosen.trained.classes, chosen.marks),
            f"{stem}.csv",
            "text/csv",
            icon=":material/table:",
            help="All mistakes chosen here, in this order, with your marks.",
        )
        st.download_button(
            "This page, PNG",
            lambda: _sheet(chosen, shown, views),
            f"{stem}.png",
            "image/png",
            icon=":material/image:",
            help="The mistakes of this page with their maps, as one picture.",
        )


def _sheet(chosen: Chosen, shown: Mistakes, views: list[View]) -> bytes:
    """The PNG of a page: every mistake with its picture and both maps."""
    names = chosen.trained.classes
    entries = [
        mistake_sheet.Entry(
            f"{names[label]} taken for {names[seen.predicted]}",
            (seen.shown(), seen.heat(0, alpha=0.6), seen.heat(1, alpha=0.6)),
            (
                f"{chosen.name} {index}",
                *(f"{names[c]} {100 * float(seen.probabilities[c]):.1f} %" for c in seen.classes),
            ),
        )
        for seen, label, index in zip(views, shown.labels.tolist(), shown.indices.tolist(), strict=True)
    ]
    return mistake_sheet.png(f"{chosen.trained.title} on {chosen.data.title}: image, predicted, truth", entries)
