"""Learning classes from samples: a linear probe on cached features, tested on pictures that it has not seen.

The net that results has the features of the source and the probe as its linear layer. It ends in global average pooling
still, so that its class activation maps are exact: the mean of a map is the logit (equations 5.1 to 5.3).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from core.errors import UserError
from core.models.layers import AveragedMaps, with_output
from core.teach import features as cached
from core.teach.taught import TaughtSet
from core.trainers.trained import TrainedClassifier
from core.transfer_learning import linear_probe
from core.transfer_learning.linear_probe import LinearProbe

# Of the L2 norm, as in `linear_probe`: with few pictures there are none to choose it by. On CIFAR-10, with 5 to 20 of
# each class, it has the least cross-entropy of 1 to 0.001; their accuracies differ by less than a point.
PENALTY = 0.03
# Cosine of two pictures' features from which they count as one. Measured on 24 photographs: copies shifted by 3% or cut
# by a tenth have 0.92 to 0.99 in 1,280 features, different photographs at most 0.5, drawn toys of a class 0.75. In the
# 64 of ResNet-20 copies have 0.94 to 0.99, different pictures at most 0.96.
NEAR_DUPLICATE, NARROW_NEAR_DUPLICATE = 0.9, 0.97
NARROW = 512  # features
FEW = 5  # distinct pictures of a class below which its answers mean little
FOLDS = 10  # of the test by cross-validation; as many as there are distinct pictures where these are fewer


@dataclass(frozen=True)
class CrossValidation:
    """Answers to pictures by probes that had not learned from them: cross-validation in `folds` parts.

    Near duplicates are in one part. `places` (M,) are the samples tested; one whose class has no other distinct picture
    cannot be. `logits` (N, classes) has a row for every sample, zeros where it was not tested.
    """

    places: tuple[int, ...]
    logits: Tensor
    right: int
    folds: int

    @property
    def of(self) -> int:
        """The number of pictures that the test rests on."""
        return len(self.places)


@dataclass(frozen=True)
class Learned:
    """A probe on the `features` (N, flips, F) of samples by `source`; their `labels` (N,) count in `classes`.

    `groups` (N,) numbers the distinct pictures: near duplicates have one number.
    """

    source: TrainedClassifier
    classes: tuple[str, ...]
    probe: LinearProbe
    labels: Tensor
    groups: tuple[int, ...]
    features: Tensor

    def net(self, title: str = "your classes") -> TrainedClassifier:
        """Return the net that answers with these classes; its features are shared with the source's."""
        own = with_output(cast(AveragedMaps, self.source.net), self.probe.weight, self.probe.bias)
        return replace(
            self.source,
            name="taught",
            title=title,
            net=own,
            dataset="",
            classes=self.classes,
            held_out="test",
            source="taught",
            card={},
        )


def learn(source: TrainedClassifier, content: TaughtSet, features: Tensor) -> Learned:
    """Fit a probe to the features (N, flips, F) of the set's samples, in their order.

    Classes without a sample are left out. Raises UserError where fewer than two have one.
    """
    classes = content.taught
    if len(classes) < 2:
        raise UserError(_too_few(content, classes))
    labels = torch.tensor([classes.index(sample.label) for sample in content.samples])
    probe = linear_probe.fit(_views(features, labels), len(classes), PENALTY)
    return Learned(source, classes, probe, labels, distinct(features), features)


def _too_few(content: TaughtSet, classes: tuple[str, ...]) -> str:
    if not content.samples:
        return "There is no picture to learn from yet: add some to each of two classes or more."
    return (
        f"There are pictures of one class only, “{classes[0]}”, and a net that knows one class always answers it: add "
        "pictures of another, or of “none of these”."
    )


