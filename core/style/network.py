"""The style network, which the thesis calls a pastiche network: Table 5.1 with every normalisation conditioned on the
style (section 5.5, equation 5.13), so that blended parameters (equation 5.14) paint blended styles."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import UserError

MEANS = (123.68, 116.779, 103.939)  # R, G, B of ImageNet, footnote 7 of section 5.4.3
OUTPUT_RANGE = 150.0  # "tanh nonlinearity scaled to the range (-150, 150)", section 5.4.2
INITIAL_DEVIATION = 0.05  # "Gaussian with 0.05 standard deviation", Table 5.1
RESIDUAL_BLOCKS = 5
FEW_MAPS = 4  # fewer maps than these are convolved in squares of pixels
MIN_SIDE = 8  # the 9x9 convolutions reflect four pixels, and the bottleneck needs two


def reflect(x: Tensor, pad: int) -> Tensor:
    """Pad (N, C, H, W) by reflection, `pad` pixels at every edge: zeros would show as a coloured frame.

    Where nothing is learnt, rows are copied whole, which PyTorch's own padding of channels_last does not do.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return F.pad(x, (pad, pad, pad, pad), mode="reflect")
    samples, channels, height, width = x.shape
    size = (samples, channels, height + 2 * pad, width + 2 * pad)
    padded = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    inner = padded[:, :, pad:-pad]
    inner[..., pad:-pad] = x
    inner[..., :pad] = x[..., 1 : pad + 1].flip(3)
    inner[..., -pad:] = x[..., -pad - 1 : -1].flip(3)
    padded[:, :, :pad] = inner[:, :, 1 : pad + 1].flip(2)
    padded[:, :, -pad:] = inner[:, :, -pad - 1 : -1].flip(2)
    return padded


def relu(x: Tensor) -> Tensor:
    """Apply ReLU to an intermediate result, in place where no gradient needs the former values."""
    return F.relu(x, inplace=not torch.is_grad_enabled())


