"""`python -m pages.home.record [NAME ...]`: make the small pictures on the first page anew, as files beside it.

They are results of the other pages that take too long to compute at every start of the server, or need a download.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core import datasets, images
from core.explain import boxes, mistakes, view
from core.images import Picture
from core.models import catalogue
from core.style import painter
from core.teach import example, features, learning
from core.trainers import trained

FOLDER = Path(__file__).with_name("tiles")
WIDTH, HEIGHT, GAP = 360, 240, 4  # px
TRUTH, PREDICTION = (0, 158, 115), (213, 94, 0)
NETS = ("resnet20", "densenet_40_12", "bn_nin", "wrn_40_4", "bn_vgg")
OPTIMISED = Path("docs/figure-5-6.jpg")


def data() -> Picture:
    """Return training images of Toybox, two of every class."""
    split = datasets.load("toybox").train
    first = [int(index) for label in range(10) for index in (split.labels == label).nonzero()[:2, 0]]
    return mosaic(_pictures(split.images[first[::2] + first[1::2]])[:15], 5)


def localise() -> Picture:
    """Return test images of Toybox with the box of the class map and the true box."""
    net = trained.open_shipped("resnet20_toybox")
    split = datasets.load("toybox").test
    assert split.boxes is not None
    views = view.of_images(net, split.images[:60])
    right = [i for i, one in enumerate(views) if one.predicted == int(split.labels[i])][:6]
    return mosaic([_boxed(views[i], split.boxes[i]) for i in right], 3)


def wrong() -> Picture:
    """Return the six worst mistakes of a net on Toybox, under the map of the predicted class."""
    net = trained.open_shipped("resnet20_toybox")
    split = datasets.load("toybox").test
    worst = mistakes.find(net, split).indices[:6]
    return mosaic([one.heat(alpha=0.35) for one in view.of_images(net, split.images[worst])], 3)


def taught() -> Picture:
    """Return drawn toys under the maps of classes that were learned from the example's few pictures."""
    source, (content, _) = trained.open_named(example.SOURCE), example.example()
    example.remember_features()
    found = features.of(
        source, [sample.digest for sample in content.samples], lambda place: example.asked(*example.ASKED)
    )
    net = learning.learn(source, content, found).net()
    asked = [example.asked(label, number) for number in (0, 3) for label in content.classes]
    return mosaic([view.of_picture(net, picture).heat(alpha=0.45) for picture in asked], 3)


def optimised() -> Picture:
    """Return the painting that optimisation has made of a photograph, out of the documentation's figure."""
    figure = images.decode(OPTIMISED)
    edge = round(figure.shape[0] * WIDTH / HEIGHT)
    return images.resize(figure[:, -edge:], WIDTH, HEIGHT)


def painted() -> Picture:
    """Return one photograph in six styles of one style network."""
    photograph = images.fit(images.sample("cat"), 320)
    names = ("munch_scream", "vangogh_wheat_field", "leger_contrast_of_forms", "monet_water_lilies")
    names = (*names, "matisse_woman_with_a_hat", "kandinsky_composition_vii")
    return mosaic([painter.stylise(photograph, {name: 1.0}) for name in names], 3)


def mosaic(pictures: Sequence[Picture], columns: int) -> Picture:
    """Return pictures, each cut to fill its cell, in rows on white: uint8 (HEIGHT, WIDTH, 3)."""
    rows = -(-len(pictures) // columns)
    wide, high = (WIDTH + GAP) // columns - GAP, (HEIGHT + GAP) // rows - GAP
    sheet = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = (place // columns) * (high + GAP), (place % columns) * (wide + GAP)
        sheet[top : top + high, left : left + wide] = _cut(picture, wide, high)
    return sheet


TILES = {
    "data": data,
    "teach": taught,
    "localise": localise,
    "mistakes": wrong,
    "optimise": optimised,
    "train_style": painted,
}


def _cut(picture: Picture, wide: int, high: int) -> Picture:
    height, width = picture.shape[:2]
    scale = max(wide / width, high / height)
    resized = images.resize(picture, max(wide, round(width * scale)), max(high, round(height * scale)))
    top, left = (resized.shape[0] - high) // 2, (resized.shape[1] - wide) // 2
    return resized[top : top + high, left : left + wide]


def _pictures(batch: Tensor) -> list[Picture]:
    return list(batch.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy())


def _boxed(one: view.View, truth: Tensor) -> Picture:
    x0, y0, x1, y1 = (int(edge) for edge in (truth if truth.dim() == 1 else truth[0]))
    framed = one.heat(alpha=0.35)
    if (box := one.box()) is not None:
        framed = boxes.draw(framed, box, PREDICTION, zoom=one.zoom, line=14)
    return boxes.draw(framed, (x0, y0, x1, y1), TRUTH, zoom=one.zoom, line=14)


def architectures() -> None:
    """Write the parameters of some nets for CIFAR-10, which a chart is drawn from."""
    counts = {row["name"]: row["parameters"] for row in catalogue.rows() if row["dataset"] == "cifar10"}
    nets = [{"net": catalogue.title(name), "parameters": counts[name]} for name in NETS]
    (FOLDER / "architectures.json").write_text(json.dumps(nets, indent=1) + "\n", "utf-8")


def main(names: Sequence[str]) -> None:
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    architectures()
    for name in names or TILES:
        path = FOLDER / f"{name}.jpg"
        path.write_bytes(images.encode(TILES[name](), "JPEG", 80))
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
