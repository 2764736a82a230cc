"""The form of the page: two pictures, a loss network, one picture or a row of a figure, and the button that starts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core import hardware, images
from core.errors import UserError
from core.figures import transfers
from core.images import Picture
from core.runs import queue
from core.style import optimisation_recipe, optimisation_run, painter, sources
from core.style.optimisation_recipe import OptimisationRecipe
from ui import address, loss_network
from ui.frame import guard

ONE = "none"  # a single picture, of no figure
WITHOUT_COMPACT = "The small built-in one, compact, is not part of this copy yet."
WEIGHTS = {"content": "Content weight", "style": "Style weight", "variation": "Regularisation weight"}
HELP = {
    "content": "Weight of the difference between feature maps and the photograph's (lambda_c of equation 5.10).",
    "style": "Weight of the difference between Gram matrices and the painting's (lambda_s).",
    "variation": "Weight of smoothness (lambda_tv): against grain, at the price of sharpness.",
}
TYPES = "JPEG, PNG, WebP, GIF, BMP or TIFF of up to 40 megapixels. It stays on the computer that runs the app."


@dataclass(frozen=True)
class Pictures:
    """A photograph and a style picture, and what to call the result."""

    content: Picture
    style: Picture
    name: str


def choose() -> None:
    """Draw the form; its button starts the runs."""
    with guard():
        content_name, content = choose_photograph()
        style_name, style = choose_style()
        network = loss_network.choose("" if sources.at_hand("compact") else WITHOUT_COMPACT)
        figure = address.choice("figure", "What to make", (ONE, *transfers.FIGURES), figure_title)
        if figure != ONE:
            st.caption(transfers.figure(figure).takeaway)
        place = st.container()  # the button stays where it is when the rest is opened
        with st.expander("More"):
            options = more(figure)
        with place, guard():
            recipe = OptimisationRecipe(
                network=network, half=hardware.bf16_is_fast() and options["optimizer"] == "adam", **options
            )
            cells = transfers.figure(figure).recipes(recipe) if figure != ONE else [("", recipe)]
            st.button(
                "Start" if len(cells) == 1 else f"Start its {len(cells)} pictures",
                type="primary",
                icon=":material/play_arrow:",
                width="stretch",
                on_click=start,
                args=(Pictures(content, style, f"{content_name} after {style_name}"), figure, cells),
            )


def figure_title(figure: str) -> str:
    """Return the words for a figure's name, or for a single picture."""
    return "One picture" if figure == ONE else f"Figure {figure}: {transfers.figure(figure).title}"


def choose_photograph() -> tuple[str, Picture]:
    """Return the photograph and what to call it: an upload, else a sample picture."""
    name = address.choice("sample", "Photograph", images.sample_names(), str.capitalize)
    upload = st.file_uploader("Or a photograph of yours", key="optimise_photograph", help=TYPES)
    if upload is None:
        return name.capitalize(), images.sample(name)
    return upload.name.rpartition(".")[0] or "Photograph", images.decode(upload)


def choose_style() -> tuple[str, Picture]:
    """Return the style picture and what to call it: an upload, else one painted by a shipped style network."""
    styles = {row["name"]: row for row in painter.styles()}
    if styles:
        name = address.choice(
            "style",
            "Style picture",
            tuple(styles),
            lambda style: styles[style]["title"],
            help="Painted by the style network of the Stylize page after that painting, for Atelier comes without "
            "paintings.",
        )
    place = st.container()
    upload = st.file_uploader("Or a painting of yours", key="optimise_style", help=TYPES)
    if upload is not None:
        return upload.name.rpartition(".")[0] or "a painting", images.decode(upload)
    if not styles:
        raise UserError("No style picture comes with this copy; upload a painting.")
    painted = painted_sample(name, styles[name]["net"])
    title = styles[name]["title"]
    place.image(images.encode(images.fit(painted, 192)), width=120, alt=f"A flower painted after {title}")
    return title, painted


@st.cache_data(max_entries=8, show_spinner=False)
def painted_sample(style: str, net: str) -> Picture:
    """Return a sample picture painted in a style: a style picture that comes with every copy."""
    return painter.stylise(images.fit(images.sample("flower"), 512), {style: 1.0}, net=net)


def more(figure: str) -> dict[str, Any]:
    """Draw the rest of the recipe, each option with its effect in a line of help; return it by name."""
    usual = OptimisationRecipe()
    options: dict[str, Any] = {
        "size": st.select_slider(
            "Picture, px", (128, 192, 256, 384, 512, 768), 256 if figure != ONE else usual.size, key=f"size {figure}",
            help="Longer side. Twice the side takes four times as long.",
        ),
        "style_size": st.select_slider(
            "Style picture, px", (128, 180, 256, 384, 512, 768), usual.style_size, key="style size",
            help="Longer side. A larger style picture gives larger strokes (Figure 5.8).",
        ),
        "steps": st.number_input("Steps", 1, 5000, usual.steps, key="steps", help="More come nearer to the optimum."),
        "start": st.segmented_control(
            "Start from", optimisation_recipe.STARTS, default=usual.start, required=True, key="start",
            format_func={"content": "Photograph", "noise": "Noise"}.get,
            help="From the photograph more of its content stays (Figure 5.6).",
        ),
        "keep_colours": st.toggle(
            "Keep the photograph's colours", key="keep colours", help="Only lightness is painted; hues stay."
        ),
    }  # fmt: skip
    for name, label in WEIGHTS.items():
        value = getattr(usual, name)
        options[name] = st.number_input(
            label, 0.0, 1e6, value, step=value / 2, format="%g", key=f"weight {name}", help=HELP[name]
        )
    return options | choose_optimiser()


def choose_optimiser() -> dict[str, Any]:
    """Draw the options of the optimiser; return them by name."""
    return {
        "optimizer": st.selectbox(
            "Optimiser", optimisation_recipe.OPTIMIZERS, key="optimizer",
            format_func={"adam": "Adam", "lbfgs": "L-BFGS"}.get,
            help="Adam as in the thesis; L-BFGS as in Gatys et al.: fewer steps, each of which takes longer.",
        ),
        "scales": st.select_slider(
            "Scales, from coarse to fine", (1, 2, 3), OptimisationRecipe().scales, key="scales",
            help="Begin small, where large shapes form quickly, and double the size with each scale.",
        ),
        "seed": st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", help="Another seed: other noise to start from."),
    }  # fmt: skip


def start(pictures: Pictures, figure: str, cells: list[tuple[str, OptimisationRecipe]]) -> None:
    """Create the runs of the cells (label, recipe), queue them and show the first."""
    with guard():
        group = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        runs = []
        for label, recipe in cells:
            labels = {"figure": figure, "row": group, "label": label} if figure != ONE else {}
            name = f"Figure {figure}: {label}" if figure != ONE else pictures.name
            runs.append(optimisation_run.create(pictures.content, pictures.style, recipe, name=name, **labels))
        for run in runs:
            queue.submit(run)
        st.query_params["run"] = runs[0].id
