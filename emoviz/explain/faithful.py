"""The test whether a model's channel attention is faithful, on its held-out recordings, kept beside its weights.

The table ``deletion.parquet`` of a checkpoint lets a page answer without the recordings, which a clone has not. Channel
attention stands beside integrated gradients, which are computed from the prediction itself: where these find channels
that matter and attention does not, the channels were there to be found.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from ..checkpoints.folder import Checkpoint
from ..core import words
from ..core.configuration import from_dict
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.bootstrap import Difference
from ..evaluation.metrics import METRICS
from ..evaluation.scores import MEAN, Result, Score, scores_of
from ..features.align import delayed
from ..features.store import FeatureStore
from ..models import Model
from .attention import channel_attention
from .deletion import Deletion, Example, Verdict, deletion, gradient_weights, verdict
from .targets import in_use

if TYPE_CHECKING:
    from ..training.data import Sample

ATTENTION, GRADIENTS = "channel attention", "integrated gradients"
"""Weightings of the table."""
STEPS, ORDERS = 6, 40
"""Numbers of steps and orders of the deletion curves; :mod:`emoviz.explain.deletion` says how few orders will do."""
GRADIENT_STEPS = 10


def deletion_table(
    checkpoint: Checkpoint, store: FeatureStore, *, most: int, seed: int = 0, progress: Progress = silent
) -> pd.DataFrame:
    """Compute deletion curves of a model's channel attention and of integrated gradients on held-out recordings.

    Args:
        checkpoint: a model with channel attention.
        store: store with the features of the corpora of its training.
        most: largest number of recordings to judge on, evenly spaced among the held-out ones.
        seed: seed of random orders and bootstrap draws.
        progress: listener that hears of every stage.

    Returns:
        One row per ``weighting``, ``order`` and count of ``hidden`` channels (also as ``share`` of all): ``error``
        with its interval from ``low`` to ``high``, and the same in all rows of a weighting: ``metric`` (whose error),
        ``recordings``, ``held_out`` (of how many), ``unit`` and ``clusters`` (what the intervals draw, and how many of
        them), and ``difference`` with ``difference_low`` and ``difference_high``, which the verdict reads.

    Raises:
        ConfigError: if the model has no channel attention, or fewer than two recordings are asked for.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature of it is not in the store.
    """
    samples, held_out = held_out_samples(checkpoint, store, most, progress)
    examples = [_example(sample, checkpoint.description.delay) for sample in samples]
    model = checkpoint.predictor.model
    weights, answers = _answers(checkpoint, examples)
    score = selection_score(checkpoint)
    outputs = [answers] if checkpoint.description.kind == "emotion" else range(model.config.outputs)
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
    tables = []
    for weighting, values in ((ATTENTION, weights), (GRADIENTS, gradients)):
        found = deletion(model, examples, values, score, steps=STEPS, orders=ORDERS, seed=seed, progress=progress)
        tables.append(_rows(weighting, found, score.metric, len(examples), held_out))
    return pd.concat(tables, ignore_index=True)


def verdict_of(table: pd.DataFrame, weighting: str = ATTENTION) -> Verdict:
    """Return the verdict of a table of :func:`deletion_table` on a weighting."""
    row = table[table["weighting"] == weighting].iloc[0]
    difference = Difference(row["difference"], row["difference_low"], row["difference_high"], float("nan"))
    return verdict(difference, row["metric"], words.rests_on(*drawn_by(table)))


def drawn_by(table: pd.DataFrame) -> tuple[int, str]:
    """Return how many clusters the intervals of a table of :func:`deletion_table` draw, and their unit.

    Tables that were made when single recordings were drawn do not name a unit.
    """
    row = table.iloc[0]
    return int(row.get("clusters", row["recordings"])), str(row.get("unit", "recordings"))


def error_name(metric: str) -> str:
    """Return the title of the error of a metric, e.g. ``1 - CCC``."""
    return METRICS[metric].error_title


def held_out_samples(
    checkpoint: Checkpoint, store: FeatureStore, most: int, progress: Progress = silent
) -> tuple[list["Sample"], int]:
    """Return the recordings that a model was tested on, as it saw them, at most so many of them.

    Returns:
        The recordings, evenly spaced among all in their order, and the number of all.

    Raises:
        ConfigError: if the checkpoint does not say how it was trained, or its held-out part has no speakers.
        CorpusError: if a corpus of its training is not in the store.
        FeatureError: if a feature of it is not in the store.
    """
    # Here, as it loads the training loop, which pages that read the table do without.
    from ..training.config import TrainingConfig
    from ..training.data import DATA, load_recordings

    about = checkpoint.description
    speakers = about.split.get(Split.TEST, ())
    if not speakers:
        raise ConfigError(f"The checkpoint '{about.name}' names no held-out speakers, so there is nothing to judge on.")
    config = from_dict(TrainingConfig, about.training, f"the training of '{about.name}'")
    everyone = config.standardise_by != "none"  # whose recordings set the level and spread of all
    recordings = load_recordings(config, store, progress, None if everyone else speakers)
    held_out = {Split.TEST: recordings.table.index[recordings.table["speaker"].isin(speakers)]}
    part = DATA[config.data].make(config, recordings, held_out, checkpoint.predictor.inputs).parts[Split.TEST]
    numbers = np.unique(np.linspace(0, len(part) - 1, min(most, len(part))).astype(int))
    return [part[0, int(number)] for number in numbers], len(part)


def selection_score(checkpoint: Checkpoint) -> Score:
    """Return the score by which the model's epoch was selected, as the mean over its outputs."""
    about = checkpoint.description
    chosen = [
        score
        for score in scores_of(about.kind, about.outputs, np.zeros(len(about.outputs)))
        if score.metric == about.training.get("selection") and score.aggregation == "pooled"
    ]
    if not chosen:
        raise ConfigError(f"The checkpoint '{about.name}' does not say by which score it was selected.")

    def statistic(results: Sequence[Result], _: Sequence[Result]) -> Any:
        statistics = [score.statistic(results) for score in chosen]
        return lambda drawn: float(np.mean([statistic(drawn) for statistic in statistics]))

    def itself(result: Result) -> Result:
        return result

    def combine(results: Sequence[Result], _: Sequence[Result]) -> float:
        return float(np.mean([score.compute(results) for score in chosen]))

    return Score(MEAN, chosen[0].metric, "pooled", itself, itself, combine, itself, statistic)


def _example(sample: "Sample", shift: int) -> Example:
    """A sample as deletion curves take it; its labels are moved to where the model answers them."""
    truth = sample.target.numpy()
    streams = {name: values.numpy() for name, values in sample.streams.items()}
    truth = delayed(truth, -shift) if truth.ndim == 2 else truth
    return Example(sample.id, streams, truth, sample.speaker, sample.session)


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


def _rows(weighting: str, found: Deletion, metric: str, recordings: int, held_out: int) -> pd.DataFrame:
    table = found.curves.copy()
    table.insert(0, "weighting", weighting)
    difference = found.verdict.difference
    return table.assign(
        metric=metric,
        recordings=recordings,
        held_out=held_out,
        unit=found.clusters.unit,
        clusters=found.clusters.count,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
    )
