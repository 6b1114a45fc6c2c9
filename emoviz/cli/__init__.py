"""The command line: a thin layer over the same functions that the app uses.

Results go to standard output, progress bars and notes to standard error. The exit code is 0 when a command is done, 1
after an error that one sentence explains, 2 for wrong usage, and 130 when Ctrl-C stopped it.
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..core import extras
from ..core.errors import Cancelled, EmovizError
from ..core.settings import Settings
from .command import COMMANDS, Formatter


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        with extras.named():
            options.run(options, _settings(options))
        sys.stdout.flush()
        return 0
    except (KeyboardInterrupt, Cancelled):
        print("Stopped.", file=sys.stderr)
        return 130
    except EmovizError as error:
        print(f"emoviz: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of the output, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of all registered commands and their options."""
    top = argparse.ArgumentParser(prog="python -m emoviz", description="Audio-visual emotion recognition.")
    top.add_argument("--version", action="version", version=f"emoviz {__version__}")
    top.add_argument("--data", type=Path, metavar="FOLDER", help="corpora in their published layouts (EMOVIZ_DATA)")
    top.add_argument("--store", type=Path, metavar="FOLDER", help="extracted features (EMOVIZ_STORE)")
    levels = {"": top.add_subparsers(title="commands", metavar="COMMAND", required=True)}
    for name in COMMANDS:  # in alphabetical order, so that a group precedes its commands
        above, _, last = name.rpartition(" ")
        command = COMMANDS[name]
        own = levels[above].add_parser(last, help=command.about, formatter_class=Formatter)
        for add in command.arguments:
            add(own)
        if command.run:
            own.set_defaults(run=command.run, tolerant=command.tolerant)
        else:
            levels[name] = own.add_subparsers(title=command.title, metavar=command.metavar, required=True)
    return top


def _settings(options: argparse.Namespace) -> Settings:
    """Return the settings of the environment, changed by ``--data``, ``--store`` and ``--results``."""
    given = {name: getattr(options, name) for name in ("data", "store") if getattr(options, name)}
    if folder := getattr(options, "results", None):
        given["results"] = (folder,)
    return dataclasses.replace(Settings.read(None, options.tolerant), **given)
