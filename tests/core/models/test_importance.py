import pytest
import torch

from core.models import importance
from core.models.densenet import DenseNet


@pytest.mark.parametrize("bottleneck", [False, True])
def test_the_matrix_is_equation_4_4_written_out(bottleneck: bool) -> None:
    torch.manual_seed(0)
    net = DenseNet(10, 3, 2, 3, bottleneck=bottleneck, compression=0.5)
    found = importance.of(net)
    assert [(each.block, tuple(each.matrix.shape)) for each in found] == [
        ("block 1", (6 + 6, 3)),
        ("block 2", (6 + 6, 3)),
        ("block 3", (6 + 6, 3)),
    ]
    layer = net.block2[1]
    weight = (layer.squeeze if bottleneck else layer.conv).weight
    outputs, inputs, height, width = weight.shape
    for i in (0, 5, inputs - 1):
        by_hand = sum(
            weight[o, i, h, w].item() ** 2 for o in range(outputs) for h in range(height) for w in range(width)
        )
        assert found[1].matrix[i, 1].item() == pytest.approx(by_hand / (outputs * height * width), rel=1e-4)
    assert found[1].matrix[inputs:, 1].tolist() == [0.0] * 3


def test_the_last_columns_are_the_transitions_and_the_classifier() -> None:
    net = DenseNet(10, 1, 2, 4)
    first, _, third = importance.of(net)
    assert first.readers == ("1", "2", "transition") and third.readers == ("1", "2", "classifier")
    assert torch.allclose(third.matrix[:, 2], net.output.weight.square().mean(0))
    assert torch.allclose(first.matrix[:, 2], net.transition1.conv.weight.square().mean((0, 2, 3)))


def test_every_map_knows_its_origin_and_its_readers() -> None:
    first = importance.of(DenseNet(10, 1, 2, 4))[0]
    assert first.origins == (0,) * 16 + (1,) * 4 + (2,) * 4
    assert first.seen().sum(0).tolist() == [16, 20, 24]
    assert torch.equal(first.seen(), first.matrix > 0)


def test_columns_are_normalised_to_one() -> None:
    first = importance.of(DenseNet(10, 1, 3, 4))[0]
    assert torch.allclose(first.normalised().amax(0), torch.ones(4))
    assert torch.equal(first.normalised().argmax(0), first.matrix.argmax(0))


def test_a_layer_that_reads_nothing_is_a_column_of_zeros_not_of_nan() -> None:
    net = DenseNet(10, 1, 2, 4)
    with torch.no_grad():
        net.block1[0].conv.weight.zero_()
    assert importance.of(net)[0].normalised()[:, 0].tolist() == [0.0] * 24


def test_a_map_that_is_used_stands_out_of_its_origin() -> None:
    net = DenseNet(10, 1, 3, 4)
    with torch.no_grad():
        net.block3[2].conv.weight.fill_(0.01)
        net.block3[2].conv.weight[:, -4:] = 1.0  # the newest maps, those of layer 2
    by_origin = importance.of(net)[2].by_origin()
    assert by_origin.shape == (4, 4)
    assert by_origin[:, 2].tolist() == pytest.approx([1e-4, 1e-4, 1.0, 0.0])
