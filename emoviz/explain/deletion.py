r"""A test whether channel weights are faithful: the error is measured while the highest channels are removed.

If weights say which channels the predictions rest on, then predictions get worse faster when the highest-weighted
channels are hidden first (V. Petsiuk, A. Das, K. Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box
Models", BMVC 2018, section 4.2: deletion) than when the same weights are dealt out to channels at random, and slower
when the lowest come first. A hidden channel is zero in all frames, which behind the standardisation of a model's inputs
is its mean over the training frames.

With :math:`e_k` the error on the held-out recordings after :math:`n_k` of D channels are hidden, the area under a curve
is the mean of :math:`e` over the share of hidden channels by the trapezoidal rule; what is judged is

.. math:: \Delta = \mathrm{area(highest\ first)} - \mathrm{area(random)}

**Chance** is a permutation of the channels, the same in all recordings: it leaves alone how weights differ between
recordings and takes away only which channel bears which weight. Its spread matters as much as that of the recordings:
one lucky order is lucky on all of them. So a bootstrap sample draws people with all their recordings
(:mod:`emoviz.evaluation.bootstrap`) and, for these recordings, one of the random orders; the verdict reads the interval
of :math:`\Delta` over samples. With R orders the chance that weights without meaning beat all of them is 1 / (R + 1),
so R is at least 39 for an interval of 95 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import torch

from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.words import interval
from ..evaluation.bootstrap import Clusters, Difference, clusters_of, draw, judge, percentiles
from ..evaluation.metrics import METRICS
from ..evaluation.scores import Score
from ..models import Model
from .examples import Example, batches, error_of, padded, result_of
from .gradients import channel_weights, integrated_gradients
from .occlusion import without
from .targets import in_use

ORDERS = ("highest first", "lowest first", "random")


class Faithfulness(StrEnum):
    """The three possible answers of the interval of the difference to chance."""

    BETTER = "better than chance"
    CHANCE = "not told from chance"
    WORSE = "worse than chance"


@dataclass(frozen=True)
class Verdict:
    """Whether weights explain the predictions better than chance.

    Attributes:
        faithfulness: the answer.
        difference: area under the curve of highest first, less that of random orders, with its interval.
        sentence: verdict in words.
    """

    faithfulness: Faithfulness
    difference: Difference
    sentence: str


@dataclass(frozen=True)
class Deletion:
    """Deletion curves of one weighting.

    Attributes:
        curves: ``order`` (highest first, lowest first, random), ``hidden`` (channels), ``share`` (of all channels),
            ``error``, ``low`` and ``high`` (its interval over people, for random also over orders).
        areas: area under the curve of each order.
        verdict: verdict on whether the weights are better than chance.
        clusters: the people, sessions or recordings that the intervals draw.
    """

    curves: pd.DataFrame
    areas: dict[str, float]
    verdict: Verdict
    clusters: Clusters


def deletion(
    model: Model,
    examples: Sequence[Example],
    weights: np.ndarray,
    score: Score,
    *,
    steps: int = 10,
    orders: int = 40,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> Deletion:
    """Compute deletion curves of channel weights, and test whether the weights beat chance.

    The model is applied ``(orders + 2) * steps`` times to each example.

    Args:
        model: model whose predictions the weights should explain.
        examples: N held-out recordings.
        weights: weights (D,) of the channels of all streams side by side, or (N, D) for each example.
        score: the metric that becomes the error, e.g. one of :func:`emoviz.evaluation.scores.scores_of`.
        steps: number of steps in which the channels are hidden, about equally many in each.
        orders: number of random orders.
        draws: number of bootstrap samples.
        level: coverage of the intervals.
        seed: seed of orders and draws.
        progress: listener that hears of every example.

    Raises:
        ConfigError: if there are fewer than two examples, steps or orders are below one, or weights do not fit.
        FeatureError: if an example has no frame, or lacks a stream.
    """
    width = sum(model.config.streams.values())
    weights = np.asarray(weights, dtype=float)
    _require(weights, len(examples), width, steps, orders)
    counts = np.unique(np.linspace(0, width, steps + 1).round().astype(int))
    ranks = _all_ranks(np.broadcast_to(weights, (len(examples), width)), orders, np.random.default_rng(seed))
    errors = _errors(model, examples, ranks, counts, score, progress)
    whole = np.array([[error(np.arange(len(examples))) for error in row] for row in errors])
    mean = np.stack([*whole[:2], whole[2:].mean(0)])
    clusters = clusters_of(examples)
    drawn = _drawn(errors, clusters, draws, seed)
    rows = [
        (order, int(count), count / width, mean[i, step], *percentiles(drawn[:, i, step], level))
        for i, order in enumerate(ORDERS)
        for step, count in enumerate(counts)
    ]
    areas = np.trapezoid(mean, counts / width)
    differences = np.trapezoid(drawn[:, 0] - drawn[:, 2], counts / width)
    difference = judge(float(areas[0] - areas[2]), differences, level)
    return Deletion(
        pd.DataFrame(rows, columns=["order", "hidden", "share", "error", "low", "high"]),
        {order: float(area) for order, area in zip(ORDERS, areas, strict=True)},
        verdict(difference, score.metric, clusters.rests_on),
        clusters,
    )


def gradient_weights(
    model: Model,
    examples: Sequence[Example],
    outputs: Sequence[int],
    *,
    steps: int = 20,
    progress: Progress = silent,
) -> np.ndarray:
    """Return mean absolute integrated gradients of each example, which are judged like attention's weights.

    Args:
        model: model that follows the contract.
        examples: N held-out recordings.
        outputs: number of the output to explain for each example, e.g. of the class that the model answers.
        steps: number of steps of the integral.
        progress: listener that hears of every example.

    Returns:
        Weights (N, D).
    """
    rows = []
    for number, (example, output) in enumerate(zip(examples, outputs, strict=True)):
        progress("Integrating gradients", number, len(examples))
        streams, mask = padded([example])
        attribution = integrated_gradients(model, streams, mask, output, steps=steps)
        rows.append(channel_weights(attribution, mask)[0])
    return np.stack(rows)


def verdict(difference: Difference, metric: str, rests_on: str = "") -> Verdict:
    """Return the verdict on a difference between the areas of highest first and of random orders.

    Args:
        difference: the difference with its interval.
        metric: name of the metric whose error was taken.
        rests_on: the warning that the interval rests on few people; empty where there are enough.
    """
    judged = METRICS[metric]
    if np.isnan(difference.low):
        sentence = f"Whether the weights explain the predictions cannot be told: {judged.title} is undefined here."
        return Verdict(Faithfulness.CHANCE, difference, sentence)
    size = f"{interval(difference.value, difference.low, difference.high, 3, sign='+')} in {judged.error_title}"
    size += f", which {rests_on}" if rests_on else ""
    if difference.low > 0:
        answer = Faithfulness.BETTER
        says = "Hiding the highest-weighted channels first hurts more than a random order"
        means = "the weights tell better than chance what this training of the model relies on"
    elif difference.high < 0:
        answer = Faithfulness.WORSE
        says = "Hiding the highest-weighted channels first hurts less than a random order"
        means = "the weights point away from what the predictions rest on"
    else:
        answer = Faithfulness.CHANCE
        says = "Hiding the highest-weighted channels first hurts no more than a random order may"
        means = "the weights are not shown to tell what the model relies on"
    return Verdict(answer, difference, f"{says} ({size}), so {means}.")


def _require(weights: np.ndarray, examples: int, width: int, steps: int, orders: int) -> None:
    """Refuse weights and settings that do not fit."""
    if examples < 2:
        raise ConfigError(f"Whether weights are faithful is judged on two recordings or more, not on {examples}.")
    if weights.shape not in ((width,), (examples, width)) or not np.isfinite(weights).all():
        accepted = f"({width},) or ({examples}, {width})"
        raise ConfigError(f"The weights are finite numbers of shape {accepted}, not {weights.shape}.")
    if steps < 1 or orders < 1:
        raise ConfigError(f"There is one step and one random order at least, not {steps} and {orders}.")


def _all_ranks(weights: np.ndarray, orders: int, generator: np.random.Generator) -> np.ndarray:
    """At which place each order hides each channel: highest first, lowest first, then the random ones, (N, R, D)."""
    highest = _ranks(-weights, generator)
    random = [highest[:, generator.permutation(weights.shape[1])] for _ in range(orders)]
    return np.stack([highest, _ranks(weights, generator), *random], axis=1)


def _ranks(keys: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(N, D) keys -> place of each channel in increasing order; equal ones in one random order for all N."""
    tie = np.broadcast_to(generator.permutation(keys.shape[1]), keys.shape)
    return np.lexsort((tie, keys), axis=1).argsort(axis=1)


