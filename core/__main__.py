"""`python -m core`: what the pages do, without a browser. Each command is a module, imported when asked for."""

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
    """Where a command's two functions are: one describes its arguments, the other does the work."""

    module: str
    summary: str
    arguments: str = "add_arguments"
    run: str = "run"


COMMANDS = {
    "models": Command("core.commands.models", "list the nets beside the thesis's figures"),
    "explain": Command("core.commands.explain", "say what a net sees in a picture, and where"),
    "explain-faithfulness": Command(
        "core.commands.faithfulness", "measure whether maps point at what decides: insertion, deletion, drop"
    ),
    "figure": Command("core.commands.figure", "draw Figure 5.1 to 5.4 or 5.9 to 5.11 of the thesis"),
    "localise": Command(
        "core.commands.localise", "score boxes from maps against true ones, beside boxes that see nothing"
    ),
    "stylize": Command("core.commands.style", "paint a picture in one style or a blend of several"),
    "styles": Command("core.commands.style", "list the styles to paint in", "add_styles_arguments", "run_styles"),
}


def parser_for(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of the whole command line; only the `chosen` command is imported and asked for its arguments."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Atelier without a browser: list nets and styles, look inside a net, paint a picture.",
        epilog=f"{PROGRAM} COMMAND --help says more of one command; python -m training.classifier trains.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        described = commands.add_parser(name, help=command.summary, description=command.summary.capitalize() + ".")
        if name == chosen:
            module = importlib.import_module(command.module)
            getattr(module, command.arguments)(described)
            described.set_defaults(run=getattr(module, command.run))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 2 with a sentence on standard error where the user can mend it."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        parser_for(None).print_help()
        return 0
    try:
        args = parser_for(given[0]).parse_args(given)
        status = args.run(args)
        sys.stdout.flush()
        return status or 0
    except UserError as error:
        print(f"{PROGRAM} {given[0]}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
