"""True boxes of a folder of pictures, from a COCO-style JSON file or Pascal VOC XML files.

Such files come from strangers, so everything is doubted: sizes are bounded, entities refused, and what does not match
the pictures is said in a sentence. COCO counts x, y, width and height from 0; Pascal VOC counts pixels from 1 and means
both ends; here all become half-open (x0, y0, x1, y1).
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
from core.explain import view
from core.trainers.trained import TrainedClassifier

MAX_JSON_BYTES = 256_000_000
MAX_XML_BYTES = 1_000_000  # of one picture's boxes
MAX_PICTURES = 20_000
_SLACK = 1.0  # pixels that a box may stick out of its picture: files round differently
_NAMED = 3  # of the pictures left out, in a sentence


@dataclass(frozen=True)
class Labelled:
    """A picture's boxes: `boxes` (class name, (x0, y0, x1, y1)) in its pixels; `size` (width, height) if it is said."""

    picture: str
    size: tuple[int, int] | None
    boxes: tuple[tuple[str, tuple[float, float, float, float]], ...]


@dataclass(frozen=True)
class Boxed:
    """Pictures as a net sees them, with the class to be found and its true boxes.

    `split` has images uint8 (N, C, side, side) and labels (N,); `truth` float (N, B, 4) is in the net's pixels, zeros
    where a picture has fewer than B boxes; `remarks` are sentences about what was left out.
    """

    split: Split
    truth: NDArray
    pictures: tuple[str, ...]
    remarks: tuple[str, ...]