def _views(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return each view of each picture as an example of its class."""
    return features.flatten(0, 1), labels.repeat_interleave(features.shape[1])


def distinct(features: Tensor) -> tuple[int, ...]:
    """Return a number for each of N pictures: near duplicates, and what they are linked to by others, have the same.

    Two pictures are near duplicates where the cosine of their features (N, flips, F) is `near_duplicate` or more.
    """
    near = cached.similarities(features) >= near_duplicate(features.shape[-1])
    numbers = list(range(len(near)))
    for place in range(len(near)):
        for other in near[place, :place].nonzero()[0]:
            old, new = numbers[place], numbers[other]
            numbers = [new if number == old else number for number in numbers]
    return tuple(numbers)


def near_duplicate(width: int) -> float:
    """Return the cosine of `width` features from which two pictures count as one."""
    return NEAR_DUPLICATE if width >= NARROW else NARROW_NEAR_DUPLICATE


def cross_validate(learned: Learned) -> CrossValidation:
    """Return the answers to pictures left out: leave-one-out for up to FOLDS distinct pictures, else FOLDS parts."""
    features, labels, classes = learned.features, learned.labels, len(learned.classes)
    parts = _parts(labels, learned.groups)
    logits = torch.zeros(len(labels), classes, dtype=torch.float64)
    tested: list[int] = []
    for part in sorted(set(parts) - {-1}):
        out = torch.tensor([number == part for number in parts])
        # Begun at the probe of all samples, the search ends at the same optimum, but sooner.
        probe = linear_probe.fit(_views(features[~out], labels[~out]), classes, PENALTY, start=learned.probe)
        logits[out] = probe.logits(features[out, 0])
        tested += out.nonzero()[:, 0].tolist()
    right = int((logits[tested].argmax(1) == labels[tested]).sum())
    return CrossValidation(tuple(sorted(tested)), logits, right, len(set(parts) - {-1}))


def _parts(labels: Tensor, groups: tuple[int, ...]) -> list[int]:
    """Return the part of the test that each picture is in, -1 for none; a part has of every class about as many."""
    of_class: dict[int, list[int]] = {}
    for group, label in dict(zip(groups, labels.tolist(), strict=True)).items():
        of_class.setdefault(label, []).append(group)
    testable = [group for members in of_class.values() if len(members) > 1 for group in members]
    number = min(FOLDS, len(testable))
    part = {group: place % number for place, group in enumerate(testable)}
    return [part.get(group, -1) for group in groups]


def advice(content: TaughtSet, learned: Learned) -> tuple[str, ...]:
    """Return sentences about samples from which little can be learned: too few, too alike, or in two classes."""
    sentences = [_about_class(label, number, learned) for number, label in enumerate(learned.classes)]
    empty = [label for label in content.classes if label not in learned.classes]
    if empty:
        names = ", ".join(f"“{label}”" for label in empty)
        sentences.append(f"{names} {'has' if len(empty) == 1 else 'have'} no picture yet, and cannot be answered.")
    return (*filter(None, sentences), *_in_two_classes(content, learned))


def _about_class(label: str, number: int, learned: Learned) -> str:
    places = (learned.labels == number).nonzero()[:, 0].tolist()
    own, pictures = len({learned.groups[place] for place in places}), len(places)
    if own < pictures and own <= pictures / 2:
        return (
            f"The pictures of “{label}” are too alike: {pictures} count as {own}. Turn the object, change the "
            "place and the light, come closer."
        )
    if own < FEW:
        count = "1 picture" if own == 1 else f"{own} distinct pictures"
        return f"“{label}” has {count}; from {FEW} on its answers begin to mean something."
    return ""


def _in_two_classes(content: TaughtSet, learned: Learned) -> list[str]:
    first: dict[int, int] = {}
    pairs: Counter[tuple[str, str]] = Counter()
    for place, group in enumerate(learned.groups):
        other = first.setdefault(group, place)
        labels = content.samples[other].label, content.samples[place].label
        if labels[0] != labels[1]:
            pairs[labels] += 1
    return [
        f"{'One picture is' if count == 1 else f'{count} pictures are'} in both “{one}” and “{two}”, or nearly the "
        "same there: remove it from one, since no net can tell them apart."
        for (one, two), count in pairs.items()
    ]