class InstanceNorm(torch.autograd.Function):
    """Instance normalisation whose gradient is as fast in channels_last as its value.

    PyTorch's own gradient of group_norm reads channels_last across its layout: it took a third of a training step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, epsilon: float) -> Tensor:
        samples, channels, height, width = x.shape
        y, mean, rstd = torch.native_group_norm(x, None, None, samples, channels, height * width, channels, epsilon)
        ctx.save_for_backward(y, rstd)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        y, rstd = ctx.saved_tensors
        scale = rstd.view(*y.shape[:2], 1, 1)
        bare = gradient.mean((2, 3), keepdim=True, dtype=scale.dtype)
        along = (gradient * y).mean((2, 3), keepdim=True, dtype=scale.dtype)
        slope, level = (-along * scale).to(y.dtype), (-bare * scale).to(y.dtype)
        return torch.addcmul(torch.addcmul(level, y, slope), gradient, scale.to(y.dtype)), None


class ConditionalNorm(nn.Module):
    """Instance normalisation with one scale and one shift per style and channel (equation 5.13)."""

    def __init__(self, styles: int, channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(styles, channels))
        self.shift = nn.Parameter(torch.zeros(styles, channels))
        self.epsilon = epsilon

    def forward(self, x: Tensor, blend: Tensor) -> Tensor:
        """Normalise (N, C, H, W) with the parameters that `blend` mixes.

        `blend` is (N, styles), each row summing to one, or (1, styles) for one mixture of the whole batch.
        A group per channel is instance normalisation, and unlike InstanceNorm2d keeps channels_last.
        """
        scale = (blend @ self.scale).to(x.dtype)
        shift = (blend @ self.shift).to(x.dtype)
        channels = x.shape[1]
        if len(blend) == 1 and not torch.is_grad_enabled():
            return F.group_norm(x, channels, scale[0], shift[0], self.epsilon)
        normalised = InstanceNorm.apply(x, self.epsilon)
        return torch.addcmul(shift[:, :, None, None], normalised, scale[:, :, None, None])


class NormedConvolution(nn.Module):
    """Reflection padding, a convolution that keeps the size at stride 1, and its conditional normalisation.

    The convolution has no bias: the normalisation would subtract it again.
    """

    def __init__(self, styles: int, channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, bias=False)
        self.norm = ConditionalNorm(styles, channels_out)
        self.pad = kernel // 2

    def forward(self, x: Tensor, blend: Tensor) -> Tensor:
        return self.norm(self.convolved(reflect(x, self.pad)), blend)

    def convolved(self, padded: Tensor) -> Tensor:
        """Return the convolution of maps (N, C, H, W) that are padded already."""
        weight, learning = self.convolution.weight, torch.is_grad_enabled()
        even = padded.shape[2] % 2 == padded.shape[3] % 2 == 0
        if len(weight) < FEW_MAPS and self.convolution.stride == (1, 1) and even and not learning:
            return convolution_in_squares(padded, weight)
        return self.convolution(padded)


def convolution_in_squares(padded: Tensor, weight: Tensor) -> Tensor:
    """Convolve (N, C, H, W), both sides even, by (K, C, k, k), k odd: (N, K, H - k + 1, W - k + 1).

    The four outputs in a 2x2 square come from one convolution of stride two with four times as many maps and a kernel
    one pixel larger. Processors compute 16 maps or more at a time: for 3 maps this is 2.7 times as fast.
    """
    maps, channels, side, _ = weight.shape
    kernels = weight.new_zeros(maps, 2, 2, channels, side + 1, side + 1)
    for row in (0, 1):
        for column in (0, 1):
            kernels[:, row, column, :, row : row + side, column : column + side] = weight
    kernels = kernels.view(4 * maps, channels, side + 1, side + 1).contiguous(memory_format=torch.channels_last)
    # Each map by itself: with few of them channels_last is slow in all that follows.
    return F.pixel_shuffle(F.conv2d(padded, kernels, stride=2).contiguous(), 2)


class UpsampledConvolution(nn.Module):
    """Nearest-neighbour upsampling by two, then a 3x3 convolution, without ever making the larger input (Table 5.1).

    Every output pixel sees only 2x2 different input pixels, so four 2x2 convolutions, one for each place in a 2x2
    square of outputs, give the same sums with 4/9 of the products. Upsampling of this kind leaves no checkerboard
    (section 5.4.2).
    """

    def __init__(self, styles: int, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, 3, bias=False)
        self.norm = ConditionalNorm(styles, channels_out)

    def forward(self, x: Tensor, blend: Tensor) -> Tensor:
        return self.norm(upsampled_convolution(x, self.convolution.weight), blend)


def upsampled_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Double (N, C, H, W) by nearest neighbours, reflect one pixel, convolve by (K, C, 3, 3): (N, K, 2H, 2W)."""
    samples, _, height, width = x.shape
    maps = weight.shape[0]
    kernels = [quarter for rows in fold(weight, 2) for quarter in fold(rows, 3)]
    # A reflected pixel of the doubled picture is the edge pixel itself, hence replication before doubling.
    quarters = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), torch.cat(kernels)).permute(0, 2, 3, 1)
    rows = []
    for row in (0, 1):
        cells = [
            quarters[:, row : row + height, column : column + width, (2 * row + column) * maps :][..., :maps]
            for column in (0, 1)
        ]
        rows.append(torch.stack(cells, 3))
    doubled = torch.stack(rows, 2)  # (N, H, 2, W, 2, K)
    return doubled.view(samples, 2 * height, 2 * width, maps).permute(0, 3, 1, 2)


