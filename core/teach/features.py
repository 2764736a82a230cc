"""Features of samples: what a source net's last maps average to, of each picture and of its horizontal flip.

They are computed once for a picture and kept in memory under the net and the picture's digest, so that one picture more
costs two forward passes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from core import weights
from core.errors import UserError
from core.images import Picture
from core.models import catalogue
from core.models.layers import AveragedMaps
from core.runs.record import NetRecord
from core.trainers import trained
from core.trainers.trained import TrainedClassifier

FLIPS = 2  # views of a picture: as it is, and flipped
REMEMBERED = 6_000  # pictures: 60 MB for 1,280 features
BATCH = 8  # pictures of one size in a forward pass
_CACHE: OrderedDict[tuple[str, str], Tensor] = OrderedDict()
_LOCK = threading.Lock()
Progress = Callable[[int, int], None]


def sources() -> tuple[str, ...]:
    """Return the names of the nets that come with Atelier whose features fit: colour pictures, averaged maps."""
    records = {name: NetRecord.find(card["data"]) for name, card in weights.cards("classifier").items()}
    fitting = [name for name, one in records.items() if one and one.channels == 3 and catalogue.variant(one.model)]
    # Not those of the toybox: its toys are the example, and pictures of one class are all alike to such a net.
    own = [name for name in fitting if not records[name].dataset.startswith("toybox")]  # type: ignore[union-attr]
    return (*trained.packaged(), *sorted(own, reverse=True))


def check_source(source: TrainedClassifier) -> None:
    """Raise UserError for a net on whose features no probe gives exact maps: one without global average pooling."""
    if not isinstance(source.net, AveragedMaps):
        raise UserError(
            f"{source.title} does not end in global average pooling and a linear layer, so that a probe on it has no "
            "maps: choose another source model."
        )


def of(
    source: TrainedClassifier,
    digests: Sequence[str],
    picture: Callable[[int], Picture],
    progress: Progress = lambda done, of: None,
) -> Tensor:
    """Return the features, float32 (N, FLIPS, F), of N pictures with these digests.

    `picture` returns the picture of a place, uint8 (H, W, 3), and is called for those that are not in memory.
    `progress` is called with how many of these are done, and of how many. Raises UserError as `check_source` does.
    """
    check_source(source)
    with _LOCK:
        missing = [place for place, digest in enumerate(digests) if (source.name, digest) not in _CACHE]
    computed: dict[str, Tensor] = {}
    done = 0
    for places, batch in _batches(source, missing, picture):
        for place, features in zip(places, _averaged(source, batch), strict=True):
            computed[digests[place]] = features
        done += len(places)
        progress(done, len(missing))
    with _LOCK:
        found = [computed[digest] if digest in computed else _CACHE[source.name, digest] for digest in digests]
    remember(source.name, digests, found)
    return torch.stack(found) if found else torch.zeros(0, FLIPS, 0)


def remember(source: str, digests: Sequence[str], features: Sequence[Tensor] | Tensor) -> None:
    """Keep features (FLIPS, F) of pictures by a net of that name in memory, and forget what was used longest ago."""
    with _LOCK:
        for digest, tensor in zip(digests, features, strict=True):
            _CACHE[source, digest] = tensor
            _CACHE.move_to_end((source, digest))
        while len(_CACHE) > REMEMBERED:
            _CACHE.popitem(last=False)


def _batches(
    source: TrainedClassifier, places: Sequence[int], picture: Callable[[int], Picture]
) -> Iterator[tuple[list[int], Tensor]]:
    """Yield places and their prepared pictures, uint8 (n, C, h, w), n at most BATCH, all of one size."""
    waiting: dict[tuple[int, ...], tuple[list[int], list[Tensor]]] = {}
    for place in places:
        prepared = source.prepare_picture(picture(place))
        group, tensors = waiting.setdefault(tuple(prepared.shape), ([], []))
        group.append(place)
        tensors.append(prepared)
        if len(group) == BATCH:
            yield group, torch.cat(tensors)
            del waiting[tuple(prepared.shape)]
    for group, tensors in waiting.values():
        yield group, torch.cat(tensors)


@torch.no_grad()
def _averaged(source: TrainedClassifier, batch: Tensor) -> list[Tensor]:
    """Return the features, float32 (FLIPS, F), of each of n images, uint8 (n, C, h, w)."""
    views = torch.cat([batch, batch.flip(-1)])
    maps = source.net.features(source.prepare(views))  # type: ignore[operator]
    averages = maps.float().mean((-2, -1)).reshape(FLIPS, len(batch), -1)
    return [averages[:, place].clone() for place in range(len(batch))]


def similarities(features: Tensor) -> np.ndarray:
    """Return the cosines (N, N) of features (N, FLIPS, F): of each two pictures, as they are."""
    plain = features[:, 0].double()
    unit = plain / plain.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return (unit @ unit.T).numpy()
