"""The end of a training: its only test, on the test part, and the checkpoint that it leaves."""

import copy
import dataclasses
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from .. import checkpoints
from ..checkpoints.card import Origin, write_card
from ..checkpoints.description import Description
from ..checkpoints.folder import as_stored
from ..core.configuration import to_dict
from ..core.errors import UnknownNameError
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS, DERIVED_AXES, Dimension, Split
from ..corpora.base import READERS
from ..evaluation import tables
from ..evaluation.scores import Result, score_table, scores_of
from ..models.inputs import channel_names
from .confidence import (
    KEY,
    fit_confidence,
    fit_intervals,
    judge,
    stated_temperature,
)
from .config import TrainingConfig
from .data.base import Data, Part, Sample, collate, training_mean
from .derived import derived_scores
from .feed import in_order
from .module import TrainingModule
from .presets import preset


def finish(module: TrainingModule, data: Data, folder: Path, progress: Progress = silent, command: str = "") -> None:
    """Fit a trained network's confidence on the validation part, test it once, and write its checkpoint.

    Args:
        module: trained network.
        data: samples with train and test parts; without a validation part, its confidence stays as it is.
        folder: folder of the checkpoint, whose name becomes that of the model.
        progress: listener.
        command: command that makes the checkpoint again; by default the training of its config.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    config = module.settings
    as_stored(module.predictor)
    validation, results = confident_results(module, data, progress)
    progress("Computing intervals", 0, 1)
    origin = origin_of(data, command or command_of(config, folder.name))
    bands = fit_intervals(config.kind, config.outputs, validation)
    description = dataclasses.replace(_description(module, data, folder.name), bands=bands)
    familiarity, judged = judge(module, data, description, validation, results, progress)
    metrics = {**_metrics(module, data, results), KEY: judged, "origin": dataclasses.asdict(origin)}
    channels = [n for c, f in zip(config.inputs, data.features, strict=True) for n in channel_names(c, f.names)]
    checkpoints.save(
        folder,
        description,
        module.predictor,
        metrics=metrics,
        card=write_card(description, metrics, origin),
        attention=tables.attention_table(results, channels),
        embeddings=tables.embedding_table(results),
        predictions=tables.prediction_table(results, config.outputs) if _may_pass_on_labels(config) else None,
        familiarity=familiarity,
    )


def confident_results(
    module: TrainingModule, data: Data, progress: Progress = silent
) -> tuple[list[Result], list[Result]]:
    """Fit the confidence of a trained network on the validation part, and test it.

    Returns:
        The results of the validation part before the fit, and of the test part after it.
    """
    module.predictor.temperature = 1.0
    validation = []
    if Split.VALIDATION in data.parts:
        validation = predict_part(module, data.parts[Split.VALIDATION], progress, data.everyone)
        fit_confidence(module.predictor, module.settings.kind, validation)
    return validation, predict_part(module, data.parts[Split.TEST], progress, data.everyone)


def _metrics(module: TrainingModule, data: Data, results: Sequence[Result]) -> dict[str, Any]:
    """Score the results, and add the history of the training."""
    config = module.settings
    # Of whole recordings: the windows of a training part are drawn at random, and their mean with them.
    mean = training_mean(data.whole[Split.TRAIN])
    metrics: dict[str, Any] = {
        "test": score_table(results, scores_of(config.kind, config.outputs, mean)),
        "training_mean": mean.tolist(),
        "selection": module.selection,
        "epochs": module.epochs,
    }
    if config.kind in CLASS_KINDS:
        metrics |= derived_scores(results, data, mean)
        counts = tables.confusion_table(results, config.outputs)
        metrics["confusion"] = {"classes": list(config.outputs), "counts": counts}
    return metrics


def _description(module: TrainingModule, data: Data, name: str) -> Description:
    """Describe the model as its checkpoint states it."""
    config, model = module.settings, module.predictor.model
    return Description(
        name=name,
        title=config.title,
        source=config.source,
        model=config.model,
        model_config=dataclasses.asdict(model.config),
        task=model.task,
        kind=config.kind,
        outputs=config.outputs,
        derived=config.outputs[0] in DERIVED_AXES,
        features=data.features,
        inputs=config.inputs,
        hop=config.hop,
        window=config.window,
        training=to_dict(config),
        split={str(part): speakers for part, speakers in data.split.items()},
        versions={p: version(p) for p in ("torch", "lightning", "numpy")} | {"python": platform.python_version()},
        temperature=stated_temperature(module.predictor),
    )


def _may_pass_on_labels(config: TrainingConfig) -> bool:
    """Return whether a checkpoint may hold the labels of its test recordings.

    Raters' values are the corpus itself, which a checkpoint must not pass on unless the corpus is the user's own; a
    class is but a word.
    """
    return not (set(config.outputs) <= set(Dimension) and set(config.corpora) & set(READERS))


def predict_part(
    module: TrainingModule, part: Part, progress: Progress = silent, everyone: Part | None = None
) -> list[Result]:
    """Predict each recording of a part with a trained network, in their order.

    Args:
        module: trained network.
        part: samples.
        progress: listener.
        everyone: recordings that may be read without their labels; where the config adapts batch normalisation, each
            culture is predicted with the statistics of its own recordings among them.
    """
    module.cpu().eval()
    if not module.settings.adapt_norm or everyone is None:
        return _predict(module, in_order(part, module.settings.batch_size), progress)
    cultures = [part[(0, number)].culture for number in range(len(part))]
    results: dict[int, Result] = {}
    for culture in dict.fromkeys(cultures):
        rows = [number for number, c in enumerate(cultures) if c == culture]
        own = copy.deepcopy(module)
        adapt_norm(own, [s for s in everyone if s.culture == culture])
        results |= zip(rows, _predict(own, in_order(part, module.settings.batch_size, rows), progress), strict=True)
    return [results[number] for number in range(len(part))]


def _predict(module: TrainingModule, loader: DataLoader[Any], progress: Progress) -> list[Result]:
    results: list[Result] = []
    for number, batch in enumerate(loader):
        progress("Testing", number, len(loader))
        results += module.predict(batch.to(module.device))
    return results


@torch.no_grad()
def adapt_norm(module: TrainingModule, samples: Sequence[Sample]) -> None:
    """Take the statistics of batch normalisation from unlabelled samples; learnt weights stay as they are.

    A single sample has no spread, so its statistics do not replace those of the training.

    Source: Y. Li, N. Wang, J. Shi, X. Hou, J. Liu, "Adaptive batch normalization for practical domain adaptation",
    Pattern Recognition 80 (2018) 109-117.
    """
    if len(samples) < 2:
        return
    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    size = 128
    for start in range(0, len(samples), size):
        if len(samples[start : start + size]) > 1:
            module.predict(collate(samples[start : start + size]).to(module.device))
    module.eval()


def origin_of(data: Data, command: str) -> Origin:
    """Describe the data of a training, and the command that trains again, for the card of its model."""

    def size(part: Split) -> str:
        if part not in data.parts:
            return "none"
        samples = f"{len(data.whole[part])} samples"
        return f"{len(data.split[part])} speakers, {samples}" if data.split else samples

    return Origin(
        data.licences, {str(part): size(part) for part in Split}, data.split_note, data.note, command, data.people
    )


def command_of(config: TrainingConfig, name: str) -> str:
    """Return the command that trains a checkpoint again, from its preset or from the config beside its card."""
    try:
        same = preset(name) == config
    except UnknownNameError:
        same = False
    return "python -m emoviz train " + (f"--preset {name}" if same else f"{name}/config.json")
