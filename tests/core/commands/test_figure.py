"""`python -m core figure`: Figures 5.1 to 5.4 of a run of one's own."""

import pytest

from core import images
from core.__main__ import main
from core.figures import class_maps
from tests.nets import a_run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", class_maps.FIGURES)
def test_each_figure_is_drawn_from_a_run(name, tmp_path, capsys):
    run = a_run("bn_nin")
    out = tmp_path / "figure.png"
    status = main(["figure", name, str(out), "--model", run.id])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert f"Figure {name}" in printed.out
    assert ("On the pages: /" in printed.out) == (name != "5.3")  # page Localise needs true boxes
    height, width, _ = images.decode(out).shape
    assert width > 700 and height > 300


def test_an_image_that_cannot_be_shown_is_refused(tmp_path, capsys):
    run = a_run()
    assert main(["figure", "5.1", str(tmp_path / "a.png"), "--model", run.id, "--image", "360"]) == 2
    assert "no image 360: choose one from 0 to 359" in capsys.readouterr().err
    assert main(["figure", "5.4", str(tmp_path / "a.png"), "--model", run.id, "--image", "3"]) == 2
    assert "leave --image out" in capsys.readouterr().err
