"""True boxes of a folder of pictures, from a COCO-style JSON file or Pascal VOC XML files.

The files are not trusted: sizes are bounded, entities refused, and a mismatch with the pictures is a UserError. COCO
has x, y, width and height from 0; Pascal VOC counts pixels from 1 and includes both ends; here all become half-open
(x0, y0, x1, y1).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import images
from core.datasets import class_names, folder
from core.datasets.class_names import Naming
from core.datasets.folder import Entry
from core.errors import UserError
from core.explain import subjects, view
from core.explain.boxes import Box
from core.explain.subjects import Photographs
from core.explain.view import View
from core.trainers.trained import TrainedClassifier

MAX_JSON_BYTES = 256_000_000
MAX_XML_BYTES = 1_000_000  # of one picture's boxes
MAX_PICTURES = 20_000
POSITIONS = 100  # along a side of a whole picture
_SLACK = 1.0  # pixels that a box may stick out of its picture: files round differently
_LISTED = 3  # of the pictures or classes left out, in a remark


@dataclass(frozen=True)
class Labelled:
    """A picture's `boxes`, (class name, (x0, y0, x1, y1)) in its pixels; `size` (width, height) if the file has it."""

    picture: str
    size: tuple[int, int] | None
    boxes: tuple[tuple[str, tuple[float, float, float, float]], ...]


@dataclass(frozen=True)
class Boxed:
    """N photographs, each with the true boxes of one name.

    `truth` float (N, B, 4) is in positions of the part that the net receives, `positions` along its width and its
    height; zeros where a photograph has fewer than B boxes. `labels` (N,) are classes: the first that the name means,
    as long as no net has classified it. The remarks are those of `photographs`.
    """

    photographs: Photographs
    truth: NDArray
    labels: Tensor
    positions: int

    def __len__(self) -> int:
        return len(self.labels)


def read(path: Path) -> list[Labelled]:
    """Return the boxes of each picture in a COCO-style .json, a Pascal VOC .xml, or a folder of such .xml files.

    Raises UserError where the file is missing, damaged, too large or of another kind, and where it has no box.
    """
    if path.is_dir():
        files = sorted(path.rglob("*.xml"))
        if not files:
            raise UserError(f"{path} has no .xml file: give a folder of Pascal VOC files, or a COCO-style .json file.")
        if len(files) > MAX_PICTURES:
            raise UserError(f"{path} holds more than {MAX_PICTURES:,} files, the most that are read: take a part.")
        labelled = [_voc(file) for file in files]
    elif path.suffix.lower() == ".xml":
        labelled = [_voc(path)]
    elif path.suffix.lower() == ".json":
        labelled = _coco(path)
    else:
        raise UserError(
            f"{path} is no file of boxes: give a COCO-style .json, a Pascal VOC .xml, or a folder of .xml files."
        )
    if not any(picture.boxes for picture in labelled):
        raise UserError(f"{path} has not a single box in it: give the file that holds them.")
    return labelled


def _bytes(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise UserError(
                f"{path.name} is larger than {most / 1e6:.0f} MB, the most that is read: take a part of it."
            )
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}): check the path.") from error


# COCO


def _coco(path: Path) -> list[Labelled]:
    data = _bytes(path, MAX_JSON_BYTES)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path.name} is not JSON ({error}): export the boxes again.") from error
    try:
        names = {category["id"]: str(category["name"]) for category in content["categories"]}
        pictures = {image["id"]: image for image in content["images"]}
        boxes: dict[Any, list] = {id: [] for id in pictures}
        for annotation in content["annotations"]:
            box = (names[annotation["category_id"]], _coco_box(annotation["bbox"]))
            boxes[annotation["image_id"]].append(box)
        return [
            Labelled(str(image["file_name"]), _size(image.get("width"), image.get("height")), tuple(boxes[id]))
            for id, image in pictures.items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        fault = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UserError(
            f"{path.name} is not a COCO-style file of boxes ({fault}): it needs images (id, file_name), categories "
            "(id, name) and annotations (image_id, category_id, bbox)."
        ) from error


def _coco_box(bbox: Any) -> tuple[float, float, float, float]:
    x, y, width, height = (float(value) for value in bbox)
    return x, y, x + width, y + height


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    return None if width is None or height is None else (int(width), int(height))


# Pascal VOC


def _voc(path: Path) -> Labelled:
    root = _tree(path)
    try:
        name = root.findtext("filename") or path.with_suffix("").name
        size = _size(root.findtext("size/width"), root.findtext("size/height"))
        boxes = [(_text(element, "name"), _voc_box(element)) for element in root.iter("object")]
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path.name} is not a Pascal VOC file of boxes ({error}): every object needs a name and a bndbox with "
            "xmin, ymin, xmax and ymax."
        ) from error
    return Labelled(name, size, tuple(boxes))