def read(path: Path) -> list[Labelled]:
    """The boxes in a COCO-style .json, a Pascal VOC .xml, or a folder of such .xml files, one for each picture.

    Raises UserError where there is no such file, it is damaged, too large or of another kind, and where it has no box.
    """
    if path.is_dir():
        files = sorted(path.rglob("*.xml"))
        if not files:
            raise UserError(f"{path} has no .xml file: give a folder of Pascal VOC files, or a COCO-style .json file.")
        if len(files) > MAX_PICTURES:
            raise UserError(f"{path} holds more than {MAX_PICTURES:,} files, the most that are read: take a part.")
        found = [_voc(file) for file in files]
    elif path.suffix.lower() == ".xml":
        found = [_voc(path)]
    elif path.suffix.lower() == ".json":
        found = _coco(path)
    else:
        raise UserError(
            f"{path} is no file of boxes: give a COCO-style .json, a Pascal VOC .xml, or a folder of .xml files."
        )
    if not any(labelled.boxes for labelled in found):
        raise UserError(f"{path} has not a single box in it: give the file that holds them.")
    return found


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
        names = {one["id"]: str(one["name"]) for one in content["categories"]}
        pictures = {one["id"]: one for one in content["images"]}
        boxes: dict[Any, list] = {id: [] for id in pictures}
        for one in content["annotations"]:
            boxes[one["image_id"]].append((names[one["category_id"]], _coco_box(one["bbox"])))
        return [
            Labelled(str(one["file_name"]), _size(one.get("width"), one.get("height")), tuple(boxes[id]))
            for id, one in pictures.items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UserError(
            f"{path.name} is not a COCO-style file of boxes ({what}): it needs images (id, file_name), categories "
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
        found = [(_text(one, "name"), _voc_box(one)) for one in root.iter("object")]
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{path.name} is not a Pascal VOC file of boxes ({error}): every object needs a name and a bndbox with "
            "xmin, ymin, xmax and ymax."
        ) from error
    return Labelled(name, size, tuple(found))


def _voc_box(one: Element) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(_text(one, f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax"))
    return x0 - 1, y0 - 1, x1, y1


def _text(element: Element, path: str) -> str:
    text = element.findtext(path)
    if not text:
        raise ValueError(f"{path.split('/')[-1]} is missing")
    return text.strip()


def _tree(path: Path) -> Element:
    """The file's root element. No document type is accepted, for an entity of it may unfold to gigabytes."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise UserError(f"{path.name} defines a document type, which boxes have no need of: export them without.")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    data = _bytes(path, MAX_XML_BYTES)
    try:
        parser.Parse(data, True)
    except UserError:
        raise  # from `refuse`
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last for an encoding that nobody knows
        raise UserError(f"{path.name} is not whole XML ({error}): export the boxes again.") from error
    return builder.close()


# Meeting the pictures


def boxed(trained: TrainedClassifier, folder: Path, labelled: list[Labelled]) -> Boxed:
    """Read the pictures of a folder and bring them and their boxes to what the net is shown: the central square.

    Of a picture with objects of several classes the one with the largest box is to be found, with all its boxes. Boxes
    of classes that the net does not know, and those outside the square, are left out, with a remark. Raises UserError
    where a picture is missing, has another size than the file says or a box that sticks out of it, and where no box is
    left.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: give the one that holds the pictures of the boxes.")
    where = _pictures(folder)
    shown, labels, truths, names = [], [], [], []
    unknown: Counter[str] = Counter()
    outside: list[str] = []
    for one in labelled:
        known = [(name, box) for name, box in one.boxes if name in trained.classes]
        unknown.update(name for name, _ in one.boxes if name not in trained.classes)
        if not known:
            continue
        picture = images.decode(_found(where, one.picture, folder))
        _check(one, picture)
        seen = [(name, square) for name, box in known if (square := _in_square(picture, box, trained.side))]
        if not seen:
            outside.append(one.picture)
            continue
        chosen = max(seen, key=lambda item: _area(item[1]))[0]
        shown.append(trained.prepare_picture(picture)[0])
        labels.append(trained.classes.index(chosen))
        truths.append([box for name, box in seen if name == chosen])
        names.append(one.picture)
    remarks = _remarks(trained, unknown, outside)
    if not shown:
        raise UserError(" ".join(["No picture has a box that the net could find.", *remarks]))
    truth = np.zeros((len(truths), max(map(len, truths)), 4))
    for i, found in enumerate(truths):
        truth[i, : len(found)] = found
    return Boxed(Split(torch.stack(shown), torch.tensor(labels)), truth, tuple(names), remarks)


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """The files of a folder and its sub-folders, by name and by path from it."""
    where: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for key in {path.name, path.relative_to(folder).as_posix()}:
                where.setdefault(key, []).append(path)
    return where


def _found(where: dict[str, list[Path]], picture: str, folder: Path) -> Path:
    # Only files that lie in the folder are looked up, so a name that leads out of it finds nothing.
    named = picture.replace("\\", "/")
    candidates = where.get(named) or where.get(PurePosixPath(named).name) or []
    if not candidates:
        raise UserError(
            f'The boxes are those of "{picture}", which is not in {folder}: give the folder of the pictures that the '
            "boxes were drawn in."
        )
    if len(candidates) > 1:
        raise UserError(f'There are {len(candidates)} pictures called "{picture}" in {folder}: rename all but one.')
    return candidates[0]


def _check(one: Labelled, picture: images.Picture) -> None:
    height, width = picture.shape[:2]
    if one.size not in (None, (0, 0), (width, height)) and one.size is not None:
        raise UserError(
            f'The file of boxes says that "{one.picture}" has {one.size[0]} x {one.size[1]} pixels, but it has '
            f"{width} x {height}: give the pictures that the boxes were drawn in, neither resized nor turned."
        )
    for name, (x0, y0, x1, y1) in one.boxes:
        inside = -_SLACK <= x0 < x1 <= width + _SLACK and -_SLACK <= y0 < y1 <= height + _SLACK
        if not inside or not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise UserError(
                f'The box of "{name}" in "{one.picture}", from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}), does not fit its '
                f"{width} x {height} pixels: give the pictures that the boxes were drawn in."
            )


def _in_square(
    picture: images.Picture, box: tuple[float, float, float, float], side: int
) -> tuple[float, float, float, float] | None:
    """The part of a box that lies in the central square, in the net's pixels; None where that is less than half."""
    top, left, edge = view.central_square(picture)
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
        named = ", ".join(f'"{name}"' for name, _ in unknown.most_common(_NAMED))
        remarks.append(
            f"{unknown.total():,} boxes are of classes that {trained.title} does not know ({named}) and left out; it "
            f"knows {', '.join(trained.classes)}."
        )
    if outside:
        remarks.append(
            f"{len(outside):,} pictures have no box in the central square, which is what the net is shown, and are "
            f"left out: {', '.join(outside[:_NAMED])}."
        )
    return tuple(remarks)
