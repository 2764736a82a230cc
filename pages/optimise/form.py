"""The form of the page: two pictures, a loss network, one picture or a row of a figure, and the button that starts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import streamlit as st

from core import hardware, images
from core.errors import UserError
from core.figures import transfers
from core.images import Picture
from core.runs import queue
from core.style import optimisation_recipe, optimisation_run, paintings, sources
from core.style.optimisation_recipe import OptimisationRecipe
from core.uploads import Upload, UploadGone
from ui import loss_network
from ui.frame import guard
from web import address, uploads
from web.formats import escape_markdown
from web.hide import group

ONE = "none"  # a single picture, of no figure
WITHOUT_COMPACT = "The small built-in one, compact, is not part of this copy yet."
WEIGHTS = {"content": "Content weight", "style": "Style weight", "variation": "Regularisation weight"}
HELP = {
    "content": "Weight of the difference between feature maps and the photograph's (lambda_c of equation 5.10).",
    "style": "Weight of the difference between Gram matrices and the painting's (lambda_s).",
    "variation": "Weight of smoothness (lambda_tv): against grain, at the price of sharpness.",
}
SIDES = (128, 192, 256, 384, 512, 768)
STYLE_SIDES = (128, 180, 256, 384, 512, 768)
PHOTO, PAINTING = "photo", "painting"  # uploads in the address
FAULT = "why a style transfer could not be started"
Cells = list[tuple[str, OptimisationRecipe]]


@dataclass(frozen=True)
class Source:
    """A picture that a transfer is made from: what to call it, and how to read it; reading raises UserError."""

    name: str
    read: Callable[[], Picture]


def choose() -> None:
    """Draw the form; its button starts the runs. A picture of one's own that is gone is said, and nothing starts."""
    with guard():
        with group("recipe"):
            photographs, paintings = st.container(), st.container()
            network = loss_network.choose("" if sources.at_hand("compact") else WITHOUT_COMPACT)
            figure = address.choice("figure", "What to make", (ONE, *transfers.FIGURES), figure_title)
            if figure != ONE:
                st.caption(transfers.figure(figure).takeaway)
        place = st.container()  # the button stays where it is when the rest is opened
        with group("upload"):
            own = uploaded()
        with photographs:
            content = choose_photograph(own[PHOTO])
        with paintings:
            style = choose_style(own[PAINTING])
        with group("more"), st.expander("More"):
            options = more(figure)
        with place, guard(), group("actions"):
            recipe = OptimisationRecipe(
                network=network, half=hardware.bf16_is_fast() and options["optimizer"] == "adam", **options
            )
            cells = transfers.figure(figure).recipes(recipe) if figure != ONE else [("", recipe)]
            offer_start(content, style, figure, cells)


def offer_start(content: Source | None, style: Source | None, figure: str, cells: Cells) -> None:
    """Draw the button that starts the runs, and below it why the last start failed."""
    st.button(
        "Start" if len(cells) == 1 else f"Start its {len(cells)} pictures",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=content is None or style is None,
        on_click=start,
        args=(content, style, figure, cells),
    )
    if fault := st.session_state.pop(FAULT, None):
        raise UserError(fault)


def figure_title(figure: str) -> str:
    """Return the words for a figure's name, or for a single picture."""
    if figure == ONE:
        return "One picture"
    known = transfers.FIGURES.get(figure)  # a run of another version may have another one
    return f"Figure {figure}: {known.title}" if known else f"Figure {figure}"


def uploaded() -> dict[str, Upload | UploadGone | None]:
    """Draw the fields for pictures of one's own; return what the address names: an upload, one that is gone, none."""
    own: dict[str, Upload | UploadGone | None] = {}
    with st.expander("Pictures of your own", expanded=any(key in st.query_params for key in (PHOTO, PAINTING))):
        for key, label in ((PHOTO, "A photograph of yours"), (PAINTING, "A painting of yours")):
            try:
                own[key] = uploads.picture(key, label)
            except UploadGone as gone:
                own[key] = gone
                address.note(str(gone))
    return own


