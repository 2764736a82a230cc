"""A trained classifier with all its use needs: shipped with Atelier, of an installed package, or of a run."""

import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core import hardware, images, weights
from core.datasets import classes, forms
from core.datasets.augmentation import normalise
from core.datasets.samples import Samples
from core.errors import UserError
from core.models import catalogue, pretrained, torchvision_weights
from core.models.efficientnet import EfficientNetLite
from core.models.layers import AveragedMaps, with_output
from core.runs.record import NetRecord
from core.runs.run import DamagedRun, Run

PHOTOGRAPH_SIDE = 352  # px of a photograph's long side: 8 x 11 cells of 32 px for one of 3 x 2
IMAGENET = "imagenet"
FINER = "efficientnet_lite0_finer"
_PACKAGED = {"efficientnet_lite0": pretrained.TITLE, FINER: f"{pretrained.TITLE}, finer maps"}


@dataclass(frozen=True)
class TrainedClassifier:
    """A net in evaluation mode, float32, channels_last, on the CPU; never train or change it, it may be shared.

    With `whole` it takes a picture as it is, its long side brought to `side` px; else the central square, `side` px a
    side. `source` is "shipped", "package", "fetched", "file" or "run".
    """

    name: str
    title: str
    net: nn.Module
    model: str
    dataset: str
    classes: tuple[str, ...]
    channels: int
    side: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    held_out: str
    source: str
    card: dict[str, Any]
    whole: bool = False

    def prepare(self, images: Tensor) -> Tensor:
        """Normalise images for the net: uint8 (N, C, H, W) to float32 (N, C, H, W), channels_last."""
        return normalise(images, self.mean, self.std).contiguous(memory_format=torch.channels_last)

    def prepare_picture(self, picture: np.ndarray) -> Tensor:
        """Return a picture, uint8 (H, W, 3), as the net's training images were made: uint8 (1, C, side, side).

        That is its central square, by `images.for_net`. A net for `whole` pictures receives (1, C, h, w), the longer of
        h and w being `side`; a net for grey images the luminance.
        """
        small = torch.from_numpy(images.for_net(picture, self.side, whole=self.whole)).permute(2, 0, 1)[None]
        return forms.grey(small) if self.channels == 1 else small.contiguous()


def shipped() -> tuple[str, ...]:
    """Return the names of the classifiers that come with Atelier, those for whole photographs first."""
    return (*packaged(), *weights.cards("classifier"))


def packaged() -> tuple[str, ...]:
    """Return the names of the classifiers for whole photographs: of a package, and torchvision's that were fetched."""
    return (*_PACKAGED, *(name for name in fetchable() if torchvision_weights.path_of(name).is_file()))


def fetchable() -> tuple[str, ...]:
    """Return the names of torchvision's classifiers, whose weights are downloaded on request."""
    return tuple(torchvision_weights.SOURCES)


def card(name: str) -> dict[str, Any]:
    """Return the card of a classifier that comes with Atelier: title, licence and how it was trained."""
    if name in _PACKAGED:
        return {**pretrained.CARD, "title": _PACKAGED[name]}
    return torchvision_weights.card(name) if name in fetchable() else weights.card(name)


def weights_file(name: str) -> Path:
    """Return the file of the weights of a classifier that comes with Atelier. Raises UserError where there is none."""
    if name in _PACKAGED:
        return pretrained.path()
    return torchvision_weights.path_of(name) if name in fetchable() else weights.WEIGHTS / f"{name}.safetensors"


def open_shipped(name: str) -> TrainedClassifier:
    """Open a classifier that comes with Atelier. Raises UserError, listing them, for another name."""
    if name in _PACKAGED:
        return _open_packaged(name)
    if name in fetchable():
        return _open_fetched(name)
    card = weights.card(name)
    if card["kind"] != "classifier":
        raise UserError(f"{name} paints; it does not classify. Choose one of: {', '.join(shipped())}.")
    tensors = weights.read(weights.WEIGHTS / f"{name}.safetensors")
    return _built(name, card["title"], card["data"], tensors, "shipped", card)


def _open_packaged(name: str) -> TrainedClassifier:
    """Open EfficientNet-Lite0, whose batch normalisation is folded into its convolutions; `FINER` has finer maps."""
    tensors, names = pretrained.read(), classes.imagenet()
    net = EfficientNetLite(len(names), 3)
    weights.fill(net, tensors, f"The weights file of {_PACKAGED[name]}")
    hardware.channels_last(net.eval().requires_grad_(False))
    net.fold()
    if name == FINER:
        net.make_finer()
    normalised = ((pretrained.MEAN,) * 3, (pretrained.DEVIATION,) * 3)
    return for_photographs(name, "efficientnet_lite0", net, normalised)


def _open_fetched(name: str) -> TrainedClassifier:
    """Open a net of torchvision. Raises UserError where its weights have not been downloaded."""
    path, source, names = torchvision_weights.path_of(name), torchvision_weights.SOURCES[name], classes.imagenet()
    if not path.is_file():
        raise UserError(
            f"The weights of {source.title} ({source.megabytes} MB) are not on this computer: fetch them by "
            f"python -m core fetch {name}, or choose another net."
        )
    net = torchvision_weights.build(name, len(names), 3)
    weights.fill(net, weights.read(path), f"The weights file of {source.title}")
    hardware.channels_last(net.eval().requires_grad_(False))
    return for_photographs(name, name, net, (torchvision_weights.MEAN, torchvision_weights.DEVIATION))


