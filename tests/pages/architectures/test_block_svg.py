"""The layers of blocks as drawn."""

from pages.architectures import block_svg
from tests.pages.architectures.plans import plan_of


def test_the_layers_of_a_block_that_projects_show_the_projection_beside_the_others() -> None:
    marks = block_svg.layers(plan_of("resnet20").stages[2]).marks
    assert "residual block 1 of 3" in marks and "residual blocks 2 to 3 of 3" in marks
    assert "1×1, 16 → 32 /2" in marks and "conv 3×3, 16 → 32, stride 2" in marks