def choose_photograph(own: Upload | UploadGone | None) -> Source | None:
    """Return the photograph: an upload, else a sample picture; None where the upload is gone."""
    if own is not None:
        return source_of(own, "Photograph")
    name = address.choice("sample", "Photograph", images.sample_names(), str.capitalize)
    return Source(name.capitalize(), partial(images.sample, name))


def choose_style(own: Upload | UploadGone | None) -> Source | None:
    """Return the style picture: an upload, else a painting that is shipped; None where the upload is gone."""
    if own is not None:
        return source_of(own, "a painting")
    painting_by_name = paintings.shipped()
    name = address.choice(
        "style", "Style picture", tuple(painting_by_name), lambda style: painting_by_name[style].title
    )
    painting = painting_by_name[name]
    with st.container(width=120):
        st.image(small(name), width="stretch", alt=f"The painting {painting.title}")
    st.caption(f"{escape_markdown(painting.credit)}.")
    return Source(painting.title, partial(paintings.picture, name))


def source_of(own: Upload | UploadGone, usual: str) -> Source | None:
    """Return an upload as a source, called `usual` where it has no name; None where it is gone."""
    if isinstance(own, UploadGone):
        return None
    return Source(own.stem or usual, lambda: images.decode(own.read()))


@lru_cache(maxsize=64)
def small(painting: str) -> bytes:
    """Return a painting small, as JPEG."""
    return images.encode(images.fit(paintings.picture(painting), 240))


def more(figure: str) -> dict[str, Any]:
    """Draw the rest of the recipe, each option with its effect in a line of help; return it by name."""
    usual = OptimisationRecipe()
    key, size = ("size", usual.size) if figure == ONE else ("row_size", 256)
    return {
        "size": address.step(key, "Picture, px", SIDES, size, "Longer side. Twice the side takes four times as long."),
        "style_size": address.step(
            "style_size", "Style picture, px", STYLE_SIDES, usual.style_size,
            "Longer side. A larger style picture gives larger strokes (Figure 5.8).",
        ),
        "steps": address.number("steps", "Steps", (1, 5000), usual.steps, "More come nearer to the optimum."),
        "start": address.choice(
            "start", "Start from", optimisation_recipe.STARTS, {"content": "Photograph", "noise": "Noise"}.__getitem__,
            "From the photograph more of its content stays (Figure 5.6).",
        ),
        "keep_colours": address.toggle(
            "keep_colours", "Keep the photograph's colours", usual.keep_colours, "Only lightness is painted; hues stay."
        ),
        **{
            name: address.decimal(f"{name}_weight", label, (0.0, 1e6), getattr(usual, name), HELP[name])
            for name, label in WEIGHTS.items()
        },
        **choose_optimiser(),
    }  # fmt: skip


def choose_optimiser() -> dict[str, Any]:
    """Draw the options of the optimiser; return them by name."""
    usual = OptimisationRecipe()
    return {
        "optimizer": address.choice(
            "optimizer", "Optimiser", optimisation_recipe.OPTIMIZERS, {"adam": "Adam", "lbfgs": "L-BFGS"}.__getitem__,
            "Adam as in the thesis; L-BFGS as in Gatys et al.: fewer steps, each of which takes longer.",
        ),
        "scales": address.step(
            "scales", "Scales, from coarse to fine", (1, 2, 3), usual.scales,
            "Begin small, where large shapes form quickly, and double the size with each scale.",
        ),
        "seed": address.number(
            "seed", "Seed", (0, 2**31 - 1), usual.seed, "Another seed: other noise to start from."
        ),
    }  # fmt: skip


def start(content: Source, style: Source, figure: str, cells: Cells) -> None:
    """Create the runs of the cells (label, recipe), queue them and show the first; note why that fails."""
    try:
        photograph, painting = content.read(), style.read()
        group = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        runs = []
        for label, recipe in cells:
            labels = {"figure": figure, "row": group, "label": label} if figure != ONE else {}
            name = f"Figure {figure}: {label}" if figure != ONE else f"{content.name} after {style.name}"
            runs.append(optimisation_run.create(photograph, painting, recipe, name=name, **labels))
        for run in runs:
            queue.submit(run)
    except UserError as error:
        st.session_state[FAULT] = str(error)
    else:
        st.query_params["run"] = runs[0].id
