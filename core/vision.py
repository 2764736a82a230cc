"""The one place that imports torchvision: `from core.vision import torchvision`.

The package index's torchvision is built against CUDA. Beside a CPU-only torch its compiled operators do not load and
the import dies with "operator torchvision::nms does not exist" (pytorch/vision#9077, #9085). Its data sets, models
and transforms need no such operator, so in that case alone the two missing schemas are declared and the import tried
again; a healthy installation is left as it is.
"""

import importlib
import sys
from types import ModuleType

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_declared: torch.library.Library | None = None  # torch forgets the schemas when this is collected


def _declare_missing_operators() -> None:
    global _declared
    _declared = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        _declared.define(operator + _SCHEMA)


def _import() -> ModuleType:
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # left behind by the failed attempt
    _declare_missing_operators()
    return importlib.import_module("torchvision")


torchvision = _import()