@torch.no_grad()
def _errors(
    model: Model,
    examples: Sequence[Example],
    ranks: np.ndarray,
    counts: np.ndarray,
    score: Score,
    progress: Progress,
) -> list[list[Callable[[np.ndarray], float]]]:
    """For each order (R) and count of hidden channels (S) the error on any draw of the examples."""
    made = list(batches(examples))
    same: dict[int, Callable[[np.ndarray], float]] = {}  # with no channel hidden, or all, the order has no say
    errors: list[list[Callable[[np.ndarray], float]]] = [[] for _ in range(ranks.shape[1])]
    with in_use(model):
        for order, row in enumerate(errors):
            for count in counts:
                progress("Hiding channels", order * len(counts) + len(row), len(errors) * len(counts))
                if count in same:
                    row.append(same[count])
                    continue
                results = []
                for members, streams, mask in made:
                    hidden = torch.from_numpy(ranks[members, order] < count)[:, None]
                    seen = without(streams, model.config.streams, hidden)
                    predictions = model(seen, mask).prediction.cpu().numpy()
                    results += [result_of(examples[i], p) for i, p in zip(members, predictions, strict=True)]
                row.append(error_of(score, results))
                if count in (0, ranks.shape[2]):
                    same[count] = row[-1]
    progress("Hiding channels", len(errors) * len(counts), len(errors) * len(counts))
    return errors


def _drawn(errors: list[list[Callable[[np.ndarray], float]]], clusters: Clusters, draws: int, seed: int) -> np.ndarray:
    """Return bootstrap samples of the three curves, (draws, 3, S), each with one of the random orders."""
    values = np.full((draws, len(ORDERS), len(errors[0])), np.nan)
    orders = np.random.default_rng([seed, 1]).integers(2, len(errors), draws)
    samples = (sample for some in draw(clusters, draws, seed) for sample in some)
    for own, order, sample in zip(values, orders, samples, strict=False):  # there are no samples of one cluster
        recordings = clusters.positions(sample)
        own[:] = [[error(recordings) for error in row] for row in (errors[0], errors[1], errors[order])]
    return values
