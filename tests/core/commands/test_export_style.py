"""`python -m core export-style`: what it prints, and the sentences for what cannot be exported."""

import pytest

from core import onnx_files
from core.__main__ import main
from core.style import export
from tests.painting import STYLES

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture
def exported(monkeypatch):
    """The rows of the nets that are exported, which are not written: the packages for it are optional."""
    names = []
    monkeypatch.setattr(
        export, "export", lambda net, rows, path: [names.append(rows.names), path.with_suffix(".npz")][1]
    )
    return names


def test_the_blending_net_is_exported_and_compared(tmp_path, monkeypatch, exported, capsys):
    monkeypatch.setattr(export, "difference", lambda net, path: 2e-6)
    assert main(["export-style", str(tmp_path / "net.onnx")]) == 0
    assert exported == [STYLES]
    said = capsys.readouterr().out
    assert "net.npz: 3 rows, within 0.0005 of 255 of PyTorch" in said


def test_it_says_when_nothing_was_compared(tmp_path, monkeypatch, exported, capsys):
    monkeypatch.setattr(export, "difference", lambda net, path: None)
    assert main(["export-style", str(tmp_path / "net.onnx"), "--net", "tiny"]) == 0
    assert "not compared with PyTorch, since onnxruntime is not installed" in capsys.readouterr().out


def test_a_net_that_paints_otherwise_is_an_error(tmp_path, monkeypatch, exported, capsys):
    monkeypatch.setattr(export, "difference", lambda net, path: 0.1)
    assert main(["export-style", str(tmp_path / "net.onnx")]) == 2
    assert "paints up to 25.5 of 255 unlike PyTorch" in capsys.readouterr().err


def test_a_missing_package_and_an_unknown_net_are_told_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(onnx_files, "find_spec", lambda name: None)
    assert main(["export-style", str(tmp_path / "net.onnx")]) == 2
    assert "An ONNX file needs onnx and onnxscript, not installed here" in capsys.readouterr().err
    assert main(["export-style", str(tmp_path / "net.onnx"), "--net", "nonesuch"]) == 2
    assert "Traceback" not in capsys.readouterr().err
