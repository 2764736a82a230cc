"""A net for photographs with weights of the user's own: a state dict of a listed net, and a file of class names."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from core import hardware, weights
from core.errors import UserError
from core.models import catalogue, pretrained, torchvision_weights
from core.models.efficientnet import EfficientNetLite
from core.trainers import trained
from core.trainers.trained import TrainedClassifier

OUTPUT = "output.weight"
LONGEST = 10_000_000  # bytes of a file of names


def open_own(model: str, file: Path, names: Path) -> TrainedClassifier:
    """Open the weights in a .safetensors `file` as a net for photographs; `names` has a line for each class, in order.

    `model` is one of `catalogue.photograph_nets()`, whose tensors are named as in torchvision, the package of
    EfficientNet-Lite0, or here. Raises UserError for another net, and where weights, net and names do not fit together.
    """
    if model not in catalogue.photograph_nets():
        raise UserError(
            f'Weights of your own need a net for photographs, and "{model}" is none: choose one of '
            f"{', '.join(catalogue.photograph_nets())}."
        )
    classes, tensors = _names(names), _renamed(model, weights.read(file))
    if OUTPUT not in tensors:
        raise UserError(f"{file.name} holds no last layer of {catalogue.title(model)}: give a state dict of that net.")
    count = len(tensors[OUTPUT])
    if count != len(classes):
        raise UserError(
            f"{file.name} has {count:,} classes, and {names.name} names {len(classes):,}: give one name a line, in the "
            "order of the net's outputs."
        )
    net = catalogue.build(model, classes=count, channels=3, side=trained.PHOTOGRAPH_SIDE)
    weights.fill(net, tensors, file.name)
    hardware.channels_last(net.eval().requires_grad_(False))
    return _as_trained(model, file, net, classes)


def _as_trained(model: str, file: Path, net: nn.Module, classes: tuple[str, ...]) -> TrainedClassifier:
    is_lite = isinstance(net, EfficientNetLite)
    if isinstance(net, EfficientNetLite):
        net.fold()
    normalised = ((pretrained.MEAN,) * 3, (pretrained.DEVIATION,) * 3)
    if not is_lite:
        normalised = (torchvision_weights.MEAN, torchvision_weights.DEVIATION)
    title = f"{file.stem}, {catalogue.title(model)}"
    about = replace(trained.for_photographs(model, model, net, normalised), classes=classes)
    return replace(about, name=str(file), title=title, dataset=file.stem, source="file", card={"title": title})


def _renamed(model: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if model != "efficientnet_lite0":
        return torchvision_weights.renamed(model, tensors)
    return pretrained.renamed(tensors) if "_fc.weight" in tensors else tensors


def _names(path: Path) -> tuple[str, ...]:
    try:
        if path.stat().st_size > LONGEST:
            raise UserError(f"{path.name} is too long for a file of class names: give one name a line.")
        names = tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The class names {path.name} cannot be read ({error}): give a text file.") from error
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f'{path.name} names the class "{twice}" twice: give each class a name of its own.')
    return names
