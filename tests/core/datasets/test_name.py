from pathlib import Path

import pytest

from core.datasets.folder import Pictures
from core.datasets.name import Name, parse, whole_numbers
from core.datasets.toybox import Scenes
from core.errors import UserError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mnist", Name("mnist")),
        ("toybox?side=64", Name("toybox", options=(("side", "64"),))),
        ("folder:/a b/c:d", Name("folder", "/a b/c:d")),
        ("folder:/a?b/c", Name("folder", "/a?b/c")),
        ("folder:/a?x=1/c?side=8&seed=2", Name("folder", "/a?x=1/c", (("side", "8"), ("seed", "2")))),
    ],
)
def test_a_name_and_its_text(text: str, name: Name) -> None:
    assert parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize("place", ["/plain", "/with space/ü", "/what?/x", "/odd?side=9", "/100%20/a&b=c", "/c:/d"])
def test_any_place_of_pictures_comes_back_from_its_text(place: str) -> None:
    pictures = Pictures(Path(place), side=48, seed=7)
    assert Pictures.named(parse(pictures.name)) == pictures


def test_scenes_come_back_from_their_text() -> None:
    assert Scenes().name == "toybox"
    for scenes in (Scenes(), Scenes(64), Scenes(seed=3), Scenes(128, 9)):
        assert Scenes.named(parse(scenes.name)) == scenes


@pytest.mark.parametrize("text", ["7", "129", "-1", "x", "", "1e2", "³"])
def test_a_number_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="give a whole number from 8 to 128"):
        whole_numbers(Name("toybox", options=(("side", text),)), {"side": 32}, {"side": (8, 128)})
