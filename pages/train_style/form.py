"""The form of the page: photographs, paintings, a loss network, the recipe, and the button that starts a training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core import hardware, images
from core.errors import UserError
from core.runs import queue
from core.runs.run import Run, list_runs
from core.style import painter, pastiche_recipe, pastiche_run, pastiche_training, sources, training_pictures
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_run import NewPasticheRun
from core.style.training_pictures import Painting
from core.uploads import Upload
from ui import loss_network
from ui.buttons import firm
from ui.frame import guard
from web import address, formats, uploads
from web.hide import group, is_shown

THUMB = 96  # px, longer side
UPLOAD, FOLDER = "upload", "folder"
MEGABYTES = 500  # of uploaded photographs
TYPES = ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff")
LOG_EVERY, SAVE_EVERY = 10, 100  # steps, fewer than the command's: somebody is watching
ANY = ("any",)  # a style of no painting, for recipes whose styles do not matter
LAMBDAS = {
    "content": ("Content weight", "Weight of the difference in feature maps (lambda_c of equation 5.10)."),
    "style": ("Style weight", "Weight of the difference in Gram matrices (lambda_s)."),
    "variation": ("Regularisation weight", "Weight of smoothness (lambda_tv): against grain."),
}


def choose() -> None:
    """Draw the form; its button starts the training."""
    with guard():
        with group("upload"):
            photographs = choose_photographs()
            paintings = choose_paintings()
        with group("recipe"):
            network = loss_network.choose()
            steps = address.number(
                "steps",
                "Steps",
                (1, 200_000),
                12_000,
                "First strokes after some 500, a good net after 12,000.",
                step=500,
            )
        place = st.container()  # the button stays where it is when the rest is opened
        with group("more"), st.expander("More"):
            options = more(network, paintings)
            start = choose_start()
            options |= choose_rows_only(start) | choose_optimisation()
        with place, guard():
            names = tuple(one.name for one in paintings) or ANY
            recipe = recipe_for_page(names, steps=steps, network=network, **options)
            # No callback: its pictures would be those of the last time this was drawn.
            if is_shown("train") and firm(
                "Train", key="train styles", type="primary", icon=":material/play_arrow:", width="stretch"
            ):
                begin(photographs, paintings, recipe, start)
            st.caption(expected_time(recipe))


def choose_photographs() -> Path | list[Upload]:
    """Return the photographs to train on: a folder of this machine, or uploads, pictures and .zip archives."""
    origin = address.segments(
        "photographs_from", "Photographs", (UPLOAD, FOLDER), str.capitalize,
        "A few hundred varied ones will do; a thousand are better.", labelled=True,
    )  # fmt: skip
    if origin == FOLDER:
        path = address.text(
            "photographs", "Folder of photographs", placeholder="/home/me/photographs",
            help="On the computer that serves this page; they are read from there.",
        )  # fmt: skip
        return Path(path.strip()).expanduser() if path.strip() else []
    field = uploads.Field(
        "photos", "Photographs or a .zip of them", "They are kept beside the run as well.", (*TYPES, "zip"),
        uploads.no_check, uploads.MOST, packed_as="photographs.zip", megabytes=MEGABYTES,
    )  # fmt: skip
    return uploads.files(field)


def choose_paintings() -> list[Painting]:
    """Return the paintings with their titles: uploaded files, or those of a folder of this machine."""
    origin = address.segments(
        "paintings_from", "Paintings", (UPLOAD, FOLDER), str.capitalize,
        "Each becomes a style of the network.", labelled=True,
    )  # fmt: skip
    if origin == FOLDER:
        path = address.text("paintings", "Folder of paintings", placeholder="/home/me/paintings")
        return paintings_in(Path(path.strip()).expanduser()) if path.strip() else []
    field = uploads.Field("painting", "Paintings", None, TYPES, most=training_pictures.MAX_PAINTINGS)
    paintings = [read_painting(upload.name, upload.read()) for upload in uploads.files(field)]
    training_pictures.check_names([painting for painting, _ in paintings])
    return [titled(*one) for one in paintings]


def paintings_in(folder: Path) -> list[Painting]:
    """Return the chosen paintings of a folder with their titles."""
    files = training_pictures.chosen_paintings(folder, None)
    names = address.several("of", "Of these", list(files), training_pictures.title_of, default=list(files))
    stamps = tuple(files[name].stat().st_mtime for name in names)
    return [titled(*one) for one in read_folder(folder, tuple(names), stamps)] if names else []


@st.cache_data(max_entries=64, show_spinner=False)
def read_painting(name: str, data: bytes) -> tuple[Painting, bytes]:
    """Return the painting in a file, and a thumbnail of it."""
    one = training_pictures.read_painting(name, data)
    return one, images.encode(images.fit(one.picture, THUMB))


@st.cache_data(max_entries=4, show_spinner="Reading the paintings…")
def read_folder(folder: Path, names: tuple[str, ...], stamps: tuple[float, ...]) -> list[tuple[Painting, bytes]]:
    """Return paintings of a folder, each with a thumbnail; other `stamps` of the files have them read anew."""
    paintings = training_pictures.read_paintings(folder, names)
    return [(one, images.encode(images.fit(one.picture, THUMB))) for one in paintings]


def titled(one: Painting, thumb: bytes) -> Painting:
    """Return the painting with the title that the visitor gives it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumb, width=48, alt=one.title)
        title = address.text(f"title_{one.name}", "Title", one.title, max_chars=120, label_visibility="collapsed")
    return replace(one, title=title.strip() or one.title)


