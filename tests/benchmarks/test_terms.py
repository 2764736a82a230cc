"""The command that leaves out one term of the recipe at a time: what it trains, judges and prints."""

import json

import pytest
import torch

from benchmarks import terms
from core import images, weights
from core.runs.run import Run
from core.style import compact, held_out, pastiche_presets, sources
from tests.painting import STYLES, WIDTH, ship, write_loss_networks, write_pictures

read = images.decode


@pytest.fixture
def command(tmp_path, monkeypatch) -> list[str]:
    """The command's options for small pictures, networks and nets."""
    ship(tmp_path / "weights", monkeypatch)
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    write_pictures(tmp_path / "styles", STYLES)
    write_pictures(tmp_path / "photos", (*held_out.PHOTOGRAPHS, "another"))
    write_loss_networks(tmp_path / "networks")
    monkeypatch.setattr(
        images,
        "decode",
        lambda path, **more: read(path if path.is_file() else path.with_suffix(".png"), **more),
    )
    monkeypatch.setattr(terms, "SIDES", (96, 64, 48))
    tiny = {"crop": 128, "style_side": 128, "width": WIDTH}
    monkeypatch.setitem(pastiche_presets.PRESETS, "shipped", pastiche_presets.preset("shipped") | tiny)
    options = ["--photos", "photos", "--styles", "styles", "--loss-networks", "networks", "--runs", "runs"]
    places = [option if option.startswith("--") else str(tmp_path / option) for option in options]
    return [*places, "--only", "dots", "--first", "1", "--steps", "1", "--threads", "1", "--start", "tiny"]


def test_each_variant_lacks_its_term_and_is_judged_in_three_manners(tmp_path, command, capsys):
    command += ["--json", "--", "--average", "0.5"]
    assert terms.main(command) == 0
    printed = json.loads(capsys.readouterr().out)
    variants = {variant["name"]: variant for variant in printed["variants"]}
    assert list(variants) == [terms.START, *terms.LEFT_OUT]
    for variant in variants.values():
        assert set(variant) == {"name", *terms.MANNERS}
        assert len(variant["one pass"]["style"]) == 3 and variant["half"] != variant["one pass"]
    settings = {name: Run.open(tmp_path / "runs" / name.replace(" ", "_")).settings for name in terms.LEFT_OUT}
    assert printed["options"] == ["--average", "0.5"] and {one["average"] for one in settings.values()} == {0.5}
    whole = settings.pop("all terms")
    changed = {name: [key for key in whole if one[key] != whole[key]] for name, one in settings.items()}
    assert changed == {
        "without shift": ["shift"],
        "without tone": ["tone"],
        "without colour": ["colour"],
        "style at one size": ["style_scales"],
        "without drafts": ["draft"],
        "without soft rows": ["soft"],
        "without the photograph": ["photograph"],
    }
    assert all(one["start"] == "tiny" for one in settings.values())
    whole, still = (
        weights.read(tmp_path / "runs" / name / "model.safetensors") for name in ("all_terms", "without_shift")
    )
    assert any(not torch.equal(tensor, still[name]) for name, tensor in whole.items())
    command.remove("--json")
    assert terms.main(command) == 0
    assert "without soft rows" in capsys.readouterr().out


def test_what_cannot_be_is_a_sentence(command, capsys):
    for options, sentence in ((["--first", "11"], "give 1 to 10"), (["--only", "monet"], "no painting 'monet'")):
        with pytest.raises(SystemExit):
            terms.main([*command, *options])
        assert sentence in capsys.readouterr().err
