"""Mistakes: the held-out images that a net gets wrong, worst first, and where it was looking (section 5.1.2)."""

import streamlit as st
import torch

from core.datasets import Split
from core.errors import UserError
from core.explain import marks, mistakes
from core.explain.mistakes import Answers, Mistakes
from core.figures import class_maps
from core.runs.run import Run
from core.trainers.trained import TrainedClassifier
from pages.mistakes import cards as mistake_cards
from pages.mistakes import confusion
from pages.mistakes import detail as mistake_figure
from pages.mistakes import epochs as through_epochs
from pages.mistakes.cards import OPEN, Chosen
from ui import address, data_sets, frame, menu, nets
from ui.frame import guard

LAYOUTS = {"maps": "With both maps", "pictures": "Pictures alone"}
ANY, NOBODY = "any", "none"
WHICH = {
    "all": "All that it gets wrong",
    "broken": "Wrong here, right there",
    "fixed": "Right here, wrong there",
    "both": "Wrong in both",
}
MARKED = {ANY: "Any", **marks.MARKS}
COMMONEST = 5


@st.cache_resource(max_entries=8, show_spinner=False)
def kept(name: str, stamp: int, split: str) -> list[Answers]:
    """A place for what one state of a net says of a split; empty until `answers` has filled it."""
    return []


def answers(trained: TrainedClassifier, split: Split, name: str) -> Answers:
    """What the net says of every image; a bar with a count moves while it is asked."""
    place = kept(trained.name, nets.stamp(trained.name), name)
    if not place:
        bar = st.progress(0.0, text="Asking the net")
        place.append(
            mistakes.answers(
                trained,
                split,
                lambda done, of: bar.progress(done / of, text=f"Asking {trained.title}: {done:,} of {of:,} images"),
            )
        )
        bar.empty()
    return place[0]


def order() -> str:
    return st.selectbox(
        "Worst first by",
        list(mistakes.ORDERS),
        format_func=str.capitalize,
        key="order",
        bind="query-params",
        help="Loss: the truth got the least probability. Confidence: the wrong class got the most. "
        "Margin: the wrong class is furthest ahead of the truth.",
    )


def class_choice(label: str, key: str, classes: tuple[str, ...], help: str) -> int | None:
    chosen = st.selectbox(label, (ANY, *classes), key=key, bind="query-params", help=help, on_change=close)
    return None if chosen == ANY else classes.index(chosen)


def rival(trained: TrainedClassifier) -> str | None:
    """The net to compare with, of those that learned the same data."""
    others = {
        name: title for name, title in nets.of_data(trained.dataset.partition("?")[0]).items() if name != trained.name
    }
    if not others:
        return None
    chosen = address.choice(
        "with",
        "Compared with",
        (NOBODY, *others),
        lambda name: others.get(name, "No other net"),
        "What this net fixed and what it broke, against another that learned the same data.",
    )
    return None if chosen == NOBODY else chosen


def watch(trained: TrainedClassifier, stamp: int) -> None:
    """Beside a net that is still in training: say so, and offer its newer weights when they come."""

    @st.fragment(run_every=5)
    def look() -> None:
        with guard():
            st.caption("Still in training: every epoch makes other mistakes.")
            newer = nets.stamp(trained.name) != stamp
            if newer and st.button("Take the newer weights", icon=":material/refresh:"):
                st.rerun()

    look()


def pick(truth: str, taken: str) -> None:
    """Show the images of a pair of classes; a class that is taken for itself stands for all mistakes on it."""
    st.session_state["truth"] = truth
    st.session_state["taken"] = ANY if truth == taken else taken
    close()


def close() -> None:
    """Back from the opened image to the first page of the list."""
    st.query_params.pop(OPEN, None)
    st.session_state.pop("page", None)


def clicked(key: str) -> None:
    cell = confusion.clicked(st.session_state[key])
    pick(*(cell or (ANY, ANY)))


