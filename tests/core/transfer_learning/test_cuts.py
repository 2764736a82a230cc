"""The cuts of every kind of net: what they count, and that the features are what the next block reads."""

import pytest
import torch
import torch.nn.functional as F

from core.models import catalogue
from core.models.catalogue import build
from core.transfer_learning import cuts

NETS = ("baseline", "nin", "bn_nin", "bn_vgg", "resnet20", "resnet65", "densenet_bc_100_12", "speedrun")


@pytest.mark.parametrize("name", NETS)
def test_cuts_go_from_the_image_to_all_but_the_head(name):
    with torch.device("meta"):
        net = build(name, classes=10, channels=3, side=32).eval()
    result = cuts.cuts(net, 3, 32)
    assert (result[0].name, result[0].depth, result[0].width) == ("image", 0, 3)
    assert [cut.depth for cut in result] == sorted({cut.depth for cut in result}), "deeper and deeper"
    assert [cut.parameters for cut in result] == sorted({cut.parameters for cut in result})
    head = [net.get_submodule(layer) for layer in net.head_layers]
    assert result[-1].parameters == catalogue.parameters(net) - sum(map(catalogue.parameters, head))
    assert result[-1].multiply_adds < catalogue.multiply_adds(net, 3, 32)
    assert len(result) <= 18


@pytest.mark.parametrize("name", ["baseline", "bn_nin", "resnet20", "speedrun"])
def test_features_are_the_averages_of_the_maps_at_each_cut(name):
    torch.manual_seed(0)
    net = build(name, classes=7, channels=1, side=28)
    images = torch.randn(3, 1, 28, 28)
    at = cuts.cuts(net, 1, 28)
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    result = cuts.features(net, images, at)
    assert net.training, "left as it was"
    assert [tuple(tensor.shape) for tensor in result] == [(3, cut.width) for cut in at]
    assert all(torch.equal(before[key], tensor) for key, tensor in net.state_dict().items())
    net.eval()
    with torch.no_grad():
        assert torch.allclose(result[0], images.mean((2, 3)))
        if name == "resnet20":
            assert torch.allclose(net.output(result[-1]), net(images), atol=1e-5)
            x = F.relu(net.stem_norm(net.stem(images)))
            assert torch.allclose(result[1], x.mean((2, 3)), atol=1e-6), "behind its ReLU"
            assert torch.allclose(result[4], net.stack1(x).mean((2, 3)), atol=1e-5)
    assert len(cuts.features(net, images, at[1:3])) == 2


def test_deep_stages_are_thinned_out_and_keep_their_ends():
    with torch.device("meta"):
        net = build("resnet164", classes=10, channels=3, side=32)
    names = [cut.name for cut in cuts.cuts(net, 3, 32)]
    assert len(names) == 2 + 3 * cuts.BLOCKS
    assert {"stack1.17", "stack2.17", "stack3.17"} < set(names)
