"""Run folders of style transfers by optimisation: a resumed one ends in the same picture."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import images
from core.errors import UserError
from core.runs.run import Run, root
from core.style import optimisation_run, sources
from core.style.optimisation import ImageOptimisation
from core.style.optimisation_recipe import OptimisationRecipe
from tests.optimisation import CONTENT, STYLE, TINY, ship_compact
from tests.painting import picture

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def shipped(tmp_path, monkeypatch):
    ship_compact(tmp_path, monkeypatch)


def run_of(name: str, recipe: OptimisationRecipe) -> Run:
    return optimisation_run.create(CONTENT, STYLE, recipe, path=root() / name)


@pytest.mark.parametrize(
    "changes",
    [{}, {"optimizer": "lbfgs", "start": "noise"}, {"size": 128, "scales": 2, "keep_colours": True}],
    ids=["adam", "lbfgs", "coarse to fine"],
)
def test_a_transfer_that_was_interrupted_ends_with_the_very_picture_of_one_that_was_not(changes, monkeypatch):
    recipe = replace(TINY, steps=6, save_every=3, **changes)
    big = picture(96, 128, 1) if "size" in changes else CONTENT
    whole = optimisation_run.create(big, STYLE, recipe, path=root() / "whole")
    optimisation_run.carry_out(whole)
    parts = optimisation_run.create(big, STYLE, recipe, path=root() / "parts")
    real, calls = ImageOptimisation.advance, []

    def killed(self):
        calls.append(self.step)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", killed)
    with pytest.raises(KeyboardInterrupt):
        optimisation_run.carry_out(parts)
    assert Run.open(parts.path).status().state == "interrupted"
    optimisation_run.carry_out(Run.open(parts.path))
    assert calls == [0, 1, 2, 3, 4, 3, 4, 5]
    ours, theirs = whole.checkpoint(), parts.checkpoint()
    assert set(ours[0]) == set(theirs[0])
    assert all(torch.equal(tensor, theirs[0][name]) for name, tensor in ours[0].items())
    assert [row["step"] for row in parts.metrics()] == [1, 2, 3, 4, 5, 6]
    assert [row | {"seconds": 0} for row in parts.metrics()] == [row | {"seconds": 0} for row in whole.metrics()]
    seconds = [row["seconds"] for row in parts.metrics()]
    assert seconds[0] > 0 and seconds == sorted(seconds), "the second process goes on where the first one stopped"
    assert np.array_equal(optimisation_run.picture_of(parts), optimisation_run.picture_of(whole))


def test_a_run_folder_shows_its_first_picture_before_any_step():
    run = run_of("mine", TINY)
    (preview,) = run.previews()
    assert images.decode(preview).shape == CONTENT.shape
    assert np.abs(images.decode(preview).astype(int) - CONTENT).mean() < 5
    assert np.array_equal(images.decode(run.path / "style.png"), STYLE)
    assert optimisation_run.picture_of(run) is None


def test_weights_change_while_it_runs():
    run = run_of("mine", TINY)
    run.request("run", style=0.0, content=-3, variation=2)
    optimisation_run.carry_out(run)
    row = run.metrics()[-1]
    assert (row["weight/style"], row["weight/content"], row["weight/variation"]) == (0.0, 1.0, 2.0)
    assert row["loss"] == pytest.approx(row["content"] + 2 * row["variation"], rel=1e-4)


def test_a_stopped_transfer_is_resumed(monkeypatch):
    run = run_of("mine", TINY)
    real = ImageOptimisation.advance

    def stopping(self):
        if self.step == 1:
            run.request("stop")
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", stopping)
    optimisation_run.carry_out(run)
    assert run.status().state == "stopped"
    assert run.checkpoint()[1]["step"] == 2
    monkeypatch.setattr(ImageOptimisation, "advance", real)
    optimisation_run.carry_out(run)
    assert run.status().state == "finished"
    assert run.checkpoint()[1]["step"] == 4


def test_a_transfer_that_diverges_fails_with_a_sentence_and_keeps_its_last_picture(monkeypatch):
    run = run_of("mine", TINY)
    real = ImageOptimisation.advance

    def exploding(self):
        if self.step == 3:
            with torch.no_grad():
                self.x.fill_(math.nan)
        return real(self)

    monkeypatch.setattr(ImageOptimisation, "advance", exploding)
    with pytest.raises(UserError, match="loss of step 4 is no longer a number"):
        optimisation_run.carry_out(run)
    assert run.status().state == "failed"
    assert "no longer a number" in run.status().message
    assert run.checkpoint()[1]["step"] == 2
    assert optimisation_run.picture_of(run) is not None


def test_pictures_that_cannot_be_used_are_refused_before_anything_is_written():
    narrow = np.zeros((3, 400, 3), np.uint8)
    with pytest.raises(UserError, match="photograph is 400 x 3 px, at this size 64 x 1 px"):
        optimisation_run.create(narrow, STYLE, TINY)
    with pytest.raises(UserError, match="style picture is of one colour"):
        optimisation_run.create(CONTENT, np.full((50, 50, 3), 9, np.uint8), TINY)
    sources.compact_path().unlink()
    with pytest.raises(UserError, match=r"Compact \(built in\) is not here"):
        optimisation_run.create(CONTENT, STYLE, TINY)
    assert not root().exists()