def for_photographs(
    name: str, model: str, net: nn.Module, normalised: tuple[tuple[float, ...], tuple[float, ...]]
) -> TrainedClassifier:
    """Return a net of ImageNet's thousand classes that takes pictures whole; `normalised` by mean and deviation."""
    about = card(name)
    mean, deviation = normalised
    return TrainedClassifier(
        name=name,
        title=about["title"],
        net=net,
        model=model,
        dataset=IMAGENET,
        classes=classes.imagenet(),
        channels=3,
        side=PHOTOGRAPH_SIDE,
        mean=mean,
        std=deviation,
        held_out="validation",
        source="package" if name in _PACKAGED else "fetched",
        card=about,
        whole=True,
    )


def open_run(run: Run) -> TrainedClassifier:
    """Open the net of a finished or running run, with the weights that were saved last.

    Raises UserError where the run has saved none yet, or where its folder does not fit together.
    """
    path = run.model_path()
    if path is None or not run.data:
        raise UserError(f"The run {run.name} has saved no weights yet; they come with its first epoch.")
    if "probe" in run.data:
        return _open_probe(run, weights.read(path))
    return _built(run.id, run.name, run.data, weights.read(path), "run", {"settings": run.settings})


def _open_probe(run: Run, tensors: dict[str, Tensor]) -> TrainedClassifier:
    """Open a linear probe (core.teach.saving): the features of its source, and the run's own linear layer.

    Raises UserError where the source is another net here, and where the run was edited into something else.
    """
    damaged = f"What {run.name} says about its net is damaged; teach it anew."
    probe, listed = run.data["probe"], run.data.get("classes")
    if not isinstance(probe, dict) or not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise UserError(damaged)
    if probe.get("on") not in shipped():
        raise UserError(
            f"{run.name} is a linear probe on a net that does not come with this Atelier; update to open it."
        )
    source = open_shipped(probe["on"])
    if probe.get("sha256") != digest(source.name):
        raise UserError(
            f"{run.name} is a linear probe on {source.title} with other weights than those installed here; teach it "
            "anew."
        )
    if not isinstance(source.net, AveragedMaps) or not 0 < len(set(listed)) == len(listed):
        raise UserError(damaged)
    own = nn.Linear(source.net.output.in_features, len(listed))
    weights.fill(nn.ModuleDict({"output": own}), tensors, f"The weights file of {run.name}")
    return replace(
        source,
        name=run.id,
        title=run.name,
        net=with_output(source.net, own.weight.detach(), own.bias.detach()),
        dataset=Samples(run.path, source.side).name,
        classes=tuple(listed),
        held_out="test",
        source="run",
        card={"settings": run.settings},
    )


def digest(name: str) -> str:
    """Return the SHA-256 of the weights of a classifier that comes with Atelier. Raises UserError as `open_shipped`."""
    path = weights_file(name)
    return _digest(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _digest(path: Path, stamp: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_epoch(run: Run, epoch: int) -> TrainedClassifier:
    """Open the net of a run as it was after an epoch whose weights were saved; 0 is the net before its first step.

    Raises UserError, listing the epochs there are, for another, and as `open_run` does.
    """
    paths = run.epoch_weights()
    if epoch not in paths:
        others = f"there are those of {', '.join(map(str, paths))}" if paths else "it has no checkpoints of epochs"
        raise UserError(f"The run {run.name} has no weights of epoch {epoch}; {others}.")
    return _built(
        run.id, run.name, run.data, weights.read(paths[epoch]), "run", {"settings": run.settings, "epoch": epoch}
    )


def open_named(name: str) -> TrainedClassifier:
    """Open the shipped classifier of that name, else the net of the run of that id or path.

    Raises UserError, listing the shipped ones, where it is neither.
    """
    if name in shipped() or name in fetchable():
        return open_shipped(name)
    try:
        run = Run.open(name)
    except DamagedRun as error:
        names = ", ".join(shipped()) or "none yet"
        raise UserError(f"{error} Give the name of a shipped net ({names}) or of a run.") from error
    if run.kind != "classifier":
        raise UserError(f"The run {run.name} trains a {run.kind} net, not a classifier; choose another run.")
    return open_run(run)


def _built(
    name: str, title: str, data: dict[str, Any], tensors: dict[str, Tensor], source: str, card: dict[str, Any]
) -> TrainedClassifier:
    try:
        record = NetRecord.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"What {title} says about its data is damaged ({error}); train the net again.") from error
    net = catalogue.build(
        record.model,
        classes=len(record.classes),
        channels=record.channels,
        side=record.side,
        dataset=record.dataset,
    )
    weights.fill(net, tensors, f"The weights file of {title}")
    hardware.channels_last(net.eval().requires_grad_(False))
    return TrainedClassifier(
        name,
        title,
        net,
        record.model,
        record.dataset,
        record.classes,
        record.channels,
        record.side,
        record.mean,
        record.std,
        record.held_out,
        source,
        card,
    )
