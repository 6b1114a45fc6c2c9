"""Sweeps: many trainings that differ in system, culture and seed, their configs and their comparison."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..core.errors import ConfigError
from .config import OF_CULTURE, TrainingConfig

EVERY = "all"
"""Culture of a training on all corpora of its config."""


@dataclass(frozen=True)
class Entry:
    """One training of a sweep in its present state.

    Attributes:
        config: config of the training.
        state: state in a word.
        epochs: loss and validation scores of each epoch so far.
        metrics: scores of the checkpoint that it made (``metrics.json``), or empty.
    """

    config: TrainingConfig
    state: str
    epochs: Sequence[Mapping[str, float]]
    metrics: Mapping[str, Any]


def sweep(
    config: TrainingConfig,
    systems: Sequence[str] = (),
    cultures: Mapping[str, Sequence[str]] | None = None,
    seeds: Sequence[int] = (),
) -> tuple[TrainingConfig, ...]:
    """Return the configs of every system on every culture with every seed; other fields stay as they are.

    Args:
        config: config that all trainings vary.
        systems: models; all but the config's own start from their defaults.
        cultures: corpora of each culture, each of which is trained on alone.
        seeds: seeds of the trainings.

    Raises:
        ConfigError: if an entry is given twice.
    """
    for what, entries in (("systems", systems), ("seeds", seeds)):
        if len(set(entries)) != len(entries):
            raise ConfigError(f"'{what}' of a sweep has each entry once, not {list(entries)}.")
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


def curves(epochs: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Tabulate the loss and the validation metric of each epoch, over all and in each culture.

    Args:
        epochs: loss and scores of each epoch, as in the log of a run.

    Returns:
        A table with the columns ``epoch`` (from 1), ``curve`` (``loss``, ``validation``, or a culture) and ``value``.
    """
    rows = []
    for line in epochs:
        for name, value in line.items():
            if name in ("loss", "validation") or name.startswith(OF_CULTURE):
                rows.append({"epoch": int(line["epoch"]) + 1, "curve": name.removeprefix(OF_CULTURE), "value": value})
    return pd.DataFrame(rows, columns=["epoch", "curve", "value"])


def summary(entries: Iterable[Entry]) -> pd.DataFrame:
    """Tabulate trainings: the settings that each varies, its state, its best validation and its held-out scores."""
    rows = []
    for entry in entries:
        config = entry.config
        validated = [line["validation"] for line in entry.epochs if "validation" in line]
        row: dict[str, Any] = {
            "name": config.name,
            "system": config.model,
            "corpora": ", ".join(config.corpora),
            "seed": config.seed,
            "state": entry.state,
            "epochs": len(entry.epochs),
            f"validation {config.selection}": max(validated, default=None),
        }
        for score in entry.metrics.get("test", []):
            pooled = score.get("aggregation", "pooled") == "pooled"
            if score["culture"] == EVERY and score["metric"] == config.selection and pooled:
                row[f"test {score['metric']}, {score['output']}"] = score["value"]
        rows.append(row)
    return pd.DataFrame(rows)
