"""Data: what a net is given to learn from (section 4.1), and what augmentation makes of it (section 4.3.1)."""

import streamlit as st

from core import datasets
from core.datasets import Dataset, Split, gallery
from core.datasets.toybox import Scenes
from core.explain import boxes
from core.images import Picture, encode
from pages.data import charts as data_charts
from ui import address, frame, held_out, menu, own_pictures, theme
from ui.formats import escape_markdown
from ui.frame import guard

OWN = "own"
SIDES = ("32", "48", "64", "96", "128")
CLASSES_A_PAGE = 10
SAMPLES = 8  # a class
CROPS = 12
TILE = 64  # px on the screen
FRAME = 5  # px of a tile, of which the screen shows about half
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
TURN, DRAW = "turn of samples", "draw of crops"


def choose() -> str | None:
    """The name of the chosen data set with its options; the address carries them."""
    kind = address.choice(
        "dataset",
        "Data set",
        (*datasets.names(), OWN),
        lambda name: "Your own pictures" if name == OWN else datasets.info(name).title,
    )
    if kind == OWN:
        return own_pictures.choose(
            lambda: side_choice("The largest square in the middle of a picture is brought to this side.")
        )
    if kind == "toybox":
        return Scenes(side_choice("The scenes are drawn anew for every side.")).name
    return kind


def side_choice(help: str) -> int:
    return int(address.choice("side", "Side of the images", SIDES, lambda side: f"{side} px", help))


def split_choice(dataset: Dataset) -> str:
    splits = ("train", "test") if dataset.validation is None else ("train", "validation", "test")
    return address.choice(
        "split",
        "Split",
        splits,
        help="A net learns from train, is watched on validation where there is one, and is judged on test.",
    )


def framed(split: Split, indices: list[int]) -> list[Picture]:
    """The images, each with the true box of its object."""
    side = split.images.shape[3]
    colour = theme.colours().truth
    rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
    assert split.boxes is not None
    places = [tuple(box) for box in split.boxes[indices].tolist()]
    return [
        boxes.draw(tile, box, rgb, zoom=gallery.zoom(side), line=FRAME)
        for tile, box in zip(gallery.tiles(split.images[indices]), places, strict=True)
    ]


def samples(dataset: Dataset, split: Split, with_boxes: bool) -> None:
    """Some images of every class; of many classes, a page of them."""
    count = len(dataset.classes)
    slot = st.container()
    pages = -(-count // CLASSES_A_PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    first = CLASSES_A_PAGE * (page - 1)
    with slot, st.container(gap="xsmall"):
        for label in range(first, min(count, first + CLASSES_A_PAGE)):
            indices = gallery.samples(split, label, SAMPLES, st.session_state.get(TURN, 0)).tolist()
            tiles = framed(split, indices) if with_boxes else gallery.tiles(split.images[indices])
            name = dataset.classes[label]
            words, pictures = st.columns([1, 6], gap="small", vertical_alignment="center")
            words.markdown(f"**{escape_markdown(name)}**")
            with pictures:
                if tiles:
                    row(tiles, f"An image of the class {name}")
                else:
                    st.caption("none in this split")


def row(tiles: list[Picture], alt: str) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        for tile in tiles:
            st.image(encode(tile, "PNG"), width=TILE, alt=alt)


def more(key: str) -> None:
    st.session_state[key] = st.session_state.get(key, 0) + 1


@st.cache_data(max_entries=16, show_spinner=False)
def shares(name: str, mean: tuple[float, ...], _dataset: Dataset) -> list[list[float]]:
    """Of the training split; other images, another mean."""
    return gallery.shares_of_values(_dataset.train.images).tolist()


def statistics(dataset: Dataset) -> None:
    """Per channel mean and deviation, which every image is normalised with."""
    names = CHANNELS[dataset.channels]
    found = shares(dataset.name, dataset.mean, dataset)
    for column, name, of, mean, std in zip(
        st.columns(len(names)), names, found, dataset.mean, dataset.std, strict=True
    ):
        with column:
            st.altair_chart(
                data_charts.values(of, mean),
                key=f"values of {name}",
                alt=f"How bright the pixels of the {name} channel are; the mean is {mean:.3f}.",
            )
            st.caption(f"{name}: mean {mean:.4f}, standard deviation {std:.4f}")


def augmentation(dataset: Dataset, split: Split) -> None:
    """One image as it is, and as trainings see it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        mirror = st.toggle(
            "Mirror",
            dataset.channels == 3,
            key=f"mirror {dataset.channels}",
            help="Half of the crops are mirrored. Of digits and letters that makes other signs.",
        )
        st.button("Draw again", icon=":material/casino:", on_click=more, args=(DRAW,))
    draw = st.session_state.get(DRAW, 0)
    image = split.images[(draw * 7919) % len(split)]
    st.caption("Before")
    row(gallery.tiles(image[None]), "The image as it is")
    st.caption(f"After: {gallery.PAD} pixels of black around it, and a window of the old size cut at random")
    row(gallery.tiles(gallery.augmented(image, CROPS, mirror, draw)), "The image cropped at random")


def show(dataset: Dataset, split_name: str, with_boxes: bool) -> None:
    split: Split = getattr(dataset, split_name)
    st.subheader(f"{len(split):,} {split_name} images of {len(dataset.classes)} classes", anchor=False)
    for remark in dataset.remarks:
        st.warning(escape_markdown(remark), icon=":material/broken_image:")
    samples(dataset, split, with_boxes)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Balance of the classes", anchor=False)
        counts = gallery.balance(split, len(dataset.classes))
        st.altair_chart(
            data_charts.balance(dataset.classes, counts, split_name),
            key="balance",
            alt=f"Images a class in the {split_name} split, {min(counts):,} to {max(counts):,}.",
        )
    with right:
        st.subheader("Augmentation", anchor=False)
        augmentation(dataset, split)
    st.subheader("Values of the channels", anchor=False)
    statistics(dataset)


controls, right = frame.columns()
dataset = None
with controls, guard():
    name = choose()
    if name is not None:
        known = datasets.info(name)
        colour = "colour" if known.channels == 3 else "grey"
        st.caption(f"{known.classes} classes, {known.side} x {known.side} pixels, {colour}")
with right, guard():
    if name is None:
        st.markdown(
            "Put the pictures of each class into a folder named after it, five or more of each, and all of them into "
            "one folder or .zip. Nothing leaves this computer."
        )
    else:
        dataset = held_out.dataset(name)
with controls, guard():
    if dataset is not None:
        chosen = split_choice(dataset)
        boxed = dataset.train.boxes is not None and st.toggle(
            "True boxes", True, key="boxes", bind="query-params", help="Around the visible part of the labelled object."
        )
        st.button("Other samples", icon=":material/shuffle:", on_click=more, args=(TURN,))
        menu.link("train", "Train on it", query={"dataset": dataset.name})
with right, guard():
    if dataset is not None:
        show(dataset, chosen, boxed)
frame.takeaway(
    "Every channel is brought to mean 0 and deviation 1 before a net sees it, by the values of the training images "
    "alone. Augmentation shows the same things in other places: new images at no cost, as long as they stay what "
    "they are called."
)
