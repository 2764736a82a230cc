"""A few scenes of the toybox with true boxes, and a net for images in colour to localise objects in them."""

from functools import cache

import torch

from core.datasets import Split, toybox
from core.models import catalogue
from core.runs.run import Run
from core.runs.writer import writing


@cache
def scenes(split: str) -> Split:
    """Return 24 scenes of a split, uint8 (24, 3, 32, 32), with their boxes."""
    return toybox.draw(split, 24, toybox.Scenes())


def a_run_for_scenes() -> Run:
    """Return a finished run of a net for the toybox whose weights are still those of the initialisation."""
    run = Run.create("classifier", {}, name="a toy net")
    torch.manual_seed(0)
    net = catalogue.build("bn_nin", classes=10, channels=3, side=32)
    with writing(run) as writer:
        writer.facts(
            model="bn_nin",
            dataset="toybox",
            classes=list(toybox.CLASSES),
            channels=3,
            side=32,
            mean=[0.5] * 3,
            std=[0.25] * 3,
            held_out="validation",
        )
        writer.save_model(net.state_dict())
    return Run.open(run.id)
