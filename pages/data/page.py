"""Data: what a net is given to learn from (section 4.1), and what augmentation makes of it (section 4.3.1)."""

import streamlit as st

from core import datasets
from core.datasets import Dataset, Split, gallery
from core.datasets.toybox import Scenes
from core.explain import boxes
from core.images import Picture, encode
from pages.data import charts
from ui import address, data_sets, frame, menu, own_pictures, theme
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
SAMPLES_DRAW, CROPS_DRAW = "draw of samples", "draw of crops"


def main() -> None:
    """Draw the controls on the left, and the chosen split of the chosen data set on the right."""
    controls, picture = frame.columns()
    name = dataset = split = None
    with controls, guard():
        name = choose()
        if name is not None:
            info = datasets.info(name)
            colour = "colour" if info.channels == 3 else "grey"
            st.caption(f"{info.classes} classes, {info.side} x {info.side} pixels, {colour}")
    with picture, guard():
        if name is not None:
            dataset = data_sets.load(name)
        else:
            st.markdown(
                "Put the pictures of each class into a folder named after it, five or more of each, and all of them "
                "into one folder or .zip. Nothing leaves this computer."
            )
    if dataset is not None:
        with controls, guard():
            split, with_boxes = choose_split(dataset)
        with picture, guard():
            if split is not None:
                show(dataset, split, with_boxes)
    frame.takeaway(
        "Every channel is brought to mean 0 and deviation 1 before a net sees it, by the values of the training images "
        "alone. Augmentation shows the same things in other places: new images at no cost, as long as they stay what "
        "they are called."
    )


def choose() -> str | None:
    """Return the name of the chosen data set with its options, which the address carries; None before there is one."""
    kind = address.choice(
        "dataset",
        "Data set",
        (*datasets.names(), OWN),
        lambda name: "Your own pictures" if name == OWN else datasets.info(name).title,
    )
    if kind == OWN:
        return own_pictures.choose(lambda: choose_side("Each picture is cropped to its middle square and resized."))
    if kind == "toybox":
        return Scenes(choose_side("The scenes are drawn anew for every side.")).name
    return kind


def choose_side(help: str) -> int:
    """Return the chosen side of the images in pixels."""
    return int(address.choice("side", "Side of the images", SIDES, lambda side: f"{side} px", help))


def choose_split(dataset: Dataset) -> tuple[str, bool]:
    """Draw the controls of a data set; return the name of the chosen split, and whether to draw true boxes."""
    names = ("train", "test") if dataset.validation is None else ("train", "validation", "test")
    split = address.choice(
        "split",
        "Split",
        names,
        help="A net is trained on train, monitored on validation where there is one, and evaluated on test.",
    )
    with_boxes = dataset.train.boxes is not None and st.toggle(
        "True boxes", True, key="boxes", bind="query-params", help="Around the visible part of the labelled object."
    )
    st.button("Other samples", icon=":material/shuffle:", on_click=redraw, args=(SAMPLES_DRAW,))
    menu.link("train", "Train on it", query={"dataset": dataset.name})
    return split, with_boxes


def redraw(key: str) -> None:
    """Count up the draw `key`, so that other images are shown."""
    st.session_state[key] = st.session_state.get(key, 0) + 1


def show(dataset: Dataset, name: str, with_boxes: bool) -> None:
    """Draw samples, class balance, augmentation and channel statistics of the split `name`."""
    split: Split = getattr(dataset, name)
    st.subheader(f"{len(split):,} {name} images of {len(dataset.classes)} classes", anchor=False)
    for remark in dataset.remarks:
        st.warning(escape_markdown(remark), icon=":material/broken_image:")
    samples(dataset, split, with_boxes)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Balance of the classes", anchor=False)
        counts = gallery.balance(split, len(dataset.classes))
        st.altair_chart(
            charts.balance(dataset.classes, counts, name),
            key="balance",
            alt=f"Images a class in the {name} split, {min(counts):,} to {max(counts):,}.",
        )
    with right:
        st.subheader("Augmentation", anchor=False)
        augmentation(dataset, split)
    st.subheader("Values of the channels", anchor=False)
    statistics(dataset)


