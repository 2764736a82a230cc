"""Train a style network: start a training on photographs and paintings, and watch how the network paints."""

from typing import Any

import streamlit as st

from core.runs import queue
from core.runs.run import Run, list_runs
from core.runs.status import Status
from core.style import painter, pastiche_run, sources, training_pictures
from pages.train_style import charts, form
from ui import formats, frame, menu, run_card, run_states
from ui.earlier_runs import earlier
from ui.frame import guard
from ui.shown_run import folder_of, shown_run, watch


def main() -> None:
    """Draw the form on the left, and the run of the address on the right."""
    runs = list_runs("pastiche")
    controls, picture = frame.columns()
    with controls:
        form.choose()
    with picture, guard():
        shown = shown_run("train_style", runs)
        if shown is None:
            invite()
        else:
            with guard():
                watch(folder_of(shown), draw)
            others(shown)
        frame.takeaway(
            "One net can hold many paintings because strokes are mostly alike: what differs from style to style are "
            "the scales and shifts of its normalisations, a few thousand numbers each."
        )


def draw(run: Run, status: Status) -> None:
    """Draw the card, the strips and the curves of a run."""
    rows = run.metrics()
    card(run, status, rows)
    strips(run, status, rows)
    if rows:
        curves(run, rows)


def titles_of(run: Run) -> dict[str, str]:
    """Return the titles of the run's styles by name, as far as its folder holds them."""
    titles = run.style_network.titles
    return {name: titles.get(name) or training_pictures.title_of(name) for name in run.style_network.styles}


def card(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw state, losses, progress and controls."""
    with run_card.box(run, status, about(run)):
        figures = {name.capitalize(): latest(rows, name) for name in ("content", "style", "variation")}
        speed = status.progress.images_per_second
        figures |= {"Gradient norm": latest(rows, "gradient"), "Learning rate": latest(rows, "learning_rate")}
        figures |= {"Speed": "–" if speed is None else f"{speed:.3g} images/s"}
        with st.container(horizontal=True, gap="medium"):
            for label, value in (figures | {"Time left": run_states.time_left(status)}).items():
                st.metric(label, value, width="content")
        run_card.progress_and_controls(run, status, again)
        menu.link("runs", "Compare it with other runs", query={"run": run.id})


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


def strips(run: Run, status: Status, rows: list[dict[str, Any]]) -> None:
    """Draw a strip for every style: photographs that no training uses, and below them how the net paints them now."""
    files = {path.stem: path for path in run.previews()}
    shown = {name: title for name, title in titles_of(run).items() if name in files}
    if not shown:
        if status.under_way:
            every = run.style_network.save_every or form.SAVE_EVERY
            st.caption(f"The first pictures come after {every} steps, a strip for each style.")
        return
    columns = st.columns(2) if len(shown) > 1 else [st.container()]
    for place, (name, title) in enumerate(shown.items()):
        with columns[place % len(columns)]:
            st.image(files[name].read_bytes(), width="stretch", alt=f"Photographs, and below them painted as {title}")
            losses = [f"{kind} {latest(rows, f'{kind}/{name}')}" for kind in ("content", "style")]
            st.caption(f"**{formats.escape_markdown(title)}** · {' · '.join(losses)}")


def curves(run: Run, rows: list[dict[str, Any]]) -> None:
    """Draw the losses, those of each style, the gradient and the learning rate."""
    steps = max(run.style_network.steps or 1, 1)
    quantities(rows, steps, {"content": "content loss", "style": "style loss", "variation": "total variation"})
    titles = titles_of(run)
    if len(titles) > 1:
        chosen = st.multiselect(
            "Styles", list(titles), list(titles)[: charts.MOST], format_func=titles.get,
            key=f"styles of {run.id}", max_selections=charts.MOST,
        )  # fmt: skip
        for place, kind in zip(st.columns(2), ("content", "style"), strict=True):
            with place:
                st.altair_chart(
                    charts.of_styles(rows, steps, kind, {name: titles[name] for name in chosen}),
                    key=f"{kind} of styles", alt=f"The {kind} loss of each style over the steps.",
                )  # fmt: skip
    quantities(rows, steps, {"gradient": "gradient norm", "learning_rate": "learning rate"}, low=True)
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
def others(shown: str) -> None:
    """Draw the list of all trainings of style networks, as they are now."""
    earlier("Trainings of style networks", list_runs("pastiche"), shown)


def invite() -> None:
    """Draw, where there is no run yet, what training needs, and how the shipped network was trained."""
    st.subheader("No training yet", anchor=False)
    st.markdown(
        "Give it photographs and at least one painting, and press **Train**. The photograph comes back within a "
        "hundred steps, colours within five hundred, and strokes from then on."
    )
    if painter.nets():
        styles = painter.styles()[:4]
        st.image(
            [painter.swatch(row["name"], row["net"]) for row in styles], [row["title"] for row in styles], width=160,
            alt=[f"A temple painted after {row['title']}" for row in styles],
        )  # fmt: skip
    shipped = [run for run in list_runs("pastiche", shipped=True) if isinstance(run, Run) and run.shipped]
    if shipped:
        best = max(shipped, key=lambda run: len(titles_of(run)))
        how = about(best)
        st.subheader(f"Training of the shipped style network: {formats.escape_markdown(best.name)}", anchor=False)
        st.caption(f"The last part of its training{f': {how}' if how else ''}.")
        curves(best, best.metrics())


main()
