"""The toybox: our own data set of colour scenes with one of ten toys, and the true box around it.

A seed generates everything. The labelled toy lies whole inside the image, or partly behind an occluder; toys at the
sides, cut by the edge, distract as the neighbouring digits of SVHN do (section 4.1). Place, size, rotation, colours,
lighting, background and occlusion are random and independent of the class, so that only the shape identifies it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor

from core import weights
from core.datasets import backdrops, toys
from core.datasets.download import exclusive, silent
from core.datasets.name import Name, whole_numbers
from core.datasets.split import Progress, Split, Splits
from core.datasets.toys import Sampler
from core.errors import UserError

VERSION = 1  # of the drawings: files of another one are not read
CLASSES = tuple(toys.TOYS)
SIZES = {"train": 20_000, "validation": 2_000, "test": 4_000}
LIMITS = {"side": (32, 128), "seed": (0, 2**31 - 1)}
MOST_HIDDEN = 0.4  # of a toy's area, by an occluder
_SHEET = 500  # scenes drawn at once, few enough for the processor's cache
_TURN = 0.22  # radians, standard deviation of the rotation; airplanes, seen from above, fly anywhere


@dataclass(frozen=True)
class Scenes:
    """Parameters of the scenes: `side` in pixels, and `seed`. As text: `toybox?side=SIDE&seed=SEED`."""

    side: int = 32
    seed: int = 0

    @property
    def name(self) -> str:
        """Return the name for settings and addresses: "toybox" alone for the defaults."""
        usual = Scenes()
        options = (("side", self.side, usual.side), ("seed", self.seed, usual.seed))
        return str(
            Name("toybox", options=tuple((key, str(value)) for key, value, common in options if value != common))
        )

    @classmethod
    def named(cls, name: Name) -> "Scenes":
        """Return the scenes of a parsed name. Raises UserError for a wrong option."""
        return cls(**whole_numbers(name, {"side": cls.side, "seed": cls.seed}, LIMITS))


@dataclass(frozen=True)
class Sheet:
    """Scenes drawn together. `masks` (N, H, W) in [0, 1]: the share of a pixel that the toy's visible part covers."""

    images: Tensor  # float (N, 3, H, W) in [0, 1]
    masks: Tensor
    labels: Tensor  # int64 (N,)


@dataclass(frozen=True)
class _Light:
    """The direction of the light, (x, y) of length 1 in the image, and its strength; all (N, 1, 1)."""

    x: Tensor
    y: Tensor
    strength: Tensor


@dataclass(frozen=True)
class _Poses:
    """The poses of toys: centre in (-1, 1), half their size, rotation and shape; all (N, 1, 1)."""

    x: Tensor
    y: Tensor
    size: Tensor
    turn: Tensor
    mirror: Tensor
    stretch: Tensor
    shear: Tensor


def read(scenes: Scenes, root: Path, progress: Progress = silent) -> Splits:
    """Return training, test and validation split with boxes, images uint8 (N, 3, side, side).

    They are drawn once and cached as ROOT/toybox/*.safetensors; where that cannot be written they are drawn every time.
    """
    path = root / "toybox" / f"side{scenes.side}-seed{scenes.seed}-v{VERSION}.safetensors"
    tensors = _cached(path, scenes)
    if tensors is None:
        try:
            with exclusive(path.parent, path.stem, "Toybox", progress):
                tensors = _cached(path, scenes)  # another process may have drawn them while this one waited
                if tensors is None:
                    tensors = _all(scenes, progress)
                    weights.write(path, tensors)
        except (UserError, OSError, SafetensorError):
            tensors = tensors or _all(scenes, progress)
    train, validation, test = (
        Split(*(tensors[f"{split}.{part}"] for part in ("images", "labels", "boxes"))) for split in SIZES
    )
    return Splits(train, test, validation)


def _cached(path: Path, scenes: Scenes) -> dict[str, Tensor] | None:
    """Return the tensors of an earlier reading; None where there are none, or incomplete ones."""
    try:
        tensors = weights.read(path)
    except UserError:
        return None
    shapes = {f"{split}.images": (size, 3, scenes.side, scenes.side) for split, size in SIZES.items()}
    complete = all(name in tensors and tensors[name].shape == shape for name, shape in shapes.items())
    return tensors if complete else None


def _all(scenes: Scenes, progress: Progress) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    total = sum(SIZES.values()) * 3 * scenes.side**2
    done = 0

    def count(scenes_done: int) -> None:
        progress("Toybox: drawing scenes", done + scenes_done * 3 * scenes.side**2, total)

    for split, size in SIZES.items():
        drawn = draw(split, size, scenes, count)
        done += drawn.images.numel()
        tensors |= {f"{split}.{part}": tensor for part, tensor in vars(drawn).items()}
    return tensors


