"""The weights of a model's channels on its held-out recordings: by attention, by gradients and by exchange.

Channel attention is a model's own statement of what it relies on. Two independent measures are set beside it, which
test the predictions:
integrated gradients (:mod:`emoviz.explain.gradients`, the mean absolute contribution of a channel to an output) and
permutation importance (:mod:`emoviz.explain.permutation_importance`, the rise of the error without a channel's course).
The table ``importance.parquet`` of a checkpoint keeps both by person, so that a page needs no recordings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS, Weighting
from ..evaluation.bootstrap import clusters_of
from ..evaluation.scores import Score
from ..features.store import FeatureStore
from ..models import Model
from .attention import channel_attention
from .deletion import gradient_weights
from .examples import Example
from .held_out import example_of, held_out_samples, selection_score
from .permutation_importance import permutation_importance
from .targets import in_use

GRADIENT_STEPS = 10


@dataclass(frozen=True)
class Weighed:
    """The weights of a model's D channels on N held-out recordings.

    Attributes:
        examples: the recordings.
        held_out: number of all held-out recordings, from which the examples are taken.
        score: score whose rise in error is the permutation importance.
        by_recording: weights (N, D) by weighting. Permutation importance, which uses labels, is for each recording the
            mean over the other people; it is left out if there are no others.
        importance: table with a row per ``weighting`` but attention and ``speaker``: ``culture``, number of
            ``recordings``, and a float16 column per channel.
    """

    examples: list[Example]
    held_out: int
    score: Score
    by_recording: dict[Weighting, np.ndarray]
    importance: pd.DataFrame


def weigh(checkpoint: Checkpoint, store: FeatureStore, *, most: int, progress: Progress = silent) -> Weighed:
    """Weigh the channels of a model with channel attention on held-out recordings, by every weighting.

    Args:
        checkpoint: a model with channel attention.
        store: store with the features of the corpora of its training.
        most: largest number of recordings, evenly spaced among the held-out ones.
        progress: listener that hears of every stage.

    Raises:
        ConfigError: if the model has no channel attention, or its folder does not say how it was trained or selected.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature of it is not in the store.
    """
    samples, held_out = held_out_samples(checkpoint, store, most, progress)
    examples = [example_of(sample, checkpoint.description.delay) for sample in samples]
    score, model = selection_score(checkpoint), checkpoint.predictor.model
    attention, answers = _answers(checkpoint, examples)
    outputs = [answers] if checkpoint.description.kind in CLASS_KINDS else range(model.config.outputs)
    gradients = np.mean(
        [
            gradient_weights(
                model,
                examples,
                np.broadcast_to(output, len(examples)).tolist(),
                steps=GRADIENT_STEPS,
                progress=progress,
            )
            for output in outputs
        ],
        axis=0,
    )
    exchanged = permutation_importance(model, examples, score, progress=progress)
    by_recording = {Weighting.ATTENTION: attention, Weighting.GRADIENTS: gradients}
    of_others = _of_others(exchanged, examples)
    if of_others is not None:
        by_recording[Weighting.PERMUTATION] = of_others
    whole = gradients * np.array([[example.frames] for example in examples])
    own = {name: whole[[e.person == name for e in examples]].mean(0) for name in exchanged}
    tables = [
        _by_person(weighting, values, examples, checkpoint.channels)
        for weighting, values in ((Weighting.GRADIENTS, own), (Weighting.PERMUTATION, exchanged))
    ]
    return Weighed(examples, held_out, score, by_recording, pd.concat(tables, ignore_index=True))


def _of_others(exchanged: dict[str, np.ndarray], examples: Sequence[Example]) -> np.ndarray | None:
    """For each recording the mean importance of the people of other clusters, (N, D); None where there are none."""
    clusters = clusters_of(examples)
    rows = []
    for code in clusters.codes:
        here = {examples[i].person for i in clusters.members[code]}
        others = [values for name, values in exchanged.items() if name not in here and np.isfinite(values).all()]
        if not others:
            return None
        rows.append(np.mean(others, axis=0))
    return np.stack(rows)


def _by_person(
    weighting: Weighting, values: dict[str, np.ndarray], examples: Sequence[Example], channels: Sequence[str]
) -> pd.DataFrame:
    """The rows of the table ``importance`` of one weighting; people whose error is undefined are left out."""
    of = {name: [e for e in examples if e.person == name] for name in values}
    defined = [name for name in values if np.isfinite(values[name]).all()]
    about = pd.DataFrame(
        {
            "weighting": str(weighting),
            "culture": [of[name][0].culture for name in defined],
            "speaker": defined,
            "recordings": [len(of[name]) for name in defined],
        }
    )
    weights = np.array([values[name] for name in defined], np.float16).reshape(len(defined), len(channels))
    return pd.concat([about, pd.DataFrame(weights, columns=list(channels))], axis=1)


@torch.no_grad()
def _answers(checkpoint: Checkpoint, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """The channel weights of each recording, (N, D), and the number of its output with the highest mean, (N,)."""
    model: Model = checkpoint.predictor.model
    weights, answers = [], []
    with in_use(model):
        for example in examples:
            streams = {name: torch.from_numpy(values)[None] for name, values in example.streams.items()}
            output = model(streams, torch.ones(next(iter(streams.values())).shape[:2], dtype=torch.bool))
            own = channel_attention(output.attention, tuple(model.config.streams))
            if own is None:
                raise ConfigError(
                    f"The model '{checkpoint.name}' has no channel attention whose weights could be judged."
                )
            weights.append(own[0].numpy())
            answers.append(int(output.prediction[0].reshape(-1, model.config.outputs).mean(0).argmax()))
    return np.stack(weights), np.array(answers)
