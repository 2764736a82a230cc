"""Two processes train the style network that one process trains, write one run folder, and end together."""

import dataclasses
import shutil

import pytest
import torch

from core.errors import UserError
from core.runs.run import Run
from core.style import pastiche_recipe
from core.style.pastiche_recipe import PasticheRecipe
from core.trainers.parallel import Team
from tests.painting import write_loss_networks, write_pictures
from tests.team import ended, on_cpus, start
from training import pastiche

# Three samples to a batch are two and one of them.
SMALL = PasticheRecipe(
    ("stripes", "dots"),
    steps=6,
    batch=3,
    crop=32,
    style_side=48,
    width=0.25,
    uses_per_crop=2,
    log_every=1,
    save_every=2,
)
# So small a net normalises maps with next to no variance, which makes much of rounding: what is the same is the same in
# float64.
DOUBLE = "import torch; torch.set_default_dtype(torch.float64); torch.Tensor.float = torch.Tensor.double\n"
BROKEN = (
    "import torch; from core.style.pastiche_training import PasticheTraining as P; terms = P._terms\n"
    "def broken(self, *given):\n"
    "    found = terms(self, *given)\n"
    "    if rank == 1 and self.step == 3: found.style[0] = float('nan')\n"
    "    return found\n"
    "P._terms = broken"
)
STOPS = (
    "from core.runs.run import Run; from core.style.pastiche_training import PasticheTraining as P; step = P.advance\n"
    "def stop(self):\n"
    "    if rank == 0 and self.step == 3: Run.open(sys.argv[-1]).request('stop')\n"
    "    return step(self)\n"
    "P.advance = stop"
)


@pytest.fixture
def make(tmp_path):
    """Makes a run of small folders of photographs, paintings and loss networks."""
    folders = {f"{name}_folder": str(tmp_path / name) for name in pastiche.FOLDERS}
    write_pictures(tmp_path / "photos", ("one", "two", "three"))
    write_pictures(tmp_path / "styles", SMALL.styles)
    write_loss_networks(tmp_path / "loss_networks")
    return lambda **changes: Run.create(
        "pastiche", pastiche_recipe.settings_of(dataclasses.replace(SMALL, **changes), **folders)
    )


@pytest.fixture
def double(monkeypatch):
    """DOUBLE, for this process and one test."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def together(run: Run, before: str = "") -> list[tuple[int, str, str]]:
    return ended(start("training.pastiche", "--threads", "1", "--run", str(run.path), before=before))


def alone(run: Run) -> None:
    assert pastiche.main(["--run", str(run.path), "--threads", "1"]) == 0


def assert_alike(ours: Run, theirs: Run) -> None:
    """The same losses, of the whole batch, and the same net and Adam's memory of it."""
    rows = [[{key: row[key] for key in row if key != "seconds"} for row in run.metrics()] for run in (ours, theirs)]
    assert len(rows[0]) == len(rows[1]) == SMALL.steps
    for one, other in zip(*rows, strict=True):
        assert one == pytest.approx(other, rel=1e-8)
    tensors, expected = (run.checkpoint()[0] for run in (ours, theirs))
    assert tensors.keys() == expected.keys()
    for name, tensor in expected.items():
        # The shifts behind a residual block do nothing, for the next normalisation takes them away.
        if "second.norm.shift" not in name:
            assert torch.dist(tensors[name].double(), tensor.double()) <= 1e-8 * tensor.double().norm(), name


@on_cpus
def test_two_processes_agree_with_one_at_the_same_batch(make, double):
    one, two = make(), make()
    (first, second) = together(two, DOUBLE)
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert "run folder" in first[1] and "finished" in first[1] and second[1:] == ("", ""), "one process speaks"
    alone(one)
    assert_alike(two, one)
    assert Run.open(two.path).data["processes"] == 2 and len(two.previews()) == 2


@on_cpus
def test_a_stop_is_obeyed_by_all_and_one_process_goes_on_from_there(make, double):
    one, two = make(), make()
    assert [status for status, *_ in together(two, DOUBLE + STOPS)] == [0, 0]
    assert two.status().state == "stopped" and two.checkpoint()[1]["step"] == 4
    alone(two)
    alone(one)
    assert_alike(two, one)


@on_cpus
def test_a_loss_that_is_no_number_on_one_process_ends_all_with_its_sentence(make):
    run = make()
    (first, second) = together(run, BROKEN)
    assert (first[0], second[0]) == (2, 2)
    assert run.status().state == "failed" and "loss of step 4 is no longer a number" in run.status().message
    assert "loss of step 4 is no longer a number" in first[2] and second[2] == ""
    assert run.checkpoint()[1]["step"] == 2


@on_cpus
def test_what_is_missing_ends_all_with_one_sentence(make, tmp_path):
    run = make()
    shutil.rmtree(tmp_path / "photos")
    (first, second) = together(run)
    assert (first[0], second[0]) == (2, 2)
    assert "no folder" in run.status().message and first[2].count("\n") == 1 and second[2] == ""


def test_a_batch_that_cannot_be_shared_is_refused(make):
    run = make(batch=1)
    with pytest.raises(UserError, match="A batch of 1 images cannot be shared by 2 processes"):
        pastiche.run_training(run, Team(0, 2, torch.distributed.HashStore()))
    assert run.status().state == "failed"