def more(network: str, paintings: list[Painting]) -> dict[str, Any]:
    """Draw sizes, weights and layers, each with its effect in a line of help; return them by name."""
    usual = PasticheRecipe(ANY)
    options: dict[str, Any] = {
        "width": address.step(
            "width", "Width", (0.25, 0.5, 1.0, 2.0), usual.width,
            "Factor on the feature maps of Table 5.1; 2 is the net of Johnson et al.",
        ),
        "crop": address.step(
            "crop", "Crops, px", (96, 128, 192, 256), usual.crop, "Side of the crops of photographs."
        ),
        "batch": address.number("batch", "Batch size", (1, 16), usual.batch, "Crops in each step."),
        "style_side": address.step(
            "style_side", "Size of the paintings, px", (128, 192, 256, 384, 512, 768, 1024), usual.style_side,
            "Longer side. Larger paintings give larger strokes (section 5.3.2).",
        ),
    }  # fmt: skip
    for name, (label, text) in LAMBDAS.items():
        value = getattr(usual, name)
        options[name] = address.decimal(f"{name}_weight", label, (0.0, 1e4), value, text)
    options["style_factors"] = choose_factors(paintings)
    return options | choose_layers(network)


def choose_factors(paintings: list[Painting]) -> dict[str, float]:
    """Return the factors on the style weight that differ from 1, by painting."""
    factors = {
        one.name: address.decimal(
            f"factor_{one.name}", one.title, (0.0, 100.0), 1.0, step=0.1,
            help="Factor on the style weight for this painting: higher for one that merely recolours, lower for one "
            "that hides the photograph.",
        )
        for one in paintings
    }  # fmt: skip
    return {name: factor for name, factor in factors.items() if factor != 1.0}


def choose_layers(network: str) -> dict[str, dict[str, float]]:
    """Return the weights of content and style layers; none of a kind where they are the network's usual ones."""
    usual = PasticheRecipe(ANY, network=network).layers
    weights = {}
    for kind, usual_weights in (("content", usual.content), ("style", usual.style)):
        names = address.several(
            f"{kind}_layers_{network}", f"{kind.capitalize()} layers", list(sources.source(network).layers),
            default=list(usual_weights), help="Deeper layers see larger patterns. All have the same weight.",
        )  # fmt: skip
        weights[f"{kind}_layers"] = equal_weights(kind, names) if names != list(usual_weights) else {}
    return weights


def equal_weights(kind: str, layers: list[str]) -> dict[str, float]:
    """Return the same weight for each layer, adding up as the usual ones do. Raises UserError where there is none."""
    if not layers:
        raise UserError(f"There is no {kind} layer to compare at; choose at least one.")
    return {layer: pastiche_recipe.LAYER_SUMS[kind] / len(layers) for layer in layers}


