"""Runs: every training, the user's and those that came with Atelier, side by side; the address carries which."""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.runs import archive, comparison, queue, trash
from core.runs.comparison import Curve
from core.runs.run import NAME_LENGTH, NOTE_LENGTH, DamagedRun, Run, list_runs
from pages.runs import charts as run_charts
from pages.runs import table as run_table
from ui import formats, frame, menu, run_states
from ui.frame import guard

NOBODY = "none"  # the address says so when every run has been taken out
FIRST = 4  # runs that are laid over one another before anybody chooses
MOST = 24  # that can be told apart at all
IMPORT_MEGABYTES = 2000
STYLED = ("pastiche", "iterative")
TURN, UNDO, FAULT = "turn of the runs", "runs deleted last", "what went wrong with a run"
ROW, ROWS = 35, 9  # px, and how many are seen at once
ALTS = {
    "error": "Error in percent",
    "loss": "Loss",
    "content": "Content loss",
    "style": "Style loss",
    "variation": "Total variation",
    "objective": "Weighted loss",
    "learning_rate": "Learning rate",
}
ALONG = {"epoch": "Epochs", "step": "Steps", "time": "Time"}


def chosen(lines: pd.DataFrame) -> list[str]:
    """The ids in the address, of those that there are; without any the newest run and those of the same data set."""
    if asked := st.query_params.get_all("run"):
        return [id for id in dict.fromkeys(asked) if id in lines.index]
    measured = lines[lines["Error, %"].notna()]
    return list(measured.index[measured["Data set"] == measured["Data set"].iloc[0]][:FIRST]) if len(measured) else []


def put(ids: list[str]) -> None:
    """Let the address carry these runs."""
    st.query_params["run"] = ids or [NOBODY]


def table(lines: pd.DataFrame, ids: list[str]) -> None:
    """All runs in a table whose headers sort it; what is selected in it goes into the address."""
    known = list(lines.index)
    places = [place for place, id in enumerate(known) if id in ids]
    stamp = hashlib.sha1("\n".join(known).encode()).hexdigest()[:12]
    key = f"runs {stamp} {st.session_state.get(TURN, 0)}"
    seen = st.session_state.get(key)
    if seen is not None and sorted(seen["selection"]["rows"]) != places:
        # The address was changed elsewhere: a table of a new name begins with its selection.
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        key = f"runs {stamp} {st.session_state[TURN]}"
    st.dataframe(
        lines,
        key=key,
        on_select=lambda: put([known[row] for row in st.session_state[key]["selection"]["rows"] if row < len(known)]),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": places}},
        hide_index=True,
        placeholder="–",
        height=ROW * (1 + min(len(known), ROWS)) + 3,
        column_config=run_table.COLUMNS,
        alt=f"{len(known)} runs with net, data set, recipe, state, errors, epochs and time of each.",
    )


def actions(selected: Sequence[Run | DamagedRun], whole: list[Run], names: dict[str, str]) -> None:
    """What can be done with the selected runs, and the way in for runs from elsewhere."""
    own = [run for run in selected if isinstance(run, DamagedRun) or not run.shipped]
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Export", icon=":material/download:", disabled=not whole):
            export(whole, names)
        with st.popover("Name and note", icon=":material/edit_note:", disabled=not any(r in own for r in whole)):
            for run in whole:
                if not run.shipped:
                    st.caption(formats.escape_markdown(names[run.id]))
                    name_and_note(run)
        st.button(
            f"Delete {len(own)}" if len(own) > 1 else "Delete",
            icon=":material/delete:",
            disabled=not own,
            on_click=delete,
            args=(own,),
            help="Moved to the trash, from which they come back. Those shipped with Atelier stay.",
        )
        with st.popover("Import", icon=":material/upload:"):
            bring_in()
        if st.session_state.get(UNDO):
            st.button("Undo delete", icon=":material/undo:", type="tertiary", on_click=undo)
        elif trash.deleted():
            with st.popover("Trash", icon=":material/recycling:", type="tertiary"):
                trashed()


