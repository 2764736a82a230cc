"""A tiny distillation of `compact`, for all tests of it."""

import torch

from core.style.distillation import Distillation, DistillationData
from core.style.distillation_recipe import DistillationRecipe
from core.style.photographs import Photographs
from tests.painting import picture

TINY = DistillationRecipe(
    steps=4, crop=64, batch=3, transfers=1, pool=2, transfer_steps=2, teacher_forcing=0.5, log_every=1, save_every=2
)


def photographs(seed: int = 0) -> Photographs:
    return Photographs([torch.from_numpy(picture(90, 100, seed + each)) for each in range(3)])


def data(teachers) -> DistillationData:
    return DistillationData(photographs(), photographs(5), teachers)


def training(teachers, recipe: DistillationRecipe = TINY) -> Distillation:
    return Distillation(recipe, data(teachers))


def held_out() -> list[torch.Tensor]:
    return [photographs(9).crops(2, 64, 1.0, torch.Generator().manual_seed(1))]
