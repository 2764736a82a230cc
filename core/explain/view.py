"""One image with a net's explanation of it, for display: probabilities, heat maps on one scale, boxes (section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core import images
from core.datasets import class_names
from core.errors import UserError
from core.explain import boxes, cam, methods
from core.explain.boxes import THRESHOLD, Box
from core.images import Picture
from core.models import catalogue
from core.trainers.trained import TrainedClassifier

LARGEST_SIDE = 512  # px of a photograph that is shown, where the net gets its central square
LARGEST_WHOLE = 1024  # px of one that it gets whole
FAINT = 0.1  # share of the evidence against a class; evidence for it below that share is negligible
FRAME_SHARE = 1 / 180  # of the longer side of a picture: the width of a box's frame
FEW, NAMED = 20, 5  # classes that a sentence lists in full, and of more
SHOWN_SIDE = 448  # small images are enlarged up to this, by whole factors

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class View:
    """An image and a net's explanation of it.

    `picture` uint8 (H, W, 3), square unless the net takes whole pictures; `probabilities` (classes,); `classes`, the K
    classes that have a map; `maps` (K, h, w), raw and signed; `method` and `why` as in `cam.Explanation`; `input`, the
    pixels that the net was given, uint8 (h, w, 3), by default the picture; `grid`, where the maps' cells lie in it.
    """

    picture: Picture
    probabilities: Tensor
    classes: tuple[int, ...]
    maps: Tensor
    method: str
    why: str
    input: Picture | None = None
    grid: cam.Grid | None = None

    @property
    def predicted(self) -> int:
        """Return the class of the greatest probability."""
        return int(self.probabilities.argmax())

    @property
    def zoom(self) -> int:
        """Return the whole factor by which `picture` is enlarged for display."""
        return _zoom(self.picture)

    @property
    def scale(self) -> tuple[float, float]:
        """Return the raw range that the colours of all maps of this view span."""
        return cam.scale(self.maps)

    def top(self, count: int) -> list[int]:
        """Return the `count` most probable classes, most probable first."""
        return self.probabilities.argsort(descending=True, stable=True)[:count].tolist()

    def map(self, position: int, size: tuple[int, int]) -> Tensor:
        """Return the map of `classes[position]` as it lies in the picture, resized to `size` (height, width)."""
        return cam.upsample(self.maps[position], size, self.grid)

    def shown(self) -> Picture:
        """Return the picture alone, enlarged without smoothing where it is small."""
        return self.picture.repeat(self.zoom, 0).repeat(self.zoom, 1)

    def heat(
        self,
        position: int = 0,
        *,
        alpha: float = 0.5,
        threshold: float | None = None,
        by: str = "all",
        signed: bool = False,
        scale: tuple[float, float] | None = None,
    ) -> Picture:
        """Return the picture as `shown`, under the heat map of `classes[position]`; a `threshold` draws its boxes.

        `by` as for `boxes`; `signed` also colours evidence against the class; `scale` is the raw range of the
        colours, by default that of this view's maps.
        """
        picture = self.shown()
        map = self.map(position, picture.shape[:2])
        low, high = cam.scale(self.maps, signed=signed) if scale is None else scale
        heat = cam.overlay(picture, map, low, high, alpha, signed=signed)
        for box in [] if threshold is None else self.boxes(position, threshold, by):
            heat = _framed(heat, box, self.zoom)
        return heat

    def box(self, position: int = 0, threshold: float = THRESHOLD, by: str = "all") -> Box | None:
        """Return the box of `classes[position]` in pixels of `picture`, None where the map is positive nowhere."""
        return boxes.box(self.map(position, self.picture.shape[:2]), threshold, by)

    def boxes(self, position: int = 0, threshold: float = THRESHOLD, by: str = "all") -> list[Box]:
        """Return the boxes of `classes[position]` in pixels of `picture`, by one of `boxes.RULES` or by COMPONENTS."""
        return boxes.listed(self.map(position, self.picture.shape[:2]), threshold, by)

    def given(self) -> Picture:
        """Return the pixels that the net was given, enlarged without smoothing where they are few."""
        pixels = self.picture if self.input is None else self.input
        zoom = _zoom(pixels)
        return pixels.repeat(zoom, 0).repeat(zoom, 1)

    def evidence(self, position: int = 0) -> str:
        """Return the raw range of a map in words."""
        return cam.range_in_words(self.maps[position])

    def remarks(self, position: int = 0) -> tuple[str, ...]:
        """Return sentences that warn of misreading: a picture or a map without content, or negligible evidence."""
        sentences = []
        if (self.picture == self.picture[:1, :1]).all():
            sentences.append("The picture is of one colour all over, so the prediction depends on the net alone.")
        if not self.maps[position].any():
            sentences.append("The map is zero everywhere: the class has no evidence in this picture.")
        elif not cam.has_evidence(self.maps[position]):
            sentences.append("There is no positive evidence for this class, so no box and no colour.")
        elif float(self.maps[position].max()) < FAINT * float(-self.maps[position].min()):
            sentences.append(
                "The evidence against this class far outweighs the evidence for it, which the box is drawn around."
            )
        return tuple(sentences)


def _zoom(picture: Picture) -> int:
    return max(1, SHOWN_SIDE // max(picture.shape[:2]))


def _framed(picture: Picture, box: Box, zoom: int) -> Picture:
    # White between two black lines stands out from every colour of the map and from every photograph.
    x0, y0, x1, y1 = (edge * zoom for edge in box)
    line = max(3, round(max(picture.shape[:2]) * FRAME_SHARE))
    dark = boxes.draw(picture, (x0, y0, x1, y1), _BLACK, line=line)
    inset = (x0 + 1, y0 + 1, max(x0 + 2, x1 - 1), max(y0 + 2, y1 - 1))
    light = boxes.draw(dark, inset, _WHITE, line=line - 2)
    return light


def of_picture(
    trained: TrainedClassifier,
    picture: Picture,
    classes: tuple[int, ...] | None = None,
    method: str | None = None,
    side: int | None = None,
) -> View:
    """Return the net's view of the part of a picture, uint8 (H, W, 3), that it gets. The rest as for `of_image`."""
    prepared = (trained if side is None else replace(trained, side=side)).prepare_picture(picture)
    view = of_image(trained, prepared[0], classes, method)
    top, left, height, width = part_at_net(trained, picture)
    largest = LARGEST_WHOLE if trained.whole else LARGEST_SIDE
    return replace(view, picture=images.fit(picture[top : top + height, left : left + width], largest))


