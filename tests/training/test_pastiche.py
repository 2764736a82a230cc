"""`python -m training.pastiche` and `python -m training.ship` from the outside, with tiny nets and made-up pictures."""

import hashlib
import json
import shutil

import pytest
import torch

from core import weights
from core.runs.run import Run, list_runs
from core.style import painter, pastiche_recipe, vgg
from core.vision import torchvision
from tests.painting import picture, write_loss_networks, write_pictures
from training import pastiche, ship

TINY = ["--crop", "32", "--style-side", "48", "--width", "0.25", "--save-every", "2", "--threads", "1"]


@pytest.fixture
def folders(tmp_path):
    """Options that name small folders of photographs, paintings and loss networks."""
    write_pictures(tmp_path / "photos", ("one", "two"))
    write_pictures(tmp_path / "styles", ("stripes", "dots", "night"))
    listed = [{"file": "dots.png", "title": "The dots", "artist": "A. Painter", "year": "1900", "width": 1}]
    (tmp_path / "styles" / "styles.json").write_text(json.dumps(listed))
    write_loss_networks(tmp_path / "networks")
    options = {"--photos": "photos", "--styles": "styles", "--loss-networks": "networks"}
    return [part for option, name in options.items() for part in (option, str(tmp_path / name))]


def train(*options: str) -> int:
    return pastiche.main([*TINY, *options])


def test_a_training_from_the_command_line_makes_a_run_and_the_same_command_goes_on(folders, capsys):
    command = [*folders, "--only", "dots", "stripes", "--factor", "dots=0.5", "--share", "dots=2", "--run", "mine"]
    assert train(*command, "--steps", "2") == 0
    run = Run.open("mine")
    assert run.status().state == "finished"
    assert run.settings["styles"] == ["dots", "stripes"]
    assert run.settings["style_factors"] == {"dots": 0.5}
    assert run.settings["style_shares"] == {"dots": 2.0}
    assert run.data["styles"][0] == {"name": "dots", "title": "The dots", "artist": "A. Painter", "year": "1900"}
    assert run.data["styles"][1]["title"] == "Stripes"
    assert train(*command, "--steps", "4") == 0
    assert Run.open("mine").checkpoint()[1]["step"] == 4
    assert pastiche.main(["--resume", "mine", "--steps", "5"]) == 0
    assert Run.open("mine").checkpoint()[1]["step"] == 5
    assert pastiche_recipe.recipe_of_run(Run.open("mine")).steps == 5
    assert pastiche.main(["--resume", "mine"]) == 0
    assert Run.open("mine").checkpoint()[1]["step"] == 5
    assert "finished" in capsys.readouterr().out


def test_a_training_can_start_from_another_run(folders):
    assert train(*folders, "--run", "first", "--steps", "1") == 0
    assert train(*folders, "--run", "second", "--steps", "1", "--start", "first", "--jitter", "2", "--gentle", "0") == 0
    second = Run.open("second")
    assert second.data["before"]["steps"] == 1
    assert (second.settings["jitter"], second.settings["gentle"]) == (2, 0)


def test_a_run_without_a_name_lands_among_the_runs(folders):
    assert train(*folders, "--steps", "1") == 0
    (run,) = list_runs("pastiche")
    assert run.name == "3 styles"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--only", "monet"], "no painting 'monet' in"),
        (["--factor", "dots"], "'dots' is not of the form NAME=F"),
        (["--factor", "dots=-1"], "'dots=-1' is not of the form NAME=F"),
        (["--factor", "monet=1"], "'monet', which is not among"),
        (["--steps", "0"], "steps is 0"),
        (["--photos", "/nowhere"], "no folder /nowhere; give the folder of the photographs"),
    ],
)
def test_bad_options_are_told_in_a_sentence(folders, capsys, options, sentence):
    assert train(*folders, *options) == 2
    assert sentence in capsys.readouterr().err


def test_files_that_are_no_pictures_are_left_out_and_the_run_itself_says_what_is_gone(tmp_path, folders):
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(50))
    assert train(*folders, "--run", "mine", "--steps", "1") == 0
    assert (Run.open("mine").data["photographs"], Run.open("mine").data["left_out"]) == (2, 1)
    shutil.rmtree(tmp_path / "photos")
    assert pastiche.main(["--resume", "mine", "--steps", "2"]) == 2
    status = Run.open("mine").status()
    assert status.state == "failed" and "no folder" in status.message


def test_what_is_missing_is_told(tmp_path, folders, capsys):
    assert train("--photos", str(tmp_path / "photos")) == 2
    assert "needs --styles" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert train(*folders, "--photos", str(tmp_path / "empty")) == 2
    assert "no pictures in" in capsys.readouterr().err


