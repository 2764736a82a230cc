import pytest
import torch

from core.errors import UserError
from core.models import catalogue, variants
from core.models.variants import DenseNetVariant, ResNetVariant


def count(variant: variants.Variant) -> int:
    with torch.device("meta"):
        return catalogue.parameters(variant.make(10, 3))


@pytest.mark.parametrize("name", [name for name in catalogue.names() if catalogue.variant(name)])
def test_the_catalogues_nets_are_members_of_their_families(name: str) -> None:
    variant = catalogue.variant(name)
    with torch.device("meta"):
        net = catalogue.build(name, classes=10, channels=3, side=32)
    assert count(variant) == catalogue.parameters(net)
    assert (variant.title, variant.depth) == (catalogue.title(name), catalogue.depth(name))


def test_the_others_are_of_no_family() -> None:
    others = {name for name in catalogue.names() if catalogue.variant(name) is None}
    assert {"baseline", "nin", "bn_nin", "bn_vgg"} <= others
    assert not any(name.startswith(("resnet", "wrn", "densenet")) for name in others)


def test_a_depth_gives_the_net_that_has_it() -> None:
    assert variants.resnet(20) == ResNetVariant(3)
    assert variants.resnet(164, bottleneck=True) == ResNetVariant(18, bottleneck=True)
    assert variants.densenet(40, 12) == DenseNetVariant(12)
    assert variants.densenet(100, 24, bottleneck=True, compression=0.5) == DenseNetVariant(16, 24, True, 0.5)


@pytest.mark.parametrize(
    ("variant", "title"),
    [
        (ResNetVariant(2), "ResNet-14"),
        (ResNetVariant(2, widening=8), "WRN-(16, 8)"),
        (ResNetVariant(1, preactivation=False), "ResNet-8, post-activation"),
        (ResNetVariant(1, widening=2, bottleneck=True), "WRN-(13, 2), bottleneck"),
        (DenseNetVariant(4, 6), "DenseNet-(16, 6)"),
        (DenseNetVariant(4, 6, bottleneck=True), "DenseNet-B-(28, 6)"),
        (DenseNetVariant(4, 6, compression=0.5), "DenseNet-C-(16, 6)"),
    ],
)
def test_a_net_beyond_the_catalogue_has_the_name_the_thesis_would_give_it(
    variant: variants.Variant, title: str
) -> None:
    assert variant.title == title
    assert variant.make(10, 3)(torch.zeros(1, 3, 8, 8)).shape == (1, 10)


def test_known_nets_of_the_papers_have_their_counts() -> None:
    assert count(variants.densenet(100, 24)) == pytest.approx(27.2e6, rel=0.01)  # Huang et al., Table 2
    assert count(variants.densenet(190, 40, bottleneck=True, compression=0.5)) == pytest.approx(25.6e6, rel=0.01)
    assert count(ResNetVariant(2, widening=8)) == pytest.approx(11.0e6, rel=0.01)  # Zagoruyko: WRN-16-8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: variants.resnet(21), r"depth 21 .*the depth is 6n \+ 2, so 20 or 26\."),
        (lambda: variants.resnet(26, bottleneck=True), r"depth 26 .*bottleneck blocks.*9n \+ 2, so 20 or 29"),
        (lambda: variants.resnet(5), "the smallest has depth 8"),
        (lambda: variants.resnet(1202), "at most 500"),
        (lambda: variants.resnet(20, widening=0), "0 times the width here: give 1 to 64"),
        (lambda: variants.densenet(41, 12), r"3n \+ 4, so 40 or 43"),
        (lambda: variants.densenet(41, 12, bottleneck=True), r"6n \+ 4, so 40 or 46"),
        (lambda: variants.densenet(40, 0), "0 maps a layer"),
        (lambda: variants.densenet(40, 12, compression=0.0), "a compression above 0, and at most 1"),
        (lambda: variants.densenet(40, 12, compression=1.5), "a compression above 0, and at most 1"),
        (lambda: variants.densenet(7, 1, compression=0.1), "would leave no map of 3"),
    ],
)
def test_an_impossible_net_is_refused_with_a_way_out(make, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make()