def choose_start() -> str:
    """Return the net whose weights the training starts from: a shipped one, a run's folder, or "" for none."""
    shipped = {name: f"Shipped: {painter.title(name)}" for name in painter.nets()}
    runs = {run.id: run for run in list_runs("pastiche") if isinstance(run, Run) and run.model_path() is not None}
    titles = {address.NONE: "Nothing"} | shipped | {id: run.name for id, run in runs.items()}
    start = address.choice(
        "start", "Start from", tuple(titles), titles.__getitem__,
        "Initial weights: a trained style network learns a new painting in a fraction of the steps.",
    )  # fmt: skip
    if start == address.NONE:
        return ""
    return str(runs[start].path.resolve()) if start in runs else start


def choose_rows_only(start: str) -> dict[str, bool]:
    """Return whether scales and shifts alone are learnt, by name; nothing where the training starts from no net."""
    if not start:
        return {}
    about = (
        "The convolutions stay as they are: a new painting is learnt in fewer steps, and fits the net it starts from."
    )
    return {"rows_only": address.toggle("rows_only", "Scales and shifts only", help=about)}


def choose_optimisation() -> dict[str, Any]:
    """Return learning rate and seed by name."""
    return {
        "learning_rate": address.decimal(
            "learning_rate", "Learning rate", (0.0, 0.1), PasticheRecipe(ANY).learning_rate, "Of Adam.", step=1e-4
        ),
        "seed": address.number("seed", "Seed", (0, 2**31 - 1), help="Of the crops and the initial weights."),
    }


def recipe_for_page(styles: tuple[str, ...], *, steps: int, **options: Any) -> PasticheRecipe:
    """Return the recipe with these options, saved often enough to be watched. Raises UserError for impossible ones."""
    return PasticheRecipe(
        styles,
        steps=steps,
        half=hardware.bf16_is_fast(),
        log_every=min(LOG_EVERY, steps),
        save_every=min(SAVE_EVERY, steps),
        style_warmup_steps=min(PasticheRecipe.style_warmup_steps, steps // 8),
        **options,
    )


def begin(photographs: Path | list[Upload], paintings: list[Painting], recipe: PasticheRecipe, start: str) -> None:
    """Create the run, queue it and show it. Raises UserError where it cannot be made, or an upload is gone."""
    files = photographs if isinstance(photographs, Path) else [(one.name, one.read()) for one in photographs]
    run = pastiche_run.create(pastiche_run.check(NewPasticheRun(recipe, files, paintings, start=start)))
    queue.submit(run)
    st.query_params["run"] = run.id
    st.rerun()


def expected_time(recipe: PasticheRecipe) -> str:
    """Return how long a training will take, from a step that is measured here, as a sentence."""
    waits = " A training is under way: this one waits for it." if queue.under_way() else ""
    if not sources.at_hand(recipe.network):
        return f"The time of a step is measured once the loss network has been fetched.{waits}"
    seconds = seconds_a_pixel(recipe.network, recipe.width, recipe.content_layers, recipe.style_layers, recipe.half)
    seconds *= recipe.batch * recipe.crop**2
    whole = formats.duration(seconds * recipe.steps)
    return f"A step takes {seconds:.2g} s on this machine ({hardware.describe(recipe.half)}): {whole} in all.{waits}"


@st.cache_data(max_entries=32, ttl=900, show_spinner="Measuring how long a step takes…")
def seconds_a_pixel(
    network: str, width: float, content_layers: dict[str, float], style_layers: dict[str, float], half: bool
) -> float:
    """Return the measured seconds of a step for every pixel of its crops."""
    layers = {"content_layers": content_layers, "style_layers": style_layers}
    recipe = PasticheRecipe(
        ANY, network=network, width=width, half=half, batch=1, crop=pastiche_training.TIMED_CROP, **layers
    )
    return pastiche_training.seconds_a_step(recipe, sources.load(network)) / recipe.crop**2
