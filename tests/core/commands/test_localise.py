"""`python -m core localise`: its table, its JSON and the user's own pictures."""

import argparse
import json

import numpy as np
import pytest

from core import images
from core.commands import localise
from core.datasets import toybox
from core.errors import UserError
from core.explain import splits
from tests.scenes import a_run_for_scenes, scenes

pytestmark = pytest.mark.slow


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(splits, "named", lambda trained, name, root=None: scenes(name))
    return a_run_for_scenes()


def run_localise(*words):
    parser = argparse.ArgumentParser()
    localise.add_arguments(parser)
    return localise.run(parser.parse_args([str(word) for word in words]))


def test_prints_a_table_and_json(run, capsys):
    assert run_localise("--model", run.id) == 0
    printed = capsys.readouterr().out
    assert "a toy net, CAM of the true class, 24 images: test split of toybox" in printed
    assert "centre box (" in printed and "best constant box (" in printed and "the validation split (24" in printed
    run_localise("--model", run.id, "--rule", "largest", "--method", "grad-cam", "--images", 10, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["count"] == 10 and answer["method"] == "grad-cam" and answer["chosen_on"]["count"] == 10
    (rule,) = answer["rules"]
    assert rule["rule"] == "largest" and 0 < rule["threshold"] < 1
    assert rule["curve"]["0.5"][rule["thresholds"].index(rule["threshold"])] == rule["accuracy"][1]
    assert answer["constant_box"]["mean_accuracy"] >= 0 and len(answer["centre_box"]["box"]) == 4


@pytest.fixture
def own_pictures(tmp_path):
    """A folder of the scenes, three times as large and with a margin, and a COCO-style file of their boxes."""
    split = scenes("test")
    folder = tmp_path / "pictures"
    folder.mkdir()
    listed, annotations = [], []
    for i, (picture, box) in enumerate(zip(split.images, split.boxes.tolist(), strict=True)):
        large = picture.permute(1, 2, 0).numpy().repeat(3, 0).repeat(3, 1)
        images.save(np.pad(large, ((0, 0), (10, 10), (0, 0))), folder / f"{i}.png")
        x0, y0, x1, y1 = (3 * edge for edge in box)
        listed.append({"id": i, "file_name": f"{i}.png", "width": 116, "height": 96})
        label = int(split.labels[i])
        annotations.append({"image_id": i, "category_id": label, "bbox": [x0 + 10, y0, x1 - x0, y1 - y0]})
    categories = [{"id": i, "name": name} for i, name in enumerate(toybox.CLASSES)]
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps({"images": listed, "annotations": annotations, "categories": categories}))
    return folder, file


def test_own_pictures_with_boxes(run, own_pictures, capsys):
    folder, file = own_pictures
    run_localise("--model", run.id, "--pictures", folder, "--boxes", file)
    printed = capsys.readouterr().out
    assert "12 images" in printed and "the other half of the pictures (12" in printed


def test_too_few_pictures_and_half_a_pair_are_refused(run, own_pictures):
    folder, file = own_pictures
    content = json.loads(file.read_text())
    content["annotations"] = content["annotations"][:5]
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="5 pictures with boxes are too few.*20 or more"):
        run_localise("--model", run.id, "--pictures", folder, "--boxes", file)
    with pytest.raises(UserError, match="both --pictures FOLDER and --boxes"):
        run_localise("--model", run.id, "--pictures", folder)