def overview(said: Answers, trained: TrainedClassifier) -> None:
    """The confusion matrix to click on, and the commonest pairs as buttons, for those who do not click."""
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    counts, names = said.confusion(), trained.classes
    key = f"confusion of {trained.name}"
    with left:
        st.altair_chart(
            confusion.matrix(counts, names),
            key=key,
            width="content",
            on_select=lambda: clicked(key),
            selection_mode=confusion.CELL,
            alt="Confusion matrix: how often each class is taken for each other",
        )
    with right:
        st.caption("Click a cell to see its images. The commonest:")
        with st.container(gap="xxsmall"):
            for truth, taken, count in confusion.commonest(counts, COMMONEST):
                st.button(
                    f"{names[truth]} for {names[taken]}: {count}",
                    key=f"pair {truth} {taken}",
                    type="tertiary",
                    on_click=pick,
                    args=(names[truth], names[taken]),
                )


def summary(trained: TrainedClassifier, name: str, found: Mistakes, chosen: Mistakes) -> None:
    images = f"{found.of:,} {name} images"
    st.subheader(f"{len(found):,} of {images} wrong: {found.error:.2f} % error", anchor=False)
    if len(chosen) != len(found):
        st.caption(f"{len(chosen):,} of these mistakes are shown.")


def compared(
    trained: TrainedClassifier, other: TrainedClassifier, before: Answers, said: Answers, which: str
) -> tuple[TrainedClassifier, Mistakes]:
    """The mistakes of the kind `which` of WHICH, and the net that makes them; a sentence says how many there are."""
    found = mistakes.compare(before, said)
    st.markdown(
        f"Against {other.title}, {trained.title} fixes **{len(found.fixed):,}** images and breaks "
        f"**{len(found.broken):,}**; **{len(found.still_wrong):,}** are wrong in both."
    )
    if which == "fixed":
        return other, before.mistakes().among(indices=found.fixed)
    among = {"broken": found.broken, "both": found.still_wrong}.get(which)
    return trained, said.mistakes().among(indices=among)


def explaining(trained: TrainedClassifier, index: int) -> dict[str, str]:
    """Where the Explain page shows this image; for nets of grey images it starts with test images anyway."""
    net = {"run" if trained.source == "run" else "net": trained.name}
    return net | {"image": str(index)} | ({"from": "Test image"} if trained.channels == 3 else {})


def opened(chosen: Chosen, index: int, ask: bool, others: list[tuple[TrainedClassifier, Answers]]) -> None:
    """One image whole: Figure 5.4 and what it lacks."""
    trained, label = chosen.trained, int(chosen.split.labels[index])
    names = trained.classes
    steps(chosen, index)
    seen = mistake_figure.both_maps(trained, chosen.split.images[index], label)
    if ask:
        guess = mistake_figure.guessed(trained, seen, label, f"guess {trained.name} {chosen.name} {index}")
        if guess is None:
            return
        st.markdown(
            f"You said {names[guess]}, {'and so did the net.' if guess == seen.predicted else 'the net did not.'}"
        )
    sure = f"{100 * float(seen.probabilities[seen.predicted]):.1f} % sure"
    mistaken = f"{names[label].capitalize()} taken for {names[seen.predicted]}, {sure}"
    st.subheader(mistaken if seen.predicted != label else f"{names[label].capitalize()}, and the net says so, {sure}")
    mistake_figure.figure(trained, seen, label)
    for other, said in others:
        probabilities = said.logits[index].softmax(0)
        answer = int(probabilities.argmax())
        st.markdown(f"{other.title} says {names[answer]}, {100 * float(probabilities[answer]):.1f} % sure.")
    mistake_figure.verdict(trained, chosen.name, index, chosen.marks)
    st.subheader("Through the epochs", anchor=False)
    with guard():
        through_epochs.panel(trained, chosen.split.images[index], label, seen, f"{chosen.name} {index}")
    st.subheader("Mirrored and shifted", anchor=False)
    mistake_figure.copies(trained, chosen.split.images[index], label)
    st.subheader("Nearest training images that the net has right", anchor=False)
    with guard():
        mistake_figure.relatives(trained, chosen.data.train, chosen.split.images[index], seen, label)
    if chosen.name == trained.held_out:
        menu.link("explain", "Explain this image", query=explaining(trained, index))


