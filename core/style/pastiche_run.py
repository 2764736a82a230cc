"""Run folders of trainings of style networks: made here with everything in them that a training needs, and carried out
to the end of their recipe."""

import copy
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from core import hardware, images
from core.datasets import folder as own_pictures
from core.errors import UserError
from core.images import Picture
from core.runs.run import Run
from core.runs.writer import Writer
from core.style import losses, pastiche_recipe, sources
from core.style.network import PasticheNet, one_hot
from core.style.origin import origin_of
from core.style.pastiche_recipe import PasticheRecipe, recipe_of, settings_of
from core.style.pastiche_training import PasticheData, PasticheTraining
from core.style.training_pictures import LISTED, MAX_PHOTOGRAPHS, SUFFIXES, Painting, check_names, pictures_in
from core.trainers.parallel import Team

FOLDERS = {"photos": "photographs", "styles": "paintings"}  # their names in the settings, and inside a run

Uploads = Sequence[tuple[str, bytes]]  # names and contents of files


@dataclass(frozen=True)
class NewPasticheRun:
    """A training of a style network that is about to be made.

    A folder of `photographs` or `paintings` is read where it lies; files of photographs (pictures or .zip archives)
    and paintings in memory are saved in the run. `loss_networks` is the folder of the loss network "both". `start` is
    a run, a shipped net or a file whose weights come first. `grams` is a file of Gram matrices, see
    `painting_targets`. `path` is the run's folder, where it is not to be a new one.
    """

    recipe: PasticheRecipe
    photographs: Path | Uploads
    paintings: Path | Sequence[Painting]
    loss_networks: Path | None = None
    start: str = ""
    grams: Path | None = None
    name: str | None = None
    path: Path | None = None


def check(new: NewPasticheRun) -> NewPasticheRun:
    """Return `new`. Raises UserError, before anything is written, where the training could not begin with it."""
    if not new.paintings:
        raise UserError("There is no painting to learn; upload one or name a folder of them.")
    if not isinstance(new.paintings, Path):
        check_names(new.paintings)
    if not new.photographs:
        raise UserError("There are no photographs to learn from; name a folder of them, or upload some.")
    network = new.recipe.network
    if not sources.at_hand(network, new.loss_networks) and not sources.can_be_fetched(network):
        sources.load(network, new.loss_networks)  # raises UserError, naming what is missing
    if new.start:
        origin_of(new.start).must_fit(new.recipe)
    if isinstance(new.photographs, Path):
        _check_count(len(pictures_in(new.photographs, "photographs")))
    return new


def create(new: NewPasticheRun) -> Run:
    """Return a run with everything in its folder that the training needs.

    Raises UserError, and leaves no folder, where pictures cannot be used or saved, or the recipe learns rows only and
    has no net to start from.
    """
    if new.recipe.rows_only and not new.start:
        raise UserError("Rows alone are learnt for a net that is there already; choose one to start from.")
    folders = {
        key: str(pictures.resolve()) if isinstance(pictures, Path) else FOLDERS[key]
        for key, pictures in (("photos", new.photographs), ("styles", new.paintings))
    }
    more = {f"{key}_folder": folder for key, folder in folders.items()}
    more |= {"loss_networks_folder": str((new.loss_networks or sources.folder()).resolve())}
    more |= {"start": new.start} if new.start else {}
    more |= {"grams": str(new.grams.resolve())} if new.grams else {}
    name = new.name or (None if new.path else _default_name(new))
    run = Run.create("pastiche", pastiche_recipe.settings_of(new.recipe, **more), path=new.path, name=name)
    try:
        _save_pictures(run, new)
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)
        raise UserError(f"The pictures cannot be saved in {run.path} ({error}); make room there.") from error
    except UserError:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run


def _default_name(new: NewPasticheRun) -> str:
    styles = len(new.recipe.styles)
    return new.paintings[0].title if styles == 1 and not isinstance(new.paintings, Path) else f"{styles} styles"


def again(run: Run) -> Run:
    """Return a new run with the settings and pictures of `run`. Raises UserError where they cannot be copied."""
    copy = Run.create(run.kind, run.settings, name=run.name)
    try:
        for folder in FOLDERS.values():
            if (run.path / folder).is_dir():
                shutil.copytree(run.path / folder, copy.path / folder)
    except OSError as error:
        shutil.rmtree(copy.path, ignore_errors=True)
        raise UserError(f"The pictures of {run.id} cannot be copied ({error}); make room and try again.") from error
    return copy


