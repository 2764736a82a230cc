"""Families of nets of any depth and width: ResNets and wide ResNets (section 4.5), DenseNets (section 4.6)."""

from dataclasses import dataclass

from torch import nn

from core.errors import UserError
from core.models.densenet import DenseNet
from core.models.resnet import ResNet

STACKS = 3
DEEPEST = 500  # layers: the thesis' deepest has 164, and a drawing of more is not legible
WIDEST = 64  # times the filters of the thin nets; the thesis' widest has 10
GREATEST_GROWTH = 128  # maps that a layer adds; the thesis adds 12


@dataclass(frozen=True)
class ResNetVariant:
    """A ResNet with `n` blocks in each of its three stacks, `widening` times as wide as the thin ones.

    Raises `UserError` where there is no such net.
    """

    n: int
    widening: int = 1
    bottleneck: bool = False
    preactivation: bool = True

    smallest_side = 1

    def __post_init__(self) -> None:
        _within(self.n, 1, (DEEPEST - 2) // self.layers_a_step, "blocks in a stack")
        _within(self.widening, 1, WIDEST, "times the width")

    @property
    def layers_a_step(self) -> int:
        """Return the number of layers that one more block in every stack adds."""
        return STACKS * (3 if self.bottleneck else 2)

    @property
    def depth(self) -> int:
        """Return the number of layers with weights on the longest path, without projections, as in Table 4.6."""
        return self.layers_a_step * self.n + 2

    @property
    def title(self) -> str:
        """Return the name as the thesis writes it; for a wide net two projections count as layers, as in its paper."""
        name = f"ResNet-{self.depth}" if self.widening == 1 else f"WRN-({self.depth + 2}, {self.widening})"
        remarks = ["bottleneck"] if self.bottleneck and self.widening > 1 else []
        remarks += [] if self.preactivation else ["post-activation"]
        return name + (f", {', '.join(remarks)}" if remarks else "")

    def make(self, classes: int, channels: int) -> nn.Module:
        """Return a new net with random weights."""
        return ResNet(
            classes,
            channels,
            self.n,
            widening=self.widening,
            bottleneck=self.bottleneck,
            preactivation=self.preactivation,
        )


@dataclass(frozen=True)
class DenseNetVariant:
    """A DenseNet with `n` layers in each of its three blocks, each adding `growth` maps.

    `compression` is the share of the maps that a transition keeps. Raises `UserError` where there is no such net.
    """

    n: int
    growth: int = 12
    bottleneck: bool = False
    compression: float = 1.0

    smallest_side = 4

    def __post_init__(self) -> None:
        _within(self.n, 1, (DEEPEST - 4) // self.layers_a_step, "layers in a block")
        _within(self.growth, 1, GREATEST_GROWTH, "maps a layer (the growth rate)")
        if not 0 < self.compression <= 1:
            raise UserError(
                f"A transition cannot keep {self.compression:g} of its maps: give a compression above 0, and at most 1."
            )
        if int(self.compression * (2 * self.growth + self.n * self.growth)) < 1:
            raise UserError(
                f"A compression of {self.compression:g} would leave no map of {(2 + self.n) * self.growth}: "
                "give a greater one, or more maps."
            )

    @property
    def layers_a_step(self) -> int:
        """Return the number of layers that one more layer in every block adds; a bottleneck counts as a layer."""
        return STACKS * (2 if self.bottleneck else 1)

    @property
    def depth(self) -> int:
        """Return the number of layers with weights on the longest path: blocks, stem, two transitions, classifier."""
        return self.layers_a_step * self.n + 4

    @property
    def title(self) -> str:
        """Return the name as the thesis writes it: B for bottlenecks, C for compression."""
        letters = ("B" if self.bottleneck else "") + ("C" if self.compression < 1 else "")
        return f"DenseNet{'-' if letters else ''}{letters}-({self.depth}, {self.growth})"

    def make(self, classes: int, channels: int) -> nn.Module:
        """Return a new net with random weights."""
        return DenseNet(
            classes, channels, self.n, self.growth, bottleneck=self.bottleneck, compression=self.compression
        )


Variant = ResNetVariant | DenseNetVariant


def resnet(depth: int, *, widening: int = 1, bottleneck: bool = False, preactivation: bool = True) -> ResNetVariant:
    """Return the ResNet of that depth, as `ResNetVariant.depth` counts it.

    Raises UserError, which names the nearest depths, where three equal stacks cannot have it.
    """
    block = "bottleneck blocks" if bottleneck else "blocks of two convolutions"
    n = _steps(depth, 9 if bottleneck else 6, 2, f"three stacks of {block}")
    return ResNetVariant(n, widening, bottleneck, preactivation)


def densenet(depth: int, growth: int, *, bottleneck: bool = False, compression: float = 1.0) -> DenseNetVariant:
    """Return the DenseNet of that depth and growth rate.

    Raises UserError, which names the nearest depths, where three equal blocks cannot have it.
    """
    layers = "layers with bottlenecks" if bottleneck else "layers"
    n = _steps(depth, 6 if bottleneck else 3, 4, f"three dense blocks of {layers}")
    return DenseNetVariant(n, growth, bottleneck, compression)


def _steps(depth: int, step: int, offset: int, what: str) -> int:
    if depth > DEEPEST:
        raise UserError(f"A net of {depth} layers is too deep to draw: give a depth of at most {DEEPEST}.")
    n, rest = divmod(depth - offset, step)
    if n < 1:
        raise UserError(f"There is no net of depth {depth} with {what}: the smallest has depth {step + offset}.")
    if rest:
        below, above = step * n + offset, step * (n + 1) + offset
        raise UserError(
            f"There is no net of depth {depth} with {what}: the depth is {step}n + {offset}, so {below} or {above}."
        )
    return n


def _within(value: int, least: int, most: int, what: str) -> None:
    if not least <= value <= most:
        raise UserError(f"A net cannot have {value} {what} here: give {least} to {most}.")
