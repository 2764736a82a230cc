"""An estimate of how long a training takes, before it is started: from the work of a step and measured speeds.

The constants are of one core of an AMD EPYC with AVX-512 bf16, fitted to the speeds of eleven nets; they are within a
third of each. On other machines they are a guess, until a run of the same net has been measured there.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core import datasets, hardware
from core.models import catalogue
from core.runs.run import DamagedRun, Run
from core.trainers.recipe import Settings

START_SECONDS = 5.0  # a process, its imports and its data
EVALUATION_SHARE = 1 / 3  # of a step's work: the forward pass alone
THREADS_WORTH = 0.85  # a second thread does not double the speed: speed grows as threads ** 0.85


@dataclass(frozen=True)
class _Speed:
    """Multiply-adds a second, of three for each in a forward pass, and seconds for each output of a layer."""

    multiply_adds: float
    seconds_per_output: float


# Thin, deep nets wait for memory rather than for arithmetic: their layers' outputs count by themselves.
_ONE_CORE = {"float32": _Speed(1.0e11, 2.2e-9), "bfloat16": _Speed(1.5e11, 1.5e-9)}
_GPU = 40.0  # times one core; from nothing but experience with small nets


def seconds(settings: Settings, images_per_second: float | None = None) -> float:
    """Estimate the seconds of the training on this machine when nothing else runs, with an evaluation an epoch.

    `images_per_second`, where it was measured in an earlier run, replaces the estimated speed.
    """
    data = datasets.info(settings.dataset)
    steps = max(1, data.train_size // settings.recipe.batch_size)
    held_out = data.validation_size or data.test_size
    images = steps * settings.recipe.batch_size + held_out * EVALUATION_SHARE
    speed = images_per_second or estimate(settings)
    return START_SECONDS + settings.recipe.epochs * images / speed


def estimate(settings: Settings) -> float:
    """Estimate the images a second of the training on this machine, from its net's work alone."""
    data = datasets.info(settings.dataset)
    work, outputs = _work(settings.model, data.classes, data.channels, data.side, settings.dataset)
    speed = _ONE_CORE[number_format(settings)]
    per_image = 3 * work / speed.multiply_adds + outputs * speed.seconds_per_output
    if hardware.device().type == "cuda":
        return _GPU / per_image
    return (settings.threads or hardware.cores()) ** THREADS_WORTH / per_image


def number_format(settings: Settings) -> str:
    """Return the precision that the training will have on this machine, "float32" or "bfloat16"."""
    if settings.precision != "auto":
        return settings.precision
    return "bfloat16" if settings.recipe.bfloat16 and hardware.bf16_is_fast() else "float32"


def measured(settings: Settings, runs: Iterable[Run | DamagedRun]) -> float | None:
    """Images a second that the first of `runs` with the same net, number format and machine reached; None without."""
    kind = settings.dataset.partition("?")[0]
    device = hardware.describe(number_format(settings) == "bfloat16")
    for run in runs:
        if isinstance(run, DamagedRun):
            continue
        record = run.classifier
        if (record.model, record.device, record.threads) != (settings.model, device, settings.threads):
            continue
        if record.dataset.partition("?")[0] != kind:
            continue
        speed = run.status().progress.images_per_second
        if speed is not None and speed > 0:
            return float(speed)
    return None


@functools.cache
def _work(model: str, classes: int, channels: int, side: int, dataset: str) -> tuple[int, int]:
    """Return the multiply-adds of a forward pass of one image, and how many numbers its layers return."""
    with torch.device("meta"):  # no numbers, only shapes
        net = catalogue.build(model, classes=classes, channels=channels, side=side, dataset=dataset).eval()
        outputs = 0

        def count(layer: nn.Module, _: object, output: Tensor) -> None:
            nonlocal outputs
            outputs += output[0].numel()

        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
                layer.register_forward_hook(count)
        return catalogue.multiply_adds(net, channels, side), outputs
