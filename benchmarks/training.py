"""`python -m benchmarks.training`: images a second of our trainer against the training loop that everybody writes.

The peer makes one PIL image a sample, transforms it by torchvision, batches by a DataLoader and trains the same net
with the same optimiser in float32 and the default layout. Both see the same images, made up in MNIST's and CIFAR's
shapes. Ours is timed whole, with run folder, checkpoint and an evaluation; of the peer the loop alone.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmarks import report
from core import datasets, hardware
from core.datasets import Dataset, Split
from core.models import catalogue
from core.runs.folder import Run
from core.trainers import recipe as recipes
from core.trainers.classifier import train
from core.trainers.recipe import Settings
from core.vision import torchvision

ROUNDS = 5
HELD_OUT = 100  # images


@dataclass(frozen=True)
class Case:
    """A net on a data set's shapes, by a named recipe, and how many images of an epoch are trained on a round."""

    title: str
    dataset: str
    net: str
    recipe: str
    images: int


CASES = (
    Case("baseline, MNIST's shapes", "mnist", "baseline", "thesis", 6_400),
    Case("ResNet-20, CIFAR's shapes, augmented", "cifar10", "resnet20", "thesis+", 2_560),
)


def made_up(case: Case) -> Dataset:
    """Images of noise, uint8, with labels by lot, in the shapes of the case's data set."""
    known = datasets.info(case.dataset)
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        shape = (size, known.channels, known.side, known.side)
        images = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
        return Split(images, torch.randint(known.classes, (size,), generator=generator))

    middle, spread = (0.5,) * known.channels, (0.29,) * known.channels
    return Dataset(
        known.name, known.title, split(case.images), split(HELD_OUT), None, known.class_names, middle, spread
    )


def settings_of(case: Case) -> Settings:
    """The case's recipe for one epoch, on every core."""
    return recipes.settings(case.dataset, case.net, case.recipe, epochs=1)


def train_ours(settings: Settings, data: Dataset, folder: Path) -> Run:
    """One epoch by our trainer, from reading the data to the last checkpoint; gives its run, in `folder`."""
    run = Run.create("classifier", settings.to_json(), path=tempfile.mkdtemp(dir=folder))
    with mock.patch.object(datasets, "load", lambda *_, **__: data):
        train(run)
    return run


class PictureDataset(TorchDataset):
    """One PIL image a sample, transformed as it is asked for: torchvision's own data sets do the same."""

    def __init__(self, split: Split, transform: Callable[[Image.Image], Tensor]):
        pixels = split.images.permute(0, 2, 3, 1).squeeze(3).numpy()
        self.pixels, self.labels, self.transform = pixels, split.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


class Plain:
    """The loop that everybody writes, around the same net; `workers` processes prepare its samples."""

    def __init__(self, settings: Settings, data: Dataset, workers: int):
        self.recipe = settings.recipe
        transforms = torchvision.transforms
        steps = [transforms.ToTensor(), transforms.Normalize(data.mean, data.std)]
        if self.recipe.augment:
            steps = [transforms.RandomCrop(data.side, padding=4), transforms.RandomHorizontalFlip(), *steps]
        self.loader = DataLoader(
            PictureDataset(data.train, transforms.Compose(steps)),
            batch_size=self.recipe.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
        )
        self.device = hardware.device()
        self.net: nn.Module = catalogue.build(
            settings.model, classes=len(data.classes), channels=data.channels, side=data.side
        ).to(self.device)
        self.optimizer = torch.optim.SGD(
            self.net.parameters(),
            self.recipe.learning_rate,
            self.recipe.momentum,
            weight_decay=self.recipe.weight_decay,
            nesterov=True,
        )

    def train(self) -> float:
        """One epoch; gives the mean loss."""
        torch.set_num_threads(hardware.cores())
        self.net.train()
        total = 0.0
        for images, labels in self.loader:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.net(images), labels)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(self.loader)


def fairest(settings: Settings, data: Dataset) -> Plain:
    """The peer with as many DataLoader workers as suit it best here: none, as by default, or one a core."""
    return min((Plain(settings, data, workers) for workers in (0, hardware.cores())), key=_seconds_of_the_second)


def _seconds_of_the_second(peer: Plain) -> float:
    peer.train()
    started = time.perf_counter()
    peer.train()
    return time.perf_counter() - started


def measure(cases: tuple[Case, ...], rounds: int) -> list[report.Row]:
    """A row a case, images a second."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            settings, data = settings_of(case), made_up(case)
            peer = fairest(settings, data)
            milliseconds = report.in_turn(
                lambda settings=settings, data=data: train_ours(settings, data, Path(folder)),  # type: ignore[misc]
                peer.train,
                rounds,
            )
            images = len(peer.loader) * settings.recipe.batch_size
            workers = peer.loader.num_workers
            rows.append(report.rate(f"{case.title} (peer: {workers} workers)", images, *milliseconds))
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is timed; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    report.show("training", measure(CASES, given.rounds), given.json)


if __name__ == "__main__":
    main()