def export(runs: list[Run], names: dict[str, str]) -> None:
    """The selected runs as files; each is made when its button is pressed."""
    stem = runs[0].id if len(runs) == 1 else f"{len(runs)}-runs"
    axis, logarithmic = st.session_state.get("x", "epoch"), st.session_state.get("log", True)
    st.download_button(
        "Figures, CSV",
        lambda: archive.csv(runs),
        f"{stem}.csv",
        "text/csv",
        icon=":material/table:",
        help="Every row of the metrics, led by the run's name.",
    )
    st.download_button(
        "Curves, PNG",
        lambda: run_charts.picture(curves(runs, axis), names, logarithmic),
        f"{stem}.png",
        "image/png",
        icon=":material/image:",
        help="As they are shown below.",
    )
    st.download_button(
        "TensorBoard events, .zip",
        lambda: archive.tensorboard_zip(runs),
        f"{stem}-events.zip",
        "application/zip",
        icon=":material/query_stats:",
        help="Unpack it and run: tensorboard --logdir FOLDER",
    )
    resumable = st.toggle("With checkpoint", help="Larger, but the training can be resumed elsewhere.")
    along = any(run.kept_epochs() for run in runs) and st.toggle(
        "With epochs", help="The weights kept along the way, too, to see there how the net learned."
    )
    for run in runs[:FIRST]:
        st.download_button(
            f"{names[run.id]}, .zip",
            lambda run=run: archive.export_zip(run, resumable=resumable, epochs=along),  # type: ignore[misc]
            f"{run.id}.zip",
            "application/zip",
            key=f"zip {run.id}",
            icon=":material/folder_zip:",
            help="Settings, curves, marks and weights, for the Import of another installation.",
        )
    if len(runs) > FIRST:
        st.caption("Select fewer runs to take the others out as .zip.")


def name_and_note(run: Run) -> None:
    """Two fields that are kept as soon as they are left."""
    name_key, note_key = f"name {run.id}", f"note {run.id}"
    st.text_input(
        "Name", run.name, NAME_LENGTH, key=name_key, on_change=guarded, args=(run.rename, name_key), help=run.id
    )
    st.text_area("Note", run.note, 68, NOTE_LENGTH, key=note_key, on_change=guarded, args=(run.set_note, note_key))


def guarded(change: Callable[[str], None], key: str) -> None:
    """A change whose sentence, where it fails, is shown by the next run of the page."""
    try:
        change(st.session_state[key])
    except UserError as error:
        st.session_state[FAULT] = str(error)


def delete(runs: Sequence[Run | DamagedRun]) -> None:
    gone = []
    for run in runs:
        try:
            trash.delete(run)
            gone.append(run.id)
        except UserError as error:
            st.session_state[FAULT] = str(error)
    st.session_state[UNDO] = gone
    put([id for id in st.query_params.get_all("run") if id not in gone])


def undo() -> None:
    back = st.session_state.pop(UNDO)
    restore(back)


def restore(ids: Sequence[str]) -> None:
    for id in ids:
        try:
            trash.undelete(id)
        except UserError as error:
            st.session_state[FAULT] = str(error)
    put([*(id for id in st.query_params.get_all("run") if id != NOBODY), *ids])


def trashed() -> None:
    """The deleted runs, each with its way back, and the way to be rid of them."""
    for id in trash.deleted()[:20]:
        st.button(id, icon=":material/undo:", type="tertiary", key=f"restore {id}", on_click=restore, args=([id],))
    st.button(
        f"Empty, {trash.size() / 1e6:.1f} MB",
        icon=":material/delete_forever:",
        on_click=empty,
        help="They cannot be brought back from then on.",
    )


def empty() -> None:
    try:
        trash.empty()
    except UserError as error:
        st.session_state[FAULT] = str(error)


def bring_in() -> None:
    """A run that another installation exported."""
    with st.form("import", clear_on_submit=True, border=False):
        file = st.file_uploader("A run, as .zip", type=["zip"], max_upload_size=IMPORT_MEGABYTES)
        wanted = st.form_submit_button("Bring it in")
    if wanted and file is not None:
        with guard():
            run = archive.import_zip(file)
            put([*(id for id in st.query_params.get_all("run") if id != NOBODY), run.id])
            st.rerun()


def curves(runs: Sequence[Run], axis: str) -> dict[str, list[Curve]]:
    """Of every quantity the curves that the runs have of it."""
    return comparison.side_by_side(runs, axis, run_charts.points_a_curve(len(runs)))


