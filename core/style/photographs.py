"""Photographs in memory, and the crops of them that a pastiche net is painting from at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError

PLACES = 32  # crops on the easel at a time: enough that those of a batch have little in common


class Photographs:
    """Pictures in memory as uint8 (H, W, 3) tensors; gives random mirrored crops."""

    def __init__(self, pictures: Sequence[Tensor]) -> None:
        if not pictures:
            raise UserError("There are no photographs to train on; give a folder with some.")
        self.pictures = pictures

    def crops(self, count: int, side: int, closest: float, generator: torch.Generator) -> Tensor:
        """(count, 3, side, side), float32 in [0, 1]: squares between `closest` and all of the short side."""
        return torch.cat([self._crop(side, closest, generator) for _ in range(count)])

    def _crop(self, side: int, closest: float, generator: torch.Generator) -> Tensor:
        index = int(torch.randint(len(self.pictures), (), generator=generator))
        zoom, down, right, mirror = torch.rand(4, generator=generator).tolist()
        picture = self.pictures[index]
        height, width = picture.shape[:2]
        extent = max(1, round(min(height, width) * (closest + (1 - closest) * zoom)))
        top, left = int(down * (height - extent + 1)), int(right * (width - extent + 1))
        square = picture[top : top + extent, left : left + extent].permute(2, 0, 1)[None].float() / 255
        if mirror < 0.5:
            square = square.flip(3)
        resized = F.interpolate(square, (side, side), mode="bilinear", antialias=True, align_corners=False)
        return resized.clamp(0, 1)


@dataclass
class Crop:
    """A picture (1, 3, side, side) to paint, and the content features of the part of it that is `seen`."""

    picture: Tensor
    down: int
    right: int
    side: int
    content: Mapping[str, Tensor]

    def seen(self, picture: Tensor) -> Tensor:
        """The part of (N, 3, H, W) that the loss networks look at."""
        return picture[:, :, self.down : self.down + self.side, self.right : self.right + self.side]


class Easel:
    """The crops under work. Each is painted `repeats` times, in styles and company drawn anew, then makes room.

    Its content features are computed once for all of them: afresh at every step they would be a quarter of it. What the
    loss networks see of a crop is `jitter` pixels smaller than what is painted, at a place drawn for each crop: the
    painting net works on a grid of four pixels, and so does SqueezeNet, and where the two always lie alike, the net
    learns to please that grid and prints it into the picture.
    """

    def __init__(
        self,
        photographs: Photographs,
        side: int,
        closest: float,
        jitter: int,
        repeats: int,
        content: Callable[[Tensor], Mapping[str, Tensor]],
    ) -> None:
        """`content` gives the features of (1, 3, H, W); `side` and `closest` as for `Photographs.crops`."""
        self.photographs, self.side, self.closest = photographs, side, closest
        self.jitter, self.repeats, self.content = jitter, repeats, content
        # A crop is known by the seed that it is drawn with (0: none yet), so that a checkpoint need not hold pictures.
        self.seeds = torch.zeros(PLACES, dtype=torch.int64)
        self.uses = torch.full((PLACES,), repeats)
        self.crops: dict[int, Crop] = {}

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The seeds of so many crops, int64 (count,), each from a place of its own while there are enough places.

        None of them is cut yet: of several processes that draw the same ones, each cuts those that it paints.
        """
        rounds = -(-count // PLACES)
        places = torch.cat([torch.randperm(PLACES, generator=generator) for _ in range(rounds)])[:count]
        drawn = torch.tensor([self._use(place, generator) for place in places.tolist()])
        kept = set(self.seeds.tolist())
        self.crops = {seed: crop for seed, crop in self.crops.items() if seed in kept}
        return drawn

    def _use(self, place: int, generator: torch.Generator) -> int:
        if self.uses[place] >= self.repeats:
            self.seeds[place] = torch.randint(1, 2**62, (), generator=generator)
            self.uses[place] = 0
        self.uses[place] += 1
        return int(self.seeds[place])

    def crop(self, seed: int) -> Crop:
        """The crop of that seed, the same one for as long as it is under work."""
        if seed not in self.crops:
            self.crops[seed] = self._cut(seed)
        return self.crops[seed]

    def _cut(self, seed: int) -> Crop:
        generator = torch.Generator().manual_seed(seed)
        picture = self.photographs.crops(1, self.side, self.closest, generator)
        down, right = torch.randint(self.jitter + 1, (2,), generator=generator).tolist()
        crop = Crop(picture, down, right, self.side - self.jitter, {})
        crop.content = self.content(crop.seen(picture))
        return crop

    def state(self) -> Tensor:
        """What `restore` needs to go on, int64 (2, PLACES)."""
        return torch.stack((self.seeds, self.uses))

    def restore(self, state: Tensor) -> None:
        """Take up a `state`."""
        self.seeds, self.uses = state[0].clone(), state[1].clone()