def steps(chosen: Chosen, index: int) -> None:
    """Back to the list, and to the mistakes before and after this one in it."""
    listed = chosen.mistakes.indices.tolist()
    place = listed.index(index) if index in listed else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Back to the list", icon=":material/arrow_back:", on_click=lambda: st.query_params.pop(OPEN, None))
        if place is not None:
            for label, target, icon in (("Previous", place - 1, "chevron_left"), ("Next", place + 1, "chevron_right")):
                if 0 <= target < len(listed):
                    mistake_cards.opener(label, listed[target], icon=f":material/{icon}:")
            st.caption(f"{chosen.name} {index}, {place + 1:,} of {len(listed):,}")
        else:
            st.caption(f"{chosen.name} {index}, which is not in the list")


def asked_image(split: Split, listed: Mistakes) -> int | None:
    """The image that the address opens, by its number or as the first of the list.

    Raises UserError where the split has none such.
    """
    asked = st.query_params.get(OPEN)
    if asked == class_maps.FIRST and len(listed):
        return int(listed.indices[0])
    if asked in (None, class_maps.FIRST):
        return None
    if not asked.isdecimal() or int(asked) >= len(split):
        raise UserError(f"There is no image {asked}: choose one from 0 to {len(split) - 1:,}, or go back to the list.")
    return int(asked)


controls, right = frame.columns()
trained = other_name = None
which = "all"
with controls, guard():
    trained = nets.choose(own_first=True)
    if trained is not None:
        part = data_sets.choose_split(trained)
        by = order()
        truth = class_choice("Truth", "truth", trained.classes, "Only images that are in truth of this class.")
        taken = class_choice("Taken for", "taken", trained.classes, "Only images that the net took for this class.")
        low, high = st.slider(
            "Confidence, %",
            0,
            100,
            (0, 100),
            key="confidence",
            bind="query-params",
            help="Only mistakes that the net is so sure of: the probability of the wrong class.",
        )
        with st.expander("More"):
            layout = address.choice("layout", "Cards", tuple(LAYOUTS), LAYOUTS.__getitem__)
            marked = address.choice("marked", "Marked", tuple(MARKED), MARKED.__getitem__, "Your own verdicts.")
            other_name = rival(trained)
            if other_name is not None:
                which = address.choice("which", "Of both nets", tuple(WHICH), WHICH.__getitem__)
        hidden = st.toggle(
            "Ask me first",
            key="ask",
            bind="query-params",
            help="An opened image shows what the net took it for only after you have guessed.",
        )
        if trained.source == "run" and Run.open(trained.name).status().alive:
            watch(trained, nets.stamp(trained.name))
with right, guard():
    data = None if trained is None else data_sets.load(trained.dataset)
    if trained is not None and data is not None:
        split: Split = getattr(data, part)
        said = answers(trained, split, part)
        found = said.mistakes()
        of_net, listed, others = trained, found, []
        if other_name is not None:
            with guard():
                other = nets.opened(other_name)
                before = answers(other, split, part)
                of_net, listed = compared(trained, other, before, said, which)
                others = [(other, before) if of_net is trained else (trained, said)]
        noted = marks.read(of_net, part)
        among = (
            None if marked == ANY else torch.tensor([i for i, of in noted.items() if marked in of], dtype=torch.long)
        )
        shown = listed.ordered(by).among(
            label=truth,
            predicted=taken,
            confidence=(low / 100, high / 100) if (low, high) != (0, 100) else None,
            indices=among,
        )
        chosen = Chosen(of_net, data, part, split, shown, noted)
        index = None
        with guard():
            index = asked_image(split, shown)
        summary(trained, part, found, shown)
        if index is not None:
            opened(chosen, index, hidden, others)
        else:
            if len(found):
                overview(said, trained)
            if len(shown):
                mistake_cards.cards(chosen, layout, hidden)
            elif len(found) and (truth is not None or taken is not None):
                st.markdown("No image of that class was taken for the other: choose another pair.")
            elif len(found):
                st.markdown("No mistake is like that: choose other filters.")
            else:
                st.markdown("Not one mistake on these images. Try a harder data set, or a smaller net.")
frame.takeaway(
    "Many mistakes are understandable once the maps are seen side by side: the net looked at the right place "
    "and weighed it wrongly, or it looked elsewhere. Some “mistakes” are wrong labels."
)
