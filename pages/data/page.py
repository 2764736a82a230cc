"""Data: what a net is given to learn from (section 4.1), and what augmentation makes of it (section 4.3.1)."""

import streamlit as st

from core import datasets
from core.datasets import Dataset, Split, gallery
from core.datasets.toybox import Scenes
from pages.data import charts, pictures
from pages.data.pictures import View
from ui import data_sets, frame, menu, own_pictures, theme
from ui.frame import guard
from web import address
from web.formats import escape_markdown
from web.hide import group, is_shown

OWN = "own"
SIDES = ("32", "48", "64", "96", "128")
CLASSES_A_PAGE = 10
CROPS, CROPS_ACROSS = 12, 6
TILE_PX = 96
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
SAMPLES_DRAW, CROPS_DRAW = "samples", "crops"  # keys of the address
MOST_DIGITS = 6  # of a count in the address
EXAMPLE = "digits"  # shown until there is something to show
LIGHT_GROUND, DARK_GROUND = 239, 14  # about the canvas under the pictures
TAKEAWAY = (
    "Every channel is brought to mean 0 and deviation 1 before a net sees it, by the values of the training images "
    "alone. Augmentation shows the same things in other places: new images at no cost, as long as they stay what they "
    "are called."
)


def main() -> None:
    """Draw samples of the chosen data set, the controls beside them, and its statistics below."""
    places = frame.layout()
    dataset = None
    with places.controls, guard():
        dataset = chosen()
    if dataset is None:
        dataset = datasets.load(EXAMPLE)
        with places.controls:
            st.caption(f"Until then {dataset.title} are shown.")
    with places.controls, guard():
        name, view = choose_view(dataset)
        with places.result:
            st.html(gallery_html(dataset.name, dataset.mean, name, view, dataset))
        with places.details:
            details(dataset, name)
    with places.details:
        frame.takeaway(TAKEAWAY)


def chosen() -> Dataset | None:
    """Draw the choice of a data set and return it; None, with what helps, before there is one on this computer."""
    with group("data"):
        name = choose()
    if name is None:
        st.markdown(
            "Put the pictures of each class into a folder named after it, five or more of each, and all of them into "
            "one folder or .zip. Nothing leaves this computer."
        )
        return None
    info = datasets.info(name)
    colour = "colour" if info.channels == 3 else "grey"
    st.caption(f"{info.classes} classes, {info.side} x {info.side} pixels, {colour}")
    return data_sets.load(name)


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


def choose_view(dataset: Dataset) -> tuple[str, View]:
    """Draw the controls of a data set; return the name of the chosen split, and what is shown of it."""
    with group("split"):
        names = ("train", "test") if dataset.validation is None else ("train", "validation", "test")
        split = address.choice(
            "split",
            "Split",
            names,
            help="A net is trained on train, monitored on validation where there is one, and evaluated on test.",
        )
        with_boxes = dataset.train.boxes is not None and address.toggle(
            "boxes", "True boxes", True, help="Around the visible part of the labelled object."
        )
        first = CLASSES_A_PAGE * (choose_page(dataset) - 1)
    turn = draw_of(SAMPLES_DRAW, "The draw of samples")
    if is_shown("actions"):
        st.button("Other samples", icon=":material/shuffle:", on_click=redraw, args=(SAMPLES_DRAW, turn))
        menu.link("train", "Train on it", query={"dataset": dataset.name})
    classes = tuple(enumerate(dataset.classes))[first : first + CLASSES_A_PAGE]
    colour = theme.colours().truth
    rgb = (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))
    return split, View(classes, turn, rgb if with_boxes else None, ground())


def ground() -> int:
    """Return the grey between pictures: about that of the canvas under them."""
    return DARK_GROUND if theme.is_dark() else LIGHT_GROUND


def choose_page(dataset: Dataset) -> int:
    """Return the page of classes, from 1; of few classes there is one."""
    pages = -(-len(dataset.classes) // CLASSES_A_PAGE)
    if pages > 1:
        st.caption("Classes")
    return address.page("page", "The page", pages)


def draw_of(key: str, what: str) -> int:
    """Return how many times other images have been drawn, as the address says under `key`."""
    text = address.value(key, what, "the first is shown")
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        address.note(f"{what} in the address is {address.quoted(text)}, which cannot be used: the first is shown.")
        return 0
    return int(text)


def redraw(key: str, turn: int) -> None:
    """Count up the draw `key`, so that other images are shown."""
    address.put(key, str(turn + 1))


@st.cache_data(max_entries=32, show_spinner=False)
def gallery_html(name: str, mean: tuple[float, ...], split: str, view: View, _dataset: Dataset) -> str:
    """Return the gallery of a split. The mean is part of the cache's key: other images under the name have another."""
    return pictures.html(getattr(_dataset, split), view)


def details(dataset: Dataset, name: str) -> None:
    """Draw class balance, augmentation and channel statistics of the split `name`."""
    split: Split = getattr(dataset, name)
    st.header(f"{len(split):,} {name} images of {len(dataset.classes)} classes", anchor=False)
    for remark in dataset.remarks:
        st.warning(escape_markdown(remark), icon=":material/broken_image:")
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Balance of the classes", anchor=False)
        counts = gallery.balance(split, len(dataset.classes))
        st.altair_chart(
            charts.balance(dataset.classes, counts, name),
            key="balance",
            alt=f"Images a class in the {name} split, {min(counts):,} to {max(counts):,}.",
        )
    with right:
        st.header("Augmentation", anchor=False)
        augmentation(dataset, split)
    st.header("Values of the channels", anchor=False)
    statistics(dataset)


def augmentation(dataset: Dataset, split: Split) -> None:
    """Draw one image as it is, and as augmented for training."""
    turn = draw_of(CROPS_DRAW, "The draw of crops")
    with group("augmentation"), st.container(horizontal=True, vertical_alignment="center"):
        flip = address.toggle(
            "flip" if dataset.channels == 3 else "flip_grey",
            "Horizontal flip",
            dataset.channels == 3,
            help="Half of the crops are flipped. Flipped digits and letters are other signs.",
        )
        st.button("Draw again", icon=":material/casino:", on_click=redraw, args=(CROPS_DRAW, turn))
    image = split.images[(turn * 7919) % len(split)]
    side = split.images.shape[3]
    before, after = gallery.tiles(image[None]), gallery.tiles(gallery.augmented(image, CROPS, flip, turn))
    st.caption("Before")
    st.image(pictures.encoded(before[0], side), width=TILE_PX, alt="The image as it is")
    st.caption(f"After: padded with {gallery.PAD} pixels of black, then cropped at random to its old size")
    crops = pictures.sheet(after, CROPS_ACROSS, CROPS // CROPS_ACROSS, ground())
    st.image(
        pictures.encoded(crops, side), width=CROPS_ACROSS * TILE_PX, alt=f"The image cropped at random {CROPS} times"
    )


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
