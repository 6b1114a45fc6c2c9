"""Scores of a trained model on a corpus in the store, whether it was trained on that corpus or not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from ..checkpoints.description import Description
from ..checkpoints.folder import Checkpoint
from ..core.binary import dimension_of, settings_of, shares_of
from ..core.errors import CorpusError
from ..core.progress import Progress, silent
from ..core.vocabulary import CIRCUMPLEX, CLASS_KINDS, DERIVED_AXES, Emotion, Split, Task
from ..evaluation.scores import Result, score_table, scores_of
from ..features.base import FeatureStream
from ..features.store import FeatureStore
from ..features.stored_corpus import SHIPPED, StoredCorpus
from .inputs import PICTURES, frames_of, stored_streams
from .model import predict_frames

PICTURES_AT_ONCE = 256
NOTHING = np.empty(0)


def evaluate_corpus(
    checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Score a model on the recordings of a corpus that its training did not see.

    If the model was trained on the corpus, these are the recordings of the test speakers, or the published test part
    of a corpus of pictures; else they are all recordings. Recordings of emotions that the model does not know, or
    without a rating that it predicts, are left out.

    Returns:
        Rows as :func:`emoviz.evaluation.scores.score_table` returns them.

    Raises:
        CorpusError: if the corpus, or one that the model was trained on, is not in the store, has no such labels, or
            nothing of it is held out.
        FeatureError: if a feature of the corpus was not extracted.
    """
    about = checkpoint.description
    corpus = store.corpus(name)
    rows = part_of(corpus, about, Split.TEST if name in trained_on(about) else None)
    if not rows.any():
        raise CorpusError(f"No recording of '{name}' was held out from the training of '{checkpoint.name}'.")
    truths = targets(corpus, about)[rows]
    predicted = (_pictures if corpus.pictures is not None else _streams)(checkpoint, store, corpus, rows, progress)
    recordings = corpus.recordings[rows]
    results = [
        Result(
            str(identity),
            culture,
            speaker,
            label,
            _per_frame(truth, prediction),
            prediction,
            NOTHING,
            session=session,
        )
        for identity, culture, speaker, session, label, truth, prediction in zip(
            recordings.index,
            recordings["culture"],
            recordings["speaker"],
            recordings["session"] if corpus.pictures is None else [None] * len(recordings),  # there it is the split
            corpus.labels["emotion"][rows] if "emotion" in corpus.labels else [""] * len(recordings),
            truths,
            predicted,
            strict=True,
        )
    ]
    scores = scores_of(about.kind, about.outputs, training_mean(checkpoint, store))
    progress("Computing intervals", 0, 1)
    return score_table(results, scores)


def require_shipped(about: Description, corpus: StoredCorpus) -> None:
    """Refuse a corpus without the streams or pictures of a model that cannot be extracted from recordings.

    Raises:
        CorpusError: if the corpus lacks one of them.
    """
    for feature in about.features:
        pictures = feature.name == PICTURES
        lacking = corpus.pictures is None if pictures else feature.name not in corpus.shipped
        if lacking and (pictures or feature.version == SHIPPED):
            raise CorpusError(
                f"The model '{about.name}' reads '{feature.name}', a stream that only its own corpus ships, so it "
                f"cannot be judged on '{corpus.name}'."
            )


def trained_on(about: Description) -> tuple[str, ...]:
    """Name the corpora of a model's training."""
    return tuple(about.training.get("corpora", ()))


def part_of(corpus: StoredCorpus, about: Description, part: Split | None) -> np.ndarray:
    """Return the recordings (N,) of a part of the model's split, or of all parts, with a label that it predicts.

    Raises:
        CorpusError: if the corpus has neither emotion classes nor ratings that the model predicts.
    """
    if about.kind == "binary":
        known: np.ndarray = ~np.isnan(targets(corpus, about)[:, 0])
    elif _rates(corpus, about):
        known = corpus.labels[list(about.outputs)].notna().any(axis=1).to_numpy()
    elif "emotion" in corpus.labels:
        known = corpus.labels["emotion"].isin(about.outputs if about.kind == "emotion" else list(Emotion)).to_numpy()
    else:
        raise CorpusError(f"The corpus '{corpus.name}' has no emotion classes to compare '{about.name}' with.")
    if part is None:
        return known
    if corpus.pictures is not None:
        known = known & (corpus.parts == part).to_numpy()
    else:
        known = known & corpus.recordings["speaker"].isin(about.split.get(part, ())).to_numpy()
    return known


def other_classes(about: Description, store: FeatureStore, name: str) -> list[str]:
    """Say which classes of a model the scored recordings lack, and which classes of the corpus are left out.

    Raises:
        CorpusError: if the corpus is not in the store, or has no labels to compare the model with.
    """
    corpus = store.corpus(name)
    if about.kind != "emotion":
        return []  # ratings and traces lack no class
    rows = part_of(corpus, about, Split.TEST if name in trained_on(about) else None)
    if "emotion" not in corpus.labels:
        return []
    known = [str(output) for output in about.outputs]
    there = set(corpus.labels["emotion"][rows])
    absent = [emotion for emotion in known if emotion not in there]
    unknown = corpus.labels["emotion"].dropna().loc[lambda emotions: ~emotions.isin(known)]
    sentences = []
    if absent and there:
        sentences.append(
            f"'{name}' has no {' or '.join(absent)} to score, which '{about.name}' predicts: UA is the mean over "
            f"{', '.join(emotion for emotion in known if emotion in there)} alone."
        )
    if len(unknown):
        sentences.append(
            f"Recordings of {', '.join(sorted(set(unknown)))}, which '{about.name}' does not predict, are left out."
        )
    return sentences


