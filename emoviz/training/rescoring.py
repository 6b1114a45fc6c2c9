"""New intervals for the scores of a trained checkpoint, whose values stay as they are, and its card with them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import checkpoints
from ..checkpoints.card import Origin, write_card
from ..checkpoints.description import Description
from ..core.errors import CheckpointError, CorpusError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.scores import Result, score_table, scores_of
from ..evaluation.tables import results_of
from ..features.store import FeatureStore
from .data import labelled
from .data.people import TOLD, people_in
from .held_out import config_of, held_out

NAMES = ("culture", "output", "metric", "aggregation")
"""Fields that name a score."""
RENEWED = ("low", "high", "unit", "clusters")
"""Fields that are computed anew."""
CLOSE = 2e-3
"""Largest distance of a value from that of stored predictions, which have three digits."""


def rescore(folder: Path, store: FeatureStore, progress: Progress = silent) -> list[dict[str, Any]]:
    """Renew the intervals in ``metrics.json``, who was in the data, and the card of a checkpoint.

    The predictions of its held-out recordings are those that it keeps; where it keeps none, they are made again from
    the features in the store.

    Args:
        folder: folder of the checkpoint.
        store: features of the corpora of its training.
        progress: listener.

    Returns:
        The rows of scores as they are now.

    Raises:
        CheckpointError: if a file is missing, damaged or not writable, or the predictions give other scores.
        ConfigError: if the checkpoint does not say how it was trained.
        CorpusError: if the checkpoint keeps no predictions and a corpus of its training is not in the store.
        FeatureError: if the checkpoint keeps no predictions and a feature was not extracted.
    """
    about = checkpoints.read_description(folder)
    metrics, origin = stated(folder)
    kept = checkpoints.read_table(folder, "predictions")
    if kept is not None:
        results = results_of(kept, about.outputs, frames=about.kind == "dimension")
    else:
        results = held_out(checkpoints.load(folder), store, progress=progress)
    progress("Computing intervals", 0, 1)
    metrics["test"] = renewed(about, metrics["test"], results)
    origin = with_people(origin, about, store)
    metrics["origin"] = dataclasses.asdict(origin)
    checkpoints.write_scores(folder, metrics, write_card(about, metrics, origin))
    return list(metrics["test"])


def with_people(origin: Origin, about: Description, store: FeatureStore) -> Origin:
    """Count who was in the data of a model, as at the end of a training; without its corpora the origin stays."""
    if not about.split:
        return origin
    config = config_of(about)
    try:
        table = labelled(config, [store.corpus(name) for name in config.corpora], ["speaker", "culture", *TOLD])
    except CorpusError:
        return origin
    parts = {Split(part): table.index[table["speaker"].isin(names)] for part, names in about.split.items()}
    return dataclasses.replace(origin, people=people_in(table, parts))


def stated(folder: Path) -> tuple[dict[str, Any], Origin]:
    """Read the scores of a checkpoint and the origin of its data.

    Raises:
        CheckpointError: if the file is missing or damaged, or does not hold them.
    """
    metrics = checkpoints.read_metrics(folder)
    try:
        return metrics, Origin(**metrics["origin"])
    except (KeyError, TypeError) as error:
        path = folder / checkpoints.METRICS
        raise CheckpointError(f"'{path}' does not hold the scores and the origin of a model.") from error


def renewed(about: Description, rows: Sequence[Mapping[str, Any]], results: Sequence[Result]) -> list[dict[str, Any]]:
    """Give stated scores the intervals of some results, after a check that the results give the same values.

    Raises:
        CheckpointError: if the results give other values.
    """
    nothing = np.zeros(len(about.outputs))  # a training mean that nobody reads: the scores of the true one are stated
    found = {_name(row): row for row in score_table(results, scores_of(about.kind, about.outputs, nothing))}
    anew = []
    for row in rows:
        new = found.get(_name(row))
        if new is None or new["recordings"] != row["recordings"] or not _alike(row["value"], new["value"]):
            raise CheckpointError(f"The predictions of '{about.name}' do not give its {' '.join(_name(row))}.")
        own = {key: value for key, value in row.items() if key not in RENEWED and key != "collapsed"}
        anew.append({**own, **{key: new[key] for key in RENEWED}, "collapsed": row["collapsed"]})
    return anew


def _name(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in NAMES)


def _alike(stated: float | None, found: float) -> bool:
    if stated is None:
        return math.isnan(found)
    return abs(stated - found) <= CLOSE
