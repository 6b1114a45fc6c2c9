"""Many trainings that differ in system, culture and seed: their configs, and how they compare."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..core.errors import ConfigError
from .config import TrainingConfig
from .module import OF_CULTURE

EVERY = "all"
"""Culture of a training on all corpora of its config."""


@dataclass(frozen=True)
class Entry:
    """One training of a sweep, as far as it is.

    Attributes:
        config: of it.
        state: in a word.
        figures: of each epoch so far.
        metrics: of the checkpoint that it made (``metrics.json``), or empty.
    """

    config: TrainingConfig
    state: str
    figures: Sequence[Mapping[str, float]]
    metrics: Mapping[str, Any]


def sweep(
    config: TrainingConfig,
    systems: Sequence[str] = (),
    cultures: Mapping[str, Sequence[str]] | None = None,
    seeds: Sequence[int] = (),
) -> tuple[TrainingConfig, ...]:
    """The configs of every system on every culture with every seed; what is not varied stays as it is.

    Args:
        config: from which they differ.
        systems: models; all but the config's own start from their defaults.
        cultures: name -> its corpora, each of which is trained on alone.
        seeds: of the trainings.

    Raises:
        ConfigError: an entry stands twice.
    """
    for what, entries in (("systems", systems), ("seeds", seeds)):
        if len(set(entries)) != len(entries):
            raise ConfigError(f"'{what}' of a sweep has no entry twice, unlike {list(entries)}.")
    made = []
    for system, culture, seed in itertools.product(
        systems or [config.model], cultures or {EVERY: config.corpora}, seeds or [config.seed]
    ):
        varied = [system if systems else "", culture if cultures else "", f"seed{seed}" if seeds else ""]
        suffix = [part.lower().replace(" ", "-") for part in varied if part]
        made.append(
            dataclasses.replace(
                config,
                name="-".join([config.name, *suffix]),
                title=", ".join([config.title, *[part for part in varied if part]]),
                model=system,
                options=config.options if system == config.model else {},
                corpora=tuple((cultures or {EVERY: config.corpora})[culture]),
                seed=seed,
            )
        )
    return tuple(made)


def curves(figures: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Of each epoch its loss and validation metric, of all and of each culture.

    Args:
        figures: as a run's log has them.

    Returns:
        ``epoch`` (from 1), ``curve`` (``loss``, ``validation``, or a culture) and ``value``.
    """
    rows = []
    for line in figures:
        for name, value in line.items():
            if name in ("loss", "validation") or name.startswith(OF_CULTURE):
                rows.append({"epoch": int(line["epoch"]) + 1, "curve": name.removeprefix(OF_CULTURE), "value": value})
    return pd.DataFrame(rows, columns=["epoch", "curve", "value"])


def summary(entries: Iterable[Entry]) -> pd.DataFrame:
    """One row per training: what it varies, how far it is, its best validation and its held-out figures."""
    rows = []
    for entry in entries:
        config = entry.config
        validated = [line["validation"] for line in entry.figures if "validation" in line]
        row: dict[str, Any] = {
            "name": config.name,
            "system": config.model,
            "corpora": ", ".join(config.corpora),
            "seed": config.seed,
            "state": entry.state,
            "epochs": len(entry.figures),
            f"validation {config.selection}": max(validated, default=None),
        }
        for figure in entry.metrics.get("test", []):
            pooled = figure.get("aggregation", "pooled") == "pooled"
            if figure["culture"] == EVERY and figure["metric"] == config.selection and pooled:
                row[f"test {figure['metric']}, {figure['output']}"] = figure["value"]
        rows.append(row)
    return pd.DataFrame(rows)
