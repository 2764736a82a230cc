"""Figures 5.9 to 5.11: which nets they show, and the command that draws them."""

import numpy as np
import pytest

from core import __main__ as commands
from core import images
from core.errors import UserError
from core.figures import style_networks
from core.figures.style_networks import FIGURES, GAP, SHOWN_HEIGHT
from core.style import painter
from tests.painting import STYLES, picture, ship

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(style_networks, "PAINTED_SIDE", 96)


@pytest.fixture
def singles(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    ship(folder, monkeypatch)
    for name in STYLES:
        style = {"name": name, "title": name.capitalize(), "artist": "Nobody", "year": "1900"}
        ship(folder, monkeypatch, f"single_{name}", styles=[style])
    yield
    painter.shipped.cache_clear()


def names(figure: str) -> list[str]:
    return [row["name"] for row in style_networks.rows_of(FIGURES[figure])]


def test_the_two_parts_share_the_single_nets_between_them(singles):
    assert names("5.9") == list(STYLES[:2])
    assert names("5.10") == list(STYLES[2:])
    assert names("5.11") == list(STYLES)


def test_a_figure_is_rows_of_photographs_painted_large_and_shown_small(singles):
    photographs = [picture(40, 60), picture(60, 60)]
    drawn = style_networks.drawn(FIGURES["5.9"], photographs)
    wide = SHOWN_HEIGHT * 96 // 64
    assert drawn.shape == (3 * SHOWN_HEIGHT + 2 * GAP, wide + GAP + SHOWN_HEIGHT, 3)
    painted = painter.stylise(images.resize(photographs[1], 96, 96), {"stripes": 1.0}, net="single_stripes")
    shown = images.resize(painted, SHOWN_HEIGHT, SHOWN_HEIGHT)
    assert np.array_equal(drawn[SHOWN_HEIGHT + GAP : 2 * SHOWN_HEIGHT + GAP, wide + GAP :], shown)


def test_figure_5_11_has_the_net_of_many_left_and_the_single_one_right(singles):
    drawn = style_networks.drawn(FIGURES["5.11"], [picture(64, 64)])
    assert drawn.shape == (4 * SHOWN_HEIGHT + 3 * GAP, 2 * SHOWN_HEIGHT + GAP, 3)
    large = images.resize(picture(64, 64), 96, 96)
    places = (slice(0, SHOWN_HEIGHT), slice(SHOWN_HEIGHT + GAP, None))
    for place, net in zip(places, ("tiny", "single_stripes"), strict=True):
        painted = images.resize(painter.stylise(large, {"stripes": 1.0}, net=net), SHOWN_HEIGHT, SHOWN_HEIGHT)
        assert np.array_equal(drawn[SHOWN_HEIGHT + GAP : 2 * SHOWN_HEIGHT + GAP, place], painted)


def test_without_single_nets_a_sentence_says_what_to_do(tmp_path, monkeypatch):
    ship(tmp_path / "weights", monkeypatch)
    with pytest.raises(UserError, match=r"Figure 5\.9 shows nets of a single style.*training\.ship"):
        style_networks.rows_of(FIGURES["5.9"])


def test_the_command_draws_and_says_what_is_where(singles, tmp_path, capsys):
    images.save(picture(), tmp_path / "photo.png")
    arguments = ["figure", "5.11", str(tmp_path / "out.png"), "--photo", str(tmp_path / "photo.png"), "sample:cat"]
    assert commands.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "Stripes, Nobody, 1900 (/stylize?styles=stripes:1&view=Two+nets)" in printed
    assert images.decode(tmp_path / "out.png").shape[0] == 4 * SHOWN_HEIGHT + 3 * GAP


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["5.6"], "5.9, 5.10, 5.11. Figures 5.6 to 5.8 are drawn step by step: python -m training.iterative"),
        (["5.9", "--model", "x"], "leave --model, --image, --data and --pictures out"),
        (["5.1", "--photo", "x.jpg"], "leave --photo out"),
        (["5.9", "--photo", "sample:dog"], "no sample picture “dog”"),
    ],
)
def test_what_cannot_be_is_a_sentence(singles, tmp_path, capsys, arguments, sentence):
    assert commands.main(["figure", arguments[0], str(tmp_path / "out.png"), *arguments[1:]]) == 2
    assert sentence in capsys.readouterr().err
