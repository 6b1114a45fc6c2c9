"""Commands register themselves here: a new command is one decorated function in a module of this package."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..core.registry import Registry
from ..core.settings import Settings

Argument = Callable[[argparse._ActionsContainer], object]
"""Adds an argument, or several, to the parser of a command."""
Run = Callable[[argparse.Namespace, Settings], None]
"""Runs a command, given its options and the settings."""


@dataclass(frozen=True)
class Command:
    """A command, or a group of commands.

    Attributes:
        about: line on the command for ``--help``.
        arguments: arguments of the command.
        run: function that it calls; None for a group, whose commands' names begin with its own.
        title: heading of a group's commands in ``--help``.
        metavar: placeholder for the name of one of them.
        tolerant: whether the command runs with defaults in place of wrong settings.
    """

    about: str
    arguments: tuple[Argument, ...] = ()
    run: Run | None = None
    title: str = "commands"
    metavar: str = "COMMAND"
    tolerant: bool = False


COMMANDS: Registry[Command] = Registry("command", home="emoviz.cli")


def command(name: str, about: str, *arguments: Argument, tolerant: bool = False) -> Callable[[Run], Run]:
    """Return a decorator that registers a function as a command.

    Args:
        name: words that one types, e.g. ``predict``; within a group ``jobs list``.
        about: line on the command for ``--help``.
        arguments: arguments, made by :func:`argument` and :func:`one_of`.
        tolerant: whether the command runs with defaults in place of wrong settings.
    """

    def register(run: Run) -> Run:
        COMMANDS.register(name)(Command(about, arguments, run, tolerant=tolerant))
        return run

    return register


def group(name: str, about: str, title: str = "commands", metavar: str = "COMMAND") -> None:
    """Register a group of commands, e.g. ``jobs``."""
    COMMANDS.register(name)(Command(about, title=title, metavar=metavar))


def argument(*names: str, listed: Callable[[], Iterable[str]] | None = None, **how: Any) -> Argument:
    """Return an argument of a command.

    Args:
        names: names as in :meth:`argparse.ArgumentParser.add_argument`.
        listed: function that returns the names with which the help text goes on, e.g. those of a registry; it is called
            when the help is shown, as registries import all of their entries.
        how: further options of :meth:`argparse.ArgumentParser.add_argument`.
    """

    def add(parser: argparse._ActionsContainer) -> None:
        vars(parser.add_argument(*names, **how))["listed"] = listed

    return add


class Formatter(argparse.HelpFormatter):
    """A formatter of help texts that adds the names to arguments that list some."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        listed: Callable[[], Iterable[str]] | None = vars(action).get("listed")
        return f"{action.help}: {', '.join(listed())}" if listed else action.help


def one_of(*choices: Argument, required: bool = False) -> Argument:
    """Return arguments of which at most one may be given, or exactly one where it is required."""

    def add(parser: argparse._ActionsContainer) -> None:
        exclusive = parser.add_mutually_exclusive_group(required=required)
        for choice in choices:
            choice(exclusive)

    return add


def changes(metavar: str, about: str) -> Argument:
    """Return ``--set``, which changes settings and may be repeated."""
    return argument("--set", action="append", default=[], metavar=metavar, dest="changes", help=about)