def folder_of(run: Run, key: str) -> Path:
    """Return the folder of a run's "photos" or "styles". Raises UserError where its settings name none."""
    folder = run.style_network.folders.get(key)
    if not folder:
        raise UserError(f"The settings of the run {run.id} name no folder of {FOLDERS[key]}; begin a new one.")
    return run.path / folder  # a whole path stays as it is


@dataclass
class StyleLosses:
    """Sums of the losses of each style since the last row of the metrics."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        self.sums = torch.zeros(len(self.names), 4)
        self.added: dict[str, Tensor] = {}  # name of an added loss -> its sum and count

    def add(self, labels: Tensor, terms: losses.Terms) -> None:
        """Add the terms, each (N,), of samples in the styles `labels`, int64 (N,)."""
        ones = torch.ones(len(labels))
        rows = torch.stack((terms.content, terms.style, terms.variation, ones), 1).detach().float()
        self.sums.index_add_(0, labels, rows)
        for name, term in terms.added.items():
            counted = term.detach().float()
            # A row has the terms of a painting or of the photograph; what is exactly 0 is none of its own.
            self.added[name] = self.added.get(name, torch.zeros(2)) + torch.stack((counted.sum(), (counted != 0).sum()))

    def row(self) -> dict[str, float]:
        """Return means over all styles, and of content and style for each style that was drawn; reset the sums."""
        total = self.sums.sum(0)
        row = dict(zip(("content", "style", "variation"), (total[:3] / total[3]).tolist(), strict=True))
        for name, sums in zip(self.names, self.sums, strict=True):
            if sums[3] > 0:
                row[f"content/{name}"], row[f"style/{name}"] = (sums[:2] / sums[3]).tolist()
        row |= {name: float(total / count) for name, (total, count) in self.added.items() if count}
        self.sums.zero_()
        self.added = {}
        return row


def strip(net: PasticheNet, style: int, photographs: Sequence[Picture]) -> Picture:
    """Return the photographs, uint8 (H, W, 3) each, in a row of one height, and below them how `net` paints them."""
    height = min(picture.shape[0] for picture in photographs)
    row = [images.resize(p, max(8, round(p.shape[1] * height / p.shape[0])), height) for p in photographs]
    device = net.means.device
    blend = one_hot(torch.tensor([style], device=device), net.styles)
    columns = []
    with torch.no_grad():
        for picture in row:
            painted = images.from_tensor(net(images.to_tensor(picture).to(device), blend))
            columns.append(torch.cat((torch.from_numpy(picture), torch.from_numpy(painted))))
    return torch.cat(columns, 1).numpy()


def carry_out(
    writer: Writer,
    data: PasticheData,
    previews: Sequence[Picture],
    facts: dict | None = None,
    team: Team | None = None,
) -> None:
    """Train the net of the writer's run to the end of its recipe, from its checkpoint where it has one, in this process
    or with a team; each process must have a part of a batch.

    `previews` are the photographs of the strips, uint8 (H, W, 3); `facts` is written into the run folder besides.
    """
    run, team = writer.run, team or Team()
    recipe = recipe_of(run.settings)
    training = PasticheTraining(recipe, data, team)
    saved = team.first(run.checkpoint)
    before = run.style_network.before
    if (start := run.style_network.start) and not saved:
        # Only here: the other processes receive the net with the first step.
        before = team.first(lambda: training.start_from(origin_of(start)))
    if saved:
        training.restore(*saved)
    writer.facts(
        **(facts or {}),
        before=before,
        steps=recipe.steps,
        width=recipe.width,
        names=list(recipe.rows),
        precision=hardware.precision(recipe.half),
        device=hardware.describe(recipe.half),
        processes=team.size,
    )
    writer.drop_metrics_after("step", training.step)
    _loop(training, writer, previews if team.leads else ())


def _loop(training: PasticheTraining, writer: Writer, previews: Sequence[Picture]) -> None:
    recipe, team = training.recipe, training.team
    sums = StyleLosses(recipe.rows)
    exports = _exports_until(training)
    while training.step < recipe.steps:
        stops = team.leads and writer.begin_step(lambda: _save(training, writer, previews)).command == "stop"
        if any(team.broadcast(stops)):
            break
        with training.clock.step():
            sums.add(*training.advance())
        writer.progress(
            step=training.step,
            steps=recipe.steps,
            images_per_second=training.clock.speed * recipe.batch,
            seconds_left=training.clock.left(recipe.steps - training.step),
        )
        if training.step % recipe.log_every == 0 or training.step == recipe.steps:
            row = {"step": training.step, "learning_rate": recipe.rate(training.step - 1)}
            writer.log(row | training.clock.row() | {"gradient": training.gradient_norm} | sums.row())
        if training.step % recipe.save_every == 0:
            _save(training, writer, previews)
        exports = _export(training, writer, exports)
    _save(training, writer, previews)


def _exports_until(training: PasticheTraining) -> int:
    """Return how many times `export_minutes` the training has taken."""
    minutes, seconds = training.recipe.export_minutes, training.clock.seconds
    return int(seconds / 60 / minutes) if minutes and seconds else 0


def _export(training: PasticheTraining, writer: Writer, before: int) -> int:
    """Write the weights as exports/step_NNNNNN, with a card, where one is due; return how many were due until now."""
    due = _exports_until(training)
    if due > before and training.team.leads:
        writer.export(f"step_{training.step:06d}", training.weights(), export_card(training, writer.run))
    return due


def export_card(training: PasticheTraining, run: Run) -> dict:
    """Return what another training needs to start from the weights of this one, wherever they are copied to."""
    before = run.style_network.before
    return {
        "kind": "pastiche export",
        "run": run.id,
        "rows": list(training.recipe.rows),
        "width": training.recipe.width,
        "steps": training.step + (before["steps"] if before else 0),
        "training_seconds": None if training.clock.seconds is None else round(training.clock.seconds),
        "recipe": settings_of(training.recipe),
        "before": before,
    }


def _save(training: PasticheTraining, writer: Writer, previews: Sequence[Picture]) -> None:
    writer.save(*training.checkpoint())
    writer.save_model(training.weights())
    if not previews:
        return
    net = copy.deepcopy(training.net)
    net.load_state_dict(training.weights())
    for index, name in enumerate(training.recipe.styles):
        writer.preview(name, images.encode(strip(net, index, previews), "JPEG", 90))


def _save_pictures(run: Run, new: NewPasticheRun) -> None:
    if not isinstance(new.paintings, Path):
        _save_paintings(run.path / FOLDERS["styles"], new.paintings, new.recipe)
    if not isinstance(new.photographs, Path):
        _save_photographs(run.path / FOLDERS["photos"], new.photographs)


def _save_paintings(folder: Path, paintings: Sequence[Painting], recipe: PasticheRecipe) -> None:
    """Write PNG files of the size that is learnt, and their titles as `titles` reads them."""
    folder.mkdir()
    rows = []
    for one in paintings:
        images.save(images.fit(one.picture, recipe.style_side_of(one.name)), folder / f"{one.name}.png")
        rows.append({"file": f"{one.name}.png", **{k: v for k, v in asdict(one).items() if isinstance(v, str)}})
    (folder / LISTED).write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _save_photographs(folder: Path, files: Uploads) -> None:
    """Write every photograph of the files as NUMBER.SUFFIX; the training passes over those that are no pictures.

    Raises UserError where there is none, too many of them, or an archive that cannot be used.
    """
    folder.mkdir()
    count = 0
    for name, data in files:
        members: Iterable[tuple[str, bytes]] = [(name, data)]
        if name.lower().endswith(".zip"):
            packed = folder / ".packed.zip"
            packed.write_bytes(data)
            members = _unpacked(packed, name)
        for member, content in members:
            suffix = PurePosixPath(member).suffix.lower()
            if suffix in SUFFIXES:
                count += 1
                _check_count(count)
                (folder / f"{count:05d}{suffix}").write_bytes(content)
        (folder / ".packed.zip").unlink(missing_ok=True)
    if not count:
        raise UserError("There are no pictures in what was uploaded; give JPEG, PNG, WebP, BMP or TIFF files.")


def _unpacked(archive: Path, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        yield from own_pictures.files_of_zip(archive)
    except UserError as error:
        raise UserError(str(error).replace(str(archive), name).replace(archive.name, name)) from error


def _check_count(photographs: int) -> None:
    if photographs > MAX_PHOTOGRAPHS:
        raise UserError(f"There are more than {MAX_PHOTOGRAPHS:,} photographs, the most that are read: take a part.")
