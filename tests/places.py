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
