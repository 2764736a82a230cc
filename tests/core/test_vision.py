"""torchvision by its one door, on the installation that is here and on one whose compiled operators do not load."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from core import vision

REPOSITORY = Path(__file__).resolve().parents[2]


def test_data_sets_models_and_transforms_are_there() -> None:
    from torchvision.transforms import v2

    torchvision = vision.torchvision
    assert torchvision.datasets.MNIST and torchvision.models.vgg19 and v2.Compose
    assert sys.modules["torchvision"] is torchvision


def test_a_healthy_installation_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = ModuleType("torchvision")
    monkeypatch.setattr(importlib, "import_module", lambda name: healthy)
    monkeypatch.setattr(vision, "_declare_missing_operators", lambda: pytest.fail("it was healthy"))
    assert vision._import() is healthy


def test_another_failure_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> ModuleType:
        raise RuntimeError("another fault")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(RuntimeError, match="another fault"):
        vision._import()


def test_operators_that_do_not_load_are_declared(tmp_path: Path) -> None:
    stand_in = "import torch\ntorch.library.register_fake('torchvision::nms')(lambda *boxes: boxes[0])\n"
    (tmp_path / "torchvision.py").write_text(stand_in)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from core import vision\n"
        "import torch\n"
        "assert vision._declared is not None and torch.ops.torchvision.nms and torch.ops.torchvision.qnms\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
