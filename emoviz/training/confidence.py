"""The confidence of a trained model: fitted on the people of the validation part, and judged on those of the test."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..checkpoints.description import Description
from ..checkpoints.folder import Predictor
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS, Split
from ..core.words import counted
from ..evaluation.bootstrap import clusters_of
from ..evaluation.confidence import at_temperature, humble_temperature, judged_confidence
from ..evaluation.familiarity import LEAST, Familiarity, fit_familiarity
from ..evaluation.intervals import Band, coverage, fit_bands, people_of
from ..evaluation.scores import Result
from ..prediction.inputs import reads_clips
from .data.base import DATA, Data, Part, Sample, collate
from .module import TrainingModule

MOST = 2000
"""Largest number of samples of a part whose embeddings are measured."""
SHORTEST = 0.5
"""Seconds of the shortest windows that a model is given."""
AT_ONCE = 64
KEY = "confidence"
"""Name under which ``metrics.json`` states the confidence of a model, and on whom it was fitted."""


def fit_confidence(predictor: Predictor, kind: str, validation: Sequence[Result]) -> None:
    """Fit the temperature of a trained network of classes to its validation people.

    Args:
        predictor: trained network at temperature 1.
        kind: kind of its outputs.
        validation: its results of the validation part; with none, the network stays as it is.
    """
    if kind in CLASS_KINDS and validation:
        predictor.temperature = round(humble_temperature(validation), 4)  # as a person reads it in config.json


def fit_intervals(kind: str, outputs: Sequence[str], validation: Sequence[Result]) -> dict[str, Band]:
    """Return the intervals of a model's dimensions, fitted to its validation people; none for other models."""
    return fit_bands(validation, outputs) if kind == "dimension" else {}


def judge_intervals(bands: Mapping[str, Band], outputs: Sequence[str], test: Sequence[Result]) -> dict[str, Any]:
    """Return how often the intervals of each output hold the labels of the test people; empty without intervals."""
    held = {name: coverage(band, people_of(test, outputs.index(name))) for name, band in bands.items()}
    return {"bands": held} if held else {}


def judge(
    module: TrainingModule,
    data: Data,
    about: Description,
    validation: Sequence[Result],
    test: Sequence[Result],
    progress: Progress = silent,
) -> tuple[Familiarity | None, dict[str, Any]]:
    """Measure the familiarity of a trained network, and judge on the test people everything that was fitted.

    Args:
        module: trained network.
        data: its samples.
        about: description of its checkpoint, with the intervals that were fitted.
        validation: its results of the validation part.
        test: its results of the test part.
        progress: listener.

    Returns:
        The familiarity of a model that reads clips, and the judgement as ``metrics.json`` states it.
    """
    familiarity = measure_familiarity(module, data, progress) if reads_clips(about) else None
    judged = judge_confidence(module.predictor, about.kind, validation, test)
    judged |= judge_familiarity(module, data, familiarity) | judge_intervals(about.bands, about.outputs, test)
    return familiarity, judged


def stated_temperature(predictor: Predictor) -> float | None:
    """Return the temperature as ``config.json`` states it; None where the network has none."""
    return None if predictor.temperature == 1.0 else predictor.temperature


def judge_confidence(
    predictor: Predictor, kind: str, validation: Sequence[Result], test: Sequence[Result]
) -> dict[str, Any]:
    """Judge how sure a network is of its test people, before and after :func:`fit_confidence`.

    Returns:
        ``fitted_on`` in words, e.g. ``14 people``, and ``before`` and ``after`` as
        :func:`emoviz.evaluation.confidence.judged_confidence` returns them; empty where nothing was fitted.
    """
    if kind not in CLASS_KINDS or not validation:
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
    progress("Measuring what is familiar", 0, 1)
    training, _ = _embed(module, data.whole[Split.TRAIN], module.settings.window)
    validation = {}
    for seconds in _lengths(module):
        embeddings, lengths = _embed(module, data.whole[Split.VALIDATION], seconds)
        long = lengths > seconds - module.settings.hop / 2
        if long.sum() >= LEAST:
            validation[seconds] = embeddings[long]
    return fit_familiarity(training, validation) if validation else None


def _lengths(module: TrainingModule) -> list[float]:
    """Return lengths of windows, in seconds, from the longest to the shortest; of pictures, nothing."""
    if not DATA[module.settings.data].windows:
        return [0.0]
    lengths = [module.settings.window]
    while lengths[-1] / 2 >= SHORTEST:
        lengths.append(lengths[-1] / 2)
    return lengths


def judge_familiarity(module: TrainingModule, data: Data, familiarity: Familiarity | None) -> dict[str, Any]:
    """Return the ``share`` of the ``windows`` of the test part that are unlike the training; empty if unknown."""
    if familiarity is None:
        return {}
    unlike = familiarity.unlike(*_embed(module, data.whole[Split.TEST], module.settings.window))
    return {"unlike": {"share": float((unlike > 1).mean()), "windows": len(unlike)}}


def _embed(module: TrainingModule, part: Part, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Embed samples of a part, of each the middle of at most so many seconds: (N, E), and the seconds (N,) of it."""
    hop = module.settings.hop
    frames = max(1, round(seconds / hop))
    rows = np.unique(np.linspace(0, len(part) - 1, min(len(part), MOST)).astype(int))
    embedded, lengths = [], []
    for some in np.array_split(rows, -(-len(rows) // AT_ONCE)):
        batch = collate([_middle(part[(0, int(row))], frames) for row in some])
        embedded.append(module.embed(batch.to(module.device)))
        lengths.append(batch.mask.sum(1).numpy() * hop)
    return np.concatenate(embedded), np.concatenate(lengths)


def _middle(sample: Sample, frames: int) -> Sample:
    """Cut the middle out of a sample's streams, whose targets nobody reads then."""
    length = len(next(iter(sample.streams.values())))
    first = max(0, (length - frames) // 2)
    streams = {name: values[first : first + frames] for name, values in sample.streams.items()}
    return replace(sample, streams=streams, target=torch.zeros(1), trace=None)
