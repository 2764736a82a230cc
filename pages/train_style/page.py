"""Train styles: give a painting net its photographs and paintings, start, and watch what it makes of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core import hardware, images
from core.errors import UserError
from core.runs import queue
from core.runs.comparison import is_number
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.style import material, painter, pastiche_recipe, sources, trainer
from core.style.material import Painting
from core.style.pastiche_recipe import Recipe
from pages.train_style import charts as pastiche_charts
from ui import formats, frame, loss_network, menu, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch

THUMB = 96
UPLOAD, FOLDER = "Upload", "Folder"
MEGABYTES = 500  # of photographs that are handed over
TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"]
LOG_EVERY, SAVE_EVERY = 10, 100  # closer together than the command's: somebody is watching
LAMBDAS = {
    "content": ("Content weight", "How much the photograph's features count (lambda_c of equation 5.10)."),
    "style": ("Style weight", "How much the paintings' Gram matrices count (lambda_s)."),
    "variation": ("Regularisation weight", "How much smoothness counts (lambda_tv): against grain."),
}


def choose() -> None:
    """The form: pictures, loss network, recipe, and the button that starts."""
    with guard():
        photographs = choose_photographs()
        paintings = choose_paintings()
        network = loss_network.choose()
        steps = st.number_input(
            "Steps", 1, 200_000, 12_000, 500, key="steps", help="First strokes after some 500, a good net after 12,000."
        )
        place = st.container()  # the button stays where it is when the rest is opened
        with st.expander("More"):
            changes = more(network, paintings)
        with place, guard():
            offer(photographs, paintings, network, steps, changes)


def choose_photographs() -> Path | list[tuple[str, bytes]]:
    """Photographs to learn from: a folder of this machine, or files."""
    way = st.segmented_control(
        "Photographs", (UPLOAD, FOLDER), default=UPLOAD, required=True, key="photographs from", width="stretch",
        help="A few hundred varied ones will do; a thousand are better.",
    )  # fmt: skip
    if way == FOLDER:
        named = st.text_input(
            "Folder of photographs", key="photographs folder", placeholder="/home/me/photographs",
            help="On the computer that serves this page; they are read where they lie.",
        )  # fmt: skip
        return Path(named.strip()).expanduser() if named.strip() else []
    files = st.file_uploader(
        "Photographs or a .zip of them", [*TYPES, "zip"], accept_multiple_files=True, key="photographs files",
        max_upload_size=MEGABYTES, help="They are kept beside the run.",
    )  # fmt: skip
    return [(file.name, file.getvalue()) for file in files]


def choose_paintings() -> list[Painting]:
    """The paintings with their titles: files, or those of a folder of this machine."""
    way = st.segmented_control(
        "Paintings", (UPLOAD, FOLDER), default=UPLOAD, required=True, key="paintings from", width="stretch",
        help="Each becomes a style of the net.",
    )  # fmt: skip
    if way == FOLDER:
        named = st.text_input("Folder of paintings", key="paintings folder", placeholder="/home/me/paintings")
        if not named.strip():
            return []
        folder = Path(named.strip()).expanduser()
        known = material.chosen_paintings(folder, None)
        chosen = st.multiselect("Of these", known, known, format_func=material.title_of, key=f"of {folder}")
        stamps = tuple(known[name].stat().st_mtime for name in chosen)
        return [titled(*one) for one in read_folder(folder, tuple(chosen), stamps)] if chosen else []
    files = st.file_uploader("Paintings", TYPES, accept_multiple_files=True, key="paintings files")
    found = [read_painting(file.name, file.getvalue()) for file in files]
    material.check_names([one for one, _ in found])
    return [titled(*one) for one in found]


@st.cache_data(max_entries=64, show_spinner=False)
def read_painting(name: str, data: bytes) -> tuple[Painting, bytes]:
    """The painting in a file, and a small picture of it."""
    one = material.painting(name, data)
    return one, images.encode(images.fit(one.picture, THUMB))


@st.cache_data(max_entries=4, show_spinner="Reading the paintings…")
def read_folder(folder: Path, names: tuple[str, ...], stamps: tuple[float, ...]) -> list[tuple[Painting, bytes]]:
    """Paintings of a folder, each with a small picture of it; read anew where a file has changed."""
    found = material.paintings_of(folder, names)
    return [(one, images.encode(images.fit(one.picture, THUMB))) for one in found]


def titled(one: Painting, thumb: bytes) -> Painting:
    """The painting with the title that the visitor gives it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumb, width=48, alt=one.title)
        title = st.text_input("Title", one.title, 120, key=f"title {one.name}", label_visibility="collapsed")
    return replace(one, title=title.strip() or one.title)


