import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import datasets
from core.models import blueprint, catalogue
from core.models.blueprint import Blueprint
from core.models.densenet import DenseNet
from core.models.forward_pass import IMAGE
from core.models.resnet import ResNet

CASES = [
    *((name, "cifar10") for name in catalogue.names()),
    *(("baseline", "mnist"), ("nin", "mnist"), ("bn_nin", "svhn"), ("bn_vgg", "cifar100"), ("densenet_40_12", "mnist")),
]


def of(name: str, dataset: str = "cifar10") -> tuple[nn.Module, Blueprint]:
    known = datasets.info(dataset)
    with torch.device("meta"):
        net = catalogue.build(name, classes=known.classes, channels=known.channels, side=known.side, dataset=known.name)
    return net, blueprint.read(net, known.channels, known.side)


def by_hooks(net: nn.Module, channels: int, side: int) -> int:
    """Multiply-adds counted another way: from the modules' shapes, without looking at operations."""
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        total += output[0].numel() * layer.get_parameter("weight")[0].numel()

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.no_grad():
        net.eval()(torch.zeros(1, channels, side, side, device="meta"))
    return total


@pytest.mark.parametrize(("name", "dataset"), CASES)
def test_the_stages_of_every_net_add_up_to_the_net(name: str, dataset: str) -> None:
    net, plan = of(name, dataset)
    assert sum(stage.parameters for stage in plan.stages) == plan.parameters == catalogue.parameters(net)
    known = datasets.info(dataset)
    counted = by_hooks(net, known.channels, known.side)
    assert sum(stage.multiply_adds for stage in plan.stages) == plan.multiply_adds == counted
    drawn = [step for stage in plan.stages for part in stage.blocks for step in part.operations]
    assert len(drawn) + sum(len(stage.joint) for stage in plan.stages) == len(plan.operations)
    assert math.prod(plan.operations[-1].output) == known.classes


def outline(plan: Blueprint) -> list[tuple[str, int, str, tuple[int, ...]]]:
    return [(stage.name, len(stage.blocks), stage.title, stage.output) for stage in plan.stages]


def test_resnet20_is_figure_4_17() -> None:
    _, plan = of("resnet20")
    assert outline(plan) == [
        ("stem", 1, "convolution", (16, 32, 32)),
        ("stack1", 3, "residual block", (16, 32, 32)),
        ("stack2", 3, "residual block", (32, 16, 16)),
        ("stack3", 3, "residual block", (64, 8, 8)),
        ("output", 1, "linear layer", (10,)),
    ]
    assert [step.kind for step in plan.stages[3].joint] == ["batch normalisation", "ReLU", "global average pooling"]


def test_a_downsampling_block_shows_its_projection_beside_its_two_convolutions() -> None:
    _, plan = of("resnet20")
    first, second = plan.stages[2].blocks[:2]
    assert [step.detail for step in first.weighted] == ["3×3, 16 → 32, stride 2", "3×3, 32 → 32"]
    assert [step.path for step in first.operations if step.weighted] == [
        "stack2.0.projection",
        "stack2.0.conv1",
        "stack2.0.conv2",
    ]
    assert first.shortcut == second.shortcut == "addition"
    # The second block adds its own input, which is the sum that the first one ends in.
    assert second.first - 1 in second.operations[-1].inputs


def test_bottlenecks_are_told_from_regular_blocks() -> None:
    assert [stage.title for stage in of("resnet65")[1].stages[1:4]] == ["bottleneck block"] * 3
    assert of("densenet_bc_100_12")[1].stages[1].title == "bottleneck dense layer"


def test_densenet_40_12_has_blocks_of_twelve_that_grow_by_twelve() -> None:
    _, plan = of("densenet_40_12")
    assert [(stage.title, len(stage.blocks)) for stage in plan.stages] == [
        ("convolution", 1),
        ("dense layer", 12),
        ("transition", 1),
        ("dense layer", 12),
        ("transition", 1),
        ("dense layer", 12),
        ("linear layer", 1),
    ]
    assert [block.output[0] for block in plan.stages[1].blocks] == [16 + 12 * (i + 1) for i in range(12)]
    assert {block.shortcut for block in plan.stages[3].blocks} == {"concatenation"}
    assert plan.stages[0].blocks[0].operations[0].inputs == (IMAGE,)


def test_pooling_and_dropout_stand_between_the_modules_of_nin() -> None:
    _, plan = of("bn_nin")
    assert [(stage.title, stage.output[1]) for stage in plan.stages] == [
        ("3 convolutions", 32),
        ("3 convolutions", 16),
        ("3 convolutions", 8),
    ]
    assert [(step.kind, step.detail) for step in plan.stages[0].joint] == [
        ("max pooling", "3×3, stride 2"),
        ("dropout", "50%"),
    ]


def test_postactivation_ends_in_a_relu_after_the_sum() -> None:
    net = ResNet(10, 3, 1, preactivation=False)
    kinds = [step.kind for step in blueprint.read(net, 3, 32).stages[1].blocks[0].operations]
    assert kinds[-3:] == ["addition", "batch normalisation", "ReLU"]  # Figure 4.15a


def test_dropout_shows_only_where_there_is_any() -> None:
    def dropouts(probability: float) -> int:
        plan = blueprint.read(DenseNet(10, 3, 1, 12, drop_probability=probability), 3, 32)
        return sum(step.kind == "dropout" for step in plan.operations)

    assert (dropouts(0.0), dropouts(0.2)) == (0, 5)


def test_the_net_is_left_as_it_was() -> None:
    net = catalogue.build("resnet20", classes=10, channels=3, side=32)
    statistics = net.stem_norm.running_mean.clone()
    blueprint.read(net, 3, 32)
    assert net.training and torch.equal(net.stem_norm.running_mean, statistics)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


class Unheard(nn.Module):
    """What no net of the catalogue does: weights used as functions, made of others, and operations without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Parameter(torch.randn(4, 1, 3, 3))
        self.scale = nn.Parameter(torch.ones(4))
        self.output = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.filters.flip(-1) * self.scale[:, None, None, None], padding=1, stride=2)
        return self.output(torch.tanh(x).mean((-2, -1))) + 1


def test_weights_count_where_they_act_however_they_get_there() -> None:
    plan = blueprint.read(Unheard(), 1, 8)
    first = plan.operations[0]
    assert (first.kind, first.detail, first.parameters) == ("convolution", "3×3, 1 → 4, stride 2", 36 + 4)
    assert first.multiply_adds == 4 * 4 * 4 * 9
    assert [step.kind for step in plan.operations] == ["convolution", "tanh", "mean", "linear layer", "shift"]
    assert sum(stage.parameters for stage in plan.stages) == 36 + 4 + 10
