"""Class activation maps against arithmetic done by hand, and on every net of the catalogue."""

import threading

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.explain import cam
from core.models import catalogue
from tests.core.explain.nets_by_hand import IMAGE, ConnectedNet, PoolingNet


def test_cam_by_hand():
    explanation = cam.explain(PoolingNet(), IMAGE, torch.tensor([[0, 2]]))
    assert explanation.method == "CAM" and "global average pooling" in explanation.why
    assert explanation.maps[0, 0].tolist() == [[1.5, 0.5], [0.5, 4.5]]
    # class 2 is 2 f1 - f2 - 3 with f2 twice the mirrored image: its map is negative in places, and stays so
    assert explanation.maps[0, 1].tolist() == [[-1.0, -5.0], [-11.0, 5.0]]


def test_grad_cam_by_hand():
    net = ConnectedNet()
    explanation = cam.explain(net, IMAGE, torch.tensor([[1]]))
    assert explanation.method == "Grad-CAM" and "fully-connected" in explanation.why
    # the gradient of a linear score is its weight row, so each map's weight is the mean of its four weights
    first, second = net.output.weight[1].view(2, 4).mean(1).tolist()
    expected = first * IMAGE[0, 0] + second * 2 * IMAGE[0, 0].flip(-1)
    torch.testing.assert_close(explanation.maps[0, 0], expected)


def test_grad_cam_of_a_pooling_net_is_its_cam_without_the_bias():
    class Disguised(PoolingNet):
        ends_in_gap = False

    wanted = torch.tensor([[0, 1, 2]])
    plain, gradient = cam.explain(PoolingNet(), IMAGE, wanted), cam.explain(Disguised(), IMAGE, wanted)
    bias = PoolingNet().output.bias[wanted][:, :, None, None]
    torch.testing.assert_close(gradient.maps * 4, plain.maps - bias)


@pytest.fixture(params=["baseline", "nin", "bn_nin", "bn_vgg", "resnet20", "densenet_40_12"])
def net_and_images(request):
    torch.manual_seed(0)
    net = catalogue.build(request.param, classes=5, channels=1, side=32).eval()
    return net, torch.randn(3, 1, 32, 32)


def test_every_net_gives_finite_signed_maps_and_the_logits_of_its_forward_pass(net_and_images):
    net, x = net_and_images
    wanted = torch.tensor([[0, 1], [4, 4], [2, 3]])
    explanation = cam.explain(net, x, wanted)
    torch.testing.assert_close(explanation.logits, net(x).detach())
    assert explanation.maps.shape[:2] == (3, 2) and explanation.maps.isfinite().all()
    assert explanation.method == ("CAM" if net.ends_in_gap else "Grad-CAM")
    torch.testing.assert_close(explanation.maps[1, 0], explanation.maps[1, 1])
    if net.ends_in_gap:
        torch.testing.assert_close(explanation.maps.mean((-2, -1)), explanation.logits.gather(1, wanted))


def test_an_image_has_the_same_map_alone_and_in_a_batch(net_and_images):
    net, x = net_and_images
    wanted = torch.tensor([[0], [1], [2]])
    together = cam.explain(net, x, wanted).maps
    alone = torch.cat([cam.explain(net, x[i : i + 1], wanted[i : i + 1]).maps for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)


def test_left_out_classes_are_the_predicted_ones(net_and_images):
    net, x = net_and_images
    explanation = cam.explain(net, x)
    assert explanation.classes[:, 0].tolist() == net(x).argmax(1).tolist()
    assert explanation.probabilities.sum(1).tolist() == pytest.approx([1, 1, 1])


def test_frozen_nets_are_explained_and_nothing_of_them_changes(net_and_images):
    net, x = net_and_images
    net.requires_grad_(False)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    cam.explain(net, x)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])
    assert not net.training and not any(p.requires_grad or p.grad is not None for p in net.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in net.modules())


def test_works_inside_no_grad(net_and_images):
    net, x = net_and_images
    with torch.no_grad():
        inside = cam.explain(net, x).maps
    torch.testing.assert_close(inside, cam.explain(net, x).maps)


