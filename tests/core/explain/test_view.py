"""What is shown of one image: the net's square, maps on one scale, boxes in the picture's pixels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import datasets, images
from core.datasets import classes
from core.errors import UserError
from core.explain import view
from core.explain.view import View
from core.trainers.trained import open_named
from tests.nets import a_net, a_run


def hand_made(maps, side=4):
    picture = np.full((side, side, 3), 100, np.uint8)
    maps = torch.tensor(maps, dtype=torch.float32)
    return View(picture, torch.tensor([0.2, 0.5, 0.3]), (1, 2)[: len(maps)], maps, "CAM", "because")


def test_predicted_and_top():
    seen = hand_made([[[0.0, 1.0], [0.0, 0.0]]])
    assert seen.predicted == 1 and seen.top(2) == [1, 2] and seen.top(9) == [1, 2, 0]


def test_two_maps_share_one_scale():
    seen = hand_made([[[0.0, 8.0], [0.0, 0.0]], [[0.0, 2.0], [-4.0, 0.0]]])
    assert seen.scale == (0, 8)
    strong, weak = (seen.heat(position, alpha=1.0).astype(int).sum(2) for position in (0, 1))
    assert strong.max() > weak.max() > strong.min()


def test_small_images_are_enlarged_without_smoothing():
    seen = hand_made([[[0.0, 1.0], [0.0, 0.0]]], side=28)
    seen.picture[3, 5] = (255, 0, 0)
    shown = seen.shown()
    assert seen.zoom == 16 and shown.shape == (448, 448, 3)
    assert (shown[48:64, 80:96] == (255, 0, 0)).all()
    assert seen.heat().shape == shown.shape


def test_box_is_in_pixels_of_the_picture_and_drawn_on_request():
    corner = [[0.0] * 4 for _ in range(4)]
    corner[3][3] = 1.0
    seen = hand_made([corner], side=28)
    x0, y0, x1, y1 = seen.box(0, 0.9)
    assert 21 <= x0 < x1 == 28 and 21 <= y0 < y1 == 28
    plain, framed = seen.heat(alpha=0), seen.heat(alpha=0, threshold=0.9)
    changed_rows, changed_columns = np.nonzero((plain != framed).any(2))
    assert (changed_columns.min(), changed_columns.max() + 1) == (x0 * 16, 448)
    assert (changed_rows.min(), changed_rows.max() + 1) == (y0 * 16, 448)


def test_every_region_has_a_box_of_its_own_and_a_frame():
    corners = [[0.0] * 8 for _ in range(8)]
    corners[0][0] = corners[7][7] = corners[7][6] = 1.0
    seen = hand_made([corners], side=8)
    assert seen.boxes(0, 0.5) == [seen.box(0, 0.5)] == [(0, 0, 8, 8)]
    assert seen.boxes(0, 0.5, "components") == [(6, 7, 8, 8), (0, 0, 1, 1)]
    plain, framed = seen.heat(alpha=0), seen.heat(alpha=0, threshold=0.5, by="components")
    changed = (plain != framed).any(2)
    assert changed[:56, :56].any() and changed[392:, 336:].any()
    changed[:56, :56] = changed[392:, 336:] = False
    assert not changed.any()


@pytest.mark.parametrize("by", ["all", "components"])
def test_no_evidence_no_boxes(by):
    assert hand_made([[[-1.0, -2.0], [-1.0, -3.0]]]).boxes(0, 0.5, by) == []


def test_the_network_input_is_shown_pixel_by_pixel():
    trained = a_net()
    photo = images.sample("cat")
    seen = view.of_picture(trained, photo)
    assert seen.picture.shape[0] > 28 and seen.input.shape == (28, 28, 3)
    np.testing.assert_array_equal(seen.input[..., 0], trained.prepare_picture(photo)[0, 0].numpy())
    np.testing.assert_array_equal(seen.given()[::16, ::16], seen.input)
    assert seen.given().shape == (448, 448, 3) and hand_made([[[0.0]]]).given().shape == (448, 448, 3)
    larger = view.of_image(a_net("bn_nin"), torch.zeros(1, 28, 28, dtype=torch.uint8), side=56)
    assert larger.input.shape == (56, 56, 3) and larger.picture.shape == (28, 28, 3)


def test_no_evidence_no_box_and_no_colours():
    seen = hand_made([[[-1.0, -2.0], [-1.0, -3.0]]])
    assert seen.box(0) is None
    np.testing.assert_array_equal(seen.heat(alpha=0.9, threshold=0.5), seen.shown())
    assert seen.evidence().startswith("no positive evidence")


@pytest.mark.parametrize("model", ["baseline", "bn_nin"])
def test_test_images_get_the_maps_that_are_asked_for(model):
    trained = a_net(model)
    batch = datasets.load("digits").test.images[:3]
    views = view.of_images(trained, batch, torch.tensor([[0, 1], [2, 3], [4, 4]]))
    assert [seen.classes for seen in views] == [(0, 1), (2, 3), (4, 4)]
    for seen, image in zip(views, batch, strict=True):
        np.testing.assert_array_equal(seen.picture[..., 1], image[0].numpy())
        assert float(seen.probabilities.sum()) == pytest.approx(1)
        assert seen.maps.shape[0] == 2
    assert view.of_images(trained, batch)[0].classes == (views[0].predicted,)


def test_a_photograph_is_judged_by_its_central_square():
    trained = a_net()
    photo = images.resize(images.sample("cat"), 900, 300)
    square = photo[:, 300:600]
    whole, alone = view.of_picture(trained, photo), view.of_picture(trained, square)
    np.testing.assert_array_equal(whole.picture, square)
    torch.testing.assert_close(whole.maps, alone.maps)
    assert images.central_square(300, 900) == (0, 300, 300)
    assert images.central_square(900, 300) == (300, 0, 300)


def test_a_large_photograph_is_shown_smaller():
    seen = view.of_picture(a_net(), np.zeros((1200, 900, 3), np.uint8), (7,))
    assert seen.picture.shape == (512, 512, 3) and seen.zoom == 1 and seen.classes == (7,)


def test_class_named():
    trained = a_net()
    assert view.class_named(trained, "7") == 7
    with pytest.raises(UserError, match="has no class “seven”: choose one of 0, 1, 2"):
        view.class_named(trained, "seven")


def test_a_class_of_a_thousand_is_found_by_its_name_or_the_sentence_names_others():
    trained = replace(a_net(), classes=classes.imagenet(), title="Net")
    assert [trained.classes[view.class_named(trained, name)] for name in ("cardigan", "Cardigan", "GOLDFISH")] == [
        "cardigan",
        "Cardigan",
        "goldfish",
    ]
    with pytest.raises(UserError, match="“dog” is 119 classes of Net: choose one of them, such as Chihuahua, "):
        view.class_named(trained, "dog")
    with pytest.raises(UserError, match="Net has no class “wolfhound”: .* are Irish wolfhound, ") as caught:
        view.class_named(trained, "wolfhound")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("model", ["baseline", "bn_nin"])
def test_several_methods_of_one_view_are_those_of_each_alone(model):
    trained = a_net(model)
    seen = view.of_picture(trained, images.sample("cat"), (3, 1))
    names = ["layercam", "occlusion", "grad-cam"]
    together = view.by_methods(trained, seen, names)
    for name, one in zip(names, together, strict=True):
        alone = view.of_picture(trained, images.sample("cat"), (3, 1), name)
        torch.testing.assert_close(one.maps, alone.maps)
        assert one.grid == alone.grid
        assert (one.method, one.why, one.classes) == (alone.method, alone.why, (3, 1))
        np.testing.assert_array_equal(one.picture, seen.picture)


def test_a_method_may_be_chosen():
    trained = a_net("bn_nin")
    image = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    usual, other = view.of_image(trained, image, (3,)), view.of_image(trained, image, (3,), "occlusion")
    assert usual.method == "CAM" and other.method == "Occlusion" and other.maps.shape == (1, 8, 8)
    torch.testing.assert_close(usual.probabilities, other.probabilities)
    assert view.of_picture(trained, np.zeros((30, 40, 3), np.uint8), None, "saliency").method == "Input gradient"


def test_a_pooled_net_may_see_an_image_larger_for_a_finer_map():
    seen = view.of_image(a_net("bn_nin"), torch.zeros(1, 56, 56, dtype=torch.uint8))
    assert seen.maps.shape == (1, 14, 14) and seen.picture.shape == (56, 56, 3)


@pytest.mark.parametrize(
    ("model", "shape", "sentence"),
    [
        ("densenet_40_12", (1, 3, 3), "cannot take images of 3 x 3 pixels.*at least 4 x 4"),
        ("baseline", (1, 56, 56), "takes images of 28 x 28 pixels only, and these have 56 x 56"),
        ("bn_nin", (3, 28, 28), "images of 1 channels, and these have 3"),
    ],
)
def test_images_that_the_net_cannot_see_are_refused(model, shape, sentence):
    with pytest.raises(UserError, match=sentence):
        view.of_image(a_net(model), torch.zeros(shape, dtype=torch.uint8))


def test_a_class_that_the_net_does_not_have_is_refused():
    with pytest.raises(UserError, match="10 classes, counted from 0 to 9, and 10 is none"):
        view.of_image(a_net(), torch.zeros(1, 28, 28, dtype=torch.uint8), (10,))


def test_constant_pictures_and_empty_maps_get_a_sentence():
    blank = np.full((4, 4, 3), 7, np.uint8)
    noisy = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    def remarks(picture, map):
        return view.View(picture, torch.tensor([1.0]), (0,), torch.tensor([map]), "CAM", "").remarks()

    assert remarks(noisy, [[1.0, -1.0]]) == ()
    assert [sentence.split()[0:3] for sentence in remarks(blank, [[1.0, 0.0]])] == [["The", "picture", "is"]]
    assert "zero everywhere" in remarks(noisy, [[0.0, 0.0]])[0]
    assert "no positive evidence" in remarks(noisy, [[-1.0, 0.0]])[0]
    assert len(remarks(blank, [[-1.0, -2.0]])) == 2
    assert "far outweighs" in remarks(noisy, [[-10.0, 0.9]])[0] and remarks(noisy, [[-10.0, 1.1]]) == ()


def test_a_run_whose_net_is_unknown_here_is_named():
    run = a_run("bn_nin")
    record = json.loads((run.path / "run.json").read_text())
    record["data"]["model"] = "capsule_net"
    (run.path / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match='no net "capsule_net": choose one of baseline'):
        open_named(run.id)


def test_a_signed_view_colours_what_speaks_against_the_class():
    seen = hand_made([[[-4.0, 0.0], [0.0, 2.0]]])
    red, green, blue = (seen.heat(alpha=1.0, signed=True)[..., i].astype(int) for i in range(3))
    assert blue[0, 0] > red[0, 0] + 50 and red[-1, -1] > blue[-1, -1] + 50
    assert min(red[0, -1], green[0, -1], blue[0, -1]) > 200  # where nothing speaks, white
    assert view.common_scale([seen], signed=True) == (-4, 4) and view.common_scale([seen]) == (0, 2)


def test_views_side_by_side_share_one_scale():
    strong, weak = hand_made([[[0.0, 8.0], [0.0, 0.0]]]), hand_made([[[0.0, 2.0], [0.0, 0.0]]])
    scale = view.common_scale([strong, weak])
    assert scale == (0, 8)
    alone, beside = (weak.heat(alpha=1.0, scale=which).astype(int).sum(2).max() for which in (None, scale))
    assert alone > beside


def test_the_rule_of_the_box_may_be_chosen():
    corners = [[0.0] * 8 for _ in range(8)]
    corners[0][0] = corners[7][7] = corners[7][6] = 1.0
    seen = hand_made([corners], side=8)
    assert seen.box(0, 0.5) == (0, 0, 8, 8) and seen.box(0, 0.5, "largest") == (6, 7, 8, 8)


@pytest.mark.parametrize(("model", "side"), [("bn_nin", 84), ("baseline", 28)])
def test_a_net_that_is_convolutional_to_its_end_sees_a_picture_larger(model, side):
    trained = a_net(model)
    assert view.side_at_net(trained, 3) == side
    photo, image = images.sample("cat"), datasets.load("digits").test.images[0]
    large, own = view.of_picture(trained, photo, side=side), view.of_picture(trained, photo)
    assert large.maps.shape[-1] == own.maps.shape[-1] * side // 28
    np.testing.assert_array_equal(large.picture, own.picture)
    seen = view.of_image(trained, image, side=side)
    assert seen.maps.shape[-1] == large.maps.shape[-1] and seen.picture.shape == (28, 28, 3)
