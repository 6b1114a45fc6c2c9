"""Predictions of recordings that a trained checkpoint did not see, made as in the test of its training.

Everything that the checkpoint states about its training is done here in the same way: kind of samples, grid,
standardisation, adaptation of batch normalisation, delay of labels.
"""

import dataclasses
from collections.abc import Hashable
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
from ..models.groups import mean_moments, moments
from ..prediction.calibration import Profile, calibrated, measure, require_calibration
from ..prediction.corpus import evaluate_corpus, require_shipped, trained_on, training_mean
from ..prediction.inputs import standardised_by
from ..prediction.rated import mean_of_training, rated_results, set_against_ratings
from .config import TrainingConfig
from .data import DATA, Recordings, labelled, load_recordings
from .data.arranged import usual_parts
from .data.recordings import with_names
from .finish import predict_part
from .module import TrainingModule

GROUPS = ("speaker", "culture")
"""Columns by which tested people can be grouped, so that a model is calibrated to each group."""


def evaluate(
    checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent, *, by: str = ""
) -> list[dict[str, Any]]:
    """Score a model on the recordings of a corpus that its training did not see, as its card scores it.

    A checkpoint that does not state how its samples were made, or that reads pictures, is scored recording by recording
    (:func:`emoviz.prediction.corpus.evaluate_corpus`). Where clips have ratings and nothing else, these judge valence
    and arousal that are derived from what the model says (:mod:`emoviz.prediction.rated`).

    Args:
        checkpoint: the model.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.
        by: groups to each of which the model is calibrated by all their recordings, without labels: one of
            :data:`GROUPS`; by default it is not.

    Returns:
        Rows as :func:`emoviz.evaluation.scores.score_table` returns them.

    Raises:
        CorpusError: if the corpus, or one that the model was trained on, is not in the store, has no such labels,
            does not ship a stream that the model reads, or nothing of it is held out.
        FeatureError: if a feature of the corpus was not extracted.
        CalibrationError: if the model cannot be calibrated, or the recordings of a speaker are too short.
    """
    about, corpus = checkpoint.description, store.corpus(name)
    require_shipped(about, corpus)
    if set_against_ratings(about, corpus):
        return _on_ratings(checkpoint, store, name, progress, by)
    if by:
        _require_calibration(checkpoint, by)
    elif about.training.get("data") not in DATA or not DATA[about.training["data"]].windows:
        return evaluate_corpus(checkpoint, store, name, progress)
    results = held_out(checkpoint, store, name, progress, by=by)
    progress("Computing intervals", 0, 1)
    return score_table(results, scores_of(about.kind, about.outputs, training_mean(checkpoint, store)))


def _on_ratings(
    checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress, by: str
) -> list[dict[str, Any]]:
    """Score derived valence and arousal of a model against ratings of whole clips.

    Raises:
        CalibrationError: if the model shall be calibrated to each of some groups.
    """
    if by:
        raise CalibrationError(
            f"'{name}' has ratings of whole clips: calibrate to corpus:{name}, a folder or a profile, not to each {by}."
        )
    outputs, results = rated_results(checkpoint, store, name, progress)
    progress("Computing intervals", 0, 1)
    return score_table(results, scores_of("dimension", outputs, mean_of_training(checkpoint, store, outputs)))


