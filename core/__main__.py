"""`python -m core`: the work of the pages without a browser. Only the module of the chosen command is imported."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import UserError

PROGRAM = "python -m core"


@dataclass(frozen=True)
class Command:
    """A command: the module and the names of its two functions, which add its arguments and run it."""

    module: str
    summary: str
    arguments: str = "add_arguments"
    run: str = "run"


COMMANDS = {
    "models": Command("core.commands.models", "list the nets beside the thesis's figures"),
    "cells": Command("core.commands.cells", "measure where the cells of nets' class activation maps lie"),
    "fetch": Command("core.commands.fetch", "download the weights of a net of torchvision for photographs"),
    "explain": Command("core.commands.explain", "classify a picture and draw its class activation map"),
    "explain-faithfulness": Command(
        "core.commands.faithfulness", "measure the faithfulness of maps: insertion, deletion, drop"
    ),
    "figure": Command("core.commands.figure", "draw Figure 5.1 to 5.4 or 5.9 to 5.11 of the thesis"),
    "localise": Command(
        "core.commands.localise", "score boxes from maps against true boxes, beside constant-box baselines"
    ),
    "stylize": Command("core.commands.style", "paint a picture in one style or a blend of several"),
    "styles": Command("core.commands.style", "list the styles to paint in", "add_styles_arguments", "run_styles"),
    "export-style": Command("core.commands.export_style", "write a style network as an ONNX file"),
}


def parser_for(chosen: str | None) -> argparse.ArgumentParser:
    """Return the parser of the command line; only the module of the `chosen` command is imported."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Atelier without a browser: list nets and styles, look inside a net, paint a picture.",
        epilog=f"{PROGRAM} COMMAND --help describes one command; python -m training.classifier trains.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(name, help=command.summary, description=command.summary.capitalize() + ".")
        if name == chosen:
            module = importlib.import_module(command.module)
            getattr(module, command.arguments)(subparser)
            subparser.set_defaults(run=getattr(module, command.run))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return exit status 0, or 2 with the message of a UserError on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words:
        parser_for(None).print_help()
        return 0
    try:
        args = parser_for(words[0]).parse_args(words)
        status = args.run(args)
        sys.stdout.flush()
        return status or 0
    except UserError as error:
        print(f"{PROGRAM} {words[0]}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `| head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
