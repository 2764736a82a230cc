"""What a painted crop is compared with: Gram matrices, light and colours of the paintings, computed once a training."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from core import images, weights
from core.errors import UserError
from core.images import Picture
from core.style import losses, picture_losses
from core.style.pastiche_recipe import PasticheRecipe
from core.style.picture_losses import Palette
from core.style.sources import Network

LEAST_SIDE = 16  # px: VGG halves a picture four times before its last style layer
KEY = "gram matrices"  # in the metadata of a file of them


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
    network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe, scale: int = 0
) -> dict[str, Tensor]:
    """Return by style layer the Gram matrices (styles, C, C) of the paintings, halved `scale` times in size."""
    grams: dict[str, list[Tensor]] = {layer: [] for layer in recipe.layers.style}
    device = next(network.parameters()).device
    for name, painting in zip(recipe.styles, paintings, strict=True):
        losses.check_style(painting, f"The painting {name}")
        small = images.fit(painting, recipe.style_side_of(name) >> scale)
        if min(small.shape[:2]) < LEAST_SIDE:
            raise UserError(
                f"The painting {name} is compared at {small.shape[1]} x {small.shape[0]} px, which is too small for "
                "the loss network; raise the size of the paintings."
            )
        x = images.to_tensor(small).to(device)
        with torch.no_grad():
            features_by_layer = network(x.contiguous(memory_format=torch.channels_last), recipe.layers.style)
        for layer, features in features_by_layer.items():
            grams[layer].append(losses.gram(features, recipe.convention))
    return {layer: torch.cat(matrices) for layer, matrices in grams.items()}


def painting_targets(
    network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe, file: Path | None = None
) -> PaintingTargets:
    """Return all that painted crops are compared with; Gram matrices from `file` where it holds these.

    Raises UserError for a painting of one colour, and for a file that is something else.
    """
    device = next(network.parameters()).device
    pictures = [
        images.to_tensor(images.fit(painting, recipe.style_side_of(name)))
        for name, painting in zip(recipe.styles, paintings, strict=True)
    ]
    palettes = []
    for side in picture_losses.COLOUR_MEANS:
        each = [picture_losses.palette_of(picture, side) for picture in pictures]
        joined = (torch.cat([getattr(one, entry.name) for one in each]).to(device) for entry in fields(Palette))
        palettes.append(Palette(*joined))
    tones = torch.cat([picture_losses.tone_of(picture) for picture in pictures]).to(device)
    return PaintingTargets(_grams(network, paintings, recipe, file), tones, palettes)


def _grams(
    network: Network, paintings: Sequence[Picture], recipe: PasticheRecipe, file: Path | None
) -> list[dict[str, Tensor]]:
    """Return the Gram matrices by scale and layer, read from `file` where it holds them, else written there."""
    scales = range(recipe.style_scales)
    if file is None:
        return [style_targets(network, paintings, recipe, scale) for scale in scales]
    key = gram_key(paintings, recipe)
    if file.exists():
        metadata = weights.read_metadata(file)
        if KEY not in metadata:
            raise UserError(f"{file} is no file of Gram matrices; give another one, or a new name.")
        if metadata[KEY] == key:
            tensors, device = weights.read(file), next(network.parameters()).device
            return [
                {layer: tensors[f"{scale}.{layer}"].to(device) for layer in recipe.layers.style} for scale in scales
            ]
    grams = [style_targets(network, paintings, recipe, scale) for scale in scales]
    tensors = {f"{scale}.{layer}": matrix.cpu() for scale in scales for layer, matrix in grams[scale].items()}
    try:
        weights.write(file, tensors, {KEY: key})
    except OSError as error:
        raise UserError(f"The Gram matrices cannot be written to {file} ({error}); give another file.") from error
    return grams


def gram_key(paintings: Sequence[Picture], recipe: PasticheRecipe) -> str:
    """Return what Gram matrices depend on, as text: another painting, size, network, layer or convention differs."""
    each = [
        (name, recipe.style_side_of(name), painting.shape, hashlib.sha256(painting.tobytes()).hexdigest())
        for name, painting in zip(recipe.styles, paintings, strict=True)
    ]
    return json.dumps([each, recipe.network, sorted(recipe.layers.style), recipe.convention, recipe.style_scales])
