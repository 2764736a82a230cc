"""Keeping what was learned: as a run that other pages open, with or without its pictures, and as an ONNX file."""

import streamlit as st

from core import onnx_files
from core.errors import UserError
from core.runs.run import NAME_LENGTH, Run
from core.teach import onnx_net, saving, store
from core.teach.learning import CrossValidation, Learned
from core.teach.taught import Sample
from pages.teach.current import Current
from ui import menu
from ui.buttons import firm
from ui.frame import guard
from web.formats import escape_markdown

_SAVED = "run saved last of what was taught"
PAGES = ("explain", "mistakes", "localise", "runs")


def show(now: Current, lesson: Learned, test: CrossValidation) -> None:
    """Draw the fields that save a lesson, the file to download, and links to what was saved last."""
    with st.popover("Save", icon=":material/save:", width="stretch"):
        name = st.text_input("Name", _usual_name(lesson), NAME_LENGTH, key="name of the lesson")
        count = len(now.content.samples)
        with_pictures = st.checkbox(f"Keep the {count} pictures with it", key="keep the pictures", help=saving.CONSENT)
        st.caption(saving.CONSENT if with_pictures else "Without its pictures, Mistakes has none to show of it.")
        if firm("Save as a run", key="save the lesson", type="primary", icon=":material/save:", width="stretch"):
            with guard():
                run = _save(now, lesson, test, name, with_pictures)
                st.session_state[_SAVED] = run.id
        _onnx(lesson, name)
    if saved := st.session_state.get(_SAVED):
        _links(saved)


def _usual_name(lesson: Learned) -> str:
    return ", ".join(lesson.classes)[:NAME_LENGTH]


def _save(now: Current, lesson: Learned, test: CrossValidation, name: str, with_pictures: bool) -> Run:
    if not name.strip():
        raise UserError("Give the run a name first.")
    upload = now.upload

    def data(sample: Sample) -> bytes:
        assert upload is not None
        return store.data(upload, sample)

    whole = saving.Lesson(now.content, lesson, test, data)
    return saving.save(whole, " ".join(name.split()), with_pictures=with_pictures)


def _onnx(lesson: Learned, name: str) -> None:
    """Offer the net as an ONNX file, made at the click; say what is missing where it cannot be made."""
    try:
        onnx_files.check_packages()
    except UserError as error:
        st.caption(escape_markdown(str(error)))
        return
    net = lesson.net(name)
    st.download_button(
        "Net, ONNX",
        lambda: onnx_net.exported(net),
        "taught.onnx",
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        help="For programs without PyTorch: pictures in, logits and maps out, checked against this page's net.",
    )


def _links(id: str) -> None:
    """Draw links to the pages that open the run saved last; nothing where it is gone."""
    try:
        run = Run.open(id)
    except UserError:
        return
    st.caption(f"Saved as {escape_markdown(run.name)}:")
    with st.container(horizontal=True, gap="small"):
        for page in PAGES:
            menu.link(page, menu.MENU[page].title, query={"run": run.id})
