"""The set-up says what it does, and what pip says only where it fails."""

import subprocess
import sys

import pytest

from tools import set_up

LINES = ["WARNING: a location is ignored", "Collecting torch==2", "Installing collected packages: torch, numpy"]


@pytest.mark.parametrize("code", [0, 1])
def test_what_pip_does_is_told_in_short_and_in_full_where_it_fails(monkeypatch, capsys, code):
    start = subprocess.Popen
    program = f"print({chr(10).join(LINES)!r}); raise SystemExit({code})"
    monkeypatch.setattr(set_up.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(set_up.subprocess, "Popen", lambda _, **how: start([sys.executable, "-c", program], **how))
    if code:
        with pytest.raises(SystemExit, match=r"pip could not install requirements\.txt"):
            set_up.install("requirements.txt", set_up.Teller())
    else:
        set_up.install("requirements.txt", set_up.Teller())
    said = capsys.readouterr().out
    assert "fetching packages: 1, torch" in said and "installing 2 packages" in said
    assert ("WARNING" in said) == bool(code)
