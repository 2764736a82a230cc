"""A trained classifier: what opening one refuses, and how it prepares a picture."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from core import datasets, images, weights
from core.errors import UserError
from core.explain import view
from core.models import catalogue, pretrained
from core.runs.run import Run
from core.trainers import recipe as recipes
from core.trainers import trained
from core.vision import torchvision
from tests.nets import a_run


def test_a_run_without_weights_yet_is_a_sentence():
    with pytest.raises(UserError, match="no weights yet"):
        trained.open_run(Run.create("classifier", recipes.settings("digits", "baseline").to_json()))


def test_weights_of_another_net_are_a_sentence():
    run = a_run("baseline")
    other = catalogue.build("bn_nin", classes=10, channels=1, side=28)
    weights.write(run.path / "model.safetensors", other.state_dict())
    with pytest.raises(UserError, match="does not fit this net"):
        trained.open_run(run)


def test_a_picture_becomes_what_the_net_wants():
    run = a_run()
    net = trained.open_run(run)
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, 20:60] = 200  # exactly the central square
    small = net.prepare_picture(picture)
    assert small.shape == (1, 1, 28, 28)
    assert small.unique().tolist() == [200]
    assert net.prepare(small).dtype == torch.float32


@pytest.fixture(scope="module")
def photograph_net() -> trained.TrainedClassifier:
    return trained.open_named("efficientnet_lite0")


def test_the_net_for_photographs_comes_first_with_a_thousand_classes(photograph_net):
    names = torchvision.models.ResNet18_Weights.DEFAULT.meta["categories"]
    assert photograph_net.classes == tuple(names) and len(set(names)) == 1000
    assert trained.shipped()[0] == photograph_net.name and photograph_net.source == "package"
    assert trained.card(photograph_net.name)["licence"] == "Apache-2.0"
    assert photograph_net.whole and not trained.open_shipped("resnet20_cifar10").whole


def test_it_gets_whole_pictures_as_it_was_trained_to(photograph_net):
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[:, :, 0] = 255
    small = photograph_net.prepare_picture(picture)
    assert small.shape == (1, 3, 235, 352) and small.dtype == torch.uint8
    x = photograph_net.prepare(small)
    assert x[0, 0].unique().tolist() == pytest.approx([1.0]) and x[0, 1].unique().tolist() == pytest.approx(
        [-127 / 128]
    )
    assert photograph_net.prepare_picture(picture[:8]).shape == (1, 3, 9, 352)
    assert photograph_net.prepare_picture(picture[:, :9]).shape == (1, 3, 352, 16)


@pytest.mark.parametrize("name", images.sample_names())
def test_the_first_five_of_a_sample_picture_are_the_companion_packages(photograph_net, name):
    companion = EfficientNet.from_name("efficientnet-lite0").eval().requires_grad_(False)
    companion.load_state_dict(torch.load(pretrained.path(), weights_only=True))
    square = np.array(Image.fromarray(images.sample(name)).resize((224, 224), Image.Resampling.BICUBIC))
    x = (torch.from_numpy(square).permute(2, 0, 1)[None].float() - 127) / 128
    expected = companion(x).softmax(1)[0]
    answer = replace(photograph_net, side=224)
    probabilities = answer.net(answer.prepare(answer.prepare_picture(square))).softmax(1)[0]
    assert probabilities.topk(5).indices.tolist() == expected.topk(5).indices.tolist()
    torch.testing.assert_close(probabilities, expected, atol=1e-5, rtol=0)


def photographs(folder):
    """Two classes of files, each of its own size and kind, all with detail finer than a net's pixels."""
    draw = np.random.default_rng(0)
    sizes = [(3000, 2100), (640, 480), (1500, 64), (90, 400), (24, 18), (33, 32)]
    for name in ("left", "right"):
        (folder / name).mkdir(parents=True)
        for i, (width, height) in enumerate(sizes):
            rough = images.resize(draw.integers(0, 256, (9, 12, 3), np.uint8), width, height)
            fine = draw.integers(0, 120, (height, width, 3), np.uint8)
            images.save(rough // 2 + fine, folder / name / f"{i}.{'png' if i % 2 else 'jpg'}")


@pytest.mark.parametrize(("name", "channels"), [("resnet20_cifar10", 3), ("bn_nin_digits", 1)])
def test_training_and_prediction_use_the_same_pixels_of_a_file(tmp_path, name, channels):
    photographs(tmp_path / "own")
    net = trained.open_shipped(name)
    grey = "&channels=1" if channels == 1 else ""
    data = datasets.load(f"folder:{tmp_path / 'own'}?side={net.side}{grey}")
    training = torch.cat([split.images for split in (data.train, data.validation, data.test)])
    paths = sorted((tmp_path / "own").rglob("*.*"))
    prepared = torch.cat([net.prepare_picture(images.photograph(path)) for path in paths])
    places = [(training == one).flatten(1).all(1).nonzero()[:, 0].tolist() for one in prepared]
    assert sorted(place for (place,) in places) == list(range(12))
    with torch.no_grad():
        of_prepared, of_training = (net.net(net.prepare(batch)).softmax(1) for batch in (prepared, training))
    torch.testing.assert_close(of_prepared, of_training[[place for (place,) in places]], atol=1e-6, rtol=0)


def test_finer_maps_are_a_choice_of_their_own(photograph_net):
    finer = trained.open_named(trained.FINER)
    assert trained.packaged() == (photograph_net.name, trained.FINER) and finer.title != photograph_net.title
    picture = images.for_net(images.sample("cat"), 352, whole=True)
    plain, fine = (view.of_picture(net, picture) for net in (photograph_net, finer))
    assert plain.maps.shape[1:] == (8, 11) and fine.maps.shape[1:] == (15, 22)
    assert plain.predicted == fine.predicted
    assert set(plain.top(3)) == set(fine.top(3))