def test_threads_may_share_a_net(net_and_images):
    net, x = net_and_images
    expected = [cam.explain(net, x[i : i + 1]).maps for i in range(3)]
    wrong = []

    def explain_often(i):
        for _ in range(5):
            if not torch.allclose(cam.explain(net, x[i : i + 1]).maps, expected[i], rtol=1e-3, atol=1e-5):
                wrong.append(i)

    threads = [threading.Thread(target=explain_often, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_net_in_training_mode_is_refused():
    with pytest.raises(ValueError, match="evaluation mode"):
        cam.explain(PoolingNet().train(), IMAGE)


def test_a_diverged_net_is_named():
    net = PoolingNet()
    with torch.no_grad():
        net.output.weight.fill_(float("nan"))
    with pytest.raises(UserError, match="diverged"):
        cam.explain(net, IMAGE)


def test_upsample_is_bilinear_without_aligned_corners():
    row = cam.upsample(torch.tensor([[0.0, 1.0]]), (1, 4))
    assert row.tolist() == [[0.0, 0.25, 0.75, 1.0]]
    maps = torch.randn(2, 3, 4, 5)
    assert cam.upsample(maps, (8, 10)).shape == (2, 3, 8, 10)
    torch.testing.assert_close(cam.upsample(maps[1, 2], (8, 10)), cam.upsample(maps, (8, 10))[1, 2])


def test_scale_runs_from_zero_to_the_greatest_of_all_maps():
    assert cam.scale(torch.tensor([[1.0, 2.0], [3.0, 4.0]])) == (0, 4)
    assert cam.scale(torch.tensor([-1.0, 2.0])) == (0, 2)
    assert cam.scale(torch.tensor([-3.0, -2.0])) == (0, 0)


def test_what_speaks_against_a_class_looks_like_no_evidence():
    grey = np.full((1, 3, 3), 100, np.uint8)
    map = torch.tensor([[-50.0, 0.0, 1.0]])
    coloured = cam.overlay(grey, map, *cam.scale(map), 1.0)
    assert coloured[0, 0].tolist() == coloured[0, 1].tolist() == cam.ramp(2, 1)[0, 0].tolist()
    assert coloured[0, 2].tolist() == cam.ramp(2, 1)[0, 1].tolist()


def test_range_in_words_tells_when_nothing_speaks_for_the_class():
    assert cam.range_in_words(torch.tensor([-1.0, 2.5])) == "−1.00 to 2.50"
    assert cam.range_in_words(torch.tensor([-3.0, -0.5])) == "no positive evidence (−3.00 to −0.50)"
    assert cam.range_in_words(torch.zeros(2, 2)) == "no positive evidence (0 to 0)"
    assert cam.range_in_words(torch.tensor([-0.0123, 0.0000126])) == "−0.0123 to 0.0000"
    assert cam.range_in_words(torch.tensor([-0.001, 2500.0])) == "0 to 2500"


def test_overlay_puts_equal_evidence_in_equal_colours():
    grey = np.full((1, 3, 3), 100, np.uint8)
    strong, weak = torch.tensor([[0.0, 1.0, 4.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    vmin, vmax = cam.scale(torch.stack([strong, weak]))
    one, other = (cam.overlay(grey, map, vmin, vmax, 1.0) for map in (strong, weak))
    assert one[0, 1].tolist() == other[0, 0].tolist()
    assert one[0, 0].tolist() == other[0, 1].tolist()
    assert one[0, 2].astype(int).sum() > 2 * one[0, 1].astype(int).sum()
    np.testing.assert_array_equal(cam.overlay(grey, strong, vmin, vmax, 0.0), grey)


def test_overlay_draws_no_noise_where_nothing_is_positive():
    grey = np.full((1, 3, 3), 100, np.uint8)
    for map in (torch.zeros(1, 3), torch.tensor([[-3.0, -1.0, -2.0]])):
        np.testing.assert_array_equal(cam.overlay(grey, map, *cam.scale(map), 0.8), grey)


def test_overlay_wants_the_map_at_the_size_of_the_picture():
    with pytest.raises(ValueError, match="upsample"):
        cam.overlay(np.zeros((4, 4, 3), np.uint8), torch.zeros(2, 2), 0, 1)


def test_lightness_of_the_colours_never_falls():
    luminance = cam.ramp(256, 2)[0].astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -0.5).all() and luminance[-1] - luminance[0] > 200
