"""The drawings of nets: well-formed, complete, and with their shortcuts."""

from xml.etree import ElementTree

import pytest
import torch

from core.models import blueprint, catalogue, variants
from pages.architectures import block_svg, blueprint_svg, labels, svg
from pages.architectures.svg import Piece
from tests.pages.architectures.plans import plan_of

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", catalogue.names())
def test_the_file_of_every_net_is_well_formed_and_has_every_stage(name: str) -> None:
    plan = plan_of(name)
    root = ElementTree.fromstring(blueprint_svg.file(plan, "A net & its <stages>"))
    drawn = [group.get("data-stage") for group in root.iter(f"{NAMESPACE}g") if group.get("data-stage")]
    assert drawn == [stage.name for stage in plan.stages]
    words = " ".join(text.text or "" for text in root.iter(f"{NAMESPACE}text"))
    assert f"{plan.parameters:,} parameters" in words
    for stage in plan.stages:
        assert labels.heading(stage) in words
        assert f"{labels.short(stage.parameters)} par." in words


def check_bounds(piece: Piece) -> None:
    """Check that no box and no beginning of a word lies outside of the piece."""
    root = ElementTree.fromstring(svg.standalone(piece, "a piece"))
    for box in root.iter(f"{NAMESPACE}rect"):
        assert float(box.get("x")) >= 0 and float(box.get("x")) + float(box.get("width")) <= svg.WIDTH
        assert float(box.get("y")) >= 0 and float(box.get("y")) + float(box.get("height")) <= piece.height
    for text in root.iter(f"{NAMESPACE}text"):
        assert 0 <= float(text.get("x")) <= svg.WIDTH and 0 <= float(text.get("y")) <= piece.height


@pytest.mark.parametrize("name", ["baseline", "bn_vgg", "resnet164", "densenet_bc_100_12"])
def test_nothing_lies_outside_of_its_piece(name: str) -> None:
    plan = plan_of(name)
    for stage in plan.stages:
        check_bounds(blueprint_svg.stage(stage, plan))
        check_bounds(block_svg.layers(stage))


def test_a_residual_stage_has_a_way_around_each_block_and_a_square_for_the_projection() -> None:
    plan = plan_of("resnet20")
    first, second = (blueprint_svg.stage(plan.stages[place], plan).marks for place in (1, 2))
    assert first.count("<circle") == second.count("<circle") == 3
    assert second.count("<rect") == first.count("<rect") + 1


def test_a_dense_block_of_twelve_connects_every_layer_to_every_later_one() -> None:
    plan = plan_of("densenet_40_12")
    assert blueprint_svg.stage(plan.stages[1], plan).marks.count('stroke-width="0.9"') == 12 * 11 // 2
    assert "0.9" not in blueprint_svg.stage(plan.stages[2], plan).marks  # a transition passes nothing by


def test_a_very_deep_dense_block_is_thinned_so_that_it_can_be_seen() -> None:
    with torch.device("meta"):
        net = variants.densenet(190, 4).make(10, 3)
    plan = blueprint.read(net, 3, 32)
    arcs = blueprint_svg.stage(plan.stages[1], plan).marks.count('stroke-width="0.9"')
    assert 100 < arcs <= blueprint_svg.MOST_ARCS * (blueprint_svg.MOST_ARCS - 1) / 2