def fold(weight: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return three taps on doubled pixels as two taps on the pixels themselves, for even and for odd outputs."""
    before, centre, after = weight.unbind(axis)
    return torch.stack((before, centre + after), axis), torch.stack((before + centre, after), axis)


class Residual(nn.Module):
    """Two 3x3 convolutions, the second linear, added to the input (Table 5.1)."""

    def __init__(self, styles: int, channels: int) -> None:
        super().__init__()
        self.first = NormedConvolution(styles, channels, channels, 3)
        self.second = NormedConvolution(styles, channels, channels, 3)

    def forward(self, x: Tensor, blend: Tensor) -> Tensor:
        inner = self.second(relu(self.first(x, blend)), blend)
        return x + inner if torch.is_grad_enabled() else inner.add_(x)


class PasticheNet(nn.Module):
    """Table 5.1 for `styles` styles; `width` multiplies its 16, 32 and 64 feature maps."""

    means: Tensor

    def __init__(self, styles: int, width: float = 1.0) -> None:
        super().__init__()
        if styles < 1:
            raise UserError(f"A style network needs at least one style, not {styles}.")
        if not (math.isfinite(width) and round(16 * width) >= 1):
            raise UserError(f"The width must be a positive number (1 is Table 5.1), not {width}.")
        self.styles = styles
        self.width = width
        small, middle, large = (round(maps * width) for maps in (16, 32, 64))
        self.enter = NormedConvolution(styles, 3, small, 9)
        self.down1 = NormedConvolution(styles, small, middle, 3, stride=2)
        self.down2 = NormedConvolution(styles, middle, large, 3, stride=2)
        self.residuals = nn.ModuleList(Residual(styles, large) for _ in range(RESIDUAL_BLOCKS))
        self.up1 = UpsampledConvolution(styles, large, middle)
        self.up2 = UpsampledConvolution(styles, middle, small)
        self.leave = NormedConvolution(styles, small, 3, 9)
        self.register_buffer("means", torch.tensor(MEANS).view(1, 3, 1, 1), persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=INITIAL_DEVIATION)

    @torch.no_grad()
    def start_from_colours(self, style: int, means: Tensor, deviations: Tensor) -> None:
        """Set the last normalisation of one style so that a new net paints with a painting's palette.

        `means` and `deviations` are (3,), of R, G, B in [0, 1]. Left at ones and zeros, tanh would saturate
        and the first thousand steps would be spent on the colours.
        """
        level = (means * 255 - self.means.flatten()) / OUTPUT_RANGE
        self.leave.norm.shift[style] = level.atanh()
        self.leave.norm.scale[style] = deviations * 255 / OUTPUT_RANGE / (1 - level.square())

    def forward(self, x: Tensor, blend: Tensor) -> Tensor:
        """Paint photographs (N, 3, H, W), RGB in [0, 1], both sides at least 8 px.

        `blend` is (N, styles) or (1, styles), as `mixture` or `one_hot` make it. Returns the same shape on
        the same scale in float32, not clamped: tanh reaches a little beyond black and white.
        """
        height, width = x.shape[-2:]
        if min(height, width) < MIN_SIDE:
            raise UserError(
                f"The picture is {width} x {height} pixels; painting needs at least {MIN_SIDE} on each side."
            )
        x = torch.add(-self.means.to(x.dtype), x, alpha=255)
        # Two halvings and two doublings give back a multiple of four; what is added here is cut off below.
        x = F.pad(x, (0, -width % 4, 0, -height % 4), mode="reflect")
        x = relu(self.enter(x, blend))
        x = relu(self.down1(x, blend))
        x = relu(self.down2(x, blend))
        for residual in self.residuals:
            x = residual(x, blend)
        x = relu(self.up1(x, blend))
        x = relu(self.up2(x, blend))
        x = torch.tanh(self.leave(x, blend)).float()
        return torch.add(self.means.float() / 255, x, alpha=OUTPUT_RANGE / 255)[..., :height, :width]


def one_hot(labels: Tensor, styles: int) -> Tensor:
    """Return rows (N, styles) that choose one style per sample from int64 `labels` (N,)."""
    return F.one_hot(labels, styles).float()


def mixture(weights: dict[str, float], names: tuple[str, ...]) -> Tensor:
    """Return the row (1, styles) of equation 5.14: each style's weight over the sum of all weights.

    `weights` maps style names to finite numbers of at least zero, not all zero; styles left out weigh
    nothing. Raises UserError for anything else.
    """
    for name, weight in weights.items():
        if name not in names:
            raise UserError(f"There is no style {name!r}; the styles are {', '.join(names)}.")
        if not (math.isfinite(weight) and weight >= 0):
            raise UserError(f"The weight of {name} is {weight}; a weight must be a number of zero or more.")
    total = sum(weights.values())
    if total == 0:
        raise UserError("All style weights are zero, so there is nothing to paint with; raise one of them.")
    if not math.isfinite(total):
        raise UserError("The style weights are too large to add up; only their ratio matters, so make them smaller.")
    return torch.tensor([[weights.get(name, 0.0) / total for name in names]])
