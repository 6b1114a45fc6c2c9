"""Notes of libraries are dropped from the error stream, and nothing else is."""

import os

import pytest

from emoviz.core.quiet import without_notes


def test_notes_are_dropped_and_all_else_is_told(capfd):
    os.write(2, b"INFO: before\n")
    with pytest.raises(ValueError), without_notes("INFO:"):
        os.write(2, b"INFO: a delegate\nWARNING: little room\n")
        raise ValueError
    os.write(2, b"INFO: after\n")
    assert capfd.readouterr().err == "INFO: before\nWARNING: little room\nINFO: after\n"
