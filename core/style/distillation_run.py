"""Run folders of the distillation of `compact`: carried out to the end of their recipe, and described by a card."""

from collections.abc import Sequence

from torch import Tensor

from core import hardware
from core.errors import UserError
from core.runs.run import Run
from core.runs.writer import Writer, writing
from core.style.distillation import Distillation, DistillationData, evaluate
from core.style.distillation_recipe import recipe_of, settings_of


def carry_out(run: Run, data: DistillationData, held_out: Sequence[Tensor], facts: dict | None = None) -> None:
    """Train `compact` in `run` to the end of its recipe, from its checkpoint where it has one.

    `held_out` are batches (N, 3, H, W) of pictures that are never learnt from. `facts` is written into the run folder.
    """
    recipe = recipe_of(run.settings)
    training = Distillation(recipe, data)
    saved = run.checkpoint()
    if saved:
        training.restore(*saved)
    with writing(run) as writer:
        size = sum(parameter.numel() for parameter in training.net.parameters())
        precision = hardware.precision(recipe.half)
        writer.facts(**(facts or {}), steps=recipe.steps, parameters=size, precision=precision)
        writer.drop_metrics_after("step", training.step)
        _loop(training, writer, held_out)


def card_of(run: Run, licence: str) -> dict:
    """Return the card of the latest weights of such a training; `licence` is that of its photographs."""
    evaluated = [row for row in run.metrics() if "error/vgg19.relu1_1" in row]
    if not evaluated or run.model_path() is None:
        raise UserError(f"The run {run.id} has saved no weights yet; train it first.")
    last = evaluated[-1]
    record = run.loss_network
    recipe = recipe_of({**run.settings, "steps": record.steps})
    return {
        "kind": "loss_network",
        "title": "Compact loss network",
        "source": "distilled from VGG-19 as far as relu3_1 and SqueezeNet 1.1, by hints (Romero et al., 2015)",
        "parameters": record.parameters,
        "data": f"{record.photographs} photographs and {record.paintings} paintings",
        "licence": licence,
        "steps": last["step"],
        "training_seconds": round(last["seconds"]) if "seconds" in last else None,
        "precision": record.precision,
        "errors": {kind: {k.partition("/")[2]: round(v, 4) for k, v in last.items() if k.startswith(f"{kind}/")}
                   for kind in ("error", "gram")},
        "errors_are": "on held-out photographs and paintings: squared error of a layer in units of its variance, and "
        "of its Gram matrices in units of their mean square",
        "held_out_photographs": list(record.held_out_photographs),
        "held_out_paintings": list(record.held_out_paintings),
        "recipe": settings_of(recipe),
    }  # fmt: skip


def _loop(training: Distillation, writer: Writer, held_out: Sequence[Tensor]) -> None:
    recipe = training.recipe
    rows: list[dict[str, float]] = []
    while training.step < recipe.steps:
        if writer.begin_step(lambda: _save(training, writer)).command == "stop":
            break
        with training.clock.step():
            rows.append(training.advance())
        writer.progress(
            step=training.step,
            steps=recipe.steps,
            images_per_second=training.clock.speed * recipe.batch,
            seconds_left=training.clock.left(recipe.steps - training.step),
        )
        last = training.step == recipe.steps
        evaluates = last or training.step % recipe.save_every == 0
        if evaluates or training.step % recipe.log_every == 0:
            row = {"step": training.step, "learning_rate": recipe.rate(training.step - 1)}
            row |= training.clock.row() | {name: sum(each[name] for each in rows) / len(rows) for name in rows[0]}
            rows = []
            writer.log(row | (evaluate(training.average, training.data.teachers, held_out) if evaluates else {}))
        if evaluates:
            _save(training, writer)
    _save(training, writer)


def _save(training: Distillation, writer: Writer) -> None:
    writer.save(*training.checkpoint())
    writer.save_model({name: tensor.detach() for name, tensor in training.average.state_dict().items()})
