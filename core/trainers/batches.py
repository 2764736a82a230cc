"""The training batches of a classifier, each a function of the settings' seeds and the step alone."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.datasets import Split
from core.datasets.augmentation import alternately_flipped, crop_and_flip
from core.trainers.parallel import Team
from core.trainers.recipe import Settings


@dataclass(frozen=True)
class Batch:
    """This process's shard of a batch, images uint8 (n, C, H, W) and labels (n,), and the size of the whole batch."""

    images: Tensor
    labels: Tensor
    size: int


class Batches:
    """Slices of each epoch's shuffled order, augmented as the recipe says, sharded over a team."""

    def __init__(self, settings: Settings, split: Split, team: Team, device: torch.device):
        self.settings, self.recipe, self.team, self.device = settings, settings.recipe, team, device
        self.images, self.labels = split.images.to(device), split.labels.to(device)
        self.per_epoch = max(1, len(split) // self.recipe.batch_size)
        self._epoch = -1

    def at(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0.

        It is augmented whole, before it is sharded, so that it does not depend on the number of processes.
        """
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._shuffle(epoch)
        chosen = self.order[place * self.recipe.batch_size : (place + 1) * self.recipe.batch_size]
        there = chosen.to(self.device)
        images, labels = self.images[there], self.labels[there]
        if self.recipe.augment:
            images = self._augmented(images, chosen, step)
        return Batch(self.team.shard(images), self.team.shard(labels), len(chosen))

    def _shuffle(self, epoch: int) -> None:
        shuffle = torch.Generator().manual_seed(mixed(self.settings.seed_order, epoch))
        self.order = torch.randperm(len(self.labels), generator=shuffle)
        self.mirrored = alternately_flipped(len(self.order), epoch, mixed(self.settings.seed_noise, -1))
        self._epoch = epoch

    def _augmented(self, images: Tensor, chosen: Tensor, step: int) -> Tensor:
        recipe = self.recipe
        draw = torch.Generator().manual_seed(mixed(self.settings.seed_noise, step))
        alternates = recipe.mirror and recipe.flip == "alternating"
        mirror = self.mirrored[chosen] if alternates else recipe.mirror
        return crop_and_flip(images, recipe.padding, mirror, draw, reflect=recipe.border == "reflect")


def mixed(seed: int, number: int) -> int:
    """Return one seed out of two numbers, different for each pair."""
    return (seed * 1_000_003 + number) % 2**63
