"""The sentences about a study: where the features are worth most, and what they are worth against training anew."""

from core.transfer_learning import findings
from core.transfer_learning.findings import Findings, NetResult, ProbeResult


def a_study(accuracies: tuple[float, ...] = (), **nets: float) -> Findings:
    """Probes of these accuracies by depth, and nets by their way, all on 10 pictures a class."""
    cuts = [f"block{depth}" for depth in range(len(accuracies))]
    depths = [
        ProbeResult(cut, depth, 100 * depth, 16, 0.1, 10, accuracy)
        for depth, (cut, accuracy) in enumerate(zip(cuts, accuracies, strict=True))
    ]
    results = [NetResult(way, 10, 100, accuracy, way) for way, accuracy in nets.items()]
    return Findings(tuple(depths), tuple(results), (), 10, "A source", "A target")


def test_the_best_depth_is_named_and_what_comes_after_it():
    first, second = findings.about_depth(a_study((30.0, 60.0, 50.0)))
    assert "a linear probe is right on 60.0% at block1" in first and "guessing is right on 10%" in first
    assert "worth less (50.0% at the end)" in second and "A source" in second
    assert "the better they transfer" in findings.about_depth(a_study((30.0, 60.0)))[1]


def test_a_single_depth_says_nothing():
    assert findings.about_depth(a_study((30.0,))) == []


def test_features_are_compared_with_training_from_scratch():
    (gain,) = findings.about_pictures(a_study(frozen=40.0, fine_tuned=65.0, scratch=25.0))
    assert (
        gain
        == "With 10 pictures a class the features are worth 40 points: 65.0% fine-tuned against 25.0% from scratch."
    )
    assert "makes no difference" in findings.about_pictures(a_study(frozen=25.5, scratch=25.0))[0]
    assert "does better without them" in findings.about_pictures(a_study(frozen=20.0, scratch=25.0))[0]
    assert findings.about_pictures(a_study(frozen=40.0)) == []
