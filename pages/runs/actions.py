"""What can be done with the selected runs: export, rename, delete and restore; and the import of others."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.errors import UserError
from core.runs import archive, trash
from core.runs.run import NAME_LENGTH, NOTE_LENGTH, DamagedRun, Run
from pages.runs import charts, picture
from pages.runs.selection import FEW, Comparison, add, keep_error, remove
from ui.frame import guard
from web import formats

IMPORT_MEGABYTES = 2000
SHOWN_IN_TRASH = 20
_DELETED_LAST = "runs deleted last"


def show(selected: Sequence[Run | DamagedRun], whole: Comparison) -> None:
    """Draw the actions on the selected runs; `whole` are those that are not damaged."""
    own = [run for run in selected if isinstance(run, DamagedRun) or not run.shipped]
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Export", icon=":material/download:", disabled=not whole.runs):
            if whole.runs:
                export_figures(whole)
                export_folders(whole)
        named = [run for run in whole.runs if not run.shipped]
        with st.popover("Name and note", icon=":material/edit_note:", disabled=not named):
            for run in named:
                st.caption(formats.escape_markdown(whole.names[run.id]))
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
            import_run()
        if st.session_state.get(_DELETED_LAST):
            st.button("Undo delete", icon=":material/undo:", type="tertiary", on_click=undo)
        elif trash.deleted():
            with st.popover("Trash", icon=":material/recycling:", type="tertiary"):
                show_trash()


def export_figures(whole: Comparison) -> None:
    """Offer the figures of the runs in one file each for spreadsheets, for texts and for TensorBoard.

    A file is made when its button is pressed.
    """
    runs = list(whole.runs)
    stem = runs[0].id if len(runs) == 1 else f"{len(runs)}-runs"
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
        lambda: picture.png(charts.curves(runs, whole.axis), whole.names, whole.logarithmic),
        f"{stem}.png",
        "image/png",
        icon=":material/image:",
        help="As they are shown.",
    )
    st.download_button(
        "TensorBoard events, .zip",
        lambda: archive.tensorboard_zip(runs),
        f"{stem}-events.zip",
        "application/zip",
        icon=":material/query_stats:",
        help="Unpack it and run: tensorboard --logdir FOLDER",
    )


def export_folders(whole: Comparison) -> None:
    """Offer each of the first few runs as a .zip of its folder."""
    runs = whole.runs
    resumable = st.toggle("With training state", help="Larger, but the training can be resumed elsewhere.")
    with_checkpoints = any(run.epoch_weights() for run in runs) and st.toggle(
        "With checkpoints", help="Also the weights of each checkpoint, which show how the net learned."
    )
    for run in runs[:FEW]:
        st.download_button(
            f"{formats.escape_markdown(whole.names[run.id])}, .zip",
            lambda run=run: archive.export_zip(  # type: ignore[misc]
                run, resumable=resumable, epochs=with_checkpoints
            ),
            f"{run.id}.zip",
            "application/zip",
            key=f"zip {run.id}",
            icon=":material/folder_zip:",
            help="Settings, curves, marks and weights, for the Import of another installation.",
        )
    if len(runs) > FEW:
        st.caption("Select fewer runs to take the others out as .zip.")


def name_and_note(run: Run) -> None:
    """Draw the fields of name and note; each is saved as soon as it is left."""
    name_key, note_key = f"name {run.id}", f"note {run.id}"
    id = formats.escape_markdown(run.id)
    st.text_input("Name", run.name, NAME_LENGTH, key=name_key, on_change=save, args=(run.rename, name_key), help=id)
    st.text_area("Note", run.note, 68, NOTE_LENGTH, key=note_key, on_change=save, args=(run.set_note, note_key))


def save(change: Callable[[str], None], key: str) -> None:
    """Apply `change` to the value of the widget `key`; its error is shown by the next run of the page."""
    try:
        change(st.session_state[key])
    except UserError as error:
        keep_error(error)


def delete(runs: Sequence[Run | DamagedRun]) -> None:
    """Move the runs to the trash and out of the selection."""
    deleted = []
    for run in runs:
        try:
            trash.delete(run)
            deleted.append(run.id)
        except UserError as error:
            keep_error(error)
    st.session_state[_DELETED_LAST] = deleted
    remove(deleted)


def undo() -> None:
    """Restore the runs deleted last."""
    restore(st.session_state.pop(_DELETED_LAST))


def restore(ids: list[str]) -> None:
    """Take the runs out of the trash and select them."""
    for id in ids:
        try:
            trash.undelete(id)
        except UserError as error:
            keep_error(error)
    add(ids)


def show_trash() -> None:
    """Draw a button for each deleted run that restores it, and one that empties the trash."""
    for id in trash.deleted()[:SHOWN_IN_TRASH]:
        label = formats.escape_markdown(id)
        st.button(label, icon=":material/undo:", type="tertiary", key=f"restore {id}", on_click=restore, args=([id],))
    st.button(
        f"Empty, {trash.size() / 1e6:.1f} MB",
        icon=":material/delete_forever:",
        on_click=empty_trash,
        help="They cannot be restored afterwards.",
    )


def empty_trash() -> None:
    """Delete for good what is in the trash."""
    try:
        trash.empty()
    except UserError as error:
        keep_error(error)


def import_run() -> None:
    """Draw the form that imports a run which another installation exported."""
    with st.form("import", clear_on_submit=True, border=False):
        file = st.file_uploader("A run, as .zip", type=["zip"], max_upload_size=IMPORT_MEGABYTES)
        submitted = st.form_submit_button("Import the run")
    if submitted and file is not None:
        with guard():
            add([archive.import_zip(file).id])
            st.rerun()
