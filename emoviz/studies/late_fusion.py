"""Late fusions of the predictions of several systems, by a fixed rule or by a learned one."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from ..core.errors import ConfigError
from ..core.vocabulary import CLASS_KINDS
from ..evaluation.fusion import FUSIONS, Fusion, learn, learn_share
from .outcomes import Outcome, Outcomes
from .study import LEARNED, LateFusion

Combine = Callable[[np.ndarray], np.ndarray]
"""Function from the predictions of S systems, (S, K) or (S, T, K), to those of their fusion, (K,) or (T, K)."""


def fuse(fusion: LateFusion, parts: Sequence[list[dict[int, Outcomes]]], kind: str) -> list[dict[int, Outcomes]]:
    """Fuse the outcomes of systems, for the seeds that all of them were trained with.

    Args:
        fusion: rule and weights.
        parts: outcomes by seed of each system for each fold; a floor, which has only one seed, counts for every seed.
        kind: kind of the outputs.

    Raises:
        ConfigError: if the systems were not tested on the same moments of the same recordings.
    """
    found: list[dict[int, Outcomes]] = []
    for folds in zip(*parts, strict=True):
        seeds = max((sorted(fold) for fold in folds), key=len)
        found.append({seed: _fuse_fold(fusion, [fold.get(seed, fold[0]) for fold in folds], kind) for seed in seeds})
    return found


def _fuse_fold(chosen: LateFusion, parts: Sequence[Outcomes], kind: str) -> Outcomes:
    weights = np.array(chosen.weights or [1.0] * len(parts)) / (sum(chosen.weights) or len(parts))
    combine = _learned(parts, kind) if chosen.rule == LEARNED else _fixed(FUSIONS[chosen.rule], weights, kind)
    fused = {}
    for test, outcome in parts[0].tests.items():
        tested = [[(r.id, r.truth.shape) for r in part.tests[test].results] for part in parts]
        if any(other != tested[0] for other in tested):
            raise ConfigError(
                f"{', '.join(chosen.systems)} were not tested on the same moments of the same recordings, so that "
                "they cannot be fused; give them the same kind of data, hop and window."
            )
        together = zip(*(part.tests[test].results for part in parts), strict=True)
        results = [
            dataclasses.replace(same[0], prediction=combine(np.stack([r.prediction for r in same])))
            for same in together
        ]
        fused[test] = Outcome(results, outcome.training_mean)
    return Outcomes(fused)


def _fixed(fusion: Fusion, weights: np.ndarray, kind: str) -> Combine:
    """The combination by a rule that learns nothing."""
    chosen = fusion.emotions if kind in CLASS_KINDS else fusion.dimensions
    return lambda values: chosen(values.reshape(len(weights), -1, values.shape[-1]), weights).reshape(values.shape[1:])


def _learned(parts: Sequence[Outcomes], kind: str) -> Combine:
    """The combination by weights learned from the fold's validation part, which all systems were asked about."""
    validated = [part.validation.results for part in parts if part.validation is not None]
    values = np.stack([np.concatenate([np.atleast_2d(r.prediction) for r in results]) for results in validated])
    targets = np.concatenate([np.atleast_2d(r.truth) for r in validated[0]])
    rule = learn_share(values, targets) if kind in CLASS_KINDS else learn(values, targets)
    return lambda values: rule(values.reshape(len(parts), -1, values.shape[-1])).reshape(values.shape[1:])
