"""Localisation scored: on maps written by hand, with its baselines, and as a command."""

import argparse
import json

import numpy as np
import pytest
import torch

from core import images
from core.commands import localise as localise_command
from core.datasets import Split, toybox
from core.errors import UserError
from core.explain import localise, splits
from core.explain.localise import Located
from core.models import catalogue
from core.runs.run import Run
from core.runs.writer import writing
from core.trainers.trained import open_run
from tests.nets import a_net


def maps_of(*maps):
    return np.array([[[float(digit) for digit in row] for row in rows] for rows in maps], dtype=np.float32)


def located(maps, truth, named=None):
    truth = np.array(truth)
    named = np.ones(len(maps), bool) if named is None else np.array(named)
    return Located(maps, truth if truth.ndim == 3 else truth[:, None], named)


RIDGE = ("12345", "12345")  # its box grows by a column for every fifth that the threshold falls


def test_accuracy_over_thresholds_by_hand():
    found = localise.curve(
        located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)]), "all", np.array([0.1, 0.5, 0.9])
    )
    assert found.found[0].tolist() == [[0, 0, 5, 2], [2, 0, 5, 2], [4, 0, 5, 2]]
    np.testing.assert_allclose(found.ious, [[3 / 5, 1, 1 / 3], [1 / 5, 1 / 3, 1]])
    assert found.accuracy(0.3).tolist() == [50, 100, 100]
    assert found.accuracy(0.5).tolist() == [50, 50, 50]
    assert found.accuracy(0.7).tolist() == [0, 50, 50]
    np.testing.assert_allclose(found.mean_accuracy, [100 / 3, 200 / 3, 200 / 3])
    assert found.at(0.52) == 1


def test_the_threshold_chosen_is_the_middle_of_the_best():
    curve = localise.curve(located(maps_of(RIDGE), [(2, 0, 5, 2)]), "all")
    # Three columns of the truth's three are as good as four, of an IoU of 3/4: thresholds of 0.2 to just below 0.6.
    assert curve.thresholds[curve.best] == 0.4


def test_the_nearest_of_several_true_boxes_counts():
    found = np.array([[0, 0, 2, 2]])
    truth = np.array([[[5, 5, 6, 6], [0, 0, 2, 1], [0, 0, 0, 0]]])
    assert localise.overlap(found, truth).tolist() == [0.5]


def test_maps_without_evidence_find_nothing():
    curve = localise.curve(located(maps_of(("000", "000")), [(0, 0, 3, 2)]), "largest")
    assert not curve.ious.any() and not curve.mean_accuracy.any()


def test_the_score_at_a_threshold_counts_the_named_images_apart():
    both = located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)], [True, False])
    score = localise.score_at(localise.curve(both, "all"), 0.5, both.named)
    assert score.accuracy == (100, 50, 50) and score.named == (50, 50, 50)
    np.testing.assert_allclose(score.ious, [1, 1 / 3])


def test_the_threshold_comes_from_the_other_images():
    chooses = located(maps_of(RIDGE), [(4, 0, 5, 2)])
    judged = located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)], [True, False])
    report = localise.judge(chooses, judged, "all")
    assert report.threshold > 0.79 and report.chosen_on == 1
    assert report.score.accuracy == (100, 50, 50)
    assert report.score.named == (50, 0, 0)  # the second is found, but taken for something else
    assert report.score.mean_iou == pytest.approx(2 / 3)
    assert report.score.mean_accuracy == pytest.approx(200 / 3)
    assert report.curve.at(0.1) == 9


def test_the_centred_box_is_in_the_middle_and_of_the_best_size():
    truth = np.array([[[8, 8, 24, 24]], [[9, 8, 25, 24]], [[7, 8, 23, 24]]])
    x0, y0, x1, y1 = localise.centred_box(truth, (32, 32)).tolist()
    assert x0 == y0 and x1 == y1 and abs(x0 + x1 - 32) <= 1 and 7 <= x0 <= 9
    wide = np.array([[[0, 0, 20, 10]]])  # an image of that size, all object
    assert float(localise.overlap(localise.centred_box(wide, (20, 10)), wide[0])) >= 0.7


