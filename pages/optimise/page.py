"""Iterate: one photograph after one painting, optimised before the visitor's eyes (section 5.3)."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from core import hardware, images
from core.errors import UserError
from core.figures import transfers as figures
from core.images import Picture
from core.runs import queue
from core.runs.comparison import is_number
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.style import iterative, painter, sources
from core.style.iterative import Recipe
from pages.optimise import charts as transfer_charts
from ui import address, formats, frame, loss_network, run_card, run_states
from ui.buttons import firm
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch

ONE = "none"
WITHOUT_COMPACT = "The small one of our own, compact, is not part of this copy yet."
WORDS = {"content": "Content weight", "style": "Style weight", "variation": "Regularisation weight"}
HELP = {
    "content": "How much the photograph's features count (lambda_c of equation 5.10).",
    "style": "How much the painting's Gram matrices count (lambda_s).",
    "variation": "How much smoothness counts (lambda_tv): against grain, at the price of sharpness.",
}
TYPES = "JPEG, PNG, WebP, GIF, BMP or TIFF of up to 40 megapixels. It stays on the computer that runs the app."


def choose() -> None:
    """The controls: two pictures, a loss network, one picture or a figure, and the button that starts it."""
    with guard():
        content_name, content = choose_photograph()
        style_name, style = choose_style()
        network = loss_network.choose("" if sources.at_hand("compact") else WITHOUT_COMPACT)
        figure = address.choice("figure", "What to make", (ONE, *figures.FIGURES), what_to_make)
        if figure != ONE:
            st.caption(figures.figure(figure).takeaway)
        place = st.container()  # the button stays where it is when the rest is opened
        with st.expander("More"):
            changes = more(figure)
        with place, guard():
            recipe = Recipe(network=network, half=hardware.bf16_is_fast() and changes["optimizer"] == "adam", **changes)
            cells = figures.figure(figure).recipes(recipe) if figure != ONE else [("", recipe)]
            st.button(
                "Start" if len(cells) == 1 else f"Start its {len(cells)} pictures",
                type="primary",
                icon=":material/play_arrow:",
                width="stretch",
                on_click=start,
                args=(content, style, f"{content_name} after {style_name}", figure, cells),
            )


def what_to_make(figure: str) -> str:
    return "One picture" if figure == ONE else f"Figure {figure}: {figures.figure(figure).title}"


def choose_photograph() -> tuple[str, Picture]:
    """The photograph and what to call it: an upload, else a sample picture."""
    name = address.choice("sample", "Photograph", images.sample_names(), str.capitalize)
    upload = st.file_uploader("Or a photograph of yours", key="iterate_photograph", help=TYPES)
    if upload is None:
        return name.capitalize(), images.sample(name)
    return upload.name.rpartition(".")[0] or "Photograph", images.decode(upload)


def choose_style() -> tuple[str, Picture]:
    """The style picture and what to call it: an upload, else one that our own net painted."""
    styles = {row["name"]: row for row in painter.styles()}
    upload = None
    if styles:
        name = address.choice(
            "style",
            "Style picture",
            tuple(styles),
            lambda style: styles[style]["title"],
            help="Painted by the net of the Stylize page after that painting, for paintings are no part of Atelier.",
        )
    place = st.container()
    upload = st.file_uploader("Or a painting of yours", key="iterate_style", help=TYPES)
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
    """A sample picture as our own net paints it in a style: a style picture that everybody has."""
    return painter.stylise(images.fit(images.sample("flower"), 512), {style: 1.0}, net=net)


def more(figure: str) -> dict[str, Any]:
    """The rest of the recipe, each with its effect in a line of help."""
    usual = Recipe()
    changes: dict[str, Any] = {
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
            "Start from", iterative.STARTS, default=usual.start, required=True, key="start",
            format_func={"content": "Photograph", "noise": "Noise"}.get,
            help="From the photograph more of its content stays (Figure 5.6).",
        ),
        "keep_colours": st.toggle(
            "Keep the photograph's colours", key="keep colours", help="Only lightness is painted; hues stay."
        ),
    }  # fmt: skip
    for name, label in WORDS.items():
        value = getattr(usual, name)
        changes[name] = st.number_input(
            label, 0.0, 1e6, value, step=value / 2, format="%g", key=f"weight {name}", help=HELP[name]
        )
    changes |= {
        "optimizer": st.selectbox(
            "Optimiser", iterative.OPTIMIZERS, format_func={"adam": "Adam", "lbfgs": "L-BFGS"}.get, key="optimizer",
            help="Adam as the thesis; L-BFGS as Gatys et al.: fewer steps, each of which takes longer.",
        ),
        "scales": st.select_slider(
            "Scales, from coarse to fine", (1, 2, 3), usual.scales, key="scales",
            help="Begin small, where large shapes form quickly, and double the size with each scale.",
        ),
        "seed": st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", help="Another seed: other noise to start from."),
    }  # fmt: skip
    return changes


def start(content: Picture, style: Picture, name: str, figure: str, cells: list[tuple[str, Recipe]]) -> None:
    """Make the runs, hand them to the queue and show the first."""
    with guard():
        group = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        runs = []
        for label, recipe in cells:
            more = {"figure": figure, "row": group, "label": label} if figure != ONE else {}
            title = f"Figure {figure}: {label}" if figure != ONE else name
            runs.append(iterative.create(content, style, recipe, name=title, **more))
        for run in runs:
            queue.submit(run)
        st.query_params["run"] = runs[0].id


def again(run: Run) -> Run:
    """Stop `run` and start the like of it."""
    if run.status().alive:
        run.request("stop")
    queue.cancel(run)
    fresh = iterative.again(run)
    queue.submit(fresh)
    return fresh


def draw(row: list[Run], run: Run, status: Status) -> None:
    """The pictures of the figure, where the run belongs to one, and the run's own picture, card and curves."""
    rows = run.metrics()
    if len(row) > 1:
        show_row(run, row)
    show_pictures(run)
    card(run, status, rows)
    if rows:
        curves(run, rows)


