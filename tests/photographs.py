"""Photographs of any proportions with a cat in each, and a file of the cats' boxes."""

import json
from pathlib import Path

import numpy as np

from core import images


def pasted(folder: Path, count: int = 24, name: str = "cat") -> Path:
    """Write `count` pictures, each with a cat pasted into it, and a COCO-style file of its boxes; return that file."""
    draw, cat = np.random.default_rng(0), images.sample("cat")
    listed, annotations = [], []
    for i in range(count):
        width, height = (int(draw.integers(240, 480)) for _ in "wh")
        across = int(min(width, 1.5 * height) * draw.uniform(0.45, 0.7))
        down = across * 2 // 3
        left, top = int(draw.integers(0, width - across + 1)), int(draw.integers(0, height - down + 1))
        picture = images.resize(draw.integers(90, 160, (5, 7, 3), np.uint8), width, height)
        picture[top : top + down, left : left + across] = images.resize(cat, across, down)
        images.save(picture, folder / f"{i}.png")
        listed.append({"id": i, "file_name": f"{i}.png", "width": width, "height": height})
        annotations.append({"image_id": i, "category_id": 1, "bbox": [left, top, across, down]})
    content = {"images": listed, "annotations": annotations, "categories": [{"id": 1, "name": name}]}
    (folder / "boxes.json").write_text(json.dumps(content))
    return folder / "boxes.json"
