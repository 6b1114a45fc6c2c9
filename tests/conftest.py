"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes depends on who else uses the machine.
settings.register_profile("emoviz", deadline=None)
settings.load_profile("emoviz")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real corpora; tests that use it carry the mark ``corpora``."""
    folder = os.environ.get("EMOVIZ_DATA")
    if not folder:
        pytest.skip("EMOVIZ_DATA is not set: tests on real corpora do not run.")
    return Path(folder).resolve()
