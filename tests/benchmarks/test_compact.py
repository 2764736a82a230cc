"""The evaluation of `compact` with random networks and made-up pictures, and its figures by hand-made numbers."""

import json

import numpy as np
import pytest

from benchmarks import compact as benchmark
from benchmarks import report
from core import images, weights
from core.runs.run import Run
from core.runs.writer import writing
from core.style import compact
from core.style.compact import Compact
from core.style.loss_networks import CONTENT_LAYERS, STYLE_LAYERS
from core.style.optimisation_recipe import OptimisationRecipe
from tests.painting import loss_networks, picture, write_loss_networks, write_pictures

SIDE = 48


@pytest.fixture
def options(tmp_path):
    (tmp_path / "photos").mkdir()
    for seed, (photograph, _) in enumerate(benchmark.PAIRS[:2]):
        images.save(picture(SIDE, SIDE + 8, seed), tmp_path / "photos" / f"{photograph}.jpg")
    write_pictures(tmp_path / "styles", benchmark.PAINTINGS[:2], 60)
    write_loss_networks(tmp_path / "networks")
    folders = {"--photos": "photos", "--styles": "styles", "--loss-networks": "networks"}
    folder_options = [part for option, name in folders.items() for part in (option, str(tmp_path / name))]
    return [*folder_options, "--size", str(SIDE), "--steps", "2", "--pairs", "2"]


@pytest.fixture
def trained():
    """A run of training.loss_network that saw the second painting."""
    run = Run.create("loss_network", {}, name="Compact")
    with writing(run) as writer:
        writer.facts(held_out_paintings=[f"{benchmark.PAINTINGS[0]}.png"])
        writer.save_model(compact.fresh(0).state_dict())
    return run.id


def printed(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_it_prints_one_object_and_saves_the_pictures(tmp_path, options, trained, capsys):
    benchmark.main([*options, "--net", trained, "--sheet", str(tmp_path / "sheet.png"), "--json"])
    document = printed(capsys)
    rows = {row["case"]: row for row in document["rows"]}
    assert document["name"] == "compact"
    assert all(set(row) == {"case", "ours", "peer", "unit", "ratio"} for row in document["rows"])
    first, second = "red_fox, mondrian_composition_vii *", "balloon, turner_shipwreck"
    assert document["unseen_paintings"] == [first]
    for kind in benchmark.KINDS:
        pairs = [rows[f"{kind}, {title}"]["ours"] for title in (first, second)]
        assert rows[f"mean {kind}"]["ours"] == pytest.approx(sum(pairs) / 2, abs=1e-3)
    assert {f"mean style at {layer}" for layer in STYLE_LAYERS} <= set(rows)
    assert {f"mean content at {layer}" for layer in CONTENT_LAYERS} <= set(rows)
    assert rows["a step"]["unit"] == "ms" and rows["a step"]["ours"] > 0
    assert document["layers"].keys() == compact.SOURCES.keys()
    assert all("gram" in document["layers"][layer] for layer in STYLE_LAYERS)
    assert document["photographs"]["content"] == 0
    assert images.decode(tmp_path / "sheet.png").shape == (2 * SIDE, 4 * SIDE, 3)


def test_the_shipped_net_is_evaluated_unless_another_is_named(tmp_path, options, monkeypatch, capsys):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path)
    weights.write(tmp_path / "compact.safetensors", compact.fresh(0).state_dict())
    card = {"kind": "loss_network", "held_out_paintings": [f"{name}.jpg" for name in benchmark.PAINTINGS[:2]]}
    (tmp_path / "compact.json").write_text(json.dumps(card))
    benchmark.main(options)
    out = capsys.readouterr().out
    assert "whole, balloon, turner_shipwreck *" in out
    assert "* the painting is not among the net's training pictures" in out
    assert [line.split()[0] for line in out.splitlines()[-len(compact.SOURCES) :]] == list(compact.SOURCES)


def test_the_whole_loss_is_what_the_teachers_transfer_minimises():
    contest = benchmark.Contest(compact.fresh(0), loss_networks(), SIDE, 2)
    photograph, painting = picture(SIDE, SIDE), images.resize(images.sample("flower"), SIDE, SIDE)
    recipe = OptimisationRecipe(network="both", size=SIDE, style_size=SIDE, steps=2)
    transfer = benchmark.ImageOptimisation(recipe, photograph, painting, contest.teachers)
    transfer.advance()
    transfer.x.data = images.to_tensor(transfer.picture())  # in 8 bits, as it is scored
    targets = benchmark.targets_of(contest.teachers, photograph, painting)
    losses = benchmark.whole_losses(targets, transfer.picture(), recipe)
    wanted = transfer.advance()
    assert losses["whole"] == pytest.approx(wanted["loss"], rel=1e-3)
    assert losses["style"] == pytest.approx(wanted["style"], rel=1e-3)
    assert losses["content"] == pytest.approx(wanted["content"], rel=1e-3)


def test_a_net_that_is_the_teachers_equal_makes_no_errors(monkeypatch):
    teachers = loss_networks()
    monkeypatch.setattr(Compact, "forward", lambda self, x, wanted, forced=None: teachers(x, wanted))
    contest = benchmark.Contest(compact.fresh(0), teachers, SIDE, 2)
    painting = images.resize(images.sample("flower"), SIDE, SIDE)
    layers = benchmark.layers_of([contest.outcome("cat", picture(SIDE, SIDE), painting)])
    assert all(value == pytest.approx(0, abs=1e-6) for layer in layers.values() for value in layer.values())


def test_a_smaller_loss_than_the_peer_s_is_a_ratio_above_one():
    assert report.lower("x", 0.5, 1.0) == report.Row("x", 0.5, 1.0, "loss", 2.0)


def test_pictures_of_any_shape_stand_in_the_middle_of_their_cells():
    cell = benchmark.on_white(np.zeros((2, 4, 3), np.uint8), 4)
    assert cell[:, 0, 0].tolist() == [255, 0, 0, 255]


def test_options_that_cannot_be_used_end_with_a_sentence(options, trained, capsys):
    other = Run.create("classifier", {}, name="Other").id
    for wrong, sentence in (
        (["--net", other], f"The run {other} has no weights of a loss network; give a run of training.loss_network."),
        (["--net", trained, "--steps", "1"], "give --steps of 2 or more"),
        (["--pairs", "0"], "invalid choice: 0"),
    ):
        with pytest.raises(SystemExit) as ended:
            benchmark.main([*options, *wrong])
        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err


def test_every_pair_has_its_own_painting():
    assert len({painting for _, painting in benchmark.PAIRS}) == 10