def targets(corpus: StoredCorpus, about: Description) -> np.ndarray:
    """Return targets (N, K): one-hot classes, the dimensions that a class stands for, or ratings; NaN without a label.

    Raises:
        CorpusError: if the corpus has no labels for the model's outputs.
    """
    if dimension := dimension_of(about.outputs):
        if dimension not in corpus.labels:
            raise CorpusError(
                f"'{corpus.name}' has no ratings of {dimension} of whole recordings, by which '{about.name}' is judged."
            )
        return shares_of(corpus.labels[dimension].to_numpy(float), *settings_of(about.training))
    if _rates(corpus, about):
        ratings: np.ndarray = corpus.labels[list(about.outputs)].to_numpy(float)
        return ratings
    emotions = corpus.labels["emotion"]
    if about.kind == "emotion":
        return np.stack([(emotions == output).to_numpy(float) for output in about.outputs], axis=1)
    if not set(about.outputs) <= set(DERIVED_AXES):
        raise CorpusError(f"'{corpus.name}' has emotion classes, which say nothing of {', '.join(about.outputs)}.")
    positions = pd.DataFrame({emotion.value: place for emotion, place in CIRCUMPLEX.items()}).T
    derived: np.ndarray = positions.reindex(emotions).to_numpy(float)[
        :, [DERIVED_AXES[output] for output in about.outputs]
    ]
    return derived


def _rates(corpus: StoredCorpus, about: Description) -> bool:
    """Return whether the corpus rates whole clips in all dimensions that a model predicts."""
    return about.task == Task.CLIP and about.kind == "dimension" and set(about.outputs) <= set(corpus.labels)


def training_mean(checkpoint: Checkpoint, store: FeatureStore) -> np.ndarray:
    """Return the mean target (K,) of a model's training, from its checkpoint or else from its corpora.

    Raises:
        CorpusError: if the checkpoint states no mean, and one of its corpora is not in the store or it names none.
    """
    about, stated = checkpoint.description, checkpoint.metrics.get("training_mean")
    if stated is not None:
        return np.asarray(stated, float)
    if not trained_on(about):
        raise CorpusError(f"The model '{about.name}' does not say on which corpora it was trained.")
    corpora = store.corpora(trained_on(about))
    mean: np.ndarray = np.nanmean(
        np.concatenate([targets(c, about)[part_of(c, about, Split.TRAIN)] for c in corpora]), axis=0
    )
    return mean


def _per_frame(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Repeat a recording's target for each of its frames."""
    return np.broadcast_to(truth, prediction.shape)


def _streams(
    checkpoint: Checkpoint, store: FeatureStore, corpus: StoredCorpus, rows: np.ndarray, progress: Progress
) -> list[np.ndarray]:
    """Predict each recording: (T, K) per frame, or (1, K) dimensions or (K,) probabilities of the whole."""
    about = checkpoint.description
    predictions = []
    keys = corpus.recordings["key"][rows]
    for number, key in enumerate(keys):
        progress(f"Predicting {corpus.title}", number, len(keys))
        predictions.append(predict_recording(checkpoint, stored_streams(about, store, key)))
    return predictions


def predict_recording(checkpoint: Checkpoint, streams: Mapping[str, FeatureStream]) -> np.ndarray:
    """Predict a recording as the training tested it: frame by frame, or as a whole.

    Args:
        checkpoint: the model.
        streams: feature streams of the recording, at least those that the model reads.

    Returns:
        Predictions (T, K) of a model that predicts per frame; dimensions (1, K) or class probabilities (K,) of the
        whole.
    """
    about = checkpoint.description
    frames = frames_of(about, streams)
    if about.task == Task.FRAMES:
        return predict_frames(checkpoint, frames.values)
    return np.asarray(_scores(checkpoint, checkpoint(frames.values).prediction)[0])


def _pictures(
    checkpoint: Checkpoint, store: FeatureStore, corpus: StoredCorpus, rows: np.ndarray, progress: Progress
) -> list[np.ndarray]:
    """Predict the probabilities (K,) of each picture."""
    assert corpus.pictures is not None
    pictures = corpus.pictures[rows]
    (name,) = (feature.name for feature in checkpoint.description.features)
    predictions: list[np.ndarray] = []
    for start in range(0, len(pictures), PICTURES_AT_ONCE):
        progress(f"Predicting {corpus.title}", start, len(pictures))
        some = pictures[start : start + PICTURES_AT_ONCE]
        crops = some.reshape(len(some), -1).astype(np.float32) / 255
        predictions += list(_scores(checkpoint, checkpoint({name: crops}).prediction))
    return predictions


def _scores(checkpoint: Checkpoint, prediction: Tensor) -> np.ndarray:
    """Return (K,) class probabilities from logits, or (1, K) dimensions, of each clip."""
    kind = checkpoint.description.kind
    values = (checkpoint.predictor.probabilities(prediction) if kind in CLASS_KINDS else prediction).numpy()
    return values[:, None] if kind == "dimension" else values
