"""An opened image: Figure 5.4 and what goes beyond it, from the checkpoints to the nearest training images."""

import streamlit as st

from core.explain.mistakes import Answers
from core.explain.view import View
from core.trainers.trained import TrainedClassifier
from pages.mistakes import canvas, detail, epochs, nearest
from pages.mistakes.listing import Listing, close, open_button, open_image
from ui import menu, nets
from ui.frame import Layout, guard
from web import address
from web.formats import escape_markdown
from web.hide import group

Other = tuple[TrainedClassifier, Answers]  # a net that is compared, and its answers on the split


def show(places: Layout, listing: Listing, index: int, quiz: bool, others: list[Other]) -> None:
    """Draw one image whole; in a quiz only after the prediction has been guessed.

    `places.controls` is that of the way back and of the quiz.
    """
    label = listing.label(index)
    (result,) = views(listing, index)
    if result.predicted == label and not quiz:
        address.note(f"Image {index} of {listing.name} is not a mistake: the net classifies it correctly.")
    with places.controls:
        steps(listing, index)
        is_told = not quiz or guessed(listing, index, result, label)
    with places.result:
        canvas.show(_drawing(listing, index, result, is_told), open_image, lambda truth, predicted: None)
    if is_told:
        with places.details:
            _details(listing, index, result, others)


def views(listing: Listing, index: int) -> list[View]:
    """Return the opened picture with both maps, cached."""
    key = (listing.trained.name, nets.stamp(listing.trained.name), listing.pictures.key, listing.name, index)
    return _views(key, listing, index)


@st.cache_resource(max_entries=16, show_spinner=False)
def _views(key: tuple[str, int, str, str, int], _listing: Listing, _index: int) -> list[View]:
    return _listing.views([_index])


def _drawing(listing: Listing, index: int, result: View, is_told: bool) -> str:
    trained, label = listing.trained, listing.label(index)
    if not is_told:
        return detail.image_alone(trained, result, label)
    key = (f"{trained.name} {listing.pictures.key}", nets.stamp(trained.name), listing.name, index)
    return detail.figure(key, trained, result, label)


def _details(listing: Listing, index: int, result: View, others: list[Other]) -> None:
    """Draw what is below the maps: probabilities, other nets, marks, epochs, copies and nearest training images."""
    trained, label = listing.trained, listing.label(index)
    st.header(escape_markdown(headline(trained, result, label)), anchor=False)
    if file := listing.pictures.file(index):
        st.caption(escape_markdown(file))
    detail.explanation(trained, result, label)
    for other, answers in others:
        probabilities = answers.logits[index].softmax(0)
        predicted = int(probabilities.argmax())
        share = 100 * float(probabilities[predicted])
        st.markdown(escape_markdown(f"{other.title} predicts {trained.classes[predicted]}, {share:.1f}% sure."))
    with group("actions"):
        detail.verdict(listing, index)
    image = listing.pictures.subjects.input(trained, index)
    if listing.pictures.train is not None:
        st.header("Over the epochs", anchor=False)
        with guard():
            epochs.panel(trained, image, label, result, f"{listing.name} {index}")
    st.header("Flipped and shifted", anchor=False)
    detail.copies(trained, image, label)
    if listing.pictures.train is not None:
        st.header("Nearest training images that the net classifies correctly", anchor=False)
        with guard():
            nearest.show(trained, listing.pictures.train, image, (result.predicted, label))
    if listing.name == trained.held_out:
        menu.link("explain", "Explain this image", query=explain_query(trained, index))


def steps(listing: Listing, index: int) -> None:
    """Draw the way back to the list, and to the mistakes before and after this one in it."""
    listed = listing.mistakes.indices.tolist()
    place = listed.index(index) if index in listed else None
    words = "which is not in the list" if place is None else f"{place + 1:,} of {len(listed):,}"
    st.caption(f"{listing.name} {index}, {words}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Back to the list", icon=":material/arrow_back:", on_click=close)
        if place is not None:
            for label, target, icon in (("Previous", place - 1, "chevron_left"), ("Next", place + 1, "chevron_right")):
                if 0 <= target < len(listed):
                    open_button(label, listed[target], icon)


def guessed(listing: Listing, index: int, result: View, label: int) -> bool:
    """Draw the quiz and, once a class has been guessed, whether it was the prediction; return True from then on."""
    trained = listing.trained
    guess = detail.quiz(trained, result, label, f"guess {trained.name} {listing.name} {index}")
    if guess is None:
        return False
    verdict = "the net predicts the same class." if guess == result.predicted else "the net predicts another class."
    st.markdown(f"You guessed {escape_markdown(trained.classes[guess])}: {verdict}")
    return True


def headline(trained: TrainedClassifier, result: View, label: int) -> str:
    """Return true and predicted class, with the probability of the latter."""
    name, predicted = trained.classes[label].capitalize(), trained.classes[result.predicted]
    sure = f"{100 * float(result.probabilities[result.predicted]):.1f}% sure"
    return (
        f"{name} predicted as {predicted}, {sure}"
        if result.predicted != label
        else f"{name}, predicted correctly, {sure}"
    )


def explain_query(trained: TrainedClassifier, index: int) -> dict[str, str]:
    """Return what the address of the Explain page carries to show this image."""
    net = {"run" if trained.source == "run" else "net": trained.name}
    # For nets of grey images that page starts with test images anyway.
    return net | {"image": str(index)} | ({"from": "Test image"} if trained.channels == 3 else {})
