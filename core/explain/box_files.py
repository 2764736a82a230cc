"""True boxes of a folder of pictures, from a COCO-style JSON file or Pascal VOC XML files.

The files are not trusted: sizes are bounded, entities refused, and a mismatch with the pictures is a UserError. COCO
has x, y, width and height from 0; Pascal VOC counts pixels from 1 and includes both ends; here all become half-open
(x0, y0, x1, y1).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np
import torch
from numpy.typing import NDArray

from core import images
from core.datasets import Split
from core.errors import UserError
from core.trainers.trained import TrainedClassifier

MAX_JSON_BYTES = 256_000_000
MAX_XML_BYTES = 1_000_000  # of one picture's boxes
MAX_PICTURES = 20_000
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
    """N pictures at a net's input size, each with its class and the true boxes of that class.

    `split` has images uint8 (N, C, side, side) and labels (N,); `truth` float (N, B, 4) is in the net's pixels, zeros
    where a picture has fewer than B boxes; `remarks` are sentences about what was left out.
    """

    split: Split
    truth: NDArray
    pictures: tuple[str, ...]
    remarks: tuple[str, ...]


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


def boxed(trained: TrainedClassifier, folder: Path, labelled: list[Labelled]) -> Boxed:
    """Return the pictures of a folder and their boxes, cut to the central square and resized to the net's input.

    The label of a picture with several classes is that of the largest box; all boxes of that class are kept. Boxes of
    classes that the net lacks, and those outside the square, are left out, with a remark. Raises UserError where a
    picture is missing, differs in size from the file or has a box that sticks out of it, and where no box is left.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: give the one that holds the pictures of the boxes.")
    paths = _pictures(folder)
    inputs, labels, truths, names = [], [], [], []
    unknown: Counter[str] = Counter()
    outside: list[str] = []
    for row in labelled:
        boxes = [(name, box) for name, box in row.boxes if name in trained.classes]
        unknown.update(name for name, _ in row.boxes if name not in trained.classes)
        if not boxes:
            continue
        picture = images.decode(_path(paths, row.picture, folder))
        _check(row, picture)
        inside = [(name, square) for name, box in boxes if (square := _in_square(picture, box, trained.side))]
        if not inside:
            outside.append(row.picture)
            continue
        label = max(inside, key=lambda item: _area(item[1]))[0]
        inputs.append(trained.prepare_picture(picture)[0])
        labels.append(trained.classes.index(label))
        truths.append([box for name, box in inside if name == label])
        names.append(row.picture)
    remarks = _remarks(trained, unknown, outside)
    if not inputs:
        raise UserError(" ".join(["No picture has a box that the net could find.", *remarks]))
    return Boxed(Split(torch.stack(inputs), torch.tensor(labels)), _padded(truths), tuple(names), remarks)


def _padded(boxes: list[list[tuple[float, float, float, float]]]) -> NDArray:
    """Return the boxes of N pictures as one array (N, B, 4), zeros where a picture has fewer than B."""
    padded = np.zeros((len(boxes), max(map(len, boxes)), 4))
    for i, of_picture in enumerate(boxes):
        padded[i, : len(of_picture)] = of_picture
    return padded


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """Return the files of a folder and its sub-folders, by name and by relative path."""
    paths: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for key in {path.name, path.relative_to(folder).as_posix()}:
                paths.setdefault(key, []).append(path)
    return paths


def _path(paths: dict[str, list[Path]], picture: str, folder: Path) -> Path:
    # Only files in the folder are looked up, so a name that leads out of it matches nothing.
    name = picture.replace("\\", "/")
    candidates = paths.get(name) or paths.get(PurePosixPath(name).name) or []
    if not candidates:
        raise UserError(
            f'The boxes are those of "{picture}", which is not in {folder}: give the folder of the pictures that the '
            "boxes were drawn in."
        )
    if len(candidates) > 1:
        raise UserError(f'There are {len(candidates)} pictures called "{picture}" in {folder}: rename all but one.')
    return candidates[0]


def _check(row: Labelled, picture: images.Picture) -> None:
    """Raise UserError where the picture has another size than the file of boxes, or a box sticks out of it."""
    height, width = picture.shape[:2]
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


def _in_square(
    picture: images.Picture, box: tuple[float, float, float, float], side: int
) -> tuple[float, float, float, float] | None:
    """Return the part of a box in the central square, in the net's pixels; None for less than half of its area."""
    top, left, edge = images.central_square(picture)
    x0, x1 = (min(max(x - left, 0.0), edge) for x in (box[0], box[2]))
    y0, y1 = (min(max(y - top, 0.0), edge) for y in (box[1], box[3]))
    if _area((x0, y0, x1, y1)) < 0.5 * _area(box):
        return None
    scale = side / edge
    return x0 * scale, y0 * scale, x1 * scale, y1 * scale


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _remarks(trained: TrainedClassifier, unknown: Counter[str], outside: list[str]) -> tuple[str, ...]:
    remarks = []
    if unknown:
        names = ", ".join(f'"{name}"' for name, _ in unknown.most_common(_LISTED))
        remarks.append(
            f"{unknown.total():,} boxes are of classes that {trained.title} does not have ({names}) and left out; its "
            f"classes are {', '.join(trained.classes)}."
        )
    if outside:
        remarks.append(
            f"{len(outside):,} pictures have no box in the central square, the net's input, and are left out: "
            f"{', '.join(outside[:_LISTED])}."
        )
    return tuple(remarks)
