"""Late fusion: the predictions of face and speech, frame by frame, become one.

Average, weighted average (.6 video, .4 audio) and majority vote are those of the CATS-Transformer
paper (spec/systems.md, section 1). All are functions of ``values`` (S, T, K), the predictions of S
sources for T frames and K outputs, and ``weights`` (S,). NaN is a gap: where one source has
none, or does not know an output at all, the others alone count; where none has a value, the result is NaN.

:func:`learn` and :func:`learn_share` find the weights from data. They are not in :data:`FUSIONS`, whose
rules need no labels: what is learned belongs to the sources, and the recordings, that it was learned from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..core.errors import ConfigError
from ..core.registry import Registry
from ..core.vocabulary import Source

VIDEO_WEIGHT = 0.6
"""Weight of the face; that of the speech is what is left of 1."""

ITERATIONS = 100_000
"""At most, of :func:`learn_share`; it took 5,000 in the worst of 900 made-up cases of two to five sources."""

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``rule(values (S, T, K), weights (S,))`` -> (T, K)."""


def average(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over the sources that have a value, all alike whatever their weights."""
    return weighted(values, np.ones(len(values)))


def weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""Weighted mean over the sources that have a value.

    .. math:: y_{tk} = \frac{\sum_s w_s\, y_{stk}}{\sum_s w_s} \quad \text{over the s without a gap}

    A source of weight 0 is left out altogether, also where it is the only one. Weights (S, K) may
    differ between outputs.
    """
    weight = np.where(np.isnan(values), 0.0, weights.reshape(len(values), 1, -1))
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
        table: ``time`` and one column per output (``emoviz.prediction.clip.ClipPrediction.table``).
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


@dataclass(frozen=True)
class LearnedFusion:
    r"""A fusion of dimensions that was fitted to data, see :func:`learn`.

    .. math:: y_{tk} = b_k + g_k \frac{\sum_s w_{sk}\, (v_{stk} - m_{sk})}{\sum_s w_{sk}}
        \quad \text{over the s without a gap}

    Its fields are plain values: ``dataclasses.asdict`` and ``configuration.from_dict`` take it to JSON and back.

    Attributes:
        weights: w (S, K), not negative; those of an output sum to one.
        centres: m (S, K), the mean of each source.
        gain: g (K,), not negative.
        bias: b (K,), the mean of the targets.
    """

    weights: tuple[tuple[float, ...], ...]
    centres: tuple[tuple[float, ...], ...]
    gain: tuple[float, ...]
    bias: tuple[float, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Fuse new values of the same sources and outputs: (S, T, K) -> (T, K)."""
        centred = values - np.array(self.centres)[:, None]
        return np.asarray(np.array(self.bias) + np.array(self.gain) * weighted(centred, np.array(self.weights)))


@dataclass(frozen=True)
class LearnedShare:
    """A fusion of class probabilities that was fitted to data, see :func:`learn_share`.

    Attributes:
        weights: (S,), not negative, of sum one.
    """

    weights: tuple[float, ...]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Fuse new probabilities of the same sources and classes: (S, T, K) -> (T, K)."""
        return share(values, np.array(self.weights))


def learn(values: np.ndarray, targets: np.ndarray, objective: Literal["ccc", "rmse"] = "ccc") -> LearnedFusion:
    r"""Fit the fusion of dimensions: one weight per source and output, not negative, and a bias.

    With ``rmse`` it is least squares with g_k at most 1, so that agreeing sources are never exaggerated
    (L. Breiman, "Stacked regressions", Machine Learning 24 (1996) 49-64).

    With ``ccc`` it is the combination of the highest CCC. That is Pearson's r times a factor which is 1 just
    where means and spreads agree, and below 1 elsewhere (Lin 1989, see ``emoviz.evaluation.metrics.ccc``). Bias and
    gain do not touch r, so the weights are free to maximise it, which those of least squares do; then bias and gain
    make means and spreads agree. The fit reaches CCC = r, where least squares alone, whose spread is r
    times the targets', has :math:`2 r^2 / (1 + r^2)`.

    Args:
        values: (S, T, K) predictions of the sources, on recordings that none of them was trained on.
        targets: (T, K).
        objective: what is optimised.

    Returns:
        The fusion. An output that no source follows gets a gain of zero, and so a constant. A source that
        has no values of an output gets a weight of zero there.

    Raises:
        ConfigError: an output has fewer than two frames in which its target and all its sources are known.
    """
    fits = [_learn_output(values[..., k], targets[:, k], objective) for k in range(targets.shape[1])]
    weights, centres = (np.column_stack([fit[i] for fit in fits]).tolist() for i in (0, 1))
    gain, bias = (tuple(float(fit[i]) for fit in fits) for i in (2, 3))
    return LearnedFusion(tuple(map(tuple, weights)), tuple(map(tuple, centres)), gain, bias)


def learn_share(values: np.ndarray, targets: np.ndarray) -> LearnedShare:
    r"""Fit the fusion of class probabilities: the mean of highest likelihood, one weight per source.

    .. math:: \max_w \sum_{tk} y_{tk} \log \sum_s w_s v_{stk}, \qquad w \ge 0, \quad \textstyle\sum_s w_s = 1

    Source: P. Smyth, D. Wolpert, "Linearly combining density estimators via stacking", Machine Learning 36
    (1999) 59-83, by expectation maximisation. It stops within 1e-6 of the highest mean log likelihood: no
    weights exceed those at hand by more than the logarithm of the largest growth (T. Cover, "An algorithm for
    maximizing expected log investment return", IEEE Transactions on Information Theory 30 (1984) 369-373).

    Args:
        values: (S, T, K) probabilities of the sources, on recordings that none of them was trained on.
        targets: (T, K) shares of the classes, e.g. 1 for the true one and 0 for the others. Labels for which a
            source has no probability are left out.

    Raises:
        ConfigError: there are no labels for which all sources have a probability.
    """
    known = (targets > 0) & ~np.isnan(values).any(0)
    if not known.any():
        raise ConfigError("Learning a fusion takes a label, or more, for which all sources have a probability.")
    likelihood = values[:, known].clip(1e-12)
    label = targets[known] / targets[known].sum()
    weights = np.full(len(values), 1 / len(values))
    for _ in range(ITERATIONS):
        growth = (likelihood / (weights @ likelihood)) @ label
        if growth.max() <= 1 + 1e-6:
            break
        weights = weights * growth
    return LearnedShare(tuple((weights / weights.sum()).tolist()))


def _learn_output(
    values: np.ndarray, target: np.ndarray, objective: Literal["ccc", "rmse"]
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Weights (S,), centres (S,), gain and bias of one output, from values (S, T) and targets (T,)."""
    from scipy.optimize import nnls  # takes most of a second, which the pages, that learn nothing, should not wait

    sources = ~np.isnan(values).all(1)
    frames = ~np.isnan(values[sources]).any(0) & ~np.isnan(target) & sources.any()
    if frames.sum() < 2:
        raise ConfigError(
            "Learning a fusion takes two frames, or more, in which the target and all sources are known, "
            f"not {frames.sum()}."
        )
    weights, centres = np.zeros(len(values)), np.zeros(len(values))
    centres[sources], bias = values[sources][:, frames].mean(1), target[frames].mean()
    deviations = (values[sources][:, frames] - centres[sources, None]).T
    truth = target[frames] - bias
    solution = nnls(deviations, truth)[0]
    gain = solution.sum()
    if gain > 1 and objective == "rmse":
        # The best weights of sum one: up to their sum, those of least squares from the sources' errors to 0 with a
        # further row that asks for a sum of one, as for any sum the same weights are best.
        errors = (deviations - truth[:, None]) / np.sqrt(len(truth))
        solution, gain = nnls(np.vstack([errors, np.ones(errors.shape[1])]), np.append(np.zeros(len(truth)), 1))[0], 1.0
    weights[sources] = solution / solution.sum() if gain > 0 else 1 / sources.sum()
    if gain > 0 and objective == "ccc":
        gain = truth.std() / (deviations @ weights[sources]).std()
    return weights, centres, gain, bias
