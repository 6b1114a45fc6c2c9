"""The held-out scores of a checkpoint, ``metrics.json`` of its folder, read and checked, wherever it comes from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.configuration import coerce
from ..core.errors import CheckpointError, ConfigError

METRICS = "metrics.json"
Table = tuple[Mapping[str, Any], ...]
FORM: Mapping[str, Any] = {
    "test": Table,
    "derived": Table,
    "epochs": tuple[Mapping[str, float | None], ...],
    "training_mean": tuple[float | None, ...] | None,
    "selection": Mapping[str, Any],
    "confidence": Mapping[str, Any],
    "confusion": Mapping[str, Any],
    "corruptions": Mapping[str, Any],
    "origin": Mapping[str, Any],
}
"""Type of each entry; one that is not there was not measured."""
SCORE: Mapping[str, Any] = {
    "culture": str,
    "output": str,
    "metric": str,
    "aggregation": str,
    "value": float | None,
    "low": float | None,
    "high": float | None,
    "training_mean": float | None,
    "recordings": int,
    "speakers": int | None,
    "clusters": int | None,
    "unit": str | None,
    "collapsed": bool | None,
}
"""Type of each field of a row of ``test``."""
NEEDED = ("culture", "output", "metric")
"""Fields without which a row of ``test`` says nothing."""


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read the held-out scores of a checkpoint folder.

    Raises:
        CheckpointError: if the file is missing or damaged, or an entry is not what trainings write.
    """
    try:
        values = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"'{folder.name}' has no readable {METRICS}.") from error
    try:
        found: dict[str, Any] = coerce(dict[str, Any], values, METRICS)
        for name in FORM.keys() & found.keys():
            coerce(FORM[name], found[name], f"'{name}' in {METRICS}")
        for row in found.get("test", ()):
            if lacking := [field for field in NEEDED if field not in row]:
                raise ConfigError(f"A score in {METRICS} is without '{lacking[0]}'.")
            for field in SCORE.keys() & row.keys():
                coerce(SCORE[field], row[field], f"'{field}' of a score in {METRICS}")
    except ConfigError as error:
        raise CheckpointError(f"The scores of '{folder.name}' are damaged: {error}") from error
    return found