def draw(split: str, size: int, scenes: Scenes, progress: Callable[[int], None] = lambda done: None) -> Split:
    """Return the first `size` scenes of a split, with their boxes. Deterministic."""
    images, labels, boxes = [], [], []
    for number in range(-(-size // _SHEET)):
        progress(number * _SHEET)
        sheet = sheet_of(split, number, scenes)
        images.append(sheet.images.mul(255).round_().to(torch.uint8))
        labels.append(sheet.labels)
        boxes.append(tight_boxes(sheet.masks))
    return Split(torch.cat(images)[:size], torch.cat(labels)[:size], torch.cat(boxes)[:size])


def tight_boxes(masks: Tensor) -> Tensor:
    """Return half-open boxes (x0, y0, x1, y1), int64 (N, 4), of pixels where `masks` (N, H, W) are 0.5 or more."""
    covered = masks >= 0.5
    ends = []
    for line in (covered.any(1), covered.any(2)):  # columns, then rows
        number = line.to(torch.uint8)
        ends += [number.argmax(1), line.shape[1] - number.flip(1).argmax(1)]
    return torch.stack([ends[0], ends[2], ends[1], ends[3]], 1)


def sheet_of(split: str, number: int, scenes: Scenes, size: int = _SHEET) -> Sheet:
    """Return one sheet of `size` scenes, equally many of every class, in random order. Deterministic by its arguments.

    `size` is a multiple of the number of classes. Sheets of another size have other scenes.
    """
    place = list(SIZES).index(split)
    generator = torch.Generator().manual_seed((scenes.seed * len(SIZES) + place) * 100_000 + number)
    labels = torch.arange(len(CLASSES)).repeat_interleave(size // len(CLASSES))
    background = backdrops.draw(size, scenes.side, generator)
    sampler = Sampler(generator, size)
    poses, light = _poses(sampler, labels), _light(sampler)
    colour, cover = _toys(labels, poses, background, light, generator)
    image = _with_neighbours(background, colour, cover, poses, sampler)
    image = _with_shadow(image, cover, light)
    image.lerp_(colour, cover.unsqueeze(1))
    image, mask = _with_occluder(image, cover, poses, sampler)
    image = _photographed(image, light, sampler)
    order = torch.randperm(size, generator=generator)
    return Sheet(image[order], mask[order], labels[order])


def _axes(side: int) -> tuple[Tensor, Tensor]:
    """Return the pixels' centres from -1 to 1: x (1, 1, side) and y (1, side, 1)."""
    line = (torch.arange(side) * 2 + 1) / side - 1
    return line.view(1, 1, side), line.view(1, side, 1)


def _poses(sampler: Sampler, labels: Tensor) -> _Poses:
    size = sampler.uniform(0.4, 0.85)
    room = (1 - size).clamp(max=0.45)
    flying = (labels == CLASSES.index("airplane")).view(-1, 1, 1)
    return _Poses(
        x=room * sampler.uniform(-1, 1),
        y=room * sampler.uniform(-1, 1),
        size=size,
        turn=torch.where(flying, sampler.uniform(-3.2, 3.2), sampler.normal(0.0, _TURN, 0.6)),
        mirror=torch.where(sampler.bernoulli(0.5), 1.0, -1.0),
        stretch=sampler.uniform(0.88, 1.12),
        shear=sampler.normal(0.0, 0.08, 0.2),
    )


def _light(sampler: Sampler) -> _Light:
    angle = sampler.uniform(-2.6, -0.5)  # from above, mostly
    return _Light(angle.cos(), angle.sin(), sampler.uniform(0.1, 0.6))


def _toys(
    labels: Tensor, poses: _Poses, background: Tensor, light: _Light, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the shaded colour (N, 3, H, W) of every toy in its place, and the share of a pixel it covers (N, H, W)."""
    u, v = _axes(background.shape[3])
    x, y, pixel = _in_toys(u, v, poses)
    inks = _inks(background.mean((2, 3)), x, y, Sampler(generator, len(labels)))
    outline = Sampler(generator, len(labels)).uniform(0.0, 0.7).unsqueeze(1)
    colours, covers = [], []
    for label, toy in enumerate(CLASSES):
        which = (labels == label).nonzero().squeeze(1)
        colour, distance = toys.draw(
            toy,
            (x[which], y[which]),
            pixel[which],
            [ink[which] for ink in inks],
            outline[which],
            Sampler(generator, len(which)),
        )
        colours.append(colour)
        covers.append(distance)
    distance = torch.cat(covers)  # labels are in order, so the toys are
    return _shaded(torch.cat(colours), distance, light), (0.5 - distance / pixel).clamp_(0, 1)


def _in_toys(u: Tensor, v: Tensor, poses: _Poses) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pixels in the toys' own coordinates, x and y (N, H, W), and a pixel's size there (N, 1, 1)."""
    right, down = u - poses.x, v - poses.y
    cos, sin = poses.turn.cos() / poses.size, poses.turn.sin() / poses.size
    y = (down * cos - right * sin) * poses.stretch
    x = (right * cos + down * sin) * poses.mirror / poses.stretch + poses.shear * y
    return x, y, 2 / u.shape[2] / poses.size


def _inks(around: Tensor, x: Tensor, y: Tensor, sampler: Sampler) -> list[Tensor]:
    """Return a colour for every ink (N, 3, 1, 1); that of the body, with its pattern, is (N, 3, H, W).

    Body and trim are mostly unlike the background's mean `around` (N, 3), so that the toy stands out.
    """
    body, trim = (_unlike(around, sampler) for _ in range(2))
    second = torch.lerp(body, _colours(sampler), 0.6)
    accent = _colours(sampler)
    random = torch.rand((4, sampler.count), generator=sampler.generator)
    dark = backdrops.hsv(random[0], 0.5 * random[1], 0.05 + 0.25 * random[2])
    light = backdrops.hsv(random[3], 0.4 * random[1], 0.75 + 0.25 * random[2])
    inks = [ink[:, :, None, None] for ink in (body, trim, accent, dark, light)]
    inks[toys.BODY] = torch.lerp(inks[toys.BODY], second[:, :, None, None], _pattern(x, y, sampler).unsqueeze(1))
    return inks


def _colours(sampler: Sampler) -> Tensor:
    return backdrops.colours(sampler.count, sampler.generator)


def _unlike(around: Tensor, sampler: Sampler) -> Tensor:
    """Return the one of four random colours that differs most from `around` (N, 3), or, one time in six, the first."""
    colours = torch.stack([_colours(sampler) for _ in range(4)], 1)
    best = (colours - around.unsqueeze(1)).square().sum(2).argmax(1)
    best[sampler.bernoulli(1 / 6).flatten()] = 0
    return colours[torch.arange(sampler.count), best]


def _pattern(x: Tensor, y: Tensor, sampler: Sampler) -> Tensor:
    """Return the share of the body's second colour (N, H, W) in [0, 1]: none for half of the toys, stripes or dots."""
    angle, often = sampler.uniform(0, 3.1416), sampler.uniform(5, 11)
    stripes = ((x * angle.cos() + y * angle.sin()) * often).sin()
    dots = (x * often).sin() * (y * often).sin() * 2 - 0.6
    kind = sampler.uniform(0, 4)
    pattern = torch.where(kind < 1, stripes, dots).mul_(2).add_(0.5).clamp_(0, 1)
    return pattern.mul_(kind < 2)


def _shaded(colour: Tensor, distance: Tensor, light: _Light) -> Tensor:
    """Return colours (N, 3, H, W), brighter where the toy's rounded edge faces the light."""
    height = (-distance / 0.35).clamp_(0, 1)
    height = height * (2 - height)
    slope_x, slope_y = torch.zeros_like(height), torch.zeros_like(height)
    slope_x[:, :, 1:-1] = height[:, :, 2:] - height[:, :, :-2]
    slope_y[:, 1:-1] = height[:, 2:] - height[:, :-2]
    steep = height.shape[2] / 32  # the same for every side
    towards = -(slope_x * light.x + slope_y * light.y) * steep
    return (colour * (1 + light.strength * 1.6 * towards.clamp_(-0.5, 0.5)).unsqueeze(1)).clamp_(0, 1)


def _moved(layers: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Return layers (N, C, H, W) shifted by whole pixels, zero-padded; `right`, `down` (N, 1, 1) are in [-1, 1]."""
    side = layers.shape[3]
    u, v = _axes(side)
    across = u - (right * side / 2).round() * 2 / side
    along = v - (down * side / 2).round() * 2 / side
    grid = torch.stack([across.expand(-1, side, -1), along.expand(-1, -1, side)], 3)
    return F.grid_sample(layers, grid, mode="nearest", padding_mode="zeros", align_corners=False)


def _with_neighbours(image: Tensor, colour: Tensor, cover: Tensor, poses: _Poses, sampler: Sampler) -> Tensor:
    """Return the image with toys of other scenes of the sheet, of other classes, half outside at both edges."""
    layers = torch.cat([colour, cover.unsqueeze(1)], 1)
    a_class = len(cover) // len(CLASSES)
    for side in (-1, 1):
        steps = int(torch.randint(1, len(CLASSES), (), generator=sampler.generator))
        order = torch.randperm(a_class, generator=sampler.generator)
        # Scenes are sorted by class: some classes further on, every toy is of another class.
        other = (torch.arange(len(CLASSES)).roll(-steps).unsqueeze(1) * a_class + order).flatten()
        x = side * sampler.uniform(0.95, 1.35)
        moved = _moved(layers[other], x - poses.x[other], sampler.uniform(-0.5, 0.5) - poses.y[other])
        there = moved[:, 3:] * sampler.bernoulli(0.45).unsqueeze(1)
        image = torch.lerp(image, moved[:, :3], there)
    return image


def _with_shadow(image: Tensor, cover: Tensor, light: _Light) -> Tensor:
    """Return the image with a soft shadow behind the toy, away from the light."""
    side = cover.shape[2]
    width = 2 * (side // 16) + 1
    soft = F.avg_pool2d(cover.unsqueeze(1), width, 1, width // 2)
    return image * (1 - light.strength.unsqueeze(1) * _moved(soft, -0.16 * light.x, -0.16 * light.y))


def _with_occluder(image: Tensor, cover: Tensor, poses: _Poses, sampler: Sampler) -> tuple[Tensor, Tensor]:
    """Return the image with a leaf, a post or a tuft before four toys of ten, and the visible part of the toys.

    An occluder that would hide more than MOST_HIDDEN of the toy is left out.
    """
    u, v = _axes(cover.shape[2])
    angle, away = sampler.uniform(0, 6.2832), poses.size * sampler.uniform(0.35, 0.9)
    right, down = u - poses.x - away * angle.cos(), v - poses.y - away * angle.sin()
    lean = sampler.uniform(0, 3.1416)
    across, along = right * lean.cos() + down * lean.sin(), down * lean.cos() - right * lean.sin()
    leaf = (torch.hypot(across / sampler.uniform(0.2, 0.45), along / sampler.uniform(0.12, 0.28)) - 1) * 0.2
    steep = sampler.normal(0.0, 0.12, 0.3)
    post = (right + steep * down).abs() - sampler.uniform(0.05, 0.14)
    blades = backdrops.noise(sampler.count, cover.shape[2], sampler.generator)[:, :1]
    tuft = poses.y + poses.size * sampler.uniform(0.35, 0.75) - v + 0.8 * (blades - 0.5)
    kind = sampler.uniform(0, 7.5)
    distance = torch.where(kind < 1, leaf, torch.where(kind < 2, post, tuft))
    hiding = (0.5 - distance * cover.shape[2] / 2).clamp_(0, 1) * (kind < 3)
    hidden = (hiding * cover).sum((1, 2), keepdim=True) / cover.sum((1, 2), keepdim=True).clamp(min=1)
    hiding = hiding * (hidden <= MOST_HIDDEN)
    grain = backdrops.noise(sampler.count, cover.shape[2], sampler.generator).unsqueeze(1)
    colour = _colours(sampler)[:, :, None, None] * (0.6 + 0.6 * grain)
    return torch.lerp(image, colour.clamp_(0, 1), hiding.unsqueeze(1)), cover * (1 - hiding)


def _photographed(image: Tensor, light: _Light, sampler: Sampler) -> Tensor:
    """Return the image with light from one side, exposure, contrast, a tint, a little blur and sensor noise."""
    u, v = _axes(image.shape[3])
    image = image * (1 + 0.5 * light.strength * (u * light.x + v * light.y)).unsqueeze(1)
    soft = F.avg_pool2d(image, 3, 1, 1, count_include_pad=False)
    image = image.lerp_(soft, sampler.uniform(0.0, 0.45).unsqueeze(1))
    tint = torch.rand((len(image), 3, 1, 1), generator=sampler.generator) * 0.24 - 0.12
    contrast, exposure = sampler.uniform(0.6, 1.15).unsqueeze(1), sampler.uniform(-0.15, 0.12).unsqueeze(1)
    image = (image - 0.5) * contrast + 0.5 + exposure + tint
    grain = torch.randn(image.shape, generator=sampler.generator) * sampler.uniform(0.0, 0.045).unsqueeze(1)
    return image.add_(grain).clamp_(0, 1)
