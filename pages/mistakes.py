"""Mistakes: the held-out images that a net gets wrong, worst first, and where it was looking (section 5.1.2)."""

import streamlit as st

from ui import frame
from ui.frame import PAGES, guard

frame.head("Mistakes", "Where a net errs, and where it was looking when it did.")

from core.datasets import Split  # noqa: E402  (torch takes a moment: the head is shown first)
from core.explain import mistakes, view  # noqa: E402
from core.explain.mistakes import Mistakes  # noqa: E402
from core.explain.view import View  # noqa: E402
from core.images import Picture, encode  # noqa: E402
from core.trainers.trained import Trained  # noqa: E402
from ui import held_out, nets, theme  # noqa: E402

A_PAGE = 8
ANY = "any"


@st.cache_resource(max_entries=4, show_spinner=False)
def kept(name: str, stamp: int) -> list[Mistakes]:
    """A place for the mistakes of one state of a net; empty until `find` has filled it."""
    return []


def find(trained: Trained, split: Split, stamp: int) -> Mistakes:
    """All mistakes on the split; a bar with a count moves while the net is asked."""
    place = kept(trained.name, stamp)
    if not place:
        bar = st.progress(0.0, text="Asking the net")
        place.append(
            mistakes.find(
                trained,
                split,
                lambda done, of: bar.progress(done / of, text=f"Asking the net: {done:,} of {of:,} images"),
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
    chosen = st.selectbox(label, (ANY, *classes), key=key, bind="query-params", help=help)
    return None if chosen == ANY else classes.index(chosen)


def watch(trained: Trained, stamp: int) -> None:
    """Beside a net that is still in training: say so, and offer its newer weights when they come."""

    @st.fragment(run_every=5)
    def look() -> None:
        with guard():
            st.caption("Still in training: every epoch makes other mistakes.")
            newer = nets.stamp(trained.name) != stamp
            if newer and st.button("Take the newer weights", icon=":material/refresh:"):
                st.rerun()

    look()


def summary(trained: Trained, found: Mistakes, chosen: Mistakes) -> None:
    images = f"{found.of:,} {trained.held_out} images"
    st.subheader(f"{len(found):,} of {images} wrong: {found.error:.2f} % error", anchor=False)
    if len(chosen) != len(found):
        st.caption(f"{len(chosen):,} of these mistakes are shown.")


def card(trained: Trained, seen: View, label: int, index: int, loss: float) -> None:
    """One mistake, as in Figure 5.4: image, map of the predicted class, map of the truth, on one scale."""
    colours, names = theme.colours(), trained.classes
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{names[label]} taken for {names[seen.predicted]}**")
        with st.grid(3, min_column_width=80, gap="small"):
            cell(seen.shown(), f"{trained.held_out} {index}", f"loss {loss:.2f}", f"The image, a {names[label]}")
            for position, (role, colour) in enumerate((("predicted", colours.prediction), ("truth", colours.truth))):
                name, evidence = names[seen.classes[position]], seen.evidence(position)
                cell(
                    seen.heat(position, alpha=0.6),
                    f':color[**{name}, {role}**]{{foreground="{colour}"}}',
                    f"{100 * float(seen.probabilities[seen.classes[position]]):.1f}\u00a0%  \n{evidence}",
                    f"{seen.method} of {name}, the {role} class: evidence {evidence}",
                )
        with st.container(horizontal=True, vertical_alignment="center"):
            legend(seen)
            st.space("stretch")
            st.page_link(
                PAGES / "explain.py",
                label="Explain",
                icon=":material/center_focus_strong:",
                query_params=address(trained, index),
            )


def cell(picture: Picture, name: str, words: str, alt: str) -> None:
    with st.container(gap="xxsmall"):
        st.image(encode(picture, quality=92), width="stretch", alt=alt)
        st.markdown(f":small[{name}]")
        st.caption(words)


def legend(seen: View) -> None:
    """The one scale of both maps."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption("0", width="content")
        st.image(encode(view.scale_picture(), "PNG"), width=90, alt="The colours of the scale, from none to most")
        st.caption(f"{seen.scale[1]:.3g} evidence", width="content")


def address(trained: Trained, index: int) -> dict[str, str]:
    """Where the Explain page shows this image; for nets of grey images it starts with test images anyway."""
    net = {"run" if trained.source == "run" else "net": trained.name}
    return net | {"image": str(index)} | ({"from": "Test image"} if trained.channels == 3 else {})


def cards(trained: Trained, split: Split, chosen: Mistakes) -> None:
    """A page of mistakes with their maps, and the way to the other pages."""
    pages = max(1, -(-len(chosen) // A_PAGE))
    slot = st.container()
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    shown = chosen.part(A_PAGE * (page - 1), A_PAGE)
    views = view.of_images(trained, split.images[shown.indices], shown.both)
    with slot:
        st.caption(f"{views[0].method}: {views[0].why}")
        with st.grid(2, min_column_width=320, gap="medium"):
            for i, seen in enumerate(views):
                card(trained, seen, int(shown.labels[i]), int(shown.indices[i]), float(shown.loss[i]))


controls, right = frame.columns()
trained = None
with controls, guard():
    trained = nets.choose(own_first=True)
    if trained is not None:
        stamp = nets.stamp(trained.name)
        by = order()
        truth = class_choice("Truth", "truth", trained.classes, "Only images that are in truth of this class.")
        taken = class_choice("Taken for", "taken", trained.classes, "Only images that the net took for this class.")
        if nets.is_alive(trained):
            watch(trained, stamp)
with right, guard():
    split = None if trained is None else held_out.split(trained)
    if trained is not None and split is not None:
        found = find(trained, split, stamp)
        chosen = found.ordered(by).among(label=truth, predicted=taken)
        summary(trained, found, chosen)
        if len(chosen):
            cards(trained, split, chosen)
        elif len(found):
            st.markdown("No image of that class was taken for the other: choose another pair.")
        else:
            st.markdown("Not one mistake on the images held out. Try a harder data set, or a smaller net.")
frame.takeaway(
    "Many mistakes are understandable once the maps are seen side by side: the net looked at the right place "
    "and weighed it wrongly, or it looked elsewhere. Some “mistakes” are wrong labels."
)
