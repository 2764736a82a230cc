"""All mistakes at a glance: the cards of a page and the confusion matrix on the canvas, and in words below it."""

from collections.abc import Sequence

import streamlit as st

from core.datasets import samples
from core.explain.mistakes import Answers, Mistakes
from core.explain.subjects import Photographs
from core.trainers.trained import TrainedClassifier
from pages.mistakes import canvas, cards, confusion
from pages.mistakes.cards import Card
from pages.mistakes.controls import Settings
from pages.mistakes.listing import ANY, Classified, Listing, choose_pair, open_image
from web.formats import escape_markdown

COMMONEST = 5
MOST_CLASSES = 100  # classes that a confusion matrix shows whether they occur or not


def show(settings: Settings, answers: Answers, listing: Listing, page: Sequence[Card]) -> None:
    """Draw the cards and the matrix of the net's answers; a click on a cell chooses its images, a second one all."""
    names, chosen = settings.trained.classes, _chosen(settings)

    def on_cell(truth: int, predicted: int) -> None:
        pair = (names[truth], names[predicted])
        choose_pair(*((ANY, ANY) if (truth, predicted) == chosen or max(truth, predicted) >= len(names) else pair))

    every = answers.mistakes()
    matrix = _matrix(answers, names, _title(every), chosen)
    if not page:
        canvas.show(f'<div class="both"><div></div>{matrix}</div>', open_image, on_cell)
        return
    drawn = cards.html(listing, page, settings.quiz)
    canvas.show(f'<div class="both">{drawn}<div>{matrix}</div></div>', open_image, on_cell)


def _matrix(answers: Answers, names: tuple[str, ...], title: str, chosen: tuple[int, int] | None) -> str:
    """Return the confusion matrix; of very many classes only of those that are confused most often."""
    counts = answers.confusion()
    if len(names) <= MOST_CLASSES:
        return confusion.drawing(counts, names, title, chosen)
    shown = confusion.most_confused(counts, confusion.MOST_NAMES)
    return confusion.drawing(counts[shown][:, shown], [names[i] for i in shown], title, chosen, shown)


def _chosen(settings: Settings) -> tuple[int, int] | None:
    """Return the cell of the matrix that the filters by class stand for."""
    if settings.truth is None:
        return None
    return settings.truth, settings.truth if settings.predicted is None else settings.predicted


def _title(every: Mistakes) -> str:
    return f"{len(every):,} of {every.of:,} wrong: {every.error:.2f}% error"


def summary(pictures: Classified, every: Mistakes, listed: Mistakes) -> None:
    """Draw how many images are wrong, and how many of them are listed."""
    what = "photographs" if isinstance(pictures.subjects, Photographs) else f"{pictures.name} images"
    st.header(f"{len(every):,} of {every.of:,} {what} wrong: {every.error:.2f}% error", anchor=False)
    if len(listed) != len(every):
        st.caption(f"{len(listed):,} of these mistakes are shown.")


def remarks(pictures: Classified) -> None:
    """Draw what was left out of photographs, that a name may mean several classes, and who answers to samples."""
    if samples.are_tested(pictures.key, pictures.name):
        st.caption(samples.REMARK)
    if isinstance(pictures.subjects, Photographs):
        for remark in pictures.subjects.remarks:
            st.caption(escape_markdown(remark))
        if pictures.answers.logits.shape[1] > MOST_CLASSES:
            st.caption(f"The matrix shows at most {confusion.MOST_NAMES} classes, those confused most often.")
        if any(len(group) > 1 for group in pictures.subjects.groups):
            st.caption(
                "Where the name of a folder means several classes, any of them is right, and the likeliest is shown as "
                "the true class."
            )


def pairs(trained: TrainedClassifier, answers: Answers) -> None:
    """Draw the commonest pairs of confused classes as buttons."""
    names = trained.classes
    found = confusion.commonest(answers.confusion(), COMMONEST)
    if found:
        st.caption("Click a picture to open it, or a cell of the matrix to list its images. The commonest:")
    with st.container(horizontal=True, gap="small"):
        for truth, predicted, count in found:
            st.button(
                f"{escape_markdown(names[truth])} predicted as {escape_markdown(names[predicted])}: {count}",
                key=f"pair {truth} {predicted}",
                on_click=choose_pair,
                args=(names[truth], names[predicted]),
            )
