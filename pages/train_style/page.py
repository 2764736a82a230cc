"""Train a style network: start a training on photographs and paintings, and watch how the network paints."""

from functools import partial
from typing import Any

import streamlit as st

from core.runs import queue
from core.runs.run import DamagedRun, Run, list_runs
from core.runs.status import Status
from core.style import painter, pastiche_run, sources, training_pictures
from pages.train_style import charts, form
from ui import frame, menu, run_card, run_states
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch
from web import address
from web.formats import escape_markdown
from web.hide import group, is_shown

LOSSES = {"content": "content", "style": "style"}
SWATCH_PX = 160


def main() -> None:
    """Draw pictures or losses of the run of the address, its controls and the form beside it, all else below."""
    places = frame.layout()
    runs, recorded = list_runs("pastiche"), recorded_runs()
    with places.details:
        id = shown_run("train_style", runs, recorded)
    if id is not None:
        path, chosen = folder_of(id), {}
        with places.controls, guard():
            watch(path, card)
            with group("styles"):
                chosen = choose_styles(Run.open(path))
        with places.result, guard():
            watch(path, partial(draw, chosen))
        with places.details, guard():
            watch(path, partial(explain, chosen))
    with places.details, guard():
        if is_shown("runs"):
            others(id or "", recorded)
        frame.takeaway(
            "One net can hold many paintings because strokes are mostly alike: what differs from style to style are "
            "the scales and shifts of its normalisations, a few thousand numbers each."
        )
    with places.controls:  # last: the time of a step is measured for it
        form.choose()


def recorded_runs() -> list[Run | DamagedRun]:
    """Return the runs that came with Atelier, the one of most styles first."""
    recorded = [run for run in list_runs("pastiche", shipped=True) if isinstance(run, Run) and run.shipped]
    return sorted(recorded, key=lambda run: -len(run.style_network.styles))


def choose_styles(run: Run) -> dict[str, str]:
    """Return the titles of the styles to look at by name: the first ones, or those that the address has."""
    titles = titles_of(run)
    if len(titles) < 2:
        return titles
    names = address.several(
        "styles", "Styles", list(titles), lambda name: titles[name], most=charts.MOST, placeholder="The first four"
    )
    return {name: titles[name] for name in names or list(titles)[: charts.MOST]}


def draw(chosen: dict[str, str], run: Run, status: Status) -> None:
    """Draw the result: how the network paints now in the chosen styles; its losses until there are pictures."""
    if not strips(run, chosen):
        with frame.stage():
            loss_chart(run, height="stretch")


def explain(chosen: dict[str, str], run: Run, status: Status) -> None:
    """Draw what belongs to the result: figures, and the losses, those of each style, the gradient and the rate."""
    rows = run.metrics()
    figures(status, rows)
    if status.under_way and not run.previews():
        every = run.style_network.save_every or form.SAVE_EVERY
        st.caption(f"The first pictures come after {every} steps, a strip for each style.")
    if run.shipped:
        swatches(chosen)
    if rows:
        curves(run, rows, chosen)


def titles_of(run: Run) -> dict[str, str]:
    """Return the titles of the run's styles by name, as far as its folder holds them."""
    titles = run.style_network.titles
    return {name: titles.get(name) or training_pictures.title_of(name) for name in run.style_network.styles}


def card(run: Run, status: Status) -> None:
    """Draw state, progress and controls; of a recorded run, that it is one."""
    if run.shipped:
        run_card.recorded(run, about(run))
        return
    with run_card.box(run, status, about(run)):
        run_card.progress_and_controls(run, status, again)


