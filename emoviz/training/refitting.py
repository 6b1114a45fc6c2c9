"""The confidence of a trained checkpoint, fitted anew as at the end of its training; its weights stay as they are."""

import dataclasses
from pathlib import Path
from typing import Any

from .. import checkpoints
from ..checkpoints.card import CORRUPTIONS, write_card
from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.tables import prediction_table
from ..features.store import FeatureStore
from .confidence import (
    KEY,
    fit_intervals,
    judge,
    stated_temperature,
)
from .data import DATA
from .data.base import Data, training_mean
from .derived import derived_scores
from .finish import confident_results
from .held_out import config_of
from .module import TrainingModule
from .rescoring import renewed, stated


def refit(folder: Path, store: FeatureStore, progress: Progress = silent) -> dict[str, Any]:
    """Fit the confidence of a checkpoint to its validation people, and judge it on its test people.

    Args:
        folder: folder of the checkpoint; everything in it except the weights is written anew.
        store: features of the corpora of its training.
        progress: listener.

    Returns:
        The judgement, as ``metrics.json`` states it now.

    Raises:
        CheckpointError: if a file is missing, damaged or not writable, or the model gives other scores than its card.
        ConfigError: if the checkpoint does not say how it was trained, or was trained without validation people.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature is not.
    """
    checkpoint = checkpoints.load(folder)
    metrics, origin = stated(folder)
    module, data = reopened(checkpoint, store, progress)
    origin = dataclasses.replace(origin, people=data.people)
    metrics["origin"] = dataclasses.asdict(origin)
    validation, test = confident_results(module, data, progress)
    progress("Computing intervals", 0, 1)
    about = checkpoint.description
    bands = fit_intervals(about.kind, about.outputs, validation)
    about = dataclasses.replace(about, temperature=stated_temperature(module.predictor), bands=bands)
    renewed(about, metrics["test"], test)  # refuses a model that no longer gives its scores; these stay as they are
    familiarity, judged = judge(module, data, about, validation, test, progress)
    if judged != metrics.get(KEY):
        metrics.pop(CORRUPTIONS, None)  # which say how sure the model was before
    metrics[KEY] = judged
    metrics |= derived_scores(test, data, training_mean(data.whole[Split.TRAIN])) if data.votes is not None else {}
    kept = checkpoint.table("predictions") is not None
    checkpoints.rewrite(
        folder,
        about,
        metrics=metrics,
        card=write_card(about, metrics, origin),
        predictions=prediction_table(test, about.outputs) if kept else None,
        familiarity=familiarity,
    )
    return dict(metrics[KEY])


def reopened(checkpoint: Checkpoint, store: FeatureStore, progress: Progress = silent) -> tuple[TrainingModule, Data]:
    """Return a trained network and the samples of its training, in the same parts.

    Raises:
        ConfigError: if the checkpoint does not say how it was trained, or was trained without validation people.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature of the corpora was not extracted.
    """
    about = checkpoint.description
    config = config_of(about)
    kind = DATA[config.data]
    read = kind.load(config, store, progress)
    partition = None
    if about.split:  # else the parts are those that the corpus is published with
        if not about.split.get(Split.VALIDATION):
            raise ConfigError(f"The checkpoint '{about.name}' names no validation people, to whom it could be fitted.")
        speakers = read.table["speaker"]
        partition = {Split(part): read.table.index[speakers.isin(people)] for part, people in about.split.items()}
    data = kind.make(config, read, partition, checkpoint.predictor.inputs)
    return TrainingModule(config, checkpoint.predictor, data), data
