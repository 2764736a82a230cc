"""`python -m core stylize FOLDER OUT_FOLDER`: every picture of a folder, in a blend or in each of several styles."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core import images
from core.commands import commission
from core.commands.commission import Commission
from core.errors import UserError
from core.style import painter
from core.style.paint_settings import record_in

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
SAVED = ("jpg", "png", "webp")  # formats of paintings, by their suffixes
UNFINISHED = ".unfinished"  # begins the name of a painting that is being written
SOME_FAILED = 1


@dataclass(frozen=True)
class Task:
    """A photograph to be painted, how, and where the painting goes."""

    photograph: Path
    chosen: Commission
    out: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only a folder has."""
    parser.add_argument(
        "--each",
        action="store_true",
        help="of a folder: paint every picture in each style by itself, in all styles where none is named",
    )
    parser.add_argument(
        "--format", choices=SAVED, default=SAVED[0], help="of a folder's paintings (default %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Paint what is not there yet of the folder `args.picture` into `args.out`; return 0, or 1 where some failed.

    Raises UserError where nothing can be painted at all.
    """
    tasks = list(tasks_of(args))
    make_folder(args.out)
    failed, painted, started = 0, 0, time.perf_counter()
    for position, task in enumerate(tasks, 1):
        try:
            if is_done(task, args):
                continue
            size = paint(task, args)
        except UserError as error:
            failed += 1
            print(f"[{position}/{len(tasks)}] {error}", file=sys.stderr)
            continue
        except KeyboardInterrupt:
            print(f"\ncancelled; {painted} painted now, and the same command goes on", file=sys.stderr)
            raise
        painted += 1
        left = (time.perf_counter() - started) / painted * (len(tasks) - position)
        print(f"[{position}/{len(tasks)}] {task.out}: {size[0]} x {size[1]} px, about {left:.0f} s left", flush=True)
    print(f"{painted} painted, {len(tasks) - painted - failed} there already, {failed} failed")
    return SOME_FAILED if failed else 0


def tasks_of(args: argparse.Namespace) -> Iterator[Task]:
    """Yield what is to be painted, picture by picture. Raises UserError for a folder without any, and for bad options.

    A painting is named after its photograph and its styles; two photographs that differ by their suffixes alone keep
    these in the name.
    """
    photographs = sorted(path for path in args.picture.iterdir() if path.suffix.lower() in SUFFIXES)
    if not photographs:
        raise UserError(f"There is no picture in {args.picture}: name a folder that has some ({', '.join(SUFFIXES)}).")
    if args.out.resolve() == args.picture.resolve():
        raise UserError("The paintings would lie among the photographs: name another folder for them.")
    chosen = commissions(args)
    stems = [path.stem for path in photographs]
    for path in photographs:
        stem = path.stem if stems.count(path.stem) == 1 else path.name.replace(".", "-")
        for one in chosen:
            styles = "-".join(painter.shares(one.record.styles))
            yield Task(path, one, args.out / f"{stem}-{styles}.{args.format}")


def commissions(args: argparse.Namespace) -> list[Commission]:
    """Return the blend of the options; with --each one commission a style, or all that the net has."""
    if not args.each:
        return [commission.of(args)]
    if not args.style and not args.like:
        args.style = list(painter.named(args.net or painter.net_of({})).names)
    whole = commission.of(args)
    return [replace(whole, record=replace(whole.record, styles={name: 1.0})) for name in whole.record.styles]


def make_folder(folder: Path) -> None:
    """Make the folder of the paintings. Raises UserError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(f"{folder} cannot be made ({reason}): name a folder for the paintings.") from error


def is_done(task: Task, args: argparse.Namespace) -> bool:
    """Return whether the painting is there, newer than its photograph, of the same settings and of the right size.

    Raises UserError where a picture of that name is there that Atelier did not paint, which is left as it is.
    """
    if not task.out.exists():
        return False
    try:
        record = record_in(images.description(task.out))
    except UserError as error:
        raise UserError(f"{task.out} is there and is no painting of Atelier: name another folder.") from error
    longest = args.size or min(max(images.size(task.photograph)), args.max_side or images.MAX_PIXELS)
    older = task.out.stat().st_mtime < task.photograph.stat().st_mtime
    return record == task.chosen.record and max(images.size(task.out)) == longest and not older


def paint(task: Task, args: argparse.Namespace) -> tuple[int, int]:
    """Paint a task, write the painting whole or not at all, and return its width and height in pixels."""
    picture = commission.photograph_of(task.photograph, args)
    record = task.chosen.record
    painted = task.chosen.painter.paint(picture, record.styles, record.settings, commission.progress_of(picture))
    unfinished = task.out.with_name(f"{UNFINISHED}-{task.out.name}")
    try:
        images.save(painted, unfinished, record.as_text())
        os.replace(unfinished, task.out)
    finally:
        unfinished.unlink(missing_ok=True)
    return painted.shape[1], painted.shape[0]