def _voc_box(element: Element) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(_text(element, f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax"))
    return x0 - 1, y0 - 1, x1, y1


def _text(element: Element, path: str) -> str:
    text = element.findtext(path)
    if not text:
        raise ValueError(f"{path.split('/')[-1]} is missing")
    return text.strip()


def _tree(path: Path) -> Element:
    """Return the file's root element. Refuse a document type, since its entities may expand to gigabytes."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise UserError(f"{path.name} defines a document type, which boxes do not need: export them without.")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    data = _bytes(path, MAX_XML_BYTES)
    try:
        parser.Parse(data, True)
    except UserError:
        raise  # from `refuse`
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: unknown encoding
        raise UserError(f"{path.name} is not whole XML ({error}): export the boxes again.") from error
    return builder.close()


# Matching boxes with pictures


@dataclass(frozen=True)
class Source:
    """Pictures in the folder or archive `path` and their boxes.

    `places` maps names that a file of boxes may call a picture to places in `path`; `where` names it in sentences.
    `chosen` maps names of boxes to classes.
    """

    path: Path
    places: dict[str, list[str]]
    labelled: list[Labelled]
    where: str
    chosen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, labelled: list[Labelled], chosen: dict[str, str] | None = None) -> Source:
        """Return the pictures of a folder with its sub-folders, or of a .zip. Raises UserError where it is neither."""
        if not path.exists():
            raise UserError(f"There is no folder {path}: give the one that holds the pictures of the boxes.")
        places: dict[str, list[str]] = {}
        for place, *_ in folder.contents(path):
            for key in {PurePosixPath(place).name, place}:
                places.setdefault(key, []).append(place)
        return cls(path, places, labelled, str(path), chosen or {})

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all boxes, each once."""
        return tuple(dict.fromkeys(name for row in self.labelled for name, _ in row.boxes))


def positions(trained: TrainedClassifier) -> int:
    """Return the positions along either side of what a net receives that boxes are read off at.

    For a square they are its pixels. A whole picture, of any proportions, has POSITIONS along its width and along its
    height: each is a hundredth, and an IoU is the same in either unit.
    """
    return POSITIONS if trained.whole else trained.side


def boxed(trained: TrainedClassifier, source: Source) -> Boxed:
    """Return pictures and their boxes, in the part that the net receives: the whole picture or its central square.

    The name of a picture with several is that of the largest box; all boxes of that name are kept. Boxes of names that
    mean no class of the net, and those outside the square, are left out, with a remark. Raises UserError where a
    picture is missing, differs in size from the file or has a box that sticks out of it, and where no box is left.
    """
    naming = class_names.naming(source.names, trained.classes, source.chosen)
    rows: list[_Row] = []
    outside: list[str] = []
    faults: list[str] = []
    with folder.opened(source.path) as data_of:
        for labelled in source.labelled:
            boxes = [(name, box) for name, box in labelled.boxes if naming[name]]
            if not boxes:
                continue
            entry = Entry(_place(source, labelled.picture), 0, 0)
            try:
                size = images.size(data_of(entry))
            except folder.UNREADABLE as error:
                faults.append(f"{labelled.picture}: {error}")
                continue
            _check(labelled, size)
            row = _row(trained, entry.place, size, boxes)
            if row is None:
                outside.append(labelled.picture)
            else:
                rows.append(row)
    unknown = sum(not naming[name] for labelled in source.labelled for name, _ in labelled.boxes)
    remarks = subjects.unnamed_remark(trained, naming, unknown, "boxes are")
    remarks += _remarks(outside) + folder.remarks(faults, len(source.labelled))
    if not rows:
        raise UserError(" ".join(["No picture has a box that the net could find.", *remarks]))
    return _together(trained, source, rows, naming, remarks)


def in_pixels(edges: NDArray, seen: View, count: int) -> list[Box]:
    """Return boxes (B, 4) of `count` positions along either side, to the pixel of a view's picture; zeros are none."""
    height, width = seen.picture.shape[:2]
    scaled = edges * np.array([width, height, width, height]) / count
    rounded = (tuple(round(edge) for edge in box) for box in scaled.tolist())
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in rounded if x1]


@dataclass(frozen=True)
class _Row:
    """A picture that has a box: its place in the source, the name of its largest box, and the boxes of that name."""

    place: str
    name: str
    boxes: list[tuple[float, float, float, float]]


def _row(
    trained: TrainedClassifier,
    place: str,
    size: tuple[int, int],
    boxes: list[tuple[str, tuple[float, float, float, float]]],
) -> _Row | None:
    inside = [(name, part) for name, box in boxes if (part := _in_part(trained, size, box))]
    if not inside:
        return None
    name = max(inside, key=lambda item: _area(item[1]))[0]
    return _Row(place, name, [box for other, box in inside if other == name])


def _together(
    trained: TrainedClassifier, source: Source, every: list[_Row], naming: Naming, remarks: tuple[str, ...]
) -> Boxed:
    """Return at most `subjects.MOST` of the rows, evenly spaced, as photographs with their boxes."""
    rows, sentence = subjects.spaced(every)
    names = source.names
    entries = tuple(Entry(row.place, names.index(row.name), 0) for row in rows)
    groups = tuple(naming[row.name] for row in rows)
    photographs = Photographs(source.path, names, entries, groups, remarks + sentence)
    labels = torch.tensor([group[0] for group in groups])
    return Boxed(photographs, _padded([row.boxes for row in rows]), labels, positions(trained))


def _padded(boxes: list[list[tuple[float, float, float, float]]]) -> NDArray:
    """Return the boxes of N pictures as one array (N, B, 4), zeros where a picture has fewer than B."""
    padded = np.zeros((len(boxes), max(map(len, boxes)), 4))
    for i, of_picture in enumerate(boxes):
        padded[i, : len(of_picture)] = of_picture
    return padded


def _place(source: Source, picture: str) -> str:
    # Only places of the source are looked up, so a name that leads out of it matches nothing.
    name = picture.replace("\\", "/")
    candidates = source.places.get(name) or source.places.get(PurePosixPath(name).name) or []
    if not candidates:
        raise UserError(
            f'The boxes are those of "{picture}", which is not in {source.where}: give the folder of the pictures that '
            "the boxes were drawn in."
        )
    if len(candidates) > 1:
        raise UserError(
            f'There are {len(candidates)} pictures called "{picture}" in {source.where}: rename all but one.'
        )
    return candidates[0]


def _check(row: Labelled, size: tuple[int, int]) -> None:
    """Raise UserError where the picture has another size than the file of boxes, or a box sticks out of it."""
    width, height = size
    if row.size not in (None, (0, 0), (width, height)) and row.size is not None:
        raise UserError(
            f'In the file of boxes "{row.picture}" has {row.size[0]} x {row.size[1]} pixels, but the picture has '
            f"{width} x {height}: give the pictures that the boxes were drawn in, neither resized nor turned."
        )
    for name, (x0, y0, x1, y1) in row.boxes:
        inside = -_SLACK <= x0 < x1 <= width + _SLACK and -_SLACK <= y0 < y1 <= height + _SLACK
        if not inside or not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise UserError(
                f'The box of "{name}" in "{row.picture}", from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}), does not fit its '
                f"{width} x {height} pixels: give the pictures that the boxes were drawn in."
            )


def _in_part(
    trained: TrainedClassifier, size: tuple[int, int], box: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    """Return the part of a box that the net receives, in positions; None for less than half of the box's area."""
    width, height = size
    top, left, down, across = view.part_of(trained, height, width)
    x0, x1 = (min(max(x - left, 0.0), across) for x in (box[0], box[2]))
    y0, y1 = (min(max(y - top, 0.0), down) for y in (box[1], box[3]))
    if _area((x0, y0, x1, y1)) < 0.5 * _area(box):
        return None
    count = positions(trained)
    return x0 * count / across, y0 * count / down, x1 * count / across, y1 * count / down


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _remarks(outside: list[str]) -> tuple[str, ...]:
    if not outside:
        return ()
    return (
        f"{len(outside):,} pictures have no box in the central square, the net's input, and are left out: "
        f"{', '.join(outside[:_LISTED])}.",
    )
