"""Nets, data sets and recipes put together by lot: each trains for two steps, or is refused in a sentence.

`make test` tries a few. All three hundred, with a count of the refusals at the end:

    ATELIER_COMBINATIONS=300 python -m pytest -s tests/training/test_combinations.py
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import datasets
from core.datasets import Dataset, Split
from core.models import catalogue
from core.runs.run import list_runs
from core.trainers import recipe as recipes
from training import classifier

HOW_MANY = int(os.environ.get("ATELIER_COMBINATIONS", "10"))
SEED = 4
BATCH = 4
STEPS = 2
DATA = (*datasets.names(), "toybox?side=48", "cifar10?images=5000", "folder:PICTURES?side=20", "folder:FEW?side=40")
UNFITTING = 0.1  # of the combinations have a recipe or a batch size that may be of another net or of larger data


def _drawn() -> Iterator[tuple[str, str, str, int]]:
    """Different (net, data set, recipe, batch size) without end, the same ones every time."""
    lots, cases_so_far = random.Random(SEED), set()
    names = sorted(
        {name for net in catalogue.names() for data in datasets.names() for name in recipes.recipes(net, data)}
    )
    while True:
        net, data = lots.choice(catalogue.names()), lots.choice(DATA)
        kind = "toybox" if data.startswith("folder") else data  # folders are made when the test runs
        recipe = lots.choice(names if lots.random() < UNFITTING else tuple(recipes.recipes(net, kind)))
        batch = lots.choice((1, 50)) if lots.random() < UNFITTING else BATCH
        if (net, data, recipe, batch) not in cases_so_far:
            cases_so_far.add((net, data, recipe, batch))
            yield net, data, recipe, batch


COMBINATIONS = list(islice(_drawn(), HOW_MANY))
_OUTCOMES: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def outcomes() -> Iterator[None]:
    """Print at the end how often each outcome occurred."""
    yield
    print(f"\n{len(COMBINATIONS)} combinations:")
    for outcome, times in _OUTCOMES.most_common():
        print(f"{times:4} {outcome}")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two folders of small pictures, three classes of 10 and two of 5."""
    made = {"PICTURES": (3, 10), "FEW": (2, 5)}
    roots = {}
    for name, (classes, each) in made.items():
        root = tmp_path_factory.mktemp(name)
        for label in range(classes):
            (root / f"class{label}").mkdir()
            for number in range(each):
                pixels = np.full((24, 30, 3), 20 * number + label, np.uint8)
                Image.fromarray(pixels).save(root / f"class{label}" / f"{number}.png")
        roots[name] = root
    return roots


def stand_in(name: str, batch: int) -> Dataset:
    """Noise in the shapes of the data set `name`, enough for `STEPS` steps."""
    info = datasets.info(name)
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        images = torch.randint(256, (size, info.channels, info.side, info.side), generator=generator)
        return Split(images.to(torch.uint8), torch.randint(info.classes, (size,), generator=generator))

    validation = split(BATCH) if info.validation_size else None
    middle, spread = (0.5,) * info.channels, (0.29,) * info.channels
    train, test = split(STEPS * batch), split(BATCH)
    return Dataset(info.name, info.title, train, test, validation, info.class_names, middle, spread)


@pytest.mark.parametrize(
    ("net", "data", "recipe", "batch"), COMBINATIONS, ids=("-".join(map(str, lot)) for lot in COMBINATIONS)
)
def test_a_combination_trains_or_is_refused_with_the_reason(
    net: str,
    data: str,
    recipe: str,
    batch: int,
    pictures: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, root in pictures.items():
        data = data.replace(name, str(root))
    monkeypatch.setattr(datasets, "load", lambda name, *_, **__: stand_in(name, batch))
    command = ["--dataset", data, "--model", net, "--recipe", recipe, "--batch-size", str(batch), "--epochs", "1"]
    status = classifier.main([*command, "--threads", "1"])
    printed = capsys.readouterr()
    if status == 0:
        (run,) = list_runs()
        rows = run.metrics()
        assert (run.status().state, rows[-1]["step"]) == ("finished", STEPS), printed.err
        assert all(row["train_loss"] is not None for row in rows)
        _OUTCOMES["trained"] += 1
        return
    sentence = printed.err.strip().partition(": ")[2]
    assert status == 2 and sentence.endswith((".", ".)")) and "Traceback" not in printed.err
    assert not list_runs(), "what is refused is refused before there is a run"
    _OUTCOMES["refused: " + re.sub(r'"\S+"|\d+|(?<= for )\S+ on \S+(?=:)|(?<=one of ).*', "...", sentence)] += 1


def test_the_lot_is_the_same_every_time_and_reaches_every_net() -> None:
    assert list(islice(_drawn(), HOW_MANY)) == COMBINATIONS
    assert {net for net, *_ in islice(_drawn(), 300)} == set(catalogue.names())