def test_the_constant_box_finds_a_corner_that_the_centred_one_misses():
    truth = np.array([[[1, 1, 8, 6]]] * 3)
    box = localise.constant_box(truth, (32, 32))
    assert float(localise.overlap(box, truth).min()) >= 0.7
    centred = localise.centred_box(truth, (32, 32))
    assert float(localise.overlap(centred, truth).max()) < 0.3


def test_the_constant_box_is_nearly_the_best_of_all():
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 5, (40, 1, 2))
    truth = np.concatenate([corners, corners + rng.integers(3, 8, (40, 1, 2))], -1)
    every = np.array(
        [(a, b, c, d) for a in range(12) for b in range(12) for c in range(a + 1, 13) for d in range(b + 1, 13)]
    )
    best = localise._accuracies(every, truth).max()
    assert localise._accuracies(localise.constant_box(truth, (12, 12))[None], truth)[0] == pytest.approx(best, abs=0.02)


def test_one_pixel_images_have_a_constant_box():
    assert localise.constant_box(np.array([[[0, 0, 1, 1]]]), (1, 1)).tolist() == [0, 0, 1, 1]


def test_halves_share_nothing_and_miss_nothing():
    one, other = localise.halves(7)
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(7)) and len(one) == 3


@pytest.fixture(scope="module")
def scenes():
    """A few scenes of each split."""
    return {name: toybox.draw(name, 24, toybox.Scenes()) for name in ("train", "validation", "test")}


@pytest.fixture
def run(monkeypatch, scenes):
    monkeypatch.setattr(splits, "named", lambda trained, name, root=None: scenes[name])
    return a_colour_run()


def a_colour_run():
    run = Run.create("classifier", {}, name="a toy net")
    torch.manual_seed(0)
    net = catalogue.build("bn_nin", classes=10, channels=3, side=32)
    with writing(run) as writer:
        writer.facts(
            model="bn_nin",
            dataset="toybox",
            classes=list(toybox.CLASSES),
            channels=3,
            side=32,
            mean=[0.5] * 3,
            std=[0.25] * 3,
            held_out="validation",
        )
        writer.save_model(net.state_dict())
    return Run.open(run.id)


def test_maps_of_a_split_are_those_of_the_true_class(run, scenes):
    trained, told = open_run(run), []
    found = localise.locate(trained, scenes["test"], progress=lambda done, of: told.append((done, of)))
    assert found.maps.shape == (24, 32, 32) and found.truth.shape == (24, 1, 4) and told[-1] == (24, 24)
    logits = trained.net(trained.prepare(scenes["test"].images)).detach()
    chosen = logits.gather(1, scenes["test"].labels[:, None])[:, 0]
    # Bilinear enlarging by a whole factor keeps the mean but for the edges, so the maps' means follow the logits.
    assert np.corrcoef(found.maps.mean((1, 2)), chosen.numpy())[0, 1] > 0.99
    assert (found.named == (logits.argmax(1) == scenes["test"].labels).numpy()).all()
    other = localise.locate(trained, scenes["test"], "saliency")
    assert not np.allclose(other.maps, found.maps)


def test_data_without_boxes_is_refused():
    trained = a_net()
    with pytest.raises(UserError, match="digits have no true boxes"):
        localise.locate(trained, Split(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.long)))
    with pytest.raises(UserError, match="no images"):
        localise.locate(trained, Split(*(torch.zeros(0) for _ in range(3))))


def run_localise(*words):
    parser = argparse.ArgumentParser()
    localise_command.add_arguments(parser)
    return localise_command.run(parser.parse_args([str(word) for word in words]))


def test_the_command_prints_a_table_and_json(run, capsys):
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
def own_pictures(tmp_path, scenes):
    """A folder of the scenes, three times as large and with a margin, and a COCO-style file of their boxes."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    listed, annotations = [], []
    for i, (picture, box) in enumerate(zip(scenes["test"].images, scenes["test"].boxes.tolist(), strict=True)):
        large = picture.permute(1, 2, 0).numpy().repeat(3, 0).repeat(3, 1)
        images.save(np.pad(large, ((0, 0), (10, 10), (0, 0))), folder / f"{i}.png")
        x0, y0, x1, y1 = (3 * edge for edge in box)
        listed.append({"id": i, "file_name": f"{i}.png", "width": 116, "height": 96})
        label = int(scenes["test"].labels[i])
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