def overlay(runs: list[Run], names: dict[str, str]) -> None:
    """The controls in a quarter of the width, the curves in the rest."""
    controls, pictures = frame.columns()
    with controls:
        axis = st.segmented_control(
            "Along",
            list(comparison.AXES),
            default="epoch",
            format_func=ALONG.get,
            required=True,
            key="x",
            bind="query-params",
            help="Time is that of training alone, without evaluation. Runs of styles have steps in place of epochs.",
        )
        logarithmic = st.toggle(
            "Logarithmic", True, key="log", bind="query-params", help="Small differences near the end become visible."
        )
        st.caption(" ".join(legend(runs)))
        watched = [run for run in runs[:FIRST] if has_page(run)]
        if watched:
            st.caption("To watch, look into or resume:")
        with st.container(gap="xsmall"):
            for run in watched:
                icon = run_states.FACES[run.status().state].icon
                menu.link(run_states.page_of(run), formats.escape_markdown(names[run.id]), icon, {"run": run.id})
    with pictures:
        drawn = {quantity: found for quantity, found in curves(runs, axis or "epoch").items() if found}
        if not drawn:
            st.caption("These runs have no such figures yet.")
        places = itertools.chain([st.container()], itertools.cycle(st.columns(2)))
        for place, (number, (quantity, found)) in zip(places, enumerate(drawn.items()), strict=False):
            with place:
                chart(found, names, quantity, logarithmic, first=number == 0)


def has_page(run: Run) -> bool:
    """Whether another page shows the run: a study's does even where it was shipped."""
    return run.kind in run_states.WATCHED_ON and (run.kind == comparison.STUDY or not run.shipped)


def legend(runs: Sequence[Run]) -> Iterator[str]:
    """What the lines of such runs mean, in sentences."""
    if any(run.kind == "classifier" for run in runs):
        yield "Dashed: on training images, mean over an epoch. Solid, with marks: on the images held out."
    if any(run.kind in STYLED for run in runs):
        yield "Runs of styles count steps, no epochs."
        yield (
            "Content, style and variation are those of equation 5.10, before their weights; only runs of one loss "
            "network can be compared."
        )
    if any(run.kind == comparison.STUDY for run in runs):
        yield "What a study of features that travel found is drawn on page Transfer."
    yield "A click on a name in the legend singles its run out."


def chart(found: list[Curve], names: dict[str, str], quantity: str, logarithmic: bool, first: bool) -> None:
    st.altair_chart(
        run_charts.overlay(found, names, quantity, logarithmic, first),
        key=f"{quantity} of runs",
        alt=f"{ALTS[quantity]} of {len(names)} runs over the {run_charts.AXES[found[0].axis]}.",
    )


def differences(runs: list[Run], names: dict[str, str]) -> None:
    """The settings in which the runs differ, a column for each run."""
    st.subheader("What differs", anchor=False)
    if len(runs) < 2:
        st.caption("Select a second run to see in what it differs.")
        return
    found = comparison.difference({run.id: run_table.settings(run) for run in runs})
    if not found:
        st.caption("Nothing: these runs have the same settings.")
        return
    rows = {run_table.setting_title(key): line for key, line in found.items()}
    data = pd.DataFrame.from_dict(rows, orient="index").rename(columns=names)
    st.dataframe(data, key="differences", alt="The settings in which the selected runs differ.", height="content")


def show() -> None:
    """The table, and under it the selected runs."""
    runs = list_runs(shipped=True)
    if not runs:
        invite()
        return
    lines = run_table.lines(runs)
    ids = chosen(lines)
    table(lines, ids)
    selected = sorted((run for run in runs if run.id in ids), key=lambda run: ids.index(run.id))
    whole = [run for run in selected if isinstance(run, Run)]
    names = run_table.names(whole)
    actions(selected, whole, names)
    if fault := st.session_state.pop(FAULT, None):
        st.error(fault, icon=":material/error:")
    for run in selected:
        if isinstance(run, DamagedRun):
            st.error(formats.escape_markdown(str(run)), icon=":material/broken_image:")
    if len(whole) > MOST:
        st.caption(f"The first {MOST} of {len(whole)} are drawn; nobody can tell more apart.")
        whole = whole[:MOST]
        names = {run.id: names[run.id] for run in whole}
    if whole:
        overlay(whole, names)
        differences(whole, names)
    else:
        st.caption("Select runs in the table to lay their curves over one another.")


def invite() -> None:
    """Instead of an empty page: the way to a first run."""
    st.markdown("No run yet. The first takes about a minute.")
    menu.link("train", "Train a net")
    with st.container(horizontal=True), st.popover("Import", icon=":material/upload:"):
        bring_in()


@st.fragment(run_every=5 if queue.under_way() else None)
def live() -> None:
    with guard():
        show()


live()
frame.takeaway(
    "Two runs teach most when they differ in one thing alone. A lower training error is no better net: only the "
    "images held out can tell."
)
