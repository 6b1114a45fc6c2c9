"""Every registered command: it explains itself, and its name leads to it."""

import argparse
import re

import pytest

from emoviz import cli
from emoviz.cli.command import COMMANDS

GROUPS = [name for name in COMMANDS if COMMANDS[name].run is None]


def shown(capsys, *arguments: str) -> str:
    """The help that a command prints."""
    with pytest.raises(SystemExit) as stopped:
        cli.main([*arguments, "--help"])
    assert stopped.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_and_its_options(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "500")
    command = COMMANDS[name]
    assert command.about[0].islower() or command.about.split()[0].isupper(), "it goes on from the command's name"
    assert not command.about.endswith(".") and len(command.about) < 100
    *above, last = name.split()
    assert re.search(rf"\b{last}\s", shown(capsys, *above)) and command.about in shown(capsys, *above)
    assert command.run is None or command.run.__doc__ or name.startswith("jobs submit ")
    assert f"emoviz {name} " in shown(capsys, *name.split())
    parser = argparse.ArgumentParser(add_help=False)
    for add in command.arguments:
        add(parser)
    for action in parser._actions:
        assert action.help or action.metavar or action.nargs == 0, f"{action.dest} of {name} needs a help text"


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_has_commands(name):
    assert any(other.startswith(f"{name} ") for other in COMMANDS)
    assert not COMMANDS[name].arguments
