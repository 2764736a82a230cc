"""Painting of large pictures in strips, with the statistics of the whole picture: the same painting in far less memory.

Instance normalisation needs mean and variance over the whole picture before it can change a single pixel. So each layer
is swept strip by strip for its statistics, then applied strip by strip. The outputs of the two layers of full size are
not kept between the sweeps but computed twice, which costs a seventh more and saves the most memory. Only rounding
differs from a painting in one piece, and there are no seams.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core import images
from core.images import Picture
from core.style.network import (
    OUTPUT_RANGE,
    ConditionalNorm,
    NormedConvolution,
    PasticheNet,
    Residual,
    UpsampledConvolution,
    upsampled_convolution,
)

STRIP_PIXELS = 1_000_000  # of the full-sized picture in a strip
MULTIPLE = 4  # of rows in a strip: two halvings and two doublings keep their places

Progress = Callable[[float], None]  # of the part that is done, from 0 to 1; may raise an error to cancel
RowsOf = Callable[[int, int], Tensor]


@dataclass(frozen=True)
class Maps:
    """Feature maps (1, C, H, W) that are read in rows: `rows(top, bottom)` is (1, C, bottom - top, W)."""

    height: int
    rows: RowsOf


class Strips:
    """The sweeps over one picture: the rows in a strip, the blend of the net's rows, and the work done so far."""

    def __init__(self, net: PasticheNet, blend: Tensor, size: tuple[int, int], progress: Progress) -> None:
        self.net = net
        self.blend = blend
        self.full_height = size[0]
        self.strip = max(MULTIPLE, STRIP_PIXELS // size[1] // MULTIPLE * MULTIPLE)
        self.progress = progress
        self.work = multiply_adds(net, *size)
        self.done = 0

    def worked(self, multiply_adds: int) -> None:
        """Add to the work that is done and report it."""
        self.done += multiply_adds
        self.progress(min(1.0, self.done / self.work))

    def sweep(self, maps: Maps) -> Iterator[tuple[int, int, Tensor]]:
        """Yield top, bottom and rows of each strip."""
        step = max(MULTIPLE, self.strip * maps.height // self.full_height // MULTIPLE * MULTIPLE)
        for top in range(0, maps.height, step):
            bottom = min(top + step, maps.height)
            yield top, bottom, maps.rows(top, bottom)

    def kept(self, maps: Maps) -> Maps:
        """Return the maps computed once and held in memory."""
        whole: Tensor | None = None
        for top, bottom, rows in self.sweep(maps):
            if whole is None:
                shape = (1, rows.shape[1], maps.height, rows.shape[3])
                whole = torch.empty(shape, dtype=rows.dtype, memory_format=torch.channels_last)
            whole[:, :, top:bottom] = rows
        assert whole is not None
        return held(whole)

    def convolved(self, maps: Maps, layer: NormedConvolution) -> Maps:
        """Return the maps convolved, before the normalisation."""
        stride, pad = layer.convolution.stride[0], layer.pad
        height = (maps.height + 2 * pad - layer.convolution.kernel_size[0]) // stride + 1

        def rows(top: int, bottom: int) -> Tensor:
            wanted = torch.arange(top * stride - pad, (bottom - 1) * stride + pad + 1).abs()
            wanted = (maps.height - 1) - (maps.height - 1 - wanted).abs()  # reflected at both edges
            first = int(wanted.min())
            part = maps.rows(first, int(wanted.max()) + 1)[:, :, wanted - first]
            part = layer.convolved(F.pad(part, (pad, pad, 0, 0), mode="reflect"))
            self.worked(layer.convolution.weight.numel() * part.shape[2] * part.shape[3])
            return part

        return Maps(height, rows)

    def upsampled(self, maps: Maps, layer: UpsampledConvolution) -> Maps:
        """Return the maps doubled and convolved, before the normalisation; strips have an even number of rows."""

        def rows(top: int, bottom: int) -> Tensor:
            wanted = torch.arange(top // 2 - 1, bottom // 2 + 1).clamp(0, maps.height - 1)
            first = int(wanted[0])
            part = maps.rows(first, int(wanted[-1]) + 1)[:, :, wanted - first]
            part = upsampled_convolution(part, layer.convolution.weight)[:, :, 2:-2]
            self.worked(layer.convolution.weight[:, :, :2, :2].numel() * part.shape[2] * part.shape[3])
            return part

        return Maps(2 * maps.height, rows)

    def normalised(self, maps: Maps, norm: ConditionalNorm, relu: bool = True) -> Maps:
        """Return the maps normalised by their statistics over the whole picture, which are computed here."""
        mean, variance = self.statistics(maps)
        factor = (self.blend @ norm.scale)[0].double() / (variance + norm.epsilon).sqrt()
        offset = (self.blend @ norm.shift)[0].double() - mean * factor
        slope, level = (values.float().view(1, -1, 1, 1) for values in (factor, offset))

        def rows(top: int, bottom: int) -> Tensor:
            part = maps.rows(top, bottom)
            result = torch.addcmul(level, part.float(), slope)
            return (result.relu_() if relu else result).to(part.dtype)

        return Maps(maps.height, rows)

    def statistics(self, maps: Maps) -> tuple[Tensor, Tensor]:
        """Return mean and variance of each channel, (C,) in float64, merged from those of the strips."""
        counts, means, variances = [], [], []
        for _, _, rows in self.sweep(maps):
            variance, mean = torch.var_mean(rows.float(), (0, 2, 3), correction=0)
            counts.append(rows.shape[2])
            means.append(mean.double())
            variances.append(variance.double())
        shares = torch.tensor(counts, dtype=torch.float64)[:, None] / maps.height
        mean = (shares * torch.stack(means)).sum(0)
        return mean, (shares * (torch.stack(variances) + (torch.stack(means) - mean).square())).sum(0)


def held(whole: Tensor) -> Maps:
    """Return maps (1, C, H, W) that are in memory."""
    return Maps(whole.shape[2], lambda top, bottom: whole[:, :, top:bottom])


def source(net: PasticheNet, picture: Picture, dtype: torch.dtype) -> Maps:
    """Return uint8 (H, W, 3) as the first layer takes it, both sides reflected up to multiples of MULTIPLE.

    Strips are converted when they are read: whole, the numbers would take four times the memory, or more.
    """
    height, width = picture.shape[:2]
    places = np.arange(height + -height % MULTIPLE)
    places = (height - 1) - np.abs(height - 1 - places)

    def rows(top: int, bottom: int) -> Tensor:
        x = images.to_tensor(picture[places[top:bottom]]).to(dtype) * 255 - net.means.to(dtype)
        return F.pad(x, (0, -width % MULTIPLE, 0, 0), mode="reflect").contiguous(memory_format=torch.channels_last)

    return Maps(len(places), rows)


def paint(net: PasticheNet, picture: Picture, blend: Tensor, progress: Progress) -> Tensor:
    """Return what `net` paints from uint8 (H, W, 3) on the CPU: float32 (1, 3, H, W), not clamped.

    `blend` is (1, rows) in the number format of the net. `progress` is called after each strip; what it raises ends
    the painting.
    """
    height, width = picture.shape[:2]
    maps = source(net, picture, blend.dtype)
    strips = Strips(net, blend, (maps.height, width + -width % MULTIPLE), progress)
    maps = strips.normalised(strips.convolved(maps, net.enter), net.enter.norm)
    for layer in (net.down1, net.down2):
        maps = strips.normalised(strips.kept(strips.convolved(maps, layer)), layer.norm)
    maps = strips.kept(maps)
    for residual in residuals_of(net):
        inner = strips.normalised(strips.kept(strips.convolved(maps, residual.first)), residual.first.norm)
        inner = strips.normalised(strips.kept(strips.convolved(inner, residual.second)), residual.second.norm, False)
        maps = strips.kept(added(maps, inner))
    maps = strips.normalised(strips.kept(strips.upsampled(maps, net.up1)), net.up1.norm)
    maps = strips.normalised(strips.upsampled(maps, net.up2), net.up2.norm)
    maps = strips.normalised(strips.kept(strips.convolved(maps, net.leave)), net.leave.norm, False)
    painted = torch.empty((1, 3, maps.height, width + -width % MULTIPLE), dtype=torch.float32)
    for top, bottom, rows in strips.sweep(maps):
        painted[:, :, top:bottom] = (torch.tanh(rows.float()) * OUTPUT_RANGE + net.means.float()) / 255
    progress(1.0)
    return painted[..., :height, :width]


def added(one: Maps, other: Maps) -> Maps:
    """Return the sum of maps of one size."""
    return Maps(one.height, lambda top, bottom: one.rows(top, bottom) + other.rows(top, bottom))


def residuals_of(net: PasticheNet) -> list[Residual]:
    """Return the residual blocks in their order."""
    return [block for block in net.residuals if isinstance(block, Residual)]


def multiply_adds(net: PasticheNet, height: int, width: int) -> int:
    """Return the multiply-adds of a painting in strips, those that are done twice included."""

    def of(layer: NormedConvolution, scale: int) -> int:
        return layer.convolution.weight.numel() * (height // scale) * (width // scale)

    up1, up2 = net.up1.convolution.weight[:, :, :2, :2].numel(), net.up2.convolution.weight[:, :, :2, :2].numel()
    inner = sum(of(layer, 4) for residual in residuals_of(net) for layer in (residual.first, residual.second))
    outer = 2 * of(net.enter, 1) + of(net.down1, 2) + of(net.down2, 4) + of(net.leave, 1)
    return inner + outer + height * width * (up1 // 4 + 2 * up2)