def more(network: str, paintings: list[Painting]) -> dict[str, Any]:
    """The rest of the recipe, each with its effect in a line of help."""
    usual = Recipe(("any",))
    changes: dict[str, Any] = {
        "width": st.select_slider(
            "Width", (0.25, 0.5, 1.0, 2.0), usual.width, key="width",
            help="Factor on the feature maps of Table 5.1; 2 is the net of Johnson et al.",
        ),
        "crop": st.select_slider(
            "Crops, px", (96, 128, 192, 256), usual.crop, key="crop", help="Side of what is cut out of a photograph."
        ),
        "batch": st.number_input("Photographs a step", 1, 16, usual.batch, key="batch"),
        "style_side": st.select_slider(
            "Size of the paintings, px", (128, 192, 256, 384, 512, 768, 1024), usual.style_side, key="style side",
            help="Longer side. Larger paintings give larger strokes (section 5.3.2).",
        ),
    }  # fmt: skip
    for name, (label, text) in LAMBDAS.items():
        value = getattr(usual, name)
        changes[name] = st.number_input(label, 0.0, 1e4, value, value / 2, format="%g", key=f"weight {name}", help=text)
    factors = {
        one.name: st.number_input(
            one.title, 0.0, 100.0, 1.0, 0.1, format="%g", key=f"factor {one.name}",
            help="On the style weight, for this painting: more for one that merely recolours, less for one that hides "
            "the photograph.",
        )
        for one in paintings
    }  # fmt: skip
    changes["style_factors"] = {name: factor for name, factor in factors.items() if factor != 1.0}
    usual_layers = Recipe(("any",), network=network).layers
    for kind, layers in (("content", usual_layers.content), ("style", usual_layers.style)):
        known = list(sources.source(network).layers)
        chosen = st.multiselect(
            f"{kind.capitalize()} layers", known, list(layers), key=f"{kind} layers {network}",
            help="Deeper layers see larger patterns. They count alike.",
        )  # fmt: skip
        changes[f"{kind}_layers"] = alike(kind, chosen) if chosen != list(layers) else {}
    starts = known_starts()
    changes["start"] = st.selectbox(
        "Start from", list(starts), format_func=starts.get, key="start from",
        help="Weights to begin with: a net that can paint learns a new painting in a fraction of the steps.",
    )  # fmt: skip
    changes["learning_rate"] = st.number_input(
        "Learning rate", 0.0, 0.1, usual.learning_rate, 1e-4, format="%g", key="learning rate", help="Of Adam."
    )
    changes["seed"] = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", help="Of the crops and the first weights.")
    return changes


def alike(kind: str, layers: list[str]) -> dict[str, float]:
    """The same weight for each layer, adding up as the usual ones do. Raises UserError where there is none."""
    if not layers:
        raise UserError(f"There is no {kind} layer to compare at; choose at least one.")
    return {layer: pastiche_recipe.LAYER_SUMS[kind] / len(layers) for layer in layers}


def known_starts() -> dict[str, str]:
    """What a training can begin with -> its title; the first is nothing."""
    shipped = {name: f"Shipped: {painter.title(name)}" for name in painter.nets()}
    runs = [run for run in list_runs("pastiche") if isinstance(run, Run) and run.model_path() is not None]
    return {"": "Nothing"} | shipped | {str(run.path.resolve()): run.name for run in runs}


