"""Few bootstrap draws, so that analyses are quick."""

import pytest

from emoviz.evaluation import bootstrap


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWS", 200)
