"""What is taught is learned: answers, exact maps, an honest test, and sentences where the samples are too few."""

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.explain import cam
from core.images import Picture
from core.teach import drawn, features, learning
from core.teach.taught import Sample, TaughtSet
from core.trainers import trained
from core.transfer_learning import linear_probe

CLASSES = ("boat", "duck", "rocket")


@pytest.fixture(scope="module")
def source() -> trained.TrainedClassifier:
    return trained.open_named("resnet20_cifar10")


def a_set(counts: dict[str, int]) -> tuple[TaughtSet, list[Picture]]:
    """Return a set of drawn toys and its pictures."""
    samples, pictures = [], []
    for label, count in counts.items():
        for number in range(count):
            samples.append(Sample(f"{len(samples):064x}.png", label))
            pictures.append(drawn.picture(label, number))
    return TaughtSet(tuple(counts), tuple(samples)), pictures


def coloured(count: int, seed: int = 0) -> list[Picture]:
    """Return pictures that are mostly of one colour, each with noise of its own."""
    draw = np.random.default_rng(seed)
    return [draw.integers(0, 60, (40, 50, 3), dtype=np.uint8) + np.uint8([150, 20, 0]) for _ in range(count)]


def of_pictures(source: trained.TrainedClassifier, pictures: list[Picture], key: str = "") -> torch.Tensor:
    digests = [f"{key} {number} {picture.sum()}" for number, picture in enumerate(pictures)]
    return features.of(source, digests, lambda place: pictures[place])


def test_features_are_the_averages_of_the_last_maps_of_both_views(source) -> None:
    _, pictures = a_set({"boat": 2})
    found = of_pictures(source, pictures, "plain")
    for place, picture in enumerate(pictures):
        for flip, view in enumerate((picture, np.ascontiguousarray(picture[:, ::-1]))):
            maps = source.net.features(source.prepare(source.prepare_picture(view)))
            torch.testing.assert_close(found[place, flip], maps[0].mean((1, 2)), atol=2e-2, rtol=2e-2)
    prepared = source.prepare(source.prepare_picture(pictures[0]))
    exact = source.net.features(prepared.flip(-1))[0].mean((1, 2))
    torch.testing.assert_close(found[0, 1], exact, atol=1e-5, rtol=1e-4)


def test_a_picture_is_seen_by_the_net_once(source, monkeypatch: pytest.MonkeyPatch) -> None:
    _, pictures = a_set({"duck": 3})
    first = of_pictures(source, pictures[:2], "once")
    passes = []
    whole = type(source.net).features
    monkeypatch.setattr(type(source.net), "features", lambda net, x: passes.append(len(x)) or whole(net, x))
    again = of_pictures(source, pictures, "once")
    assert passes == [features.FLIPS]
    assert torch.equal(again[:2], first)


@pytest.mark.parametrize(("name", "sides"), [
    ("resnet20_cifar10", ((32, 32), (64, 48), (97, 150))),
    ("efficientnet_lite0", ((64, 64), (192, 256), (353, 200))),
])  # fmt: skip
def test_the_mean_of_a_map_of_ones_own_class_is_the_logit_at_several_sizes(name, sides) -> None:
    source = trained.open_named(name)
    content, pictures = a_set(dict.fromkeys(CLASSES, 4))
    taught = learning.learn(source, content, of_pictures(source, pictures)).net()
    assert taught.classes == CLASSES
    assert getattr(taught.net, "cells", None) == getattr(source.net, "cells", None), "maps lie where the source's do"
    for height, width in sides:
        image = torch.randint(0, 256, (1, 3, height, width), dtype=torch.uint8)
        explanation = cam.explain(taught.net, taught.prepare(image), torch.tensor([[0, 1, 2]]))
        torch.testing.assert_close(explanation.maps.mean((-2, -1)), explanation.logits, atol=2e-5, rtol=1e-4)
        assert explanation.method == "CAM"


