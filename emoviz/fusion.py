"""Late fusion: the predictions of face and speech, frame by frame, become one.

Average, weighted average (.6 video, .4 audio) and majority vote are those of the CATS-Transformer
paper (spec/systems.md, section 1). All are functions of ``values`` (S, T, K), the predictions of S
sources for T frames and K outputs, and ``weights`` (S,). NaN is a gap: where one source has
none, or does not know an output at all, the others alone count; where none has a value, the result is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .define import Source
from .errors import ConfigError
from .registry import Registry

VIDEO_WEIGHT = 0.6
"""Weight of the face; that of the speech is what is left of 1."""

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``rule(values (S, T, K), weights (S,))`` -> (T, K)."""


def average(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over the sources that have a value, all alike whatever their weights."""
    return weighted(values, np.ones(len(values)))


def weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Weighted mean over the sources that have a value.

    .. math:: y_{tk} = \frac{\sum_s w_s\, y_{stk}}{\sum_s w_s} \quad \text{over the s without a gap}

    A source of weight 0 is left out altogether, also where it is the only one.
    """
    weight = np.where(np.isnan(values), 0.0, weights[:, None, None])
    total = weight.sum(0)
    known = total > 0
    return np.where(known, (weight * np.nan_to_num(values)).sum(0) / np.where(known, total, 1.0), np.nan)


def share(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of class probabilities, made to sum to one again.

    They would not where a source knows fewer classes than another.
    """
    mean = weighted(values, weights)
    total = np.nansum(mean, axis=1, keepdims=True)
    return np.where(total > 0, mean / np.where(total > 0, total, 1.0), np.nan)


def majority(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """1 for the class that most sources find most probable, 0 for the others.

    A tie (two sources that disagree always tie) goes to the tied class with the higher
    weighted mean probability, and if that ties too, to the first one.
    """
    mean = weighted(values, weights)
    present = ~np.isnan(values).all(2) & (weights[:, None] > 0)
    choice = np.where(np.isnan(values), -np.inf, values).argmax(2)
    votes = (present[..., None] & (choice[..., None] == np.arange(values.shape[2]))).sum(0)
    tied = votes == votes.max(1, keepdims=True)
    winner = np.where(tied, np.nan_to_num(mean, nan=-1.0), -np.inf).argmax(1)
    return np.where(np.isnan(mean), np.nan, (winner[:, None] == np.arange(values.shape[2])).astype(float))


@dataclass(frozen=True)
class Fusion:
    """How one method treats dimensions (valence ...) and the probabilities of emotion classes."""

    dimensions: Rule
    emotions: Rule


FUSIONS: Registry[Fusion] = Registry("fusion")
FUSIONS.register("average")(Fusion(average, lambda values, weights: share(values, np.ones(len(values)))))
FUSIONS.register("weighted")(Fusion(weighted, share))
FUSIONS.register("majority")(Fusion(weighted, majority))  # a dimension has no classes to vote for


def fuse(
    table: pd.DataFrame, outputs: pd.DataFrame, method: str = "weighted", video_weight: float = VIDEO_WEIGHT
) -> pd.DataFrame:
    """The table with the columns ``fused.*`` added, or renewed.

    Fused are the outputs that both face and speech predict, and the emotions as soon as both predict any.
    Where several models of one source predict the same output, the first one counts.

    Args:
        table: ``time`` and one column per output (``emoviz.predict.ClipPrediction.table``).
        outputs: what the columns are (``ClipPrediction.outputs``).
        method: a name in :data:`FUSIONS`.
        video_weight: weight of the face, on [0, 1].

    Raises:
        UnknownNameError: no such method.
        ConfigError: the weight is outside [0, 1].
    """
    if not 0 <= video_weight <= 1:
        raise ConfigError(f"The weight of the video is between 0 and 1, not {video_weight}.")
    fusion = FUSIONS[method]
    weights = np.array([video_weight, 1 - video_weight])
    fused = fused_outputs(outputs)
    table = table.drop(columns=[c for c in table.columns if c.startswith(f"{Source.FUSED}.")])
    for kind, rule in (("dimension", fusion.dimensions), ("emotion", fusion.emotions)):
        names = fused.loc[fused.kind == kind, "output"]
        if names.empty:
            continue
        layers = [table.reindex(columns=[f"{s}.{name}" for name in names]) for s in (Source.FACE, Source.SPEECH)]
        values = rule(np.stack([layer.to_numpy(float) for layer in layers]), weights)
        table[[f"{Source.FUSED}.{name}" for name in names]] = values.astype(np.float32)
    return table


def fused_outputs(outputs: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``outputs`` that describe the columns that :func:`fuse` makes."""
    owned = outputs[outputs.column == outputs.source + "." + outputs.output]
    face, speech = (owned[owned.source == source] for source in (Source.FACE, Source.SPEECH))
    shared = face[(face.kind == "dimension") & face.output.isin(speech.output)]
    emotions = [part[part.kind == "emotion"] for part in (face, speech)]
    if not any(part.empty for part in emotions):
        shared = pd.concat([shared, pd.concat(emotions).drop_duplicates("output")])
    return shared.assign(
        column=str(Source.FUSED) + "." + shared.output, source=str(Source.FUSED), model="late fusion", rmse=np.nan
    ).reset_index(drop=True)
