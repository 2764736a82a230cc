"""Style transfers by optimisation (section 5.3) that are under way while `compact` is trained, driven by it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.style import losses
from core.style.compact import CONTENT, STYLE, Compact
from core.style.distillation_recipe import DistillationRecipe

TRANSFER_LAYERS = tuple(CONTENT | STYLE)


@dataclass
class TransferPool:
    """The pictures of the transfers, their targets and how far each has come."""

    pictures: Tensor  # (pool, 3, side, side)
    ages: Tensor  # int64 (pool,), steps; at the end of a transfer another is begun
    strengths: Tensor  # (pool,) lambda_s of each
    content: dict[str, Tensor]  # targets by layer, (pool, C, H, W)
    grams: dict[str, Tensor]  # targets by layer, (pool, C, C)

    @classmethod
    def idle(cls, recipe: DistillationRecipe, net: Compact) -> "TransferPool":
        """Return a pool in which every place is free."""
        blank = torch.zeros(recipe.pool, 3, recipe.crop, recipe.crop)
        with torch.no_grad():
            features = net(blank[:1], TRANSFER_LAYERS)
        places = recipe.pool
        return cls(
            blank,
            torch.full((places,), recipe.transfer_steps),
            torch.ones(places),
            {layer: torch.zeros(places, *features[layer].shape[1:]) for layer in CONTENT},
            {layer: torch.zeros(places, features[layer].shape[1], features[layer].shape[1]) for layer in STYLE},
        )

    def begin(self, place: int, net: Compact, photograph: Tensor, painting: Tensor, generator: torch.Generator) -> None:
        """Start from a photograph or, one time in four, from noise; pictures are (1, 3, side, side)."""
        chance, strength = torch.rand(2, generator=generator).tolist()
        noise = torch.rand(photograph.shape, generator=generator)
        self.pictures[place] = (noise if chance < 0.25 else photograph)[0]
        self.ages[place] = 0
        self.strengths[place] = 10**strength  # from 1, where content dominates, to 10, where style does
        with torch.no_grad():
            features = net(torch.cat((photograph, painting)), TRANSFER_LAYERS)
        for layer, target in self.content.items():
            target[place] = features[layer][0]
        for layer, target in self.grams.items():
            target[place] = losses.gram(features[layer][1:])[0]

    def advance(self, places: Tensor, net: Compact, half: bool) -> Tensor:
        """Take one step along the gradient at each of `places`; return the pictures, (places, 3, side, side)."""
        x = self.pictures[places].contiguous(memory_format=torch.channels_last).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            features = net(x, TRANSFER_LAYERS)
            content = losses.content_loss(features, {k: v[places] for k, v in self.content.items()}, CONTENT)
            style = losses.style_loss(features, {k: v[places] for k, v in self.grams.items()}, STYLE)
            loss = (content + self.strengths[places] * style).sum()
        (gradient,) = torch.autograd.grad(loss, x)
        size = gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        self.pictures[places] = (x.detach() - 0.03 * gradient / size).clamp(0, 1)
        self.ages[places] += 1
        return self.pictures[places]

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by their names in a checkpoint."""
        tensors = {"pictures": self.pictures, "ages": self.ages, "strengths": self.strengths}
        content = {f"content.{layer}": tensor for layer, tensor in self.content.items()}
        return tensors | content | {f"gram.{layer}": tensor for layer, tensor in self.grams.items()}
