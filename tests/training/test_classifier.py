"""The command that trains: its options reach the settings, and it prints what it measured."""

import pytest

from core.models import catalogue
from core.runs.run import list_runs
from core.trainers import recipe as recipes
from training import classifier

DIGITS = ("--dataset", "digits?images=100", "--model", "baseline", "--threads", "1", "--epochs", "1")


def settings_of(*options: str) -> dict:
    """The settings that these options give."""
    run = classifier.find_run(classifier.arguments().parse_args([*DIGITS, *options]))
    return run.settings


def test_every_setting_has_its_option():
    settings = settings_of(
        *("--weight-average", "0.9", "--flip", "alternating", "--padding", "2", "--no-mirror", "--augment"),
        *("--bias-rate", "4", "--views", "3", "--dropout", "0.25", "--no-bfloat16", "--precision", "float32"),
    )
    recipe = settings["recipe"]
    assert (recipe["weight_average"], recipe["flip"], recipe["padding"]) == (0.9, "alternating", 2)
    assert (recipe["mirror"], recipe["augment"], recipe["bfloat16"]) == (False, True, False)
    assert (recipe["bias_rate"], recipe["test_views"], recipe["dropout"]) == (4.0, 3, 0.25)
    assert (settings["precision"], settings["threads"]) == ("float32", 1)


def test_seeds_are_set_together_or_apart():
    seeds = {
        key: value for key, value in settings_of("--seed", "3", "--seed-order", "5").items() if key.startswith("seed")
    }
    assert seeds == {"seed_initialisation": 3, "seed_order": 5, "seed_noise": 3}


def test_it_prints_what_it_measured(capsys):
    assert classifier.main([*DIGITS, "--views", "2", "--batch-size", "50"]) == 0
    (run,) = list_runs()
    printed = capsys.readouterr().out
    assert f"test error {run.data['test_error']:.2f}% after 1 epochs" in printed
    assert f"test error {run.data['test_error_views']:.2f}% averaged over 2 views" in printed


def test_a_recipe_finds_the_one_net_that_has_it(monkeypatch):
    names = {"baseline": ("quick",), "bn_nin": ("quick", "dash"), "nin": ("quick",)}
    monkeypatch.setattr(catalogue, "names", lambda: tuple(names))
    monkeypatch.setattr(recipes, "recipes", lambda net, dataset: dict.fromkeys(names[net]))
    assert classifier.net_of("dash", "digits") == "bn_nin"
    with pytest.raises(classifier.UserError, match=r"--model .* these have: baseline, bn_nin, nin"):
        classifier.net_of("quick", "digits")
    with pytest.raises(classifier.UserError, match=r'"slow" on digits: no net has one'):
        classifier.net_of("slow", "digits")


def test_the_run_folder_has_an_option_that_torchrun_does_not_read_as_its_own(tmp_path):
    run = classifier.find_run(classifier.arguments().parse_args([*DIGITS, "--run-folder", str(tmp_path / "mine")]))
    assert run.path == tmp_path / "mine"


def test_what_is_missing_is_a_sentence(capsys):
    assert classifier.main(["--dataset", "digits"]) == 2
    assert "--dataset and --model" in capsys.readouterr().err
