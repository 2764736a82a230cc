"""A taught set is a value: classes and samples are added, renamed and removed, and what is wrong is a sentence."""

import json

import pytest

from core.errors import UserError
from core.teach import taught
from core.teach.taught import MOST_CLASSES, MOST_SAMPLES, NONE, Sample, TaughtSet

CUP, PEN = TaughtSet().with_class("cup"), TaughtSet().with_class("cup").with_class("pen")


def a_sample(number: int, label: str = "cup") -> Sample:
    return Sample(f"{number:064x}.jpg", label, f"{number}.jpg")


def test_classes_are_added_renamed_and_removed_with_their_samples() -> None:
    content, remarks = PEN.with_samples("pen", [a_sample(1, "pen"), a_sample(2, "pen")])
    assert remarks == () and content.taught == ("pen",)
    renamed = content.renamed("pen", "  ball   pen ")
    assert renamed.classes == ("cup", "ball pen") and len(renamed.of("ball pen")) == 2 and not renamed.of("pen")
    assert content.without_class("pen") == CUP
    assert [sample.file for sample in content.without_sample("pen", a_sample(1).file).samples] == [a_sample(2).file]
    assert content.renamed("pen", "Pen").classes == ("cup", "Pen")
    assert CUP.with_class(NONE).classes == ("cup", NONE)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "1 to 40 characters; this one has 0"),
        ("   ", "1 to 40 characters; this one has 0"),
        ("x" * 41, "1 to 40 characters; this one has 41"),
        ("../../etc", "cannot have “/”"),
        ("a\\b", "cannot have “\\”"),
        ("<script>", "cannot have “<”"),
        ("a\u202eb", "a character that cannot be seen"),
        ("a\0b", "a character that cannot be seen"),
        ("..", "cannot be called “..”"),
        (".hidden", "cannot be called"),
        ("Thumbs.db", "cannot be called"),
        ("CUP", "a class “cup” already"),
    ],
)
def test_a_name_that_no_class_can_have_is_refused_in_a_sentence(name: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        CUP.with_class(name)
    assert words in str(error.value)


def test_markdown_and_other_scripts_are_names_like_others() -> None:
    assert CUP.with_class("[Tasse](x) _y_ `z`").with_class("杯子").classes[1:] == ("[Tasse](x) _y_ `z`", "杯子")


def test_too_many_classes_and_samples_are_sentences() -> None:
    full = TaughtSet(tuple(f"c{number}" for number in range(MOST_CLASSES)))
    with pytest.raises(UserError, match="20 classes, the most"):
        full.with_class("one more")
    content, remarks = CUP.with_samples("cup", [a_sample(number) for number in range(MOST_SAMPLES + 2)])
    assert len(content.samples) == MOST_SAMPLES
    assert remarks == ("2 pictures were left out: at most 500 are learned from. Delete others first.",)


def test_one_picture_twice_counts_once_and_in_two_classes_is_found() -> None:
    content, remarks = PEN.with_samples("cup", [a_sample(1), a_sample(1), a_sample(2)])
    assert len(content.samples) == 2
    assert remarks == ("One of these pictures is in the class “cup” already, and counted once.",)
    assert content.with_samples("cup", [a_sample(1)])[0] == content
    both, remarks = content.with_samples("pen", [a_sample(2, "pen")])
    assert remarks == ()
    assert both.in_two_classes() == ((a_sample(2), a_sample(2, "pen")),)
    with pytest.raises(UserError, match="no class “gone”"):
        content.with_samples("gone", [a_sample(3, "gone")])


def test_a_set_is_read_back_as_it_was_written() -> None:
    content, _ = PEN.with_samples("cup", [a_sample(1)])
    assert taught.parse(content.to_json()) == content


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved | {"version": 99},
        lambda saved: saved | {"classes": ["cup", "../../etc"]},
        lambda saved: saved | {"classes": ["cup", "cup"]},
        lambda saved: saved | {"classes": [["cup"]]},
        lambda saved: saved | {"samples": [{"file": "../../../etc/passwd", "label": "cup", "name": ""}]},
        lambda saved: saved | {"samples": [{"file": a_sample(1).file, "label": "another", "name": ""}]},
        lambda saved: saved | {"samples": [{"file": a_sample(1).file, "label": "cup", "name": 3}]},
        lambda saved: saved | {"samples": "many"},
        lambda saved: [],
    ],
)
def test_a_tampered_set_is_a_sentence(change) -> None:  # type: ignore[no-untyped-def]
    saved = json.loads(CUP.to_json())
    with pytest.raises(UserError, match="What was taught is damaged"):
        taught.parse(json.dumps(change(saved)))
    for text in ("", "{", "[" * 100_000, '"cup"'):
        with pytest.raises(UserError, match="What was taught is damaged"):
            taught.parse(text)
