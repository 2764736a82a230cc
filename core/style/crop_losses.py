"""The losses of painted crops in the training of a style network: the terms of its recipe, and how each row of the net
weighs them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from core.images import Picture
from core.style import losses, picture_losses
from core.style.crop_pool import Crop
from core.style.initial_weights import painting_of_rows
from core.style.painting_targets import painting_targets
from core.style.pastiche_recipe import PasticheRecipe
from core.style.rows import PHOTOGRAPH
from core.style.sources import Network


class CropLosses:
    """What painted crops are compared with, on the device of the loss network, and the weights of the comparison."""

    def __init__(
        self, recipe: PasticheRecipe, network: Network, paintings: Sequence[Picture], grams: Path | None = None
    ) -> None:
        """Compute the targets of the recipe's `paintings`; `grams` is a file for those of the style."""
        self.recipe, self.network, self.layers = recipe, network, recipe.layers
        self.device = next(network.parameters()).device
        self.targets = painting_targets(network, paintings, recipe, grams)
        self.style_weights = recipe.style * torch.tensor(recipe.factors, device=self.device)
        self.content_weights = self._row_weights(recipe.content, recipe.content_factors)
        self.variation_weights = self._row_weights(recipe.variation, recipe.variation_factors)
        self.shift_weights = self._row_weights(recipe.shift, recipe.shift_factors)
        self.paints = torch.tensor([name != PHOTOGRAPH for name in recipe.rows], device=self.device)
        self.paintings = torch.tensor(painting_of_rows(recipe), device=self.device)

    def _row_weights(self, weight: float, factors: Mapping[str, float]) -> Tensor:
        """Return the weight of a loss in each row: (rows,)."""
        return weight * torch.tensor(self.recipe.factors_of(factors), device=self.device)

    @torch.no_grad()
    def content(self, picture: Tensor) -> Mapping[str, Tensor]:
        """Return the content features of a photograph (1, 3, H, W), which its painting is to keep."""
        picture = picture.to(self.device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half):
            return self.network(picture, self.layers.content)

    def terms(self, painted: Tensor, crops: Sequence[Crop], rows: Tensor) -> losses.Terms:
        """Return the terms of painted crops (N, 3, side, side), in the rows int64 (N,), without that of the shift."""
        photographs = torch.cat([crop.picture for crop in crops]).to(self.device)
        visible = torch.cat([crop.visible(picture[None]) for crop, picture in zip(crops, painted, strict=True)])
        features = self.network(visible, self.layers.content | self.layers.style)
        content = {layer: torch.cat([crop.content[layer] for crop in crops]) for layer in self.layers.content}
        return losses.Terms(
            losses.content_loss(features, content, self.layers.content, relative=self.recipe.relative),
            self._style(visible, features, rows),
            losses.total_variation(visible),
            self._compare(painted, photographs, rows),
        )

    def total(self, terms: losses.Terms, rows: Tensor, step: int) -> Tensor:
        """Return the weighted sum of the terms of samples in `rows` at the 0-based `step`: (N,)."""
        style = self.style_weights[rows] * self.recipe.style_part(step)
        loss = losses.total_loss(terms, self.content_weights[rows], style, self.variation_weights[rows])
        for name, term in terms.added.items():
            loss = loss + (self.shift_weights[rows] if name == "shift" else getattr(self.recipe, name)) * term
        return loss

    def _compare(self, painted: Tensor, photographs: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """Return the terms of the recipe that compare pictures; a row has those of a painting or of the photograph."""
        recipe, paintings, paints = self.recipe, self.paintings[rows], self.paints[rows]
        terms: dict[str, Tensor] = {}
        if recipe.tone:
            tones = self.targets.tones[paintings]
            terms["tone"] = paints * picture_losses.tone_loss(painted, photographs, tones, recipe.own_tone)
        if recipe.colour:
            palettes = zip(picture_losses.COLOUR_MEANS, self.targets.palettes_of(paintings), strict=True)
            each = [
                picture_losses.colour_loss(picture_losses.palette_of(painted, side), palette)
                for side, palette in palettes
            ]
            terms["colour"] = paints * torch.stack(each).mean(0)
        if recipe.photograph:
            terms["photograph"] = ~paints * picture_losses.pixel_loss(painted, photographs)
        return terms

    def _style(self, painted: Tensor, features: losses.Features, rows: Tensor) -> Tensor:
        """Return the style loss (N,), the mean over the recipe's sizes; that of the photograph's row is 0."""
        paintings, terms = self.paintings[rows], []
        for scale, grams in enumerate(self.targets.grams):
            if scale:
                painted = F.avg_pool2d(painted, 2)
                features = self.network(painted, self.layers.style)
            targets = {layer: matrices[paintings] for layer, matrices in grams.items()}
            terms.append(
                losses.style_loss(
                    features,
                    targets,
                    self.layers.style,
                    convention=self.recipe.convention,
                    relative=self.recipe.relative,
                )
            )
        style = torch.stack(terms).mean(0) if len(terms) > 1 else terms[0]
        return style if self.paints.all() else style * self.paints[rows]
