"""What was learned of a set, kept for every drawing of the page until the set or the source changes."""

import hashlib

import streamlit as st
import torch

from core.explain import view
from core.explain.view import View
from core.teach import example, features, learning
from core.teach.learning import CrossValidation, Learned
from core.trainers.trained import TrainedClassifier
from pages.teach.asked import Asked
from pages.teach.current import Current
from ui import nets, slots


@st.cache_resource(max_entries=16, show_spinner=False)
def _slot(source: str, stamp: int, content: str) -> list[Learned]:
    """Return the cache slot for what was learned of a set on a source."""
    return []


def learned(source: TrainedClassifier, now: Current) -> Learned:
    """Return the probe of a set, behind a progress bar where pictures are new. Raises UserError as `learn` does."""
    content = now.content
    slot = _slot(source.name, nets.stamp(source.name), key(now))
    digests = [sample.digest for sample in content.samples]

    def compute(progress: slots.Progress) -> Learned:
        if now.is_example:
            example.remember_features()
        found = features.of(source, digests, lambda place: now.picture(content.samples[place]), progress)
        return learning.learn(source, content, found)

    return slots.filled(slot, "Features of new pictures", compute, "pictures")


def test(lesson: Learned, now: Current) -> CrossValidation:
    """Return how a probe does on pictures that it has not learned from."""
    return _test(lesson.source.name, nets.stamp(lesson.source.name), key(now), lesson)


@st.cache_resource(max_entries=16, show_spinner=False)
def _test(source: str, stamp: int, content: str, _lesson: Learned) -> CrossValidation:
    return learning.cross_validate(_lesson)


def key(now: Current) -> str:
    """Return a text that names the content of a set."""
    return hashlib.sha256(now.content.to_json().encode()).hexdigest()


def explained(lesson: Learned, now: Current, asked: Asked) -> View:
    """Return what the taught net says of a picture, with a map for each class."""
    source = lesson.source
    return _view((source.name, nets.stamp(source.name), key(now)), asked.content, lesson, asked)


@st.cache_resource(max_entries=32, show_spinner=False)
def _view(net: tuple[str, int, str], content: object, _lesson: Learned, _asked: Asked) -> View:
    taught = _lesson.net()
    with torch.no_grad():
        return view.of_picture(taught, _asked.picture, tuple(range(len(taught.classes))))