def figures(status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw losses, gradient, rate and speed as they are now."""
    values = {name.capitalize(): latest(rows, name) for name in ("content", "style", "variation")}
    speed = status.progress.images_per_second
    values |= {"Gradient norm": latest(rows, "gradient"), "Learning rate": latest(rows, "learning_rate")}
    values |= {"Speed": "–" if speed is None else f"{speed:.3g} images/s"}
    with st.container(horizontal=True, gap="medium"):
        for label, value in (values | {"Time left": run_states.time_left(status)}).items():
            st.metric(label, value, width="content")


def latest(rows: list[dict[str, Any]], key: str) -> str:
    """Return the last value of `key` in the rows with three digits, or a dash."""
    value = run_card.latest(rows, key)
    return "–" if value is None else f"{value:.3g}"


def about(run: Run) -> str:
    """Return loss network, photographs and width of a run, as far as its folder holds them."""
    record = run.style_network
    network = sources.KNOWN.get(record.network)
    parts = (
        network.title if network else "",
        "" if record.photographs is None else f"{record.photographs:,} photographs",
        f"{record.left_out:,} unreadable ones left out" if record.left_out else "",
        "" if record.width is None else f"width {record.width:g}",
    )
    return " · ".join(filter(None, parts))


def again(run: Run) -> Run:
    """Stop `run` and start a new run like it."""
    if run.status().alive:
        run.request("stop")
    queue.cancel(run)
    fresh = pastiche_run.again(run)
    queue.submit(fresh)
    return fresh


def strips(run: Run, chosen: dict[str, str]) -> bool:
    """Draw a strip for each chosen style: photographs that no training uses, and below them how the net paints them.

    Return whether there is any.
    """
    files = {path.stem: path for path in run.previews()}
    shown = {name: title for name, title in chosen.items() if name in files}
    columns = st.columns(2) if len(shown) > 1 else [st.container()]
    for place, (name, title) in enumerate(shown.items()):
        with columns[place % len(columns)]:
            st.image(files[name].read_bytes(), width="stretch", alt=f"Photographs, and below them painted as {title}")
            st.caption(f"**{escape_markdown(title)}**")
    return bool(shown)


def swatches(chosen: dict[str, str]) -> None:
    """Draw how the shipped network paints a temple in the chosen styles, as far as it has them."""
    rows = [row for row in painter.styles() if row["name"] in chosen]
    if rows:
        st.image(
            [painter.swatch(row["name"], row["net"]) for row in rows], [escape_markdown(row["title"]) for row in rows],
            width=SWATCH_PX, alt=[f"A temple painted after {row['title']}" for row in rows],
        )  # fmt: skip


def loss_chart(run: Run, **size: Any) -> None:
    """Draw content and style loss on one axis."""
    st.altair_chart(
        charts.losses(run.metrics(), steps_of(run), LOSSES),
        key="losses",
        alt="Content loss and style loss over the steps.",
        **size,
    )


def steps_of(run: Run) -> int:
    """Return the number of steps of a run, at least 1."""
    return max(run.style_network.steps or 1, 1)


def curves(run: Run, rows: list[dict[str, Any]], chosen: dict[str, str]) -> None:
    """Draw the losses, those of each chosen style, the gradient and the learning rate."""
    if any(name in chosen for name in (path.stem for path in run.previews())):
        loss_chart(run)
    steps = steps_of(run)
    if len(titles_of(run)) > 1:
        for place, kind in zip(st.columns(2), ("content", "style"), strict=True):
            with place:
                st.altair_chart(
                    charts.of_styles(rows, steps, kind, chosen),
                    key=f"{kind} of styles", alt=f"The {kind} loss of each style over the steps.",
                )  # fmt: skip
    titles = {"variation": "total variation", "gradient": "gradient norm", "learning_rate": "learning rate"}
    quantities(rows, steps, titles, low=True)
    losses = [
        f"**{escape_markdown(title)}** content {latest(rows, f'content/{name}')}, style {latest(rows, f'style/{name}')}"
        for name, title in chosen.items()
    ]
    st.caption(" · ".join(losses))
    st.caption("Losses before their weights, each relative to its target; means over a fortieth of the steps.")


def quantities(rows: list[dict[str, Any]], steps: int, titles: dict[str, str], *, low: bool = False) -> None:
    """Draw a chart for each key of the rows (key -> title), side by side."""
    for place, (key, title) in zip(st.columns(len(titles)), titles.items(), strict=True):
        with place:
            st.altair_chart(
                charts.quantity(rows, steps, key, title, low=low), key=f"curve of {key}",
                alt=f"{title.capitalize()} over the steps.",
            )  # fmt: skip


@st.fragment(run_every=3)
def others(shown: str, recorded: list[Run | DamagedRun]) -> None:
    """Draw the list of all trainings of style networks, as they are now."""
    earlier("Trainings of style networks", list_runs("pastiche"), shown)
    earlier("Recorded trainings", recorded, shown)
    menu.link("runs", "Compare it with other runs", query={"run": shown})


main()
