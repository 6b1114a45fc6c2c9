"""The confidence of a trained model: fitted on the people of the validation part, and judged on those of the test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..checkpoints.folder import Predictor
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..core.words import counted
from ..evaluation.bootstrap import clusters_of
from ..evaluation.confidence import at_temperature, fit_temperature, judged_confidence
from ..evaluation.familiarity import Familiarity, fit_familiarity
from ..evaluation.intervals import Band, coverage, fit_bands, people_of
from ..evaluation.scores import Result
from .data.base import DATA, Data, Part, Sample, collate
from .module import TrainingModule

MOST = 2000
"""Samples of a part whose embeddings are measured at most."""
SHORTEST = 0.5
"""Seconds of the shortest windows that a model is given."""
AT_ONCE = 64
KEY = "confidence"
"""Name under which ``metrics.json`` states how sure a model is, and of what that was fitted."""


def fit_confidence(predictor: Predictor, kind: str, validation: Sequence[Result]) -> None:
    """Give a trained network of emotions the temperature that fits its validation people.

    Args:
        predictor: trained network at temperature 1.
        kind: kind of its outputs.
        validation: its results of the validation part; with none, the network stays as it is.
    """
    if kind == "emotion" and validation:
        predictor.temperature = round(fit_temperature(validation), 4)  # as a person reads it in config.json


def fit_intervals(kind: str, outputs: Sequence[str], validation: Sequence[Result]) -> dict[str, Band]:
    """Return the intervals of the outputs of a model of dimensions that fit its validation people; else none."""
    return fit_bands(validation, outputs) if kind == "dimension" else {}


def judge_intervals(bands: Mapping[str, Band], outputs: Sequence[str], test: Sequence[Result]) -> dict[str, Any]:
    """Return how the intervals of each output hold the labels of the test people; empty where there are none."""
    held = {name: coverage(band, people_of(test, outputs.index(name))) for name, band in bands.items()}
    return {"bands": held} if held else {}


def stated_temperature(predictor: Predictor) -> float | None:
    """Return the temperature as ``config.json`` states it; None where there is nothing to divide."""
    return None if predictor.temperature == 1.0 else predictor.temperature


def judge_confidence(
    predictor: Predictor, kind: str, validation: Sequence[Result], test: Sequence[Result]
) -> dict[str, Any]:
    """Judge how sure a network is of its test people, before and after :func:`fit_confidence`.

    Returns:
        ``fitted_on`` in words, e.g. ``14 people``, and ``before`` and ``after`` as
        :func:`emoviz.evaluation.confidence.judged_confidence` returns them; empty where nothing was fitted.
    """
    if kind != "emotion" or not validation:
        return {}
    clusters = clusters_of(validation)
    return {
        "fitted_on": counted(clusters.count, clusters.unit),
        "before": judged_confidence(at_temperature(test, 1 / predictor.temperature)),
        "after": judged_confidence(test),
    }


def measure_familiarity(module: TrainingModule, data: Data, progress: Progress = silent) -> Familiarity | None:
    """Measure the familiarity of a trained network, with windows of the lengths that it is given in use.

    Args:
        module: trained network.
        data: its samples, of which those of training and validation are read.
        progress: listener.

    Returns:
        The familiarity; None without a validation part, or where there are too few samples.
    """
    if not {Split.TRAIN, Split.VALIDATION} <= set(data.whole):
        return None
    config = module.settings
    lengths = [config.window]
    while DATA[config.data].windows and lengths[-1] / 2 >= SHORTEST:
        lengths.append(lengths[-1] / 2)
    progress("Measuring what is familiar", 0, 1)
    embedded = {length: _embed(module, data.whole[Split.VALIDATION], length) for length in lengths}
    return fit_familiarity(_embed(module, data.whole[Split.TRAIN], config.window), embedded)


def judge_familiarity(module: TrainingModule, data: Data, familiarity: Familiarity | None) -> dict[str, Any]:
    """Return which ``share`` of the ``windows`` of the test part is unlike the training; empty where nothing tells."""
    if familiarity is None:
        return {}
    seconds = module.settings.window
    unlike = familiarity.unlike(found := _embed(module, data.whole[Split.TEST], seconds), np.full(len(found), seconds))
    return {"unlike": {"share": float((unlike > 1).mean()), "windows": len(unlike)}}


def _embed(module: TrainingModule, part: Part, seconds: float) -> np.ndarray:
    """Embed samples of a part, of each the middle of at most so many seconds: (N, E)."""
    frames = max(1, round(seconds / module.settings.hop))
    rows = np.unique(np.linspace(0, len(part) - 1, min(len(part), MOST)).astype(int))
    embedded = []
    for some in np.array_split(rows, -(-len(rows) // AT_ONCE)):
        samples = [_middle(part[(0, int(row))], frames) for row in some]
        embedded.append(module.embed(collate(samples).to(module.device)))
    return np.concatenate(embedded)


def _middle(sample: Sample, frames: int) -> Sample:
    """Cut the middle out of a sample's streams, whose targets nobody reads then."""
    length = len(next(iter(sample.streams.values())))
    first = max(0, (length - frames) // 2)
    streams = {name: values[first : first + frames] for name, values in sample.streams.items()}
    return replace(sample, streams=streams, target=torch.zeros(1), trace=None)
