"""The drawings of nets: well-formed, complete, and with their shortcuts."""

from xml.etree import ElementTree

import pytest
import torch

from core.models import blueprint, catalogue, variants
from core.models.blueprint import Blueprint
from pages.architectures import blueprint_svg as drawing

SVG = "{http://www.w3.org/2000/svg}"


def plan_of(name: str) -> Blueprint:
    with torch.device("meta"):
        net = catalogue.build(name, classes=10, channels=3, side=32)
    return blueprint.read(net, 3, 32)


@pytest.mark.parametrize("name", catalogue.names())
def test_the_file_of_every_net_is_well_formed_and_has_every_stage(name: str) -> None:
    plan = plan_of(name)
    root = ElementTree.fromstring(drawing.file(plan, "A net & its <stages>"))
    drawn = [group.get("data-stage") for group in root.iter(f"{SVG}g") if group.get("data-stage")]
    assert drawn == [stage.name for stage in plan.stages]
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert f"{plan.parameters:,} parameters" in words
    for stage in plan.stages:
        assert drawing.heading(stage) in words
        assert f"{drawing.short(stage.parameters)} par." in words


def within(piece: drawing.Piece) -> None:
    """Nothing stands outside of the piece's own room, as far as boxes and beginnings of words tell."""
    root = ElementTree.fromstring(drawing.svg(piece, "a piece"))
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x")) >= 0 and float(box.get("x")) + float(box.get("width")) <= drawing.WIDTH
        assert float(box.get("y")) >= 0 and float(box.get("y")) + float(box.get("height")) <= piece.height
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x")) <= drawing.WIDTH and 0 <= float(text.get("y")) <= piece.height


@pytest.mark.parametrize("name", ["baseline", "bn_vgg", "resnet164", "densenet_bc_100_12"])
def test_the_pieces_keep_to_their_room(name: str) -> None:
    plan = plan_of(name)
    for stage in plan.stages:
        within(drawing.stage(stage, plan))
        within(drawing.layers(stage))


def test_a_residual_stage_has_a_way_around_each_block_and_a_square_for_the_projection() -> None:
    plan = plan_of("resnet20")
    first, second = (drawing.stage(plan.stages[place], plan).marks for place in (1, 2))
    assert first.count("<circle") == second.count("<circle") == 3
    assert second.count("<rect") == first.count("<rect") + 1


def test_a_dense_block_of_twelve_connects_every_layer_to_every_later_one() -> None:
    plan = plan_of("densenet_40_12")
    assert drawing.stage(plan.stages[1], plan).marks.count('stroke-width="0.9"') == 12 * 11 // 2
    assert "0.9" not in drawing.stage(plan.stages[2], plan).marks  # a transition passes nothing by


def test_a_very_deep_dense_block_is_thinned_so_that_it_can_be_seen() -> None:
    with torch.device("meta"):
        net = variants.densenet(190, 4).make(10, 3)
    plan = blueprint.read(net, 3, 32)
    arcs = drawing.stage(plan.stages[1], plan).marks.count('stroke-width="0.9"')
    assert 100 < arcs <= drawing.MOST_ARCS * (drawing.MOST_ARCS - 1) / 2


def test_the_layers_of_a_block_that_projects_show_the_projection_beside_the_others() -> None:
    marks = drawing.layers(plan_of("resnet20").stages[2]).marks
    assert "residual block 1 of 3" in marks and "residual blocks 2 to 3 of 3" in marks
    assert "1×1, 16 → 32 /2" in marks and "conv 3×3, 16 → 32, stride 2" in marks


def test_counts_keep_three_digits() -> None:
    counts = (0, 640, 13_984, 205_504, 1_559_122, 36_479_194, 5_243_000_000)
    assert [drawing.short(count) for count in counts] == ["0", "640", "14.0K", "206K", "1.56M", "36.5M", "5.24G"]


def test_a_stage_is_told_to_those_who_do_not_see_it() -> None:
    plan = plan_of("resnet20")
    assert drawing.description(plan.stages[3], plan) == (
        "stack3: 3 × residual block, gives 64 maps of 8×8; 205,632 parameters (76 %), 13.1M multiply-adds (32 %)."
    )