def row_of(run: Run) -> list[Run]:
    """The runs of the figure that `run` belongs to, in the figure's order; else the run alone."""
    group = run.settings.get("row")
    if not group:
        return [run]
    found = [one for one in list_runs("iterative") if isinstance(one, Run) and one.settings.get("row") == group]
    known = figures.FIGURES.get(str(run.settings.get("figure")))
    order = [label for label, _ in known.cells] if known else []
    return sorted(found, key=lambda one: (order.index(label_of(one)) if label_of(one) in order else 99, one.id))


def label_of(run: Run) -> str:
    return str(run.settings.get("label", ""))


def preview(run: Run) -> bytes | None:
    """The latest picture as JPEG."""
    try:
        return (run.path / "previews" / f"{iterative.PREVIEW}.jpg").read_bytes()
    except OSError:
        return None


def show_row(shown: Run, row: list[Run]) -> None:
    """The pictures of a figure side by side, each a way to its own curves."""
    st.subheader(what_to_make(str(shown.settings.get("figure"))), anchor=False)
    for place, one in zip(st.columns(len(row)), row, strict=True):
        with place:
            if (picture := preview(one)) is not None:
                st.image(picture, width="stretch", alt=f"{label_of(one)}, as it is now")
            chosen = one.id == shown.id
            label = formats.escape_markdown(label_of(one))
            if firm(label, key=f"cell {one.id}", type="primary" if chosen else "tertiary", width="stretch"):
                st.query_params["run"] = one.id
                st.rerun(scope="app")
            run_states.badge(one.status())


