"""Words and numbers of a net's drawing."""

from pages.architectures import labels
from tests.pages.architectures.plans import plan_of


def test_counts_keep_three_digits() -> None:
    counts = (0, 640, 13_984, 205_504, 1_559_122, 36_479_194, 5_243_000_000)
    assert [labels.short(count) for count in counts] == ["0", "640", "14.0K", "206K", "1.56M", "36.5M", "5.24G"]


def test_a_stage_has_a_description_for_screen_readers() -> None:
    plan = plan_of("resnet20")
    assert labels.description(plan.stages[3], plan) == (
        "stack3: 3 × residual block, gives 64 maps of 8×8; 205,632 parameters (76%), 13.1M multiply-adds (32%)."
    )