def test_another_recipe_for_the_same_run_is_refused(folders, capsys):
    assert train(*folders, "--run", "mine", "--steps", "1") == 0
    assert train(*folders, "--run", "mine", "--steps", "2", "--style", "9") == 2
    assert "was started with style 3.0, not 9.0" in capsys.readouterr().err
    Run.create("classifier", {"styles": []}, path=Run.open("mine").path.parent / "other")
    assert pastiche.main(["--resume", "other"]) == 2
    assert "trains a classifier" in capsys.readouterr().err


def test_a_finished_net_is_shipped_with_a_card_and_paints(tmp_path, monkeypatch, folders, capsys):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    (tmp_path / "weights").mkdir()
    assert train(*folders, "--run", "mine", "--steps", "1") == 0
    assert ship.main(["mine", "mine"]) == 2
    assert "needs --licence" in capsys.readouterr().err
    assert ship.main(["mine", "mine", "--licence", "My own photographs, free for all"]) == 0
    card = weights.card("mine")
    assert (card["kind"], card["steps"], card["licence"]) == ("pastiche", 1, "My own photographs, free for all")
    assert 0 < card["bfloat16_error"] < 0.1
    assert card["training_seconds"] >= 0
    assert str(tmp_path) not in json.dumps(card)
    figures = {"style": [0.3, 0.4, 0.5], "content": [1.0, 0.8, 0.7], "lattice": 1.5, "shift": 0.95, "tone": 0.98}
    row = {**figures, "photograph": {"style": [2.0, 2.0, 2.0]}, "content_by_photograph": {"fox": [1.0, 0.8, 0.7]}}
    scores = {"name": "styles", "sides": [512, 256, 128], "scores": []}
    scores["scores"] = [{"name": style["name"], **row} for style in card["styles"]]
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    arguments = ["mine", "mine", "--licence", "Mine", "--scores", str(tmp_path / "scores.json")]
    assert ship.main(arguments) == 0
    judged = weights.card("mine")["judged"]
    assert judged["sides"] == [512, 256, 128]
    assert judged["styles"]["night"] == {key: row[key] for key in (*figures, "photograph")}
    scores["scores"].pop()
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert ship.main(arguments) == 2
    assert "scores other styles" in capsys.readouterr().err
    (tmp_path / "scores.json").write_text("much")
    assert ship.main(arguments) == 2
    assert "does not hold what python -m benchmarks.styles --json prints" in capsys.readouterr().err
    assert painter.stylise(picture(), {"dots": 1.0, "night": 1.0}).shape == picture().shape
    painter.shipped.cache_clear()


def test_an_unfinished_run_is_not_shipped(folders, capsys):
    run = Run.create("pastiche", {})
    assert ship.main([run.id, "mine", "--licence", "x"]) == 2
    assert "only a finished training can be shipped" in capsys.readouterr().err


def test_a_training_of_all_terms_starts_from_a_file_with_its_card(folders, tmp_path, capsys):
    new = [
        "--crop",
        "64",
        "--style-side",
        "64",
        "--style-scales",
        "2",
        "--shift",
        "150",
        "--tone",
        "2",
        "--colour",
        "1",
    ]
    new += ["--draft", "0.5", "--soft", "0.25", "--soft-share", "0.4", "--photograph", "100", "--photograph-share", "1"]
    new += ["--average", "0.9", "--rate-warmup-steps", "1", "--norm-rate", "1", "--clip", "5"]
    assert train(*folders, *new, "--only", "dots", "--run", "first", "--steps", "1", "--export-minutes", "1e-6") == 0
    first = Run.open("first")
    assert first.data["names"] == ["dots", "dots__soft", "photograph"]
    assert (first.settings["norm_rate"], first.settings["clip"], first.settings["soft_share"]) == (1, 5, 0.4)
    export = first.path / "exports" / "step_000001.safetensors"
    assert train(*folders, *new, "--only", "dots", "--run", "second", "--steps", "1", "--start", str(export)) == 0
    before = Run.open("second").data["before"]
    assert before["steps"] == 1 and before["styles"] == ["dots", "dots__soft", "photograph"]
    assert train(*folders, "--start", str(tmp_path / "none.safetensors")) == 2
    assert "no weights" in capsys.readouterr().err


