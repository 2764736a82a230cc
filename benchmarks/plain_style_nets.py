"""The peers of `benchmarks.stylize`: style networks written plainly, in eager float32, and painting with them.

One is Table 5.1 with our own weights, the other the net of pytorch/examples, `fast_neural_style`, twice as wide, which
people copy and run. Both are made of ReflectionPad2d, Conv2d, InstanceNorm2d and nearest-neighbour Upsample.
"""

import torch
from torch import Tensor, nn

from core import images
from core.images import Picture
from core.style import stroke
from core.style.network import (
    MEANS,
    OUTPUT_RANGE,
    RESIDUAL_BLOCKS,
    NormedConvolution,
    PasticheNet,
    UpsampledConvolution,
)

WIDE = (32, 64, 128)  # feature maps of pytorch/examples, `TransformerNet`


class PlainResidual(nn.Module):
    """Two blocks with a ReLU between them, added to their input."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(first, nn.ReLU(), second)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def padded(convolution: nn.Conv2d, doubled: bool = False) -> list[nn.Module]:
    """Return reflection padding that keeps the size, before a convolution; `doubled`: after nearest upsampling."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(convolution.kernel_size[0] // 2), convolution]
    return [nn.Upsample(scale_factor=2, mode="nearest"), *layers] if doubled else layers


def plain_block(block: NormedConvolution | UpsampledConvolution, style: int) -> nn.Sequential:
    """Return padding, convolution and InstanceNorm2d with the weights of one of our blocks and one style."""
    convolution = block.convolution
    norm = nn.InstanceNorm2d(convolution.out_channels, affine=True, eps=block.norm.epsilon)
    with torch.no_grad():
        norm.weight.copy_(block.norm.scale[style])
        norm.bias.copy_(block.norm.shift[style])
    return nn.Sequential(*padded(convolution, isinstance(block, UpsampledConvolution)), norm)


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


def wide_net() -> nn.Sequential:
    """Return the architecture of pytorch/examples with random weights: pixels in 0 to 255 -> about the same.

    Convolutions have biases and the last one no normalisation. How long it paints does not depend on its weights.
    """

    def block(maps_in: int, maps_out: int, kernel: int, stride: int = 1, doubled: bool = False) -> nn.Sequential:
        convolution = nn.Conv2d(maps_in, maps_out, kernel, stride)
        return nn.Sequential(*padded(convolution, doubled), nn.InstanceNorm2d(maps_out, affine=True))

    small, middle, large = WIDE
    outer = [block(3, small, 9), block(small, middle, 3, 2), block(middle, large, 3, 2)]
    inner = [PlainResidual(block(large, large, 3), block(large, large, 3)) for _ in range(RESIDUAL_BLOCKS)]
    upper = [block(large, middle, 3, doubled=True), block(middle, small, 3, doubled=True)]
    return nn.Sequential(
        *(layer for each in outer for layer in (each, nn.ReLU())),
        *inner,
        *(layer for each in upper for layer in (each, nn.ReLU())),
        *padded(nn.Conv2d(small, 3, 9)),
    ).eval()


def paint_plainly(plain: nn.Module, picture: Picture, stroke_size: float = 0.0) -> Picture:
    """Return `picture`, uint8 (H, W, 3), painted by the plain net, in the rounds of a stroke size: the same shape."""
    means = torch.tensor(MEANS).view(1, 3, 1, 1)

    def painted(source: Picture) -> Picture:
        with torch.inference_mode():
            return images.from_tensor((plain(images.to_tensor(source) * 255 - means) * OUTPUT_RANGE + means) / 255)

    source = None
    for draft in stroke.drafts(*picture.shape[:2], stroke_size):
        photograph = stroke.scaled(picture, draft.scale)
        source = painted(photograph if source is None else stroke.with_draft(photograph, *source)), draft.part
    return painted(picture if source is None else stroke.with_draft(picture, *source))


def paint_widely(wide: nn.Module, picture: Picture) -> Picture:
    """Return `picture`, uint8 (H, W, 3), painted in one pass, as the script of pytorch/examples does."""
    with torch.inference_mode():
        return images.from_tensor(wide(images.to_tensor(picture) * 255) / 255)
