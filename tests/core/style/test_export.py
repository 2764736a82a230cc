"""Style networks as ONNX files: the graph's inputs blend rows, and ONNX Runtime paints what PyTorch paints."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from core import onnx_files
from core.errors import UserError
from core.style import export
from core.style.network import mixture
from core.style.rows import Rows
from tests.painting import STYLES, net

# The packages are optional: requirements.txt does not name them.
needs_packages = pytest.mark.skipif(
    not all(find_spec(name) for name in (*onnx_files.PACKAGES, "onnxruntime")),
    reason="onnx, onnxscript and onnxruntime are not installed (pip install onnx onnxscript onnxruntime)",
)


def test_scales_and_shifts_given_as_inputs_paint_the_blend():
    whole, blend = net(), mixture({"stripes": 1, "night": 3}, STYLES)
    picture = torch.rand(1, 3, 24, 20)
    scales, shifts = export.table(whole)
    with torch.no_grad():
        painted = export.BlendedNet(whole)(picture, blend @ scales, blend @ shifts)
        torch.testing.assert_close(painted, whole(picture, blend), atol=1e-5, rtol=1e-4)


def test_the_table_has_a_row_for_each_style_in_the_order_of_the_layers():
    whole = net()
    scales, shifts = export.table(whole)
    assert scales.shape == shifts.shape == (3, 4 + 8 + 16 + 10 * 16 + 8 + 4 + 3)
    assert torch.equal(scales[1, :4], whole.enter.norm.scale[1])
    assert torch.equal(shifts[2, -3:], whole.leave.norm.shift[2])


def test_a_missing_package_is_named_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None if name == "onnxscript" else True)
    with pytest.raises(UserError, match="needs onnxscript, not installed here: pip install onnx onnxscript"):
        export.export(net(), Rows(STYLES), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_refused_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: True)
    with pytest.raises(UserError, match=r"net.pt does not end in .onnx"):
        export.export(net(), Rows(STYLES), tmp_path / "net.pt")


def test_without_onnx_runtime_nothing_is_compared(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None)
    assert export.difference(net(), tmp_path / "net.onnx") is None


@pytest.mark.slow
@needs_packages
def test_onnx_runtime_paints_blends_of_any_size_from_one_file(tmp_path):
    import onnxruntime

    whole, path = net(), tmp_path / "net.onnx"
    beside = export.export(whole, Rows(STYLES), path)
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["net.npz", "net.onnx"]
    assert export.difference(whole, path) < export.TOLERANCE
    assert export.difference(net(seed=1), path) > export.TOLERANCE
    rows, session = np.load(beside), onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert tuple(rows["names"]) == STYLES
    picture = torch.rand(1, 3, 40, 56)
    blend = np.array([[0.25, 0, 0.75]], np.float32)
    inputs = {"picture": picture.numpy(), "scales": blend @ rows["scales"], "shifts": blend @ rows["shifts"]}
    with torch.no_grad():
        expected = whole(picture, torch.from_numpy(blend)).numpy()
    np.testing.assert_allclose(session.run(["painting"], inputs)[0], expected, atol=1e-4)


@pytest.mark.slow
@needs_packages
def test_a_folder_that_is_missing_is_told_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        export.export(net(), Rows(STYLES), tmp_path / "none" / "net.onnx")
