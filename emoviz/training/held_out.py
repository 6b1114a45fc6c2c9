"""Recordings that a trained checkpoint did not see, predicted as its training tested it.

Everything that the checkpoint states about its training is done here as it was there: kind of samples, grid,
standardisation, adaptation of batch normalisation, delay of labels.
"""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from ..checkpoints.description import Description
from ..checkpoints.folder import Checkpoint
from ..core.configuration import from_dict
from ..core.errors import CalibrationError, ConfigError, CorpusError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.scores import Result, score_table, scores_of
from ..features.store import FeatureStore
from ..prediction.calibration import calibrated, measure, require_calibration
from ..prediction.corpus import evaluate_corpus, trained_on, training_mean
from .config import TrainingConfig
from .data import DATA, Recordings, labelled, load_recordings
from .finish import predict_part
from .module import TrainingModule


def evaluate(
    checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent, *, by_speaker: bool = False
) -> list[dict[str, Any]]:
    """Score a model on the recordings of a corpus that its training did not see, as its card scores it.

    A checkpoint that does not state how its samples were made, or that reads pictures, is scored recording by recording
    (:func:`emoviz.prediction.corpus.evaluate_corpus`).

    Args:
        checkpoint: the model.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.
        by_speaker: whether the model is calibrated to each speaker by all their recordings, without labels.

    Returns:
        Rows as :func:`emoviz.evaluation.scores.score_table` returns them.

    Raises:
        CorpusError: if the corpus, or one that the model was trained on, is not in the store, has no such labels, or
            nothing of it is held out.
        FeatureError: if a feature of the corpus was not extracted.
        CalibrationError: if the model, or too short a speaker, cannot be calibrated to.
    """
    about = checkpoint.description
    if by_speaker:
        _require_calibration(checkpoint)
    elif about.training.get("data") not in DATA or not DATA[about.training["data"]].windows:
        return evaluate_corpus(checkpoint, store, name, progress)
    results = held_out(checkpoint, store, name, progress, by_speaker=by_speaker)
    stated = checkpoint.metrics.get("training_mean")
    mean = training_mean(store, about) if stated is None else np.asarray(stated)
    progress("Computing intervals", 0, 1)
    return score_table(results, scores_of(about.kind, about.outputs, mean))


def held_out(
    checkpoint: Checkpoint,
    store: FeatureStore,
    name: str | None = None,
    progress: Progress = silent,
    *,
    by_speaker: bool = False,
) -> list[Result]:
    """Predict the recordings of a corpus that a model did not see; those of all corpora of its training by default.

    Args:
        checkpoint: the model.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.
        by_speaker: whether the model is calibrated to each speaker by all their recordings, without labels.

    Raises:
        ConfigError: if the checkpoint does not say how it was trained, or on whom it was tested.
        CorpusError: if a corpus is not in the store, has no such labels, or nothing of it is held out.
        FeatureError: if a feature was not extracted.
    """
    about = checkpoint.description
    config = config_of(about)
    everyone = config.standardise_by != "none" or config.adapt_norm  # whose recordings set the level and spread of all
    names = config.corpora if name is None else (name,)
    seen = set(names) <= set(trained_on(about))
    if not (seen and everyone):
        config = dataclasses.replace(config, corpora=names)
    speakers = about.split.get(Split.TEST, ()) if seen else None
    if seen and not speakers:
        raise ConfigError(f"The checkpoint '{about.name}' does not say on which speakers it was tested.")
    own = labelled(config, [store.corpus(corpus) for corpus in names], ["speaker"], some_classes=True)
    tested = own.index if speakers is None else own.index[own["speaker"].isin(speakers)]
    if not len(tested):
        raise CorpusError(f"No recording of '{', '.join(names)}' was held out from the training of '{about.name}'.")
    heard = None if everyone else own["speaker"].loc[tested].unique()
    recordings = load_recordings(config, store, progress, heard, some_classes=True)
    if not by_speaker:
        return predict_recordings(checkpoint, config, recordings, tested, progress)
    results: list[Result] = []
    for speaker, rows in own.loc[tested].groupby("speaker"):
        own_streams = (recordings.streams[str(identity)] for identity in rows.index)
        fitted = calibrated(checkpoint, measure(checkpoint, own_streams, f"The speaker '{speaker}'"))
        results += predict_recordings(fitted, config, recordings, rows.index, progress)
    return results


def _require_calibration(checkpoint: Checkpoint) -> None:
    """Refuse models that cannot be calibrated to each speaker.

    Raises:
        CalibrationError: if the model reads pictures, or recordings that are standardised in its training already.
    """
    about = checkpoint.description
    require_calibration(checkpoint)
    if about.training.get("data") not in DATA or not DATA[about.training["data"]].windows:
        raise CalibrationError(
            f"The model '{about.name}' does not say how its recordings are read, so it stays as it is."
        )
    if about.training.get("standardise_by", "none") != "none":
        raise CalibrationError(
            f"The model '{about.name}' standardises recordings by {about.training['standardise_by']} already."
        )


def config_of(about: Description) -> TrainingConfig:
    """Return the config that a checkpoint was trained with.

    Raises:
        ConfigError: if it states none.
    """
    return from_dict(TrainingConfig, about.training, f"the training of '{about.name}'")


def predict_recordings(
    checkpoint: Checkpoint,
    config: TrainingConfig,
    recordings: Recordings,
    tested: pd.Index,
    progress: Progress = silent,
) -> list[Result]:
    """Predict recordings in the samples that the training of a checkpoint tested it on.

    Args:
        checkpoint: the model.
        config: config of its training.
        recordings: recordings, those beside them included that standardisation and normalisation adapt to.
        tested: ids of the recordings that are predicted.
        progress: listener.
    """
    data = DATA[config.data].make(config, recordings, {Split.TEST: tested}, checkpoint.predictor.inputs)
    module = TrainingModule(config, checkpoint.predictor, data)
    return predict_part(module, data.parts[Split.TEST], progress, data.everyone)
