"""`python -m benchmarks.training`: images a second of our trainer against a plain PyTorch training loop.

The peer makes one PIL image a sample, transforms it by torchvision, batches by a DataLoader and trains the same net
with the same optimiser in float32 and the default layout. Both see the same images, made up in MNIST's and CIFAR's
shapes, each in a process of its own, for our trainer sets how its process keeps memory. Ours is timed whole, with run
folder, checkpoint and an evaluation; of the peer the loop alone.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
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
from core.runs.run import Run
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
    Case("ResNet-20, CIFAR's shapes, augmented", "cifar10", "resnet20", "quick", 6_400),
)


def made_up(case: Case) -> Dataset:
    """Return images of noise, uint8, with random labels, in the shapes of the case's data set."""
    data = datasets.info(case.dataset)
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        shape = (size, data.channels, data.side, data.side)
        images = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
        return Split(images, torch.randint(data.classes, (size,), generator=generator))

    middle, spread = (0.5,) * data.channels, (0.29,) * data.channels
    return Dataset(data.name, data.title, split(case.images), split(HELD_OUT), None, data.class_names, middle, spread)


def settings_of(case: Case) -> Settings:
    """Return the case's recipe for one epoch, on every core."""
    return recipes.settings(case.dataset, case.net, case.recipe, epochs=1)


def train_ours(settings: Settings, data: Dataset, folder: Path) -> Run:
    """Train one epoch by our trainer, from reading the data to the last checkpoint; return its run, in `folder`."""
    run = Run.create("classifier", settings.to_json(), path=tempfile.mkdtemp(dir=folder))
    with mock.patch.object(datasets, "load", lambda *_, **__: data):
        train(run)
    return run


class PictureDataset(TorchDataset):
    """One PIL image a sample, transformed when it is read, as in torchvision's own data sets."""

    def __init__(self, split: Split, transform: Callable[[Image.Image], Tensor]):
        pixels = split.images.permute(0, 2, 3, 1).squeeze(3).numpy()
        self.pixels, self.labels, self.transform = pixels, split.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


class Plain:
    """A plain PyTorch loop around the same net; `workers` processes prepare its samples."""

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
        """Train one epoch; return the mean loss."""
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


class Elsewhere:
    """The function that `make(case)` returns, called again and again in a process of its own."""

    def __init__(self, make: Callable[[Case], Callable[[], object]], case: Case):
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(make, case, theirs))
        self.process.start()

    def __call__(self) -> None:
        """Call it once, and wait for it."""
        self.line.send(True)
        self.line.recv()

    def close(self) -> None:
        self.line.send(False)
        self.process.join()


def _serve(make: Callable[[Case], Callable[[], object]], case: Case, line: Connection) -> None:
    call = make(case)
    while line.recv():
        call()
        line.send(True)


def ours(case: Case) -> Callable[[], object]:
    """Return a function that trains by our trainer, in a temporary folder."""
    settings, data = settings_of(case), made_up(case)

    def train_once() -> None:
        with tempfile.TemporaryDirectory() as folder:
            train_ours(settings, data, Path(folder))

    return train_once


def plain(case: Case, workers: int) -> Callable[[], object]:
    """Return a function that trains by the peer, its samples prepared by so many processes."""
    return Plain(settings_of(case), made_up(case), workers).train


def fairest(case: Case) -> tuple[Elsewhere, int]:
    """Return the peer with the number of workers that is fastest here, none or one a core, and that number."""
    peers = {workers: Elsewhere(partial(plain, workers=workers), case) for workers in {0, hardware.cores()}}
    best = min(peers, key=lambda workers: _seconds(peers[workers]))
    for workers, peer in peers.items():
        if workers != best:
            peer.close()
    return peers[best], best


def _seconds(run: Callable[[], object]) -> float:
    """Return the seconds of the second call: the first one also fills caches."""
    run()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measure(cases: tuple[Case, ...], rounds: int) -> list[report.Row]:
    """Return a row a case, in images a second."""
    rows = []
    for case in cases:
        peer, workers = fairest(case)
        trainer = Elsewhere(ours, case)
        milliseconds = report.in_turn(trainer, peer, rounds)
        for process in (trainer, peer):
            process.close()
        batch = settings_of(case).recipe.batch_size
        images = case.images // batch * batch
        rows.append(report.rate(f"{case.title} (peer: {workers} workers)", images, *milliseconds))
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is timed; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    report.show("training", measure(CASES, options.rounds), options.json)


if __name__ == "__main__":
    main()
