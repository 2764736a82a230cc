"""Localisation accuracy on maps written by hand, with its baselines, and maps of a net."""

import numpy as np
import pytest
import torch

from core.datasets import Split
from core.errors import UserError
from core.explain import box_files, localise
from core.explain.localise import Located
from core.trainers.trained import open_named, open_run
from tests.nets import a_net
from tests.photographs import pasted
from tests.scenes import a_run_for_scenes, scenes


def maps_of(*maps):
    return np.array([[[float(digit) for digit in row] for row in rows] for rows in maps], dtype=np.float32)


def located(maps, truth, correct=None):
    truth = np.array(truth)
    correct = np.ones(len(maps), bool) if correct is None else np.array(correct)
    return Located(maps, truth if truth.ndim == 3 else truth[:, None], correct)


RIDGE = ("12345", "12345")  # its box grows by a column for every fifth that the threshold falls


def test_accuracy_over_thresholds_by_hand():
    curve = localise.curve(
        located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)]), "all", np.array([0.1, 0.5, 0.9])
    )
    assert curve.boxes[0].tolist() == [[0, 0, 5, 2], [2, 0, 5, 2], [4, 0, 5, 2]]
    np.testing.assert_allclose(curve.ious, [[3 / 5, 1, 1 / 3], [1 / 5, 1 / 3, 1]])
    assert curve.accuracy(0.3).tolist() == [50, 100, 100]
    assert curve.accuracy(0.5).tolist() == [50, 50, 50]
    assert curve.accuracy(0.7).tolist() == [0, 50, 50]
    np.testing.assert_allclose(curve.mean_accuracy, [100 / 3, 200 / 3, 200 / 3])
    assert curve.at(0.52) == 1


def test_the_threshold_chosen_is_the_middle_of_the_best():
    curve = localise.curve(located(maps_of(RIDGE), [(2, 0, 5, 2)]), "all")
    # Three columns of the truth's three are as good as four, of an IoU of 3/4: thresholds of 0.2 to just below 0.6.
    assert curve.thresholds[curve.best] == 0.4


def test_the_nearest_of_several_true_boxes_counts():
    predicted = np.array([[0, 0, 2, 2]])
    truth = np.array([[[5, 5, 6, 6], [0, 0, 2, 1], [0, 0, 0, 0]]])
    assert localise.overlap(predicted, truth).tolist() == [0.5]


def test_maps_without_evidence_find_nothing():
    curve = localise.curve(located(maps_of(("000", "000")), [(0, 0, 3, 2)]), "largest")
    assert not curve.ious.any() and not curve.mean_accuracy.any()


def test_the_score_at_a_threshold_counts_correct_classes_apart():
    both = located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)], [True, False])
    score = localise.score_at(localise.curve(both, "all"), 0.5, both.correct)
    assert score.accuracy == (100, 50, 50) and score.accuracy_with_class == (50, 50, 50)
    np.testing.assert_allclose(score.ious, [1, 1 / 3])


def test_the_threshold_is_chosen_on_other_images():
    selection = located(maps_of(RIDGE), [(4, 0, 5, 2)])
    evaluation = located(maps_of(RIDGE, RIDGE), [(2, 0, 5, 2), (4, 0, 5, 2)], [True, False])
    report = localise.evaluate(selection, evaluation, "all")
    assert report.threshold > 0.79 and report.selection_images == 1
    assert report.score.accuracy == (100, 50, 50)
    assert report.score.accuracy_with_class == (50, 0, 0)  # the second box is correct, its predicted class is not
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


def test_maps_of_a_split_are_those_of_the_true_class():
    trained, split, calls = open_run(a_run_for_scenes()), scenes("test"), []
    maps = localise.locate(trained, split, progress=lambda done, of: calls.append((done, of)))
    assert maps.maps.shape == (24, 32, 32) and maps.truth.shape == (24, 1, 4) and calls[-1] == (24, 24)
    logits = trained.net(trained.prepare(split.images)).detach()
    chosen = logits.gather(1, split.labels[:, None])[:, 0]
    # Bilinear enlarging by a whole factor keeps the mean but for the edges, so the maps' means follow the logits.
    assert np.corrcoef(maps.maps.mean((1, 2)), chosen.numpy())[0, 1] > 0.99
    assert (maps.correct == (logits.argmax(1) == split.labels).numpy()).all()
    other = localise.locate(trained, split, "saliency")
    assert not np.allclose(other.maps, maps.maps)


def test_data_without_boxes_is_refused():
    trained = a_net()
    with pytest.raises(UserError, match="digits have no true boxes"):
        localise.locate(trained, Split(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.long)))
    with pytest.raises(UserError, match="no images"):
        localise.locate(trained, Split(*(torch.zeros(0) for _ in range(3))))


def test_maps_find_objects_in_whole_photographs_of_any_proportions(tmp_path):
    net = open_named("efficientnet_lite0")
    source = box_files.Source.read(tmp_path, box_files.read(pasted(tmp_path)))
    (tmp_path / "5.png").write_bytes((tmp_path / "5.png").read_bytes()[:2000])  # damaged: seen only when it is decoded
    calls = []
    boxed, found = localise.locate_photographs(
        net, box_files.boxed(net, source), progress=lambda done, of: calls.append((done, of))
    )
    assert len(boxed) == len(found) == 23 and found.maps.shape == (23, 100, 100) and calls[-1] == (24, 24)
    assert boxed.photographs.remarks[-1].startswith("1 of 24 files is no readable picture and left out. 5.png: ")
    cats = {net.classes[i] for i in boxed.labels.tolist()}
    assert cats <= {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"}
    # The class of each is the likeliest of its group, and its map the one that the net gives for it.
    seen = boxed.photographs.views(net, [0], boxed.labels[:1, None])[0]
    group = list(boxed.photographs.groups[0])
    assert seen.probabilities[group].argmax() == group.index(int(boxed.labels[0]))
    assert bool(found.correct[0]) == (seen.predicted in group)
    evidence = np.unravel_index(found.maps[0].argmax(), (100, 100))
    x0, y0, x1, y1 = boxed.truth[0, 0]
    assert y0 <= evidence[0] <= y1 and x0 <= evidence[1] <= x1
    selection, evaluation = (found.part(indices) for indices in localise.halves(len(found)))
    report = localise.evaluate(selection, evaluation, "largest")
    assert report.score.mean_iou > max(report.whole.mean_iou, report.centre.mean_iou, report.constant.mean_iou) + 0.1


def test_another_method_maps_the_same_class_of_a_group(tmp_path):
    net = open_named("efficientnet_lite0")
    boxed = box_files.boxed(net, box_files.Source.read(tmp_path, box_files.read(pasted(tmp_path, 2))))
    (by_cam, cam_maps), (by_grad_cam, maps) = (
        localise.locate_photographs(net, boxed, method) for method in ("cam", "grad-cam")
    )
    assert by_cam.labels.tolist() == by_grad_cam.labels.tolist()
    np.testing.assert_array_equal(cam_maps.correct, maps.correct)


def test_the_box_around_the_whole_picture_is_a_baseline():
    truth = [(0, 0, 5, 1), (0, 0, 5, 2)]
    both = located(maps_of(RIDGE, RIDGE), truth)
    report = localise.evaluate(both, both, "all")
    assert report.whole.box == (0, 0, 5, 2) and report.whole.ious.tolist() == [0.5, 1]
    assert report.whole.accuracy == (100, 100, 50)
