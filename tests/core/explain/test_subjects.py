"""Photographs in folders, named like classes of a net, and what the net makes of them."""

import numpy as np
import pytest
import torch

from core import images
from core.datasets import Split
from core.errors import UserError
from core.explain import subjects
from core.trainers.trained import open_named
from tests.nets import a_net


@pytest.fixture(scope="module")
def net():
    return open_named("efficientnet_lite0")


@pytest.fixture
def folders(tmp_path):
    """Sample pictures under names of everyday life, one of them wrong, and a file that is none."""
    for name, sample in (("cat", "cat"), ("espresso", "coffee"), ("dog", "cat"), ("space_shuttle", "rocket")):
        (tmp_path / name).mkdir()
        images.save(images.sample(sample), tmp_path / name / f"{sample}.jpg")
    (tmp_path / "cat" / "notes.jpg").write_text("no picture")
    return tmp_path


def test_answers_take_the_likeliest_class_of_a_name(net, folders):
    calls = []
    found, answers = subjects.answers(net, subjects.in_folders(net, folders), lambda *done: calls.append(done))
    assert [found.name_of(i) for i in range(4)] == ["cat", "dog", "espresso", "space_shuttle"]
    assert calls == [(i, 5) for i in range(1, 6)]
    (remark,) = found.remarks
    assert remark.startswith("1 of 5 files is no readable picture and left out. cat/notes.jpg: ")
    for index in range(4):
        x = net.prepare(net.prepare_picture(found.picture(index)))
        torch.testing.assert_close(net.net(x)[0].detach(), answers.logits[index], atol=1e-4, rtol=0)
        group = list(found.groups[index])
        assert int(answers.labels[index]) == group[int(answers.logits[index][group].argmax())]
    assert answers.right.tolist()[0] and not answers.right[1]  # the same picture, as a cat and as a dog
    assert 0 <= int(answers.labels[1]) - 151 <= 124


def test_views_are_those_of_the_whole_picture(net, folders):
    found = subjects.in_folders(net, folders)
    (seen,) = found.views(net, [len(found) - 1], torch.tensor([[812, 657]]))
    rocket = images.photograph(folders / "space_shuttle" / "rocket.jpg")
    assert seen.picture.shape == rocket.shape and seen.classes == (812, 657)


def test_images_of_a_split_are_subjects_as_well():
    trained = a_net("bn_nin")
    split = Split(torch.zeros(3, 1, 28, 28, dtype=torch.uint8), torch.zeros(3, dtype=torch.long))
    of_split = subjects.Images(split)
    views = of_split.views(trained, [2, 0], torch.tensor([[1], [4]]))
    assert len(of_split) == 3 and [seen.classes for seen in views] == [(1,), (4,)]


def test_names_that_mean_nothing_are_left_out_or_chosen(net, folders):
    (folders / "dog").rename(folders / "my darling")
    found = subjects.in_folders(net, folders)
    assert found.remarks == (
        "1 photographs are in folders of names that are no class of EfficientNet-Lite0 on ImageNet "
        '("my darling") and left out; it has 1,000 classes.',
    )
    chosen = subjects.in_folders(net, folders, {"my darling": "Egyptian cat"})
    assert chosen.remarks == () and chosen.groups[-2] == (285,) and chosen.name_of(3) == "my darling"


def test_folders_of_which_none_means_a_class_are_refused(net, tmp_path):
    for name in ("anna", "bert"):
        (tmp_path / name).mkdir()
        images.save(images.sample("astronaut"), tmp_path / name / "a.png")
    with pytest.raises(UserError, match='("anna", "bert").*Rename the folders, or choose a class for each: --class'):
        subjects.in_folders(net, tmp_path)


def test_a_folder_of_one_class_and_of_none_are_refused(net, tmp_path):
    with pytest.raises(UserError, match="no sub-folder with pictures"):
        subjects.in_folders(net, tmp_path)
    (tmp_path / "cat").mkdir()
    images.save(images.sample("cat"), tmp_path / "cat" / "a.png")
    with pytest.raises(UserError, match='has one class only, "cat".*two classes or more'):
        subjects.in_folders(net, tmp_path)


def test_photographs_of_which_none_can_be_read_are_refused(net, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    with pytest.raises(UserError, match="None of the 2 photographs can be read. The first: cat/a.jpg"):
        subjects.answers(net, subjects.in_folders(net, tmp_path))


def test_many_photographs_are_thinned_out_evenly(net, folders, monkeypatch):
    monkeypatch.setattr(subjects, "MOST", 2)
    found = subjects.in_folders(net, folders)
    assert [entry.place for entry in found.entries] == ["cat/cat.jpg", "dog/cat.jpg"]
    assert found.remarks == ("2 of the 5 photographs are used, evenly spaced.",)


def test_a_square_net_receives_the_middle_of_a_photograph(tmp_path):
    net = open_named("resnet20_cifar10")
    for name in ("cat", "automobile"):
        (tmp_path / name).mkdir()
        images.save(images.sample("cat"), tmp_path / name / "a.png")
    found, answers = subjects.answers(net, subjects.in_folders(net, tmp_path))
    assert answers.logits.shape == (2, 10) and answers.labels.tolist() == [1, 3]
    (seen,) = found.views(net, [0])
    assert seen.picture.shape[0] == seen.picture.shape[1]
    np.testing.assert_array_equal(seen.input.shape, (32, 32, 3))