def of_image(
    trained: TrainedClassifier,
    image: Tensor,
    classes: tuple[int, ...] | None = None,
    method: str | None = None,
    side: int | None = None,
) -> View:
    """Return the net's view of one image of its input size, uint8 (C, side, side).

    `classes` are those that get a map, by default the predicted class; `method` as for `of_images`. With a `side` in
    pixels, as `side_at_net` returns it, the input is resized to it; the picture of the view is not.
    """
    explained = None if classes is None else torch.tensor([classes])
    (view,) = of_images(trained, (image if side is None else resized(image, side))[None], explained, method)
    return view if side is None else replace(view, picture=_pictures(image[None])[0])


def by_methods(trained: TrainedClassifier, seen: View, names: Sequence[str]) -> list[View]:
    """Return a net's view with the maps of each of other methods, from one forward pass of its network input.

    Raises as `methods.explain` does.
    """
    pixels = seen.picture if seen.input is None else seen.input
    image = torch.from_numpy(np.ascontiguousarray(pixels[..., : trained.channels])).permute(2, 0, 1)[None]
    explanations = methods.explain_by(trained.net, trained.prepare(image), torch.tensor([seen.classes]), names)
    return [replace(seen, maps=one.maps[0], method=one.method, why=one.why, grid=one.grid) for one in explanations]


def resized(image: Tensor, side: int) -> Tensor:
    """Return a uint8 image (C, S, S) resized to (C, side, side), as a photograph is."""
    picture = image.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    return torch.from_numpy(images.for_net(picture, side)).permute(2, 0, 1)[: len(image)].contiguous()


