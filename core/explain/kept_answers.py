"""Answers of shipped nets, kept on disk beside the data: a fresh server need not classify the same images again.

The file is named by a hash of the net's weights and of the images, so that it never belongs to others.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor

from core import weights
from core.datasets import Split, samples
from core.datasets.name import parse
from core.datasets.registry import data_root
from core.errors import UserError
from core.explain import mistakes
from core.explain.mistakes import Answers
from core.trainers.trained import TrainedClassifier

VERSION = 1  # of how images are prepared and classified: files of another one are not read


def answers(
    trained: TrainedClassifier,
    split: Split,
    progress: Callable[[int, int], None] = lambda done, of: None,
    root: Path | None = None,
    *,
    name: str = "",
) -> Answers:
    """Return the net's logits for every image of the split, read from disk where an earlier call has kept them.

    Only those of shipped nets are kept, in the folder `answers` of `root` (default `data_root()`); where that cannot be
    written they are computed every time. `progress` and errors are those of `mistakes.answers`. Of a saved linear probe
    the answers to the split of the `name` "test" are those of cross-validation, to pictures not learned from.
    """
    if samples.are_tested(trained.dataset, name):
        return Answers(samples.tested_logits(samples.Samples.named(parse(trained.dataset))), split.labels)
    if trained.source != "shipped":
        return mistakes.answers(trained, split, progress)
    path = (root or data_root()) / "answers" / f"{_key(trained, split)}.safetensors"
    logits = _read(path, (len(split), len(trained.classes)))
    if logits is not None:
        return Answers(logits, split.labels)
    computed = mistakes.answers(trained, split, progress)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        weights.write(path, {"logits": computed.logits})
    except (OSError, SafetensorError):
        pass  # a full or read-only disk costs time only
    return computed


def _key(trained: TrainedClassifier, split: Split) -> str:
    """Return a hash of all that the answers depend on."""
    state = trained.net.state_dict()
    words = f"{VERSION} {trained.model} {trained.mean} {trained.std} {sorted(state)}"
    return _digest(words, (*(state[name] for name in sorted(state)), split.images, split.labels))


def _digest(words: str, tensors: Iterable[Tensor]) -> str:
    digest = hashlib.sha256(words.encode())
    for tensor in tensors:
        digest.update(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:32]


def _read(path: Path, shape: tuple[int, int]) -> Tensor | None:
    try:
        logits = weights.read(path).get("logits")
    except UserError:
        return None
    return logits if logits is not None and tuple(logits.shape) == shape else None
