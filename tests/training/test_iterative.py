"""`python -m training.iterative` from the outside, with an untrained loss network and made-up pictures."""

import numpy as np
import pytest

from core import images, weights
from core.figures import transfers
from core.runs.run import Run, list_runs
from core.style import compact, optimisation_run, paintings, sources
from core.style.optimisation_recipe import OptimisationRecipe
from tests.painting import picture
from training.iterative import main

LAYERS = ["--content-layers", "vgg19.relu2_1", "--style-layers", "vgg19.relu1_1=0.5", "vgg19.relu2_1=0.5"]
TINY = ["--size", "48", "--style-size", "40", "--threads", "1", *LAYERS]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Options that name two pictures; untrained weights of compact are shipped."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())
    images.save(picture(50, 70), tmp_path / "photo.png")
    images.save(255 - picture(60, 60, 3), tmp_path / "waves.png")
    return ["--content", str(tmp_path / "photo.png"), "--style", str(tmp_path / "waves.png")]


def test_a_transfer_from_the_command_line_and_the_same_command_goes_on(tmp_path, pictures, capsys):
    command = [*TINY, *pictures, "--run", "mine", "--style-weight", "3"]
    out = tmp_path / "painted.png"
    assert main([*command, "--steps", "2", "--out", str(out)]) == 0
    run = Run.open("mine")
    assert (run.kind, run.name, run.status().state) == ("iterative", "photo after waves", "finished")
    assert (run.settings["network"], run.settings["style"]) == ("compact", 3.0)
    assert run.settings["style_layers"] == {"vgg19.relu1_1": 0.5, "vgg19.relu2_1": 0.5}
    assert images.decode(out).shape == (34, 48, 3)
    assert np.array_equal(images.decode(out), optimisation_run.picture_of(run))
    assert main([*command, "--steps", "4"]) == 0
    assert main(["--resume", "mine"]) == 0
    assert Run.open("mine").checkpoint()[1]["step"] == 4
    assert [row["step"] for row in run.metrics()] == [1, 2, 3, 4]
    assert main([*command, "--steps", "4", "--style-weight", "5"]) == 2
    assert "was started with style 3.0, not 5.0" in capsys.readouterr().err


@pytest.mark.parametrize(("style", "painting"), [([], "vangogh starry night"), (["munch_scream"], "munch scream")])
def test_a_shipped_painting_is_the_style_picture_unless_a_file_is(pictures, style, painting):
    options = ["--style", f"painting:{style[0]}"] if style else []
    assert main([*TINY, *pictures[:2], *options, "--style-size", "48", "--run", "mine", "--steps", "1"]) == 0
    assert Run.open("mine").name == f"photo after {painting}"
    shipped = paintings.picture(painting.replace(" ", "_"))
    expected = images.fit(shipped, 48)
    assert np.array_equal(images.decode(Run.open("mine").path / "style.png"), expected)


@pytest.mark.parametrize("name", transfers.FIGURES)
def test_a_figure_is_made_as_a_whole_row(tmp_path, pictures, name):
    assert main([*TINY, *pictures, "--figure", name, "--steps", "1", "--out", str(tmp_path / "row")]) == 0
    cells = transfers.figure(name).cells
    runs = [run for run in list_runs("iterative") if isinstance(run, Run)]
    assert {run.name for run in runs} == {f"Figure {name}: {label}" for label, _ in cells}
    assert len({run.settings["row"] for run in runs}) == 1
    assert {run.settings["label"] for run in runs} == {label for label, _ in cells}
    assert len(list((tmp_path / "row").glob("?.png"))) == len(cells)
    assert images.decode(tmp_path / "row" / "row.jpg").shape[0] == 256


def test_figures_change_what_the_thesis_changes():
    base = OptimisationRecipe(style=2.0, variation=1.0)
    styles = [one.style for _, one in transfers.figure("5.7").recipes(base)]
    assert styles == [0.2, 20.0, 2.0, 2.0]
    assert [one.variation for _, one in transfers.figure("5.7").recipes(base)] == [1.0, 1.0, 0.02, 20.0]
    assert [one.style_size for _, one in transfers.figure("5.8").recipes(base)] == [180, 256, 384, 512]
    assert [one.start for _, one in transfers.figure("5.6").recipes(base)] == ["noise", "noise", "content"]
    with pytest.raises(Exception, match="no preset for Figure 5.9; there are 5.6, 5.7, 5.8"):
        transfers.figure("5.9")


def test_a_row_is_of_one_height():
    made = transfers.row([picture(40, 60), picture(80, 40)], height=20, gap=4)
    assert made.shape == (20, 30 + 4 + 10, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--style-weight", "-1"], "loss weight of style is -1.0"),
        (["--style-layers", "relu9_1"], "no loss layer 'relu9_1'"),
        (["--style-layers", "vgg19.relu1_1=much"], "not of the form LAYER=WEIGHT"),
        (["--size", "4"], "size is 4 px"),
        (["--network", "both"], "Put vgg19_normalised"),
        (["--figure", "5.6", "--run", "mine"], "goes with neither --run nor --resume"),
        (["--content", "/nowhere.png"], "no file /nowhere.png"),
    ],
)
def test_bad_options_are_told_in_a_sentence(pictures, capsys, options, sentence):
    assert main([*TINY, *pictures, *options]) == 2
    assert sentence in capsys.readouterr().err
    assert list_runs() == []


def test_what_is_missing_is_told(pictures, capsys):
    assert main([*TINY, *pictures[2:]]) == 2
    assert "needs --content" in capsys.readouterr().err
    Run.create("classifier", {}, path=Run.create("x", {}).path.parent / "other")
    assert main(["--resume", "other"]) == 2
    assert "is a classifier" in capsys.readouterr().err
