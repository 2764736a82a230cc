"""One image with what a net makes of it, ready to be shown: probabilities, heat maps on one scale, boxes (5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import images
from core.errors import UserError
from core.explain import boxes, cam, methods
from core.images import Picture
from core.models import catalogue
from core.trainers.trained import TrainedClassifier

LARGEST_SIDE = 512  # of a photograph that is shown
FAINT = 0.1  # of the evidence against a class: less for it is next to nothing
SHOWN_SIDE = 448  # small images are enlarged up to this, by whole factors

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class View:
    """A square image as a net sees it.

    `picture` uint8 (S, S, 3); `probabilities` (classes,); `classes`, the K classes that have a map; `maps`
    (K, h, w), raw and signed; `method` and `why` as in `cam.Explanation`.
    """

    picture: Picture
    probabilities: Tensor
    classes: tuple[int, ...]
    maps: Tensor
    method: str
    why: str

    @property
    def predicted(self) -> int:
        """The class of the greatest probability."""
        return int(self.probabilities.argmax())

    @property
    def zoom(self) -> int:
        """How many times `picture` is enlarged to be shown."""
        return max(1, SHOWN_SIDE // self.picture.shape[0])

    @property
    def scale(self) -> tuple[float, float]:
        """The raw range that the colours of all maps of this view span."""
        return cam.scale(self.maps)

    def top(self, count: int) -> list[int]:
        """The `count` most probable classes, most probable first."""
        return self.probabilities.argsort(descending=True, stable=True)[:count].tolist()

    def shown(self) -> Picture:
        """The picture alone, enlarged without smoothing where it is small."""
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
        """The picture as `shown`, under the heat map of `classes[position]`; with a `threshold`, its box is drawn.

        `by` is the box's rule; `signed` colours what speaks against the class too; `scale` is the raw range of the
        colours, left out the one of this view's maps.
        """
        picture = self.shown()
        map = cam.upsample(self.maps[position], picture.shape[:2])
        low, high = cam.scale(self.maps, signed=signed) if scale is None else scale
        heat = cam.overlay(picture, map, low, high, alpha, signed=signed)
        box = None if threshold is None else self.box(position, threshold, by)
        return heat if box is None else _framed(heat, box, self.zoom)

    def box(self, position: int = 0, threshold: float = boxes.THRESHOLD, by: str = "all") -> boxes.Box | None:
        """The box of `classes[position]` in pixels of `picture`, None where the map is positive nowhere."""
        return boxes.box(cam.upsample(self.maps[position], self.picture.shape[:2]), threshold, by)

    def evidence(self, position: int = 0) -> str:
        """The raw range of a map in words."""
        return cam.range_in_words(self.maps[position])

    def remarks(self, position: int = 0) -> tuple[str, ...]:
        """Sentences about what should not be read into the picture: nothing to see in it, or nothing on the map."""
        said = []
        if (self.picture == self.picture[:1, :1]).all():
            said.append("The picture is of one colour all over, so the answer tells of the net alone.")
        if not self.maps[position].any():
            said.append("The map is zero everywhere: the class keeps no trace of this picture.")
        elif not cam.has_evidence(self.maps[position]):
            said.append("Nothing in the picture speaks for this class, so there is no box and no colour for it.")
        elif float(self.maps[position].max()) < FAINT * float(-self.maps[position].min()):
            said.append(
                "What speaks against this class outweighs by far what speaks for it: the box shows how little does."
            )
        return tuple(said)


def _framed(picture: Picture, box: boxes.Box, zoom: int) -> Picture:
    # White between two black lines stands out from every colour of the map and from every photograph.
    x0, y0, x1, y1 = (edge * zoom for edge in box)
    dark = boxes.draw(picture, (x0, y0, x1, y1), _BLACK, line=5)
    inset = (x0 + 1, y0 + 1, max(x0 + 2, x1 - 1), max(y0 + 2, y1 - 1))
    light = boxes.draw(dark, inset, _WHITE, line=3)
    return light


def of_picture(
    trained: TrainedClassifier,
    picture: Picture,
    classes: tuple[int, ...] | None = None,
    method: str | None = None,
    side: int | None = None,
) -> View:
    """What the net makes of the central square of a picture, uint8 (H, W, 3). The rest as for `of_image`."""
    prepared = (trained if side is None else replace(trained, side=side)).prepare_picture(picture)
    view = of_image(trained, prepared[0], classes, method)
    top, left, edge = central_square(picture)
    return replace(view, picture=images.fit(picture[top : top + edge, left : left + edge], LARGEST_SIDE))


def of_image(
    trained: TrainedClassifier,
    image: Tensor,
    classes: tuple[int, ...] | None = None,
    method: str | None = None,
    side: int | None = None,
) -> View:
    """What the net makes of one image of its own size, uint8 (C, side, side).

    `classes` are those that get a map; left out, it is the predicted class. `method` as for `of_images`. With a `side`
    the net is shown the image at that size, in pixels, as `side_at_net` has it; the view keeps it as it is.
    """
    wanted = None if classes is None else torch.tensor([classes])
    (view,) = of_images(trained, (image if side is None else resized(image, side))[None], wanted, method)
    return view if side is None else replace(view, picture=_pictures(image[None])[0])


def resized(image: Tensor, side: int) -> Tensor:
    """A uint8 image (C, H, W) brought to (C, side, side) by bilinear interpolation."""
    smooth = F.interpolate(image[None].float(), (side, side), mode="bilinear", align_corners=False, antialias=True)
    return smooth[0].round().clamp(0, 255).to(torch.uint8)


def side_at_net(trained: TrainedClassifier, times: int) -> int:
    """The side in pixels of an image at `times` the net's own size.

    Only a net that is convolutional up to its global average pooling sees other sizes; any other keeps its own.
    """
    return trained.side * times if trained.net.ends_in_gap else trained.side


def common_scale(views: Sequence[View], *, signed: bool = False) -> tuple[float, float]:
    """The raw range that the colours span where the maps of several views stand side by side."""
    return cam.scale(torch.cat([view.maps.flatten() for view in views]), signed=signed)


def of_images(
    trained: TrainedClassifier, batch: Tensor, classes: Tensor | None = None, method: str | None = None
) -> list[View]:
    """What the net makes of images of its own size, uint8 (N, C, side, side).

    `classes` (N, K) says which maps each image gets; left out, it is the predicted class. `method` is one of `methods`;
    left out, CAM or Grad-CAM. A net that ends in global average pooling may be shown larger images, for a finer map.
    Raises UserError for images that the net cannot see, and as `methods.explain` does.
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
        )
        for i in range(len(batch))
    ]


