"""Run folders of style networks: what is saved in them, what is refused before a training, and how it is resumed."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import images, weights
from core.errors import UserError
from core.runs.run import Run, list_runs
from core.style import (
    compact,
    pastiche_recipe,
    pastiche_run,
    sources,
    training_pictures,
)
from core.style.origin import origin_of
from core.style.pastiche_recipe import PasticheRecipe
from core.style.pastiche_run import NewPasticheRun
from core.style.pastiche_training import PasticheTraining
from tests.painting import loss_networks, net, picture, ship, write_pictures
from tests.pastiche import go, start

RECIPE = PasticheRecipe(("dots",), steps=3, crop=32, style_side=48, width=0.25, network="compact")


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    """A tiny net and an untrained compact."""
    ship(tmp_path / "weights", monkeypatch)
    weights.write(sources.compact_path(), compact.fresh(0).state_dict())


@pytest.fixture(scope="module")
def networks():
    return loss_networks()


def png(seed: int = 0) -> bytes:
    return images.encode(picture(60, 70, seed), "PNG")


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return packed.getvalue()


def create(photographs, paintings, recipe=RECIPE, **more) -> Run:
    """Check and make a run, as the page does."""
    return pastiche_run.create(pastiche_run.check(NewPasticheRun(recipe, photographs, paintings, **more)))


def dots():
    return training_pictures.read_painting("Dots.png", png(3), "The dots")


def test_a_run_holds_its_uploads_and_so_does_a_copy():
    files = [("one.png", png(1)), ("many.zip", zipped(**{"in__two.jpg": png(2), "notes.txt": b"no picture"}))]
    run = create(files, [dots()])
    (run.path / "model.safetensors").touch()
    like = pastiche_run.again(run)
    for one in (run, like):
        photographs = training_pictures.pictures_in(pastiche_run.folder_of(one, "photos"), "photographs")
        assert [path.name for path in photographs] == ["00001.png", "00002.jpg"]
        paintings = training_pictures.chosen_paintings(pastiche_run.folder_of(one, "styles"), ["dots"])
        assert images.decode(paintings["dots"]).shape[1] == 48
        assert training_pictures.titles(paintings) == [{"name": "dots", "title": "The dots", "artist": "", "year": ""}]
        assert one.path in paintings["dots"].parents
    assert like.model_path() is None and pastiche_recipe.recipe_of(like.settings) == RECIPE


def test_a_folder_of_the_machine_is_read_where_it_lies(tmp_path):
    write_pictures(tmp_path / "photos", ("one", "two"))
    run = create(tmp_path / "photos", [dots()], start="tiny")
    assert pastiche_run.folder_of(run, "photos") == tmp_path / "photos"
    assert run.settings["start"] == "tiny" and origin_of("tiny").names == ("stripes", "dots", "night")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "no photographs to learn from"),
        ([("notes.txt", b"x")], "no pictures in what was uploaded"),
        ([("many.zip", b"no archive")], "many.zip is not a whole .zip archive"),
        ([("many.zip", zipped(**{"..__out.png": b"x"}))], "leads out of it"),
    ],
)
def test_photographs_that_cannot_be_used_are_refused_and_leave_no_run(files, sentence):
    with pytest.raises(UserError, match=sentence):
        create(files, [dots()])
    assert list_runs("pastiche") == []


def test_other_faults_are_refused_before_a_run_is_made(tmp_path):
    files = [("one.png", png(1))]
    with pytest.raises(UserError, match="no painting to learn"):
        create(files, [])
    with pytest.raises(UserError, match="Two paintings have the name dots"):
        create(files, [dots(), dots()])
    with pytest.raises(UserError, match="of one colour"):
        training_pictures.read_painting("grey.png", images.encode(picture() * 0 + 9, "PNG"))
    with pytest.raises(UserError, match="The painting bow.png is 960 x 40 px, too long and narrow"):
        training_pictures.read_painting("bow.png", images.encode(picture(40, 960), "PNG"))
    with pytest.raises(UserError, match="The painting stamp.png is 8 x 8 px; each side needs at least 32"):
        training_pictures.read_painting("stamp.png", images.encode(picture(8, 8), "PNG"))
    with pytest.raises(UserError, match="not a picture"):
        training_pictures.read_painting("notes.png", b"x" * 100)
    with pytest.raises(UserError, match="loss network VGG-19 and SqueezeNet is not here"):
        create(files, [dots()], replace(RECIPE, network="both"), loss_networks=tmp_path)
    with pytest.raises(UserError, match=r"of this width, 0.5, but of 0.25"):
        create(files, [dots()], replace(RECIPE, width=0.5), start="tiny")
    with pytest.raises(UserError, match="no weights of a style network yet"):
        create(files, [dots()], start=Run.create("pastiche", {}).id)
    with pytest.raises(UserError, match="no loss layer 'relu9_1'"):
        replace(RECIPE, content_layers={"relu9_1": 1.0})
    assert [run.settings for run in list_runs("pastiche")] == [{}]


@pytest.mark.slow
def test_a_run_folder_holds_losses_of_each_style_previews_and_weights(networks):
    run = start()
    go(run, networks, facts={"photographs": 3})
    assert run.status().state == "finished"
    rows = run.metrics()
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert {"content", "style", "variation", "learning_rate"} <= set(rows[0])
    drawn = {key for row in rows for key in row}
    assert {"style/stripes", "style/dots", "content/dots"} <= drawn
    assert [path.stem for path in run.previews()] == ["dots", "stripes"]
    assert images.decode(run.previews()[0]).shape == (48, 30 + 15, 3)  # two of height 24, above their paintings
    opened = Run.open(run.id)
    assert opened.data["names"] == ["stripes", "dots"]
    assert opened.data["photographs"] == 3
    assert opened.status().progress.step == 4


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_ends_like_one_that_never_stopped(networks):
    whole, stopped = start(), start()
    go(whole, networks)
    original = PasticheTraining.advance

    def stop_after_two(self):
        if self.step == 1:
            stopped.request("stop")
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasticheTraining, "advance", stop_after_two)
        go(stopped, networks)
    assert stopped.status().state == "stopped"
    assert stopped.checkpoint()[1]["step"] == 2
    go(stopped, networks)
    assert stopped.status().state == "finished"
    assert [row["step"] for row in stopped.metrics()] == [1, 2, 3, 4]
    seconds = [row["seconds"] for row in stopped.metrics()]
    assert seconds == sorted(seconds) and round(stopped.checkpoint()[1]["seconds"], 3) == seconds[-1] > 0
    ours, theirs = stopped.checkpoint()[0], whole.checkpoint()[0]
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_strip_shows_photographs_above_their_paintings():
    shown = pastiche_run.strip(net(), 0, [picture(24, 30), picture(48, 48)])
    assert shown.shape == (48, 54, 3)
    assert np.array_equal(shown[:24, :30], picture(24, 30))
