"""`python -m benchmarks.stylize`: milliseconds a picture of our painter against Table 5.1 written down plainly.

The peer is the same net with the same weights in eager float32: InstanceNorm2d, nearest-neighbour Upsample and
ReflectionPad2d, its parameters blended beforehand. Both go from a uint8 picture to a uint8 picture.
"""

import argparse

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import report
from core import images, weights
from core.images import Picture
from core.style import painter
from core.style.network import MEANS, NormedConvolution, PasticheNet, UpsampledConvolution

ROUNDS = {256: 15, 512: 9, 1024: 5}


class PlainResidual(nn.Module):
    """Two blocks with a ReLU between them, added to their input."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(first, nn.ReLU(), second)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def plain_block(block: NormedConvolution | UpsampledConvolution, style: int) -> nn.Sequential:
    """Return padding, convolution and InstanceNorm2d with the weights of one of our blocks and one style."""
    convolution = block.convolution
    norm = nn.InstanceNorm2d(convolution.out_channels, affine=True, eps=block.norm.epsilon)
    with torch.no_grad():
        norm.weight.copy_(block.norm.scale[style])
        norm.bias.copy_(block.norm.shift[style])
    layers: list[nn.Module] = [nn.ReflectionPad2d(convolution.kernel_size[0] // 2), convolution, norm]
    if isinstance(block, UpsampledConvolution):
        layers.insert(0, nn.Upsample(scale_factor=2, mode="nearest"))
    return nn.Sequential(*layers)


def plain_net(net: PasticheNet, style: int) -> nn.Sequential:
    """Return our net as plain modules that paint one style: mean-free pixels in 0 to 255 -> (-1, 1)."""

    def block(ours: nn.Module) -> nn.Sequential:
        assert isinstance(ours, NormedConvolution | UpsampledConvolution)
        return plain_block(ours, style)

    return nn.Sequential(
        *(layer for ours in (net.enter, net.down1, net.down2) for layer in (block(ours), nn.ReLU())),
        *(PlainResidual(block(residual.first), block(residual.second)) for residual in net.residuals),
        *(layer for ours in (net.up1, net.up2) for layer in (block(ours), nn.ReLU())),
        block(net.leave),
        nn.Tanh(),
    ).eval()


def paint_plainly(plain: nn.Module, picture: Picture) -> Picture:
    """Return `picture`, uint8 (H, W, 3), painted by the plain net: the same shape."""
    means = torch.tensor(MEANS).view(1, 3, 1, 1)
    with torch.inference_mode():
        return images.from_tensor((plain(images.to_tensor(picture) * 255 - means) * 150 + means) / 255)


def measure(net: str, rounds: dict[int, int]) -> list[report.Row]:
    """Return a row for each side; raise AssertionError where the two do not paint the same picture."""
    ours = painter.shipped(net)
    style = ours.names[0]
    card = weights.card(net)
    read = painter.read_net(weights.WEIGHTS / f"{net}.safetensors", len(ours.names), card["width"])
    plain = plain_net(read, 0)
    rows = []
    for side, count in rounds.items():
        picture = images.resize(images.sample("astronaut"), side, side)
        difference = np.abs(ours.paint(picture, {style: 1}).astype(int) - paint_plainly(plain, picture)).mean()
        assert difference < 255 * painter.HALF_TOLERANCE, f"the two paint different pictures, by {difference:.1f}"
        milliseconds = report.in_turn(
            lambda picture=picture: ours.paint(picture, {style: 1}),  # type: ignore[misc]
            lambda picture=picture: paint_plainly(plain, picture),  # type: ignore[misc]
            count,
        )
        rows.append(report.faster(f"{side} x {side} px", *milliseconds))
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stylize", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    report.show("stylize", measure(painter.palettes()[0], ROUNDS), options.json)


if __name__ == "__main__":
    main()