def held_out(
    checkpoint: Checkpoint,
    store: FeatureStore,
    name: str | None = None,
    progress: Progress = silent,
    *,
    by: str = "",
) -> list[Result]:
    """Predict the recordings of a corpus that a model did not see; those of all corpora of its training by default.

    Args:
        checkpoint: the model.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.
        by: groups to each of which the model is calibrated by all their recordings, without labels: one of
            :data:`GROUPS`; by default it is not.

    Raises:
        ConfigError: if the checkpoint does not say how it was trained, or on whom it was tested.
        CorpusError: if a corpus is not in the store, has no such labels, or nothing of it is held out.
        FeatureError: if a feature was not extracted.
    """
    about = checkpoint.description
    config = config_of(about)
    # Whose recordings set the level and spread of all: everybody's, unless a profile does.
    everyone = config.standardise_by != "none" and not checkpoint.calibration or config.adapt_norm
    if by or checkpoint.calibration:
        config = dataclasses.replace(config, standardise_by="none")
    names = config.corpora if name is None else (name,)
    seen = set(names) <= set(trained_on(about))
    if not (seen and everyone):
        config = dataclasses.replace(config, corpora=names, cultures=config.cultures if seen else ())
    speakers = about.split.get(Split.TEST, ()) if seen else None
    if seen and not speakers:
        raise ConfigError(f"The checkpoint '{about.name}' does not say on which speakers it was tested.")
    own = labelled(config, store.corpora(names), ["speaker"], some_classes=True)
    tested = own.index if speakers is None else own.index[own["speaker"].isin(speakers)]
    if seen and config.sentences_apart:
        tested = tested.intersection(_tested_apart(config_of(about), store), sort=False)
    if not len(tested):
        raise CorpusError(f"No recording of '{', '.join(names)}' was held out from the training of '{about.name}'.")
    heard = None if everyone else own["speaker"].loc[tested].unique()
    recordings = load_recordings(config, store, progress, heard, some_classes=True)
    if (cut := DATA[config.data].cut) is not None:
        recordings = cut(config, recordings, some_classes=True)
        whole = recordings.table.index.str.rpartition("#").get_level_values(0)
        tested = recordings.table.index[whole.isin(tested)]
    if not by:
        return predict_recordings(checkpoint, config, recordings, tested, progress)
    results: list[Result] = []
    for group, rows in recordings.table.loc[tested].groupby(by):
        fitted = calibrated(checkpoint, _profile_of_group(checkpoint, recordings, by, group))
        results += predict_recordings(fitted, config, recordings, rows.index, progress)
    return results


def _tested_apart(config: TrainingConfig, store: FeatureStore) -> pd.Index:
    """Return the ids of the recordings that a training tested which kept sentences apart."""
    corpora = [store.corpus(name) for name in config.corpora]
    table = with_names(labelled(config, corpora, ["speaker", "culture", "split"]), {c.name: c for c in corpora})
    return usual_parts(config, table)[Split.TEST]


def _profile_of_group(checkpoint: Checkpoint, recordings: Recordings, by: str, group: Hashable) -> Profile:
    """Measure all recordings of a speaker or a culture, as a training that standardises by these groups does.

    Raises:
        CalibrationError: if they are too short.
    """
    table = recordings.table
    own = table[table[by] == group]
    larger = None
    if by == "speaker" and checkpoint.description.training.get("speaker_weight"):
        culture = table[table["culture"] == own["culture"].iloc[0]]
        larger = {
            name: mean_moments(np.stack([moments(recordings.streams[str(i)][name]) for i in culture.index]))
            for name in checkpoint.predictor.inputs
        }
    heard = (recordings.streams[str(identity)] for identity in own.index)
    return measure(checkpoint, heard, f"The {by} '{group}'", fewest=1, larger=larger)


def _require_calibration(checkpoint: Checkpoint, by: str) -> None:
    """Refuse models that cannot be calibrated to each group.

    Raises:
        CalibrationError: if the model reads pictures, or was trained on recordings that other groups standardise.
    """
    about = checkpoint.description
    require_calibration(checkpoint)
    if about.training.get("data") not in DATA or not DATA[about.training["data"]].windows:
        raise CalibrationError(
            f"The model '{about.name}' does not say how its recordings are read, so it stays as it is."
        )
    if (groups := standardised_by(about)) not in ("", by):
        raise CalibrationError(
            f"The model '{about.name}' was trained on recordings that are standardised by {groups}: calibrate it by "
            f"{groups}, too."
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