def offer(
    photographs: Path | list[tuple[str, bytes]],
    paintings: list[Painting],
    network: str,
    steps: int,
    changes: dict[str, Any],
) -> None:
    """The button, and what is known before it is pressed. Raises UserError for a recipe that cannot be."""
    start = changes.pop("start")
    recipe = Recipe(
        tuple(one.name for one in paintings) or ("any",),
        steps=steps,
        network=network,
        half=hardware.bf16_is_fast(),
        log_every=min(LOG_EVERY, steps),
        save_every=min(SAVE_EVERY, steps),
        gentle=min(Recipe.gentle, steps // 8),
        **changes,
    )
    # No callback: its pictures would be those of the last time this was drawn.
    if firm("Train", key="train styles", type="primary", icon=":material/play_arrow:", width="stretch"):
        run = material.create(photographs, paintings, recipe, start=start)
        queue.submit(run)
        st.query_params["run"] = run.id
        st.rerun()
    st.caption(prospect(recipe))


def prospect(recipe: Recipe) -> str:
    """How long it will take, from a step that is measured here."""
    waits = " A training is under way: this one waits for it." if queue.under_way() else ""
    if not sources.at_hand(recipe.network):
        return f"How long a step takes is known once the loss network is here.{waits}"
    each = measured(recipe.network, recipe.width, recipe.content_layers, recipe.style_layers, recipe.half)
    each *= recipe.batch * recipe.crop**2
    whole = formats.duration(each * recipe.steps)
    return f"A step takes {each:.2g} s on this machine ({hardware.describe(recipe.half)}): {whole} in all.{waits}"


@st.cache_data(max_entries=32, ttl=900, show_spinner="Measuring how long a step takes…")
def measured(
    network: str, width: float, content_layers: dict[str, float], style_layers: dict[str, float], half: bool
) -> float:
    """Seconds a step takes for every pixel of its crops."""
    layers = {"content_layers": content_layers, "style_layers": style_layers}
    recipe = Recipe(("any",), network=network, width=width, half=half, batch=1, crop=trainer.TRIED_CROP, **layers)
    return trainer.seconds_a_step(recipe, sources.load(network)) / recipe.crop**2


def draw(run: Run, status: Status) -> None:
    """The card, the strips and the curves of a run."""
    rows = run.metrics()
    card(run, status, rows)
    strips(run, status, rows)
    if rows:
        curves(run, rows)


def titles_of(run: Run) -> dict[str, str]:
    """The run's styles by name with their titles, as far as its folder says."""
    listed = run.data.get("styles")
    told = {one.get("name"): one.get("title") for one in listed if isinstance(one, dict)} if listed else {}
    names = run.settings.get("styles")
    return {str(name): str(told.get(name) or material.title_of(str(name))) for name in names or ()}


def card(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """State, figures, progress and controls."""
    with run_card.box(run, status, about(run)):
        figures = {name.capitalize(): figure(rows, name) for name in ("content", "style", "variation")}
        speed = status.progress.get("images_per_second")
        figures |= {"Gradient": figure(rows, "gradient"), "Rate": figure(rows, "learning_rate")}
        figures |= {"Speed": f"{speed:.3g} images/s" if is_number(speed) else "–"}
        with st.container(horizontal=True, gap="medium"):
            for label, value in (figures | {"Time left": run_states.time_left(status)}).items():
                st.metric(label, value, width="content")
        run_card.progress_and_controls(run, status, again)
        menu.link("runs", "Compare it with other runs", query={"run": run.id})


def figure(rows: list[dict[str, Any]], key: str) -> str:
    value = run_card.latest(rows, key)
    return "–" if value is None else f"{value:.3g}"


def about(run: Run) -> str:
    """Loss network, photographs and width of a run, as far as its folder says."""
    network = sources.KNOWN.get(str(run.settings.get("network", "both")))
    photographs, width = run.data.get("photographs"), run.settings.get("width")
    left_out = run.data.get("left_out")
    known = (
        network.title if network else "",
        f"{photographs:,} photographs" if is_number(photographs) else "",
        f"{left_out:,} that cannot be read left out" if left_out and is_number(left_out) else "",
        f"width {width:g}" if is_number(width) else "",
    )
    return " · ".join(filter(None, known))


def again(run: Run) -> Run:
    """Stop `run` and start the like of it."""
    if run.status().alive:
        run.request("stop")
    queue.cancel(run)
    fresh = material.again(run)
    queue.submit(fresh)
    return fresh


def strips(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Of every style the photographs that no training sees, and below them how the net paints them now."""
    found = {path.stem: path for path in run.previews()}
    shown = {name: title for name, title in titles_of(run).items() if name in found}
    if not shown:
        if status.under_way:
            every = run.settings.get("save_every", SAVE_EVERY)
            st.caption(f"The first pictures come after {every} steps, a strip for each style.")
        return
    columns = st.columns(2) if len(shown) > 1 else [st.container()]
    for place, (name, title) in enumerate(shown.items()):
        with columns[place % len(columns)]:
            st.image(found[name].read_bytes(), width="stretch", alt=f"Photographs, and below them painted as {title}")
            losses = [f"{kind} {figure(rows, f'{kind}/{name}')}" for kind in ("content", "style")]
            st.caption(f"**{formats.escape_markdown(title)}** · {' · '.join(losses)}")


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    """The losses, those of each style, the gradient and the rate."""
    steps = max(int(value) if is_number(value := run.data.get("steps", run.settings.get("steps"))) else 1, 1)
    named = {"content": "content loss", "style": "style loss", "variation": "total variation"}
    for place, (key, title) in zip(st.columns(3), named.items(), strict=True):
        with place:
            st.altair_chart(
                pastiche_charts.quantity(rows, steps, key, title), key=f"curve of {key}",
                alt=f"{title.capitalize()} over the steps.",
            )  # fmt: skip
    titles = titles_of(run)
    if len(titles) > 1:
        chosen = st.multiselect(
            "Style by style", list(titles), list(titles)[: pastiche_charts.MOST], format_func=titles.get,
            key=f"styles of {run.id}", max_selections=pastiche_charts.MOST,
        )  # fmt: skip
        for place, kind in zip(st.columns(2), ("content", "style"), strict=True):
            with place:
                st.altair_chart(
                    pastiche_charts.of_styles(rows, steps, kind, {name: titles[name] for name in chosen}),
                    key=f"{kind} of styles", alt=f"The {kind} loss of each style over the steps.",
                )  # fmt: skip
    for place, (key, title) in zip(
        st.columns(2), {"gradient": "gradient norm", "learning_rate": "learning rate"}.items(), strict=True
    ):
        with place:
            st.altair_chart(
                pastiche_charts.quantity(rows, steps, key, title, low=True), key=f"curve of {key}",
                alt=f"{title.capitalize()} over the steps.",
            )  # fmt: skip
    st.caption("Losses before their weights, each relative to its target; means over a fortieth of the steps.")


@st.fragment(run_every=3)
def others(shown: str) -> None:
    """All trainings of styles, as they are now."""
    earlier("Trainings of styles", list_runs("pastiche"), shown)


def invite() -> None:
    """Instead of an empty page: what a net that was trained so paints, and what is needed for another."""
    st.subheader("No training yet", anchor=False)
    st.markdown(
        "Give it photographs and at least one painting, and press **Train**. The photograph comes back within a "
        "hundred steps, colours within five hundred, and strokes from then on."
    )
    if painter.nets():
        listed = painter.styles()[:4]
        st.image(
            [painter.swatch(row["name"], row["net"]) for row in listed], [row["title"] for row in listed], width=160,
            alt=[f"A temple painted after {row['title']}" for row in listed],
        )  # fmt: skip
    shipped = [run for run in list_runs("pastiche", shipped=True) if isinstance(run, Run) and run.shipped]
    if shipped:
        best = max(shipped, key=lambda run: len(titles_of(run)))
        how = about(best)
        st.subheader(f"How the net of {formats.escape_markdown(best.name)} learnt", anchor=False)
        st.caption(f"The last part of its training{f': {how}' if how else ''}.")
        curves(best, best.metrics())


runs = list_runs("pastiche")
controls, picture = frame.columns()
with controls:
    choose()
with picture, guard():
    chosen = shown_run("pastiche", runs)
    if chosen is None:
        invite()
    else:
        with guard():
            watch(folder_of(chosen), draw)
        others(chosen)
    frame.takeaway(
        "One net can hold many paintings because strokes are mostly alike: what differs from style to style are the "
        "scales and shifts of its normalisations, a few thousand numbers each."
    )