def show_pictures(run: Run) -> None:
    """The picture as it is now, large, and beside it the photograph and the style picture that it is made from."""
    now, before = st.columns([2, 1])
    with before:
        for name, caption in (("content", "The photograph"), ("style", "The style picture")):
            file = run.path / f"{name}.png"
            if file.is_file():
                st.image(str(file), caption, width="stretch", alt=caption)
    with now:
        picture = preview(run)
        if picture is None:
            st.caption("There is no picture yet.")
        else:
            st.image(picture, run.name, width="stretch", alt=f"{run.name}, as it is now")
        done = run.path / f"{iterative.PREVIEW}.png"
        if done.is_file():
            st.download_button(
                "PNG", done.read_bytes(), f"{run.name}.png", "image/png", icon=":material/download:", on_click="ignore",
                key=f"download {run.id}", help="The picture as it was last saved, in full quality.",
            )  # fmt: skip


def card(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """State, figures, progress, controls, and the weights that can be steered."""
    with run_card.box(run, status, about(run)):
        with st.container(horizontal=True, gap="medium"):
            for label, key in (("Loss", "loss"), ("Content", "content"), ("Style", "style")):
                value = run_card.latest(rows, key)
                st.metric(label, "–" if value is None else f"{value:.3g}", width="content")
            pace = status.progress.get("milliseconds_a_step")
            st.metric("A step", f"{pace:,.0f} ms" if isinstance(pace, int | float) else "–", width="content")
            st.metric("Time left", run_states.time_left(status), width="content")
        run_card.progress_and_controls(run, status, again)
        if status.state in ("running", "paused"):
            steer(run)


def about(run: Run) -> str:
    """The loss network and the size of a run, as far as its folder says."""
    network = sources.KNOWN.get(str(run.settings.get("network")))
    return " · ".join(filter(None, (network.title if network else "", f"{run.settings.get('size', '?')} px")))


def steer(run: Run) -> None:
    """The three weights of equation 5.10, which count from the next step on."""
    values = run.control().values
    with st.container(horizontal=True):
        for name, label in WORDS.items():
            value = values.get(name, run.settings.get(name))
            key = f"steer {name} {run.id}"
            st.number_input(
                label, 0.0, 1e6, float(value) if is_number(value) else 0.0, format="%g", key=key,
                on_change=ask, args=(run, name, key), width=170, help=f"{HELP[name]} Counts from the next step on.",
            )  # fmt: skip


def ask(run: Run, name: str, key: str) -> None:
    with guard():
        command = run.control().command
        run.request("pause" if command == "step" else command, **{name: st.session_state[key]})  # takes no further step


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    steps = int(run.data.get("steps", run.settings.get("steps", len(rows))))
    st.altair_chart(
        transfer_charts.terms(rows, steps), key="term curves", alt="The weighted terms of the loss over the steps."
    )
    with st.expander("Layer by layer"):
        for kind in ("content", "style"):
            st.altair_chart(
                transfer_charts.layers(rows, steps, kind), key=f"{kind} layers",
                alt=f"The {kind} loss of each layer over the steps.",
            )  # fmt: skip


def invite() -> None:
    """Instead of an empty page: what will be done."""
    st.subheader("No transfer yet", anchor=False)
    st.markdown(
        "Choose two pictures and press **Start**. The picture begins as the photograph and takes on the painting's "
        "colours within ten steps, its strokes within a hundred."
    )
    st.image(images.encode(images.fit(images.sample(images.sample_names()[0]), 512)), alt="A sample photograph")


controls, picture = frame.columns()
with controls:
    choose()
with picture, guard():
    runs = list_runs("iterative")
    chosen = shown_run("iterate", runs)
    if chosen is None:
        invite()
    else:
        with guard():
            path = folder_of(chosen)
            row = row_of(Run.open(path))
            watch(path, partial(draw, row), row)
        earlier("Transfers", runs, chosen)
    frame.takeaway(
        "Every step asks the loss network which way each pixel should go. A pastiche net (the Stylize page) learns to "
        "make all those steps at once."
    )
