"""Figures 5.1 to 5.4 of one's own photographs, at full size by a net for whole ones or by any other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from core import images
from core.errors import UserError
from core.explain import box_files, boxes, localise, subjects, view
from core.explain.box_files import Boxed, Source
from core.explain.localise import Curve
from core.explain.mistakes import Answers
from core.explain.subjects import Photographs, Progress
from core.figures import class_map_drawing, class_maps
from core.figures.class_maps import EXAMPLES, MOST_SURE, ClassMapFigure, LocalisationExample
from core.images import Picture
from core.trainers.trained import TrainedClassifier

NET = "efficientnet_lite0"  # where no other is named
SAMPLE = "sample:"  # before the name of a sample picture


@dataclass(frozen=True)
class OwnPictures:
    """What a figure is drawn from.

    `place` is a picture or sample:NAME for Figures 5.1 and 5.2, else a folder or .zip: for 5.4 with sub-folders named
    like classes, for 5.3 the same or, with the file `boxes`, any. `chosen` maps names to classes.
    """

    place: str
    boxes: Path | None = None
    chosen: dict[str, str] = field(default_factory=dict)


def draw(
    figure: ClassMapFigure, trained: TrainedClassifier, own: OwnPictures, progress: Progress = lambda done, of: None
) -> Picture:
    """Return a figure of one's own pictures, uint8 (H, W, 3).

    `progress` is called with the pictures done and in all. Raises UserError where the pictures cannot be used, and
    where the net has nothing to show of them.
    """
    if figure.page == "explain":
        seen = view.of_picture(trained, _picture(own.place))
        return class_map_drawing.draw_map(seen, trained.classes[seen.predicted], _title(own.place))
    path = Path(own.place).expanduser()
    if figure.page == "localise" and own.boxes is not None:
        source = Source.read(path, box_files.read(own.boxes), own.chosen)
        boxed, located = localise.locate_photographs(trained, box_files.boxed(trained, source), None, progress)
        curve = localise.curve(located, "all", np.array([boxes.THRESHOLD]))
        return class_map_drawing.draw_localisation(localised(trained, boxed, curve))
    found, answers = subjects.answers(trained, subjects.in_folders(trained, path, own.chosen), progress)
    if figure.page == "localise":
        return class_map_drawing.draw_localisation(first_right_ones(trained, found, answers))
    return class_map_drawing.draw_mistakes(trained, class_maps.close_mistakes(trained, found, answers))


def localised(trained: TrainedClassifier, boxed: Boxed, curve: Curve) -> list[LocalisationExample]:
    """Return EXAMPLES of photographs, those of greatest IoU at the one threshold of a curve (Figure 5.3)."""
    ious = curve.ious[:, 0]
    examples = []
    for index in np.argsort(-ious, kind="stable")[:EXAMPLES].tolist():
        label = int(boxed.labels[index])
        (seen,) = boxed.photographs.views(trained, [index], boxed.labels[[index]][:, None])
        drawn, truth = (
            next(iter(box_files.in_pixels(edges, seen, boxed.positions)), None)
            for edges in (curve.boxes[index, :1], boxed.truth[index])
        )
        examples.append(LocalisationExample(seen, trained.classes[label], drawn, truth, float(ious[index])))
    return examples


def first_right_ones(
    trained: TrainedClassifier, photographs: Photographs, answers: Answers
) -> list[LocalisationExample]:
    """Return the first photograph of each name that is classified correctly, at most EXAMPLES, with its box.

    Raises UserError where there is none.
    """
    firsts: dict[str, int] = {}
    for index in answers.right.nonzero()[:, 0].tolist():
        firsts.setdefault(photographs.name_of(index), index)
    if not firsts:
        raise UserError(
            f"{trained.title} classifies none of these {len(answers):,} photographs correctly: check the names of the "
            "folders."
        )
    indices = list(firsts.values())[:EXAMPLES]
    views = photographs.views(trained, indices, answers.labels[indices][:, None])
    return [LocalisationExample(seen, trained.classes[seen.classes[0]], seen.box(), None, None) for seen in views]


def link(figure: ClassMapFigure, trained: TrainedClassifier, own: OwnPictures) -> str | None:
    """Return the path and query of the page that shows the figure; None where it has to be uploaded there first."""
    query: dict[str, Any] = {"run" if trained.source == "run" else "net": trained.name}
    means = {"means": [f"{name}={choice}" for name, choice in own.chosen.items()]} if own.chosen else {}
    if figure.page == "explain":
        if not own.place.startswith(SAMPLE):
            return None
        query["sample"] = own.place.removeprefix(SAMPLE)
    elif figure.page == "localise":
        if own.boxes is None:
            return None
        place, file = Path(own.place).expanduser().absolute(), own.boxes.expanduser().absolute()
        query |= {"pictures": place, "boxes": file, "threshold": boxes.THRESHOLD, "end": "best"} | means
    else:
        query |= {"photographs": Path(own.place).expanduser().absolute(), "order": "Confidence"}
        query |= {"confidence": (0, round(100 * MOST_SURE)), "image": class_maps.FIRST} | means
    return f"/{figure.page}?{urlencode(query, doseq=True)}"


def _picture(place: str) -> Picture:
    return images.named(place) if place.startswith(SAMPLE) else images.photograph(Path(place).expanduser())


def _title(place: str) -> str:
    return place.removeprefix(SAMPLE) if place.startswith(SAMPLE) else Path(place).name