def _pictures(batch: Tensor) -> Picture:
    """Images (N, C, H, W), grey or in colour, as pictures (N, H, W, 3)."""
    return batch.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()


def _check_sides(trained: TrainedClassifier, batch: Tensor) -> None:
    channels, height, width = batch.shape[1:]
    if channels != trained.channels:
        raise UserError(
            f"{trained.title} sees images of {trained.channels} channels, and these have {channels}: give grey images "
            "to a net for grey ones, and colour to one for colour."
        )
    smallest = catalogue.smallest_side(trained.model)
    if min(height, width) < smallest:
        raise UserError(
            f"{trained.title} cannot see images of {width} x {height} pixels, its pooling would leave nothing of them: "
            f"give at least {smallest} x {smallest}."
        )
    if (height, width) != (trained.side, trained.side) and not trained.net.ends_in_gap:
        raise UserError(
            f"{trained.title} sees images of {trained.side} x {trained.side} pixels alone, and these have {width} x "
            f"{height}: resize them, or choose a net that ends in global average pooling."
        )


def central_square(picture: Picture) -> tuple[int, int, int]:
    """(top, left, edge) in pixels of the largest central square, which is what a net is shown of a picture."""
    height, width = picture.shape[:2]
    edge = min(height, width)
    return (height - edge) // 2, (width - edge) // 2, edge


def class_named(trained: TrainedClassifier, name: str) -> int:
    """The index of the class of that name. Raises UserError, listing the names, where the net has none such."""
    if name not in trained.classes:
        known = ", ".join(trained.classes)
        raise UserError(f"{trained.title} knows no class “{name}”: choose one of {known}.")
    return trained.classes.index(name)


def scale_picture(width: int = 256, height: int = 14, *, signed: bool = False) -> Picture:
    """The colours of the heat maps, low end at the left, for a legend."""
    return np.ascontiguousarray(cam.ramp(width, height, signed=signed))