def side_at_net(trained: TrainedClassifier, times: int) -> int:
    """Return the side in pixels of an image at `times` the net's own size.

    Only a net that is convolutional up to its global average pooling accepts other sizes; any other keeps its own.
    """
    return trained.side * times if trained.net.ends_in_gap else trained.side


def common_scale(views: Sequence[View], *, signed: bool = False) -> tuple[float, float]:
    """Return the raw range of the colours for the maps of several views side by side."""
    return cam.scale(torch.cat([view.maps.flatten() for view in views]), signed=signed)


def of_images(
    trained: TrainedClassifier, batch: Tensor, classes: Tensor | None = None, method: str | None = None
) -> list[View]:
    """Return the net's view of each of N images of its input size, uint8 (N, C, side, side).

    `classes` (N, K) selects the maps, by default that of the predicted class. `method` is one of `methods`, by default
    CAM or Grad-CAM. A net that ends in global average pooling accepts larger images too, for a finer map. Raises
    UserError for images of a shape that the net does not accept, and as `methods.explain` does.
    """
    _check_sides(trained, batch)
    explanation = methods.explain(trained.net, trained.prepare(batch), classes, method)
    pictures = _pictures(batch)
    return [
        View(
            pictures[i],
            explanation.probabilities[i],
            tuple(explanation.classes[i].tolist()),
            explanation.maps[i],
            explanation.method,
            explanation.why,
            pictures[i],
            explanation.grid,
        )
        for i in range(len(batch))
    ]


def _pictures(batch: Tensor) -> Picture:
    """Return images (N, C, H, W), grey or in colour, as pictures (N, H, W, 3)."""
    return batch.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()


def _check_sides(trained: TrainedClassifier, batch: Tensor) -> None:
    channels, height, width = batch.shape[1:]
    if channels != trained.channels:
        raise UserError(
            f"{trained.title} takes images of {trained.channels} channels, and these have {channels}: give grey images "
            "to a net for grey ones, and colour to one for colour."
        )
    smallest = catalogue.smallest_side(trained.model)
    if min(height, width) < smallest:
        raise UserError(
            f"{trained.title} cannot take images of {width} x {height} pixels, its pooling would leave nothing of "
            f"them: give at least {smallest} x {smallest}."
        )
    if (height, width) != (trained.side, trained.side) and not trained.net.ends_in_gap:
        raise UserError(
            f"{trained.title} takes images of {trained.side} x {trained.side} pixels only, and these have {width} x "
            f"{height}: resize them, or choose a net that ends in global average pooling."
        )


def part_at_net(trained: TrainedClassifier, picture: Picture) -> tuple[int, int, int, int]:
    """Return (top, left, height, width) in pixels of the part of a picture that the net gets: all, or the square."""
    return part_of(trained, *picture.shape[:2])


def part_of(trained: TrainedClassifier, height: int, width: int) -> tuple[int, int, int, int]:
    """Return the part, as `part_at_net`, of a picture of `height` x `width` pixels."""
    if trained.whole:
        return 0, 0, height, width
    top, left, edge = images.central_square(height, width)
    return top, left, edge, edge


def class_named(trained: TrainedClassifier, name: str) -> int:
    """Return the index of the one class that a name means, as `class_names.match` reads it.

    Raises UserError for a name of none, with those that are most like it, or all where they are few, and for one of
    several.
    """
    indices = class_names.match(name, trained.classes)
    if len(indices) == 1:
        return indices[0]
    if indices:
        some = ", ".join(trained.classes[i] for i in indices[:NAMED])
        raise UserError(f"“{name}” is {len(indices)} classes of {trained.title}: choose one of them, such as {some}.")
    if len(trained.classes) <= FEW:
        raise UserError(f"{trained.title} has no class “{name}”: choose one of {', '.join(trained.classes)}.")
    near = ", ".join(class_names.nearest(name, trained.classes, NAMED))
    raise UserError(f"{trained.title} has no class “{name}”: the names most like it are {near}.")


def scale_picture(width: int = 256, height: int = 14, *, signed: bool = False) -> Picture:
    """Return the colours of the heat maps, low end at the left, for a legend: uint8 (height, width, 3)."""
    return np.ascontiguousarray(cam.ramp(width, height, signed=signed))
