"""Run folders of the distillation of `compact`: a resumed one ends in the same weights."""

from dataclasses import replace

import pytest
import torch

from core.runs.run import Run, root
from core.style import compact, distillation_run
from core.style.distillation_recipe import settings_of
from tests.distillation import TINY, data, held_out
from tests.painting import loss_networks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teachers():
    return loss_networks()


def test_a_run_that_was_interrupted_ends_with_the_very_weights_of_one_that_was_not(teachers):
    def run(name: str, steps: int) -> Run:
        settings = settings_of(replace(TINY, steps=steps, decay=0.0, teacher_forcing=0.0))
        path = root() / name
        run = Run.open(path) if path.exists() else Run.create("loss_network", settings, path=path)
        run.settings = settings
        distillation_run.carry_out(run, data(teachers), held_out(), {"photographs": 3})
        return run

    whole = run("whole", 4)
    run("parts", 3)
    parts = run("parts", 4)
    ours, theirs = whole.checkpoint()[0], parts.checkpoint()[0]
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert [row["step"] for row in parts.metrics()] == [1, 2, 3, 4]
    assert parts.metrics()[-1] | {"seconds": 0} == whole.metrics()[-1] | {"seconds": 0}
    assert parts.metrics()[-1]["seconds"] > parts.metrics()[2]["seconds"] > 0
    assert parts.data["photographs"] == 3
    assert parts.data["parameters"] == sum(tensor.numel() for tensor in compact.Compact().parameters())
    evaluated = [row for row in parts.metrics() if "error/squeezenet.fire9" in row]
    assert [row["step"] for row in evaluated] == [2, 3, 4]
    assert compact.read(parts.model_path()).layers == tuple(compact.SOURCES)