def test_the_net_answers_as_the_probe_and_leaves_the_source_as_it_was(source) -> None:
    before = source.net.output.weight
    content, pictures = a_set(dict.fromkeys(CLASSES, 4))
    found = of_pictures(source, pictures)
    learned = learning.learn(source, content, found)
    with torch.no_grad():
        for place in (0, 5, 9):
            taught = learned.net()
            logits = taught.net(taught.prepare(taught.prepare_picture(pictures[place])))
            torch.testing.assert_close(logits[0].double(), learned.probe.logits(found[place, 0]), atol=1e-4, rtol=1e-4)
            assert CLASSES[int(logits.argmax())] == content.samples[place].label
    assert source.net.output.weight is before and source.net.output.out_features == 10


def test_cross_validation_leaves_each_picture_out_of_what_it_tests(source) -> None:
    content, pictures = a_set({"boat": 3, "duck": 2, "rocket": 1})
    found = of_pictures(source, pictures, "test")
    learned = learning.learn(source, content, found)
    test = learning.cross_validate(learned)
    assert test.places == (0, 1, 2, 3, 4), "the one rocket has no other to be learned from"
    assert test.folds == test.of == 5
    for place in test.places:
        rest = [other for other in range(6) if other != place]
        views = found[rest].flatten(0, 1), learned.labels[rest].repeat_interleave(2)
        alone = linear_probe.fit(views, 3, learning.PENALTY)
        torch.testing.assert_close(test.logits[place], alone.logits(found[place, :1])[0], atol=1e-3, rtol=1e-3)
    assert test.right == sum(int(test.logits[place].argmax()) == int(learned.labels[place]) for place in test.places)


def test_near_duplicates_count_as_one_and_are_left_out_together(source) -> None:
    base = coloured(1)[0]
    alike = [np.clip(base.astype(int) + shift, 0, 255).astype(np.uint8) for shift in range(6)]
    others = [drawn.picture("rocket", number) for number in range(6)]
    labels = ["cup"] * 6 + ["rocket"] * 6
    content = TaughtSet(("cup", "rocket"), tuple(Sample(f"{n:064x}.png", label) for n, label in enumerate(labels)))
    found = of_pictures(source, alike + others, "alike")
    learned = learning.learn(source, content, found)
    assert len(set(learned.groups[:6])) == 1 and len(set(learned.groups[6:])) > 3
    assert not set(learned.groups[:6]) & set(learned.groups[6:])
    assert set(learning.cross_validate(learned).places) == set(range(6, 12)), "cups of one kind alone are not tested"
    first, *_ = learning.advice(content, learned)
    assert first.startswith("The pictures of “cup” are too alike: 6 count as 1.")


def test_linked_pictures_are_one_group() -> None:
    angles = torch.tensor([0.0, 0.2, 0.4, 1.5])  # cosines: 0.98 to the neighbour, 0.92 to the one after
    vectors = torch.stack([angles.cos(), angles.sin()], 1)[:, None].expand(-1, 2, -1)
    first, second, third, last = learning.distinct(vectors)
    assert first == second == third != last


def test_few_pictures_and_one_picture_in_two_classes_are_said(source) -> None:
    content, pictures = a_set({"boat": 6, "duck": 2})
    same = Sample(content.samples[0].file, "duck")
    content, _ = content.with_class("empty").with_samples("duck", [same])
    found = of_pictures(source, [*pictures, pictures[0]], "both")
    said = "\n".join(learning.advice(content, learning.learn(source, content, found)))
    assert "“duck” has 3 distinct pictures; from 5 on" in said
    assert "One picture is in both “boat” and “duck”" in said
    assert "“empty” has no picture yet" in said


def test_no_picture_and_one_class_are_sentences(source) -> None:
    with pytest.raises(UserError, match="There is no picture to learn from yet"):
        learning.learn(source, TaughtSet(CLASSES), torch.zeros(0, 2, 64))
    content, pictures = a_set({"boat": 2, "duck": 0})
    with pytest.raises(UserError, match="pictures of one class only, “boat”"):
        learning.learn(source, content, of_pictures(source, pictures))


def test_a_net_without_exact_maps_is_no_source() -> None:
    with pytest.raises(UserError, match="does not end in global average pooling"):
        features.check_source(trained.open_named("baseline_mnist"))
