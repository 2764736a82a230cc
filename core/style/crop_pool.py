"""The crops of photographs that a style network paints from at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.style.pastiche_recipe import PasticheRecipe
from core.style.photographs import Photographs

PLACES = 32  # crops in the pool at a time: enough that those of a batch have little in common


@dataclass
class Crop:
    """A picture (1, 3, side, side) to paint, and the content features of the part that the loss networks see."""

    picture: Tensor
    down: int
    right: int
    side: int
    content: Mapping[str, Tensor]

    def visible(self, picture: Tensor) -> Tensor:
        """Return the part of (N, 3, H, W) that the loss networks see."""
        return picture[:, :, self.down : self.down + self.side, self.right : self.right + self.side]


class CropPool:
    """The crops in use. Each is painted `uses_per_crop` times, in styles and batches drawn anew, then replaced.

    Content features are computed once a crop: at every step they would be a quarter of its time. The loss networks see
    a part of the crop, `jitter` pixels smaller, at a place drawn for each crop. The style network works on a grid of
    four pixels, and so does SqueezeNet: always aligned, that grid would be printed into the picture.
    """

    def __init__(
        self,
        photographs: Photographs,
        recipe: PasticheRecipe,
        content: Callable[[Tensor], Mapping[str, Tensor]],
    ) -> None:
        """Make an empty pool; `content` returns the features of (1, 3, H, W)."""
        self.photographs, self.recipe, self.content = photographs, recipe, content
        # A crop is named by the seed that it is drawn with (0: none yet), so that a checkpoint need not hold pictures.
        self.seeds = torch.zeros(PLACES, dtype=torch.int64)
        self.uses = torch.full((PLACES,), recipe.uses_per_crop)
        self.crops: dict[int, Crop] = {}

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the seeds of `count` crops, int64 (count,), each of another place while there are enough.

        They are cut by `crop`: of several processes that draw the same seeds, each cuts only those that it paints.
        """
        rounds = -(-count // PLACES)
        places = torch.cat([torch.randperm(PLACES, generator=generator) for _ in range(rounds)])[:count]
        seeds = torch.tensor([self._use(place, generator) for place in places.tolist()])
        current = set(self.seeds.tolist())
        self.crops = {seed: crop for seed, crop in self.crops.items() if seed in current}
        return seeds

    def _use(self, place: int, generator: torch.Generator) -> int:
        if self.uses[place] >= self.recipe.uses_per_crop:
            self.seeds[place] = torch.randint(1, 2**62, (), generator=generator)
            self.uses[place] = 0
        self.uses[place] += 1
        return int(self.seeds[place])

    def crop(self, seed: int) -> Crop:
        """Return the crop of that seed, the same one for as long as it is in the pool."""
        if seed not in self.crops:
            self.crops[seed] = self._cut(seed)
        return self.crops[seed]

    def _cut(self, seed: int) -> Crop:
        generator = torch.Generator().manual_seed(seed)
        side, jitter = self.recipe.crop, self.recipe.jitter
        picture = self.photographs.crops(1, side, self.recipe.min_crop_scale, generator)
        down, right = torch.randint(jitter + 1, (2,), generator=generator).tolist()
        crop = Crop(picture, down, right, side - jitter, {})
        crop.content = self.content(crop.visible(picture))
        return crop

    def state(self) -> Tensor:
        """Return what `restore` takes, int64 (2, PLACES): seeds and uses."""
        return torch.stack((self.seeds, self.uses))

    def restore(self, state: Tensor) -> None:
        """Load what `state` returned."""
        self.seeds, self.uses = state[0].clone(), state[1].clone()
