"""Derived valence and arousal, compared with ratings of whole clips on which a model was not trained.

What such a model says of a clip is the mean of its curve over the clip, or the mean of the emotions' places in
:data:`~emoviz.core.vocabulary.CIRCUMPLEX`, weighted by its probabilities. Both are named derived, whatever they are set
against.
"""

import numpy as np

from ..checkpoints.description import Description
from ..checkpoints.folder import Checkpoint
from ..core.errors import CorpusError
from ..core.progress import Progress, silent
from ..core.vocabulary import CIRCUMPLEX, DERIVED_AXES, Dimension, Emotion, Split, Task, derived
from ..corpora.inventory import Tables
from ..evaluation.scores import Result
from ..features.store import FeatureStore
from .corpus import NOTHING, other_classes, predict_recording, trained_on, training_mean
from .inputs import PICTURES, stored_streams

TOLD = (
    "Valence and arousal called derived are what '{model}' says of a whole clip, the mean over its frames or over the "
    "emotions that it expects; it was not taught them from ratings. Here they are set against ratings."
)
"""Sentence that is shown with such scores."""


def derivable(about: Description) -> dict[str, Dimension]:
    """Return the rated dimension of each derived output of a model for a whole clip.

    A model of pictures, or one that was taught ratings of whole clips, has none.
    """
    if any(feature.name == PICTURES for feature in about.features):
        return {}
    if about.kind == "emotion":
        return {derived(dimension): dimension for dimension in (Dimension.VALENCE, Dimension.AROUSAL)}
    if about.kind != "dimension" or about.task != Task.FRAMES:
        return {}
    return {derived(dimension): dimension for dimension in _places(about)}


def _places(about: Description) -> dict[Dimension, int]:
    """Return the position of each dimension, derived or not, among the outputs of a model."""
    names = {name: dimension for dimension in Dimension for name in (derived(dimension), str(dimension))}
    return {names[output]: place for place, output in enumerate(map(str, about.outputs)) if output in names}


def rated(corpus: Tables) -> tuple[str, ...]:
    """Name the dimensions that a corpus rates per clip, if it has neither emotion classes nor traces."""
    labels = corpus.labels
    if not corpus.traces.empty or ("emotion" in labels and labels["emotion"].notna().any()):
        return ()
    return tuple(str(d) for d in Dimension if d in labels and labels[d].notna().any())


def set_against_ratings(about: Description, corpus: Tables) -> tuple[str, ...]:
    """Return the derived outputs of a model that a corpus rates; none where the corpus has other labels for them."""
    known = rated(corpus)
    return tuple(output for output, dimension in derivable(about).items() if dimension in known)


def limits_of_scores(about: Description, store: FeatureStore, name: str) -> list[str]:
    """Say whether scores on a corpus are of derived outputs, else which classes are not scored.

    Raises:
        CorpusError: if the corpus is not in the store, or has no labels to compare the model with.
    """
    if set_against_ratings(about, store.corpus(name)):
        return [TOLD.format(model=about.name)]
    return other_classes(about, store, name)


def rated_results(
    checkpoint: Checkpoint, store: FeatureStore, name: str, progress: Progress = silent
) -> tuple[tuple[str, ...], list[Result]]:
    """Predict the clips of a rated corpus that a model's training did not see.

    Clips without a rating are left out, and so are those of which the model says nothing, as nobody speaks in them.

    Args:
        checkpoint: the model.
        store: store of the corpora.
        name: name of the corpus.
        progress: listener.

    Returns:
        Names of the derived outputs, and the results with ratings (1, K) and predictions (1, K).

    Raises:
        CorpusError: if the corpus is not in the store, rates nothing that follows from the model, or no clip is left.
        FeatureError: if a feature of the corpus was not extracted.
    """
    about, corpus = checkpoint.description, store.corpus(name)
    outputs = set_against_ratings(about, corpus)
    if not outputs:
        raise CorpusError(
            f"'{name}' has no ratings of whole clips against which derived valence or arousal of '{about.name}' "
            "could be set."
        )
    dimensions = [derivable(about)[output] for output in outputs]
    ratings = corpus.labels[dimensions].astype(float)
    kept = ratings.notna().any(axis=1)
    if name in trained_on(about):
        kept &= corpus.recordings["speaker"].isin(about.split.get(Split.TEST, ()))
    results = []
    rows = corpus.recordings[kept]
    for number, (identity, row) in enumerate(rows.iterrows()):
        progress(f"Predicting {corpus.title}", number, len(rows))
        said = of_clip(about, predict_recording(checkpoint, stored_streams(about, store, row["key"])), dimensions)
        if np.isnan(said).any():
            continue
        truth = ratings.loc[identity].to_numpy(float)[None]
        who = row["culture"], row["speaker"], ""
        results.append(Result(str(identity), *who, truth, said[None], NOTHING, session=row["session"]))
    if not results:
        raise CorpusError(f"No rated clip of '{name}' was held out from the training of '{about.name}' and has speech.")
    return outputs, results


def of_clip(about: Description, prediction: np.ndarray, dimensions: list[Dimension]) -> np.ndarray:
    """Return a model's values of some dimensions for a whole clip, (K,); NaN where it has none.

    Args:
        about: description of the model.
        prediction: values (T, K') per frame, or class probabilities (K',).
        dimensions: the K dimensions.
    """
    if about.kind == "emotion":
        places = np.array([CIRCUMPLEX[Emotion(output)] for output in about.outputs])
        axes = [DERIVED_AXES[derived(dimension)] for dimension in dimensions]
        said: np.ndarray = (np.atleast_2d(prediction) @ places)[:, axes]
    else:
        said = prediction[:, [_places(about)[dimension] for dimension in dimensions]]
    known = said[~np.isnan(said).any(axis=1)]
    return np.asarray(known.mean(axis=0)) if len(known) else np.full(len(dimensions), np.nan)


def mean_of_training(checkpoint: Checkpoint, store: FeatureStore, outputs: tuple[str, ...]) -> np.ndarray:
    """Return the derived outputs (K,) of always answering the mean of a model's training.

    Raises:
        CorpusError: if the checkpoint does not state it, and a corpus of its training is not in the store.
    """
    about, mean = checkpoint.description, training_mean(checkpoint, store)
    return of_clip(about, mean if about.kind == "emotion" else mean[None], [derivable(about)[o] for o in outputs])
