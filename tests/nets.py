"""Nets to look into: runs as a training leaves them, with weights drawn at random, so they cost nothing."""

import torch

from core import datasets, weights
from core.models import catalogue
from core.runs.run import Run
from core.runs.writer import writing
from core.trainers import recipe
from core.trainers.trained import TrainedClassifier, open_run


def a_run(
    model: str = "baseline",
    *,
    name: str = "a net",
    dataset: str = "digits",
    with_weights: bool = True,
    seed: int = 0,
) -> Run:
    """A finished run whose weights are still those of the initialisation, on images like the embedded digits."""
    data = datasets.load("digits")
    run = Run.create("classifier", recipe.settings(dataset, model).to_json(), name=name)
    torch.manual_seed(seed)
    net = catalogue.build(model, classes=10, channels=1, side=28, dataset="digits")
    with writing(run) as writer:
        writer.facts(
            model=model,
            dataset=dataset,
            classes=list(data.classes),
            channels=1,
            side=28,
            mean=list(data.mean),
            std=list(data.std),
            held_out=data.held_out,
        )
        if with_weights:
            writer.save_model(net.state_dict())
    return Run.open(run.id)


def with_epochs(run: Run, epochs: tuple[int, ...]) -> Run:
    """The run with such epochs kept: its own weights, each time with as much more noise."""
    own = weights.read(run.path / "model.safetensors")
    with writing(run) as writer:
        for epoch in epochs:
            draw = torch.Generator().manual_seed(epoch)
            noise = {name: 0.02 * epoch * torch.randn(tensor.shape, generator=draw) for name, tensor in own.items()}
            writer.save_epoch(
                epoch, {name: tensor + noise[name] if tensor.ndim > 1 else tensor for name, tensor in own.items()}
            )
    return Run.open(run.id)


def a_net(model: str = "baseline", *, seed: int = 0) -> TrainedClassifier:
    """The net of such a run."""
    return open_run(a_run(model, seed=seed))
