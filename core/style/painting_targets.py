"""What a painted crop is compared with: Gram matrices, light and colours of the paintings, computed once a training."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from core import images
from core.images import Picture
from core.style import losses, picture_losses
from core.style.pastiche_recipe import PasticheRecipe
from core.style.picture_losses import Palette
from core.style.sources import Network


@dataclass(frozen=True)
class PaintingTargets:
    """Of each painting: Gram matrices by scale and style layer (paintings, C, C), the latter at half the size of the
    former, `tones` (paintings, 2) and, by COLOUR_MEANS, palettes."""

    grams: Sequence[dict[str, Tensor]]
    tones: Tensor
    palettes: Sequence[Palette]

    def palettes_of(self, paintings: Tensor) -> list[Palette]:
        """Return the palettes of some of the paintings, int64 (N,)."""
        return [
            Palette(*(getattr(palette, entry.name)[paintings] for entry in fields(Palette)))
            for palette in self.palettes
        ]


def style_targets(
    network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe, side: int | None = None
) -> dict[str, Tensor]:
    """Return by style layer the Gram matrices (styles, C, C) of the paintings at `side` px, else the recipe's size."""
    grams: dict[str, list[Tensor]] = {layer: [] for layer in recipe.layers.style}
    device = next(network.parameters()).device
    for name, painting in zip(recipe.styles, paintings, strict=True):
        losses.check_style(painting, f"The painting {name}")
        x = images.to_tensor(images.fit(painting, side or recipe.style_side)).to(device)
        with torch.no_grad():
            features_by_layer = network(x.contiguous(memory_format=torch.channels_last), recipe.layers.style)
        for layer, features in features_by_layer.items():
            grams[layer].append(losses.gram(features))
    return {layer: torch.cat(matrices) for layer, matrices in grams.items()}


def painting_targets(network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe) -> PaintingTargets:
    """Return all that painted crops are compared with. Raises UserError for a painting of one colour."""
    sides = [max(1, recipe.style_side >> scale) for scale in range(recipe.style_scales)]
    grams = [style_targets(network, paintings, recipe, side) for side in sides]
    device = next(network.parameters()).device
    pictures = [images.to_tensor(images.fit(painting, recipe.style_side)) for painting in paintings]
    palettes = []
    for side in picture_losses.COLOUR_MEANS:
        each = [picture_losses.palette_of(picture, side) for picture in pictures]
        joined = (torch.cat([getattr(one, entry.name) for one in each]).to(device) for entry in fields(Palette))
        palettes.append(Palette(*joined))
    tones = torch.cat([picture_losses.tone_of(picture) for picture in pictures]).to(device)
    return PaintingTargets(grams, tones, palettes)
