"""The controls that add samples: the class they belong to, and where they come from."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.datasets.toybox import CLASSES as TOYS
from core.errors import UserError
from core.teach import example, folders, store
from core.teach.taught import NONE, TaughtSet, plain_name
from pages.teach import current
from pages.teach.current import Current
from web import address, camera
from web.formats import escape_markdown
from web.uploads import PICTURE_TYPES

FILES, CAMERA, FOLDER, TOY = "Files", "Camera", "Folder", "Toys"
CLASS = "class"  # key in the address of the class that gets the next pictures
NEW = "new class"
AT_ONCE = 8  # drawn toys that one click adds
HELP = "JPEG, PNG, WebP, GIF, BMP or TIFF of up to 40 megapixels, several at once."
_ROUND = "round of the field for samples"


def choose(now: Current) -> None:
    """Draw the field for a new class, the choice of a class, and the field for its pictures."""
    content = TaughtSet() if now.is_example else now.content
    st.text_input(
        "New class",
        key=NEW,
        placeholder="cup",
        max_chars=80,
        on_change=_add_class,
        help="Type a name and press Enter; the pictures that you add next belong to it.",
    )
    if content.classes:
        _choose_class(content)
    if NONE not in content.classes and content.classes:
        st.button(
            f"Add “{NONE}”",
            icon=":material/block:",
            on_click=_add_none,
            help="A class for everything else: show the room, the table, other things. Without it one of your classes "
            "is always the answer.",
        )
    label = chosen(content)
    source = address.segments("samples", "Pictures from", (FILES, CAMERA, FOLDER, TOY), labelled=True)
    if source == FOLDER:
        _folder()
    elif source == TOY:
        _toys()
    elif not label:
        st.caption("Name a class first: its pictures come next.")
    elif source == FILES:
        _files(label)
    else:
        camera.take("sample", f"A picture of {escape_markdown(label)}", lambda file: _add(label, [file]))
    current.draw_remarks()


def chosen(content: TaughtSet) -> str:
    """Return the class that gets the next pictures, the last one without a choice; nothing where there is none."""
    label = st.query_params.get(CLASS)
    return label if label in content.classes else content.classes[-1] if content.classes else ""


def _choose_class(content: TaughtSet) -> None:
    label = chosen(content)
    widget = "class that gets pictures"
    if st.session_state.get(widget) != label:
        st.session_state[widget] = label
    st.pills(
        "Pictures of",
        content.classes,
        format_func=escape_markdown,  # no count: a choice whose words change is lost
        key=widget,
        wrap=True,
        required=True,
        on_change=lambda: address.put(CLASS, st.session_state[widget]),
    )


def _add_class() -> None:
    name = st.session_state[NEW]
    if not name.strip():
        return
    if current.change(lambda content: content.with_class(name)):
        address.put(CLASS, plain_name(name))
        st.session_state[NEW] = ""


def _add_none() -> None:
    if current.change(lambda content: content.with_class(NONE)):
        address.put(CLASS, NONE)


def _files(label: str) -> None:
    widget = _widget("files")
    st.file_uploader(
        f"Pictures of {escape_markdown(label)}",
        list(PICTURE_TYPES),
        accept_multiple_files=True,
        key=widget,
        help=HELP,
        on_change=lambda: _add(label, _handed(widget)),
    )


def _folder() -> None:
    zipped, whole = _widget("zip"), _widget("folder")
    st.file_uploader(
        "A folder of folders",
        list(PICTURE_TYPES),
        accept_multiple_files="directory",
        key=whole,
        help="Each folder in it is a class, named after it.",
        on_change=lambda: _add_folders(_handed(whole)),
    )
    st.file_uploader(
        "Or a .zip of one", ["zip"], key=zipped, on_change=lambda: _add_folders(_handed(zipped)),
        help="At most 50 MB. Each folder in it is a class, named after it.",
    )  # fmt: skip


def _toys() -> None:
    toy = address.choice(
        "toy", "Drawn toy", TOYS, help="Scenes of the toybox, to try with. The class is named after it."
    )
    st.button(
        f"Add {AT_ONCE} pictures",
        key="add toys",
        icon=":material/toys:",
        width="stretch",
        on_click=_add_toys,
        args=(toy,),
    )


def _add_toys(toy: str) -> None:
    def first() -> int:
        now = current.read()
        return 0 if now.is_example else len(now.content.of(toy))

    current.add(toy, example.toys(toy, AT_ONCE, first()))
    address.put(CLASS, toy)


def _add(label: str, files: Sequence[UploadedFile]) -> None:
    """Add the pictures that were handed over to a class."""
    pictures, faults = store.decoded((file.name, file.getvalue()) for file in files)
    current.add(label, pictures, faults)


def _add_folders(files: Sequence[UploadedFile]) -> None:
    """Add pictures to the classes that their folders name."""
    pictures: list[store.Encoded] = []
    remarks: list[str] = []
    try:
        entries = [
            entry
            for file in files
            for entry in (
                folders.of_zip(file.getvalue(), file.name)
                if file.name.lower().endswith(".zip")
                else [(file.name, file.getvalue())]
            )
        ]
        now = current.read()
        content, pictures, remarks = folders.add(TaughtSet() if now.is_example else now.content, entries)
    except UserError as error:
        current.say([str(error)])
        return
    if pictures:
        current.change(lambda _: content, pictures)
    current.say(remarks)


def _widget(name: str) -> str:
    """Return the key of a field in its present round: it is drawn anew, and empty, once its files are taken."""
    return f"{name} of samples, {st.session_state.get(_ROUND, 0)}"


def _handed(widget: str) -> list[UploadedFile]:
    """Return the files in a field, which is emptied by that."""
    handed = st.session_state.get(widget)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    return handed if isinstance(handed, list) else [handed] if handed else []
