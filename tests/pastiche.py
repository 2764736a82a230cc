"""A tiny training of a style network, for all tests that train one."""

import torch

from core.runs.run import Run
from core.runs.writer import writing
from core.style import pastiche_recipe, pastiche_run
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_training import PasticheData, PasticheTraining
from core.style.photographs import Photographs
from tests.painting import picture

TINY = PasticheRecipe(("stripes", "dots"), steps=4, crop=32, style_side=48, width=0.25, log_every=1, save_every=2)
PAINTINGS = {"stripes": picture(50, 60, 5), "dots": 255 - picture(64, 40, 6)}
STYLES = [{"name": name, "title": name, "artist": "", "year": ""} for name in TINY.styles]


def photographs() -> Photographs:
    return Photographs([torch.from_numpy(picture(40 + 4 * seed, 50, seed)) for seed in range(3)])


def data(networks) -> PasticheData:
    return PasticheData(photographs(), PAINTINGS, networks)


def training(networks, recipe: PasticheRecipe = TINY) -> PasticheTraining:
    return PasticheTraining(recipe, data(networks))


def start(recipe: PasticheRecipe = TINY) -> Run:
    return Run.create("pastiche", pastiche_recipe.settings_of(recipe))


def go(run: Run, networks, **more) -> None:
    with writing(run) as writer:
        pastiche_run.carry_out(writer, data(networks), [picture(24, 30, 7), picture(32, 20, 8)], **more)