def samples(dataset: Dataset, split: Split, with_boxes: bool) -> None:
    """Draw some images of every class; of many classes, one page of them at a time."""
    count = len(dataset.classes)
    place = st.container()
    pages = -(-count // CLASSES_A_PAGE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    first = CLASSES_A_PAGE * (page - 1)
    with place, st.container(gap="xsmall"):
        for label in range(first, min(count, first + CLASSES_A_PAGE)):
            indices = gallery.samples(split, label, SAMPLES, st.session_state.get(SAMPLES_DRAW, 0)).tolist()
            tiles = framed(split, indices) if with_boxes else gallery.tiles(split.images[indices])
            name = dataset.classes[label]
            words, pictures = st.columns([1, 6], gap="small", vertical_alignment="center")
            words.markdown(f"**{escape_markdown(name)}**")
            with pictures:
                if tiles:
                    tile_row(tiles, f"An image of the class {name}")
                else:
                    st.caption("none in this split")


def framed(split: Split, indices: list[int]) -> list[Picture]:
    """Return the images, each with the true box of its object drawn on it."""
    side = split.images.shape[3]
    colour = theme.colours().truth
    rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
    assert split.boxes is not None
    corners = [tuple(box) for box in split.boxes[indices].tolist()]
    return [
        boxes.draw(tile, box, rgb, zoom=gallery.zoom(side), line=FRAME)
        for tile, box in zip(gallery.tiles(split.images[indices]), corners, strict=True)
    ]


def tile_row(tiles: list[Picture], alt: str) -> None:
    """Draw small images side by side."""
    with st.container(horizontal=True, gap="xsmall"):
        for tile in tiles:
            st.image(encode(tile, "PNG"), width=TILE, alt=alt)


def augmentation(dataset: Dataset, split: Split) -> None:
    """Draw one image as it is, and as augmented for training."""
    with st.container(horizontal=True, vertical_alignment="center"):
        flip = st.toggle(
            "Horizontal flip",
            dataset.channels == 3,
            key=f"flip {dataset.channels}",
            help="Half of the crops are flipped. Flipped digits and letters are other signs.",
        )
        st.button("Draw again", icon=":material/casino:", on_click=redraw, args=(CROPS_DRAW,))
    draw = st.session_state.get(CROPS_DRAW, 0)
    image = split.images[(draw * 7919) % len(split)]
    st.caption("Before")
    tile_row(gallery.tiles(image[None]), "The image as it is")
    st.caption(f"After: padded with {gallery.PAD} pixels of black, then cropped at random to its old size")
    tile_row(gallery.tiles(gallery.augmented(image, CROPS, flip, draw)), "The image cropped at random")


@st.cache_data(max_entries=16, show_spinner=False)
def brightness_shares(name: str, mean: tuple[float, ...], _dataset: Dataset) -> list[list[float]]:
    """Return the brightness histogram of each channel of the training split.

    The mean is part of the cache's key: other images under the same name have another.
    """
    return gallery.shares_of_values(_dataset.train.images).tolist()


def statistics(dataset: Dataset) -> None:
    """Draw histogram, mean and standard deviation of each channel, which normalise every image."""
    names = CHANNELS[dataset.channels]
    histograms = brightness_shares(dataset.name, dataset.mean, dataset)
    for column, name, shares, mean, std in zip(
        st.columns(len(names)), names, histograms, dataset.mean, dataset.std, strict=True
    ):
        with column:
            st.altair_chart(
                charts.brightness(shares, mean),
                key=f"values of {name}",
                alt=f"How bright the pixels of the {name} channel are; the mean is {mean:.3f}.",
            )
            st.caption(f"{name}: mean {mean:.4f}, standard deviation {std:.4f}")


main()