def test_rows_of_one_style_are_learnt_alone_and_put_into_the_shipped_net(folders, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "weights")
    (tmp_path / "weights").mkdir()
    assert train(*folders, "--only", "dots", "--rows-only") == 2
    assert "choose one to start from" in capsys.readouterr().err
    assert train(*folders, "--run", "large", "--steps", "1") == 0
    assert ship.main(["large", "large", "--licence", "Mine"]) == 0
    before = weights.read(tmp_path / "weights" / "large.safetensors")
    options = ["--only", "dots", "--rows-only", "--start", "large", "--run", "rows"]
    assert train(*folders, *options, "--steps", "1") == 0
    assert pastiche.main(["--resume", "rows", "--steps", "2"]) == 0
    assert ship.main(["large", "large", "--rows"]) == 2
    assert "has learnt no rows alone" in capsys.readouterr().err
    row = {"name": "dots", "style": [0.2], "content": [1.0]}
    (tmp_path / "scores.json").write_text(json.dumps({"name": "styles", "sides": [512], "scores": [row]}))
    assert ship.main(["rows", "large", "--rows"]) == 0
    assert ship.main(["rows", "large", "--rows", "--scores", str(tmp_path / "scores.json")]) == 0
    card, after = weights.card("large"), weights.read(tmp_path / "weights" / "large.safetensors")
    (since,) = card["rows_since"]
    assert (since["rows"], since["steps"], since["recipe"]["rows_only"]) == (["dots"], 2, True)
    assert card["steps"] == 1 and card["judged"]["styles"] == {"dots": {"style": [0.2], "content": [1.0]}}
    assert str(tmp_path) not in json.dumps(card)
    names = [style["name"] for style in card["styles"]]
    for name, tensor in after.items():
        if ".norm." in name:
            same = [torch.equal(row, was) for row, was in zip(tensor, before[name], strict=True)]
            assert same == [style != "dots" for style in names], name
        else:
            assert torch.equal(tensor, before[name]), name
    painter.shipped.cache_clear()


def test_the_thesis_training_is_a_preset_whose_options_can_be_changed(folders, tmp_path):
    options = ["--preset", "thesis", "--network", "both", "--content-layers", "vgg19.relu2_1", "--batch", "1"]
    options += ["--style-layers", "squeezenet.fire4", "--steps", "1", "--only", "dots", "--run", "thesis"]
    options += ["--content-factor", "dots=2", "--variation-factor", "dots=0.5", "--side", "dots=40"]
    options += ["--convention", "CHW", "--scale-deviation", "0.1", "--grams", str(tmp_path / "grams.safetensors")]
    assert train(*folders, *options) == 0
    recipe = pastiche_recipe.recipe_of(Run.open("thesis").settings)
    assert (recipe.relative, recipe.clip, recipe.decay, recipe.batch, recipe.convention) == (False, 0, 0, 1, "CHW")
    assert recipe.content_factors == {"dots": 2.0} and recipe.style_sides == {"dots": 40}
    assert (tmp_path / "grams.safetensors").is_file()
    assert train(*folders, *options, "--relative") == 2  # not as it was started


def test_the_thesis_training_fetches_vgg_16_as_torchvision_saves_it(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path / "data"))
    layers = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])  # random numbers in all its shapes
    saved = layers.state_dict()
    assert len(saved) == 26 and saved["28.weight"].shape == (512, 512, 3, 3)
    path = tmp_path / "vgg16.pth"
    whole = {f"features.{name}": tensor for name, tensor in saved.items()} | {"classifier.6.bias": torch.zeros(1000)}
    torch.save(whole, path)
    named = path.rename(tmp_path / f"vgg16-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth")
    monkeypatch.setattr(vgg, "address", lambda name: named.as_uri())
    options = ["--preset", "thesis", "--only", "dots", "--batch", "2", "--steps", "2", "--run", "thesis"]
    assert train(*folders, *options, "--export-minutes", "0") == 0
    run = Run.open("thesis")
    assert (run.settings["network"], run.status().state) == ("vgg16", "finished")
    kept = weights.read(vgg.path_of("vgg16"))
    assert len(kept) == 26 and torch.equal(kept["features.28.weight"], saved["28.weight"])
    assert painter.named("thesis").paint(picture(), {"dots": 1}).shape == picture().shape


def test_a_long_training_says_its_time_before(folders, monkeypatch, capsys):
    monkeypatch.setattr(pastiche, "LONG_STEPS", 2)
    monkeypatch.setattr(pastiche, "seconds_a_step", lambda recipe, network: 1800)
    assert train(*folders, "--only", "dots", "--run", "long", "--steps", "3") == 0
    assert "3 steps of about 1.8e+03 s, measured on a small crop here: about 1 h 30 min." in capsys.readouterr().out
    assert train(*folders, "--only", "dots", "--run", "long", "--steps", "4") == 0
    assert "measured" not in capsys.readouterr().out
