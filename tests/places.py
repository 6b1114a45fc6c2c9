"""Where the tests find the checkout, and how they hide what comes with it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
"""The project folder."""


def hide_bundled(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let emoviz find nothing that comes with it but its encoders.

    Args:
        monkeypatch: of the test.
        folder: to make, which then stands for the project folder.
    """
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "encoders").symlink_to(ROOT / "checkpoints" / "encoders")
    monkeypatch.setenv("EMOVIZ_BUNDLED", str(folder))


def settings_of_test(monkeypatch: pytest.MonkeyPatch, folder: Path, models: Path) -> None:
    """Let emoviz know the models of a test alone, and no corpora; what it makes is written below a folder."""
    hide_bundled(monkeypatch, folder / "bundled")
    for name, place in (("CHECKPOINTS", models), ("STORE", folder / "store"), ("RUNS", folder / "runs")):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(place))
    monkeypatch.delenv("EMOVIZ_DATA", raising=False)
