"""`python -m training.transfer`: study what a net learned on one data set is worth on another, by depth and by how many
training pictures there are; or resume such a study."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields

from core import datasets
from core.errors import UserError
from core.runs import queue
from core.runs.run import Run
from core.trainers.trained import packaged, shipped
from core.transfer_learning.study import KIND, LINEAR, TITLES, WAYS, Study, create
from core.transfer_learning.training import carry_out
from training.command import is_begun, run_path
from training.progress import bar


def arguments() -> argparse.ArgumentParser:
    """Return the command's options; those left out take the study's defaults."""
    parser = argparse.ArgumentParser(prog="python -m training.transfer", description=__doc__)
    parser.add_argument("--run", help="a run folder, or its name: resumed where it holds a study, else created")
    parser.add_argument("--source", help=f"source model: a run, or one of {', '.join(shipped())}")
    parser.add_argument("--dataset", help=f"target data set: {', '.join(datasets.names())}, or folder:PATH")
    parser.add_argument(
        "--pictures",
        type=int,
        nargs="+",
        metavar="N",
        help="training pictures a class, 0: all (default 10 100 1000)",
    )
    parser.add_argument("--ways", nargs="+", choices=WAYS, help="default: all; the depth curve comes with frozen")
    parser.add_argument("--rate", type=float, help=f"learning rate multiplier in fine-tuning (default {Study.rate:g})")
    parser.add_argument("--epochs", type=int, help="of every training of a whole net (default: the recipe's)")
    parser.add_argument(
        "--seed", type=int, help=f"of the pictures, weights, shuffling and noise (default {Study.seed})"
    )
    parser.add_argument(
        "--flips", action="store_true", default=None, help="linear probes learn from the flipped pictures as well"
    )
    parser.add_argument("--threads", type=int, help="CPU threads; default: all cores")
    parser.add_argument("--name", help="name of the run")
    return parser


def find_run(options: argparse.Namespace) -> Run:
    """Return the run that the options mean: a new one, or one to resume. Raises UserError where they do not fit."""
    settings = {field.name: value for field in fields(Study) if (value := getattr(options, field.name)) is not None}
    settings |= {key: tuple(settings[key]) for key in ("pictures", "ways") if key in settings}
    if options.source in packaged() and not options.ways:
        settings["ways"] = ("frozen",)  # its features are all that such a net lends
    path = run_path(options.run) if options.run else None
    if path is None or not is_begun(path):
        if not (options.source and options.dataset):
            raise UserError(
                "Give a source model and target data set: --source and --dataset, or --run with a study to resume."
            )
        return create(Study(**settings), name=options.name, path=path)
    existing = Run.open(path)
    if existing.kind != KIND:
        raise UserError(f"The run {existing.id} is a {existing.kind}; it is resumed by training.{existing.kind}.")
    if settings or options.name:
        raise UserError(
            f"The run {existing.id} has its settings already; resume it with --run alone, or leave --run out."
        )
    return existing


def table(run: Run) -> str:
    """Return a table of the test errors so far: by depth, and by the way that a net was trained."""
    rows, counts = run.metrics(), run.study.pictures
    many = [f"{each:,} a class" if each else "all" for each in counts]
    lines = [f"test error, %{'':27}" + "".join(f"{words:>14}" for words in many)]
    for cut, parameters in run.study.cuts:
        by_pictures = {row["pictures"]: row for row in rows if row["way"] == LINEAR and row["cut"] == cut}
        if by_pictures:
            lines.append(_line(f"{cut}, {parameters:,} parameters", by_pictures, counts))
    for way in WAYS:
        by_pictures = {row["pictures"]: row for row in rows if row["way"] == way}
        if by_pictures:
            lines.append(_line(TITLES[way], by_pictures, counts))
    failed = [f"{row['run']}: {row['message']}" for row in rows if "message" in row]
    return "\n".join([*lines, *run.study.remarks, *failed])


def _line(title: str, by_pictures: dict[int, dict], counts: Sequence[int]) -> str:
    errors = [by_pictures.get(each, {}).get("test_error") for each in counts]
    return f"{title:40}" + "".join(f"{'–' if error is None else f'{error:.2f}':>14}" for error in errors)


def main(given: list[str] | None = None) -> int:
    parser = arguments()
    options = parser.parse_args(given)
    try:
        run = find_run(options)
        print(f"run folder: {run.path}", flush=True)
        with bar(run):
            carry_out(run)
    except UserError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\ninterrupted; resume with --run {run.path}", file=sys.stderr)
        return 130
    print(table(Run.open(run.path)))
    print(f"{run.status().state}: {run.path}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        queue.advance()
