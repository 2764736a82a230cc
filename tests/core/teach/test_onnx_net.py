"""A taught net as an ONNX file: ONNX Runtime answers as PyTorch, at sizes that it was not traced with."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from core import onnx_files
from core.errors import UserError
from core.teach import onnx_net
from tests.core.teach.test_saving import a_lesson

# The packages are optional: requirements.txt does not name them.
needs_packages = pytest.mark.skipif(
    not all(find_spec(name) for name in (*onnx_files.PACKAGES, "onnxruntime")),
    reason="onnx, onnxscript and onnxruntime are not installed (pip install onnx onnxscript onnxruntime)",
)


@needs_packages
@pytest.mark.parametrize("source", ["resnet20_cifar10", "efficientnet_lite0"])
def test_onnx_runtime_answers_as_the_net_with_maps_whose_means_are_the_logits(source: str, tmp_path: Path) -> None:
    trained, path = a_lesson(source).learned.net(), tmp_path / "toys.onnx"
    onnx_net.export(trained, path)
    session = onnx_files.session(path)
    assert session.get_modelmeta().custom_metadata_map["classes"] == "duck\nboat"
    picture = torch.rand(1, 3, 160, 100, generator=torch.Generator().manual_seed(3))
    logits, maps = session.run(None, {"picture": picture.numpy()})
    prepared = trained.prepare(picture.mul(255).round().to(torch.uint8))
    with torch.no_grad():
        expected = trained.net(prepared).numpy()
    np.testing.assert_allclose(logits, expected, atol=0.1, rtol=0.05)  # of a picture rounded to 8 bits
    np.testing.assert_allclose(maps.mean((2, 3)), logits, atol=1e-4, rtol=1e-4)
    assert maps.shape[:2] == (1, 2)


def test_the_net_with_maps_answers_as_the_net() -> None:
    trained = a_lesson().learned.net()
    image = torch.randint(0, 256, (1, 3, 64, 48), dtype=torch.uint8)
    with torch.no_grad():
        logits, maps = onnx_net.WithMaps(trained)(image / 255)
        torch.testing.assert_close(logits, trained.net(trained.prepare(image)), atol=1e-4, rtol=1e-4)
    assert maps.shape[:2] == (1, 2)


def test_without_the_packages_it_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs onnx and onnxscript, not installed"):
        onnx_net.export(a_lesson().learned.net(), tmp_path / "toys.onnx")
    assert not list(tmp_path.iterdir())
