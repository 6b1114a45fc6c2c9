"""The run of a protocol: each fold is trained, selected and tested in the same way, and finished folds are read."""

import copy
import dataclasses
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..core.configuration import to_dict
from ..core.errors import CalibrationError, ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..evaluation.scores import Result
from ..models.inputs import Inputs
from ..prediction.calibration import inputs_for
from ..training.config import TrainingConfig
from ..training.data import DATA, Data, Recordings, fit_inputs
from ..training.data.base import training_mean
from ..training.finish import finish, predict_part
from ..training.floors import FLOORS, Predict
from ..training.loop import fit
from ..training.module import TrainingModule
from ..training.protocols import Fold, Options, Test, make_folds
from .outcomes import Outcome, Outcomes, read_outcomes, write_outcomes


@dataclass(frozen=True)
class Keep:
    """The place where the trained networks of a protocol are kept as checkpoints.

    Attributes:
        folder: folder of checkpoint folders.
        command: command that makes the checkpoints again.
    """

    folder: Path
    command: str


def run_protocol(
    config: TrainingConfig,
    protocol: str,
    options: Options,
    seeds: Sequence[int],
    recordings: Recordings,
    folder: Path,
    progress: Progress = silent,
    keep: Keep | None = None,
) -> list[dict[int, Outcomes]]:
    """Train and test all folds with all seeds, and read those that were finished before.

    Args:
        config: config of the system.
        protocol: name of the protocol in :data:`~emoviz.training.protocols.PROTOCOLS`.
        options: options of the protocol.
        seeds: seeds of the trainings; the folds do not depend on them.
        recordings: recordings of the config's corpora.
        folder: folder that keeps the outcomes of each fold.
        progress: listener; it stops the protocol by raising ``Cancelled``, and it can be resumed.
        keep: place at which each trained network is kept as a checkpoint ``<fold>-<system>-<seed>`` that reports the
            fold's first test; by default none is kept.

    Returns:
        Outcomes by seed for each fold, in the protocol's order.

    Raises:
        EmovizError: of that kind, if the config or the split does not allow the protocol, or the disk is full.
    """
    made = make_folds(protocol, recordings.table, options, sentences_apart=config.sentences_apart)
    found: list[dict[int, Outcomes]] = [{} for _ in made]
    units = [(n, fold, seed) for n, fold in enumerate(made) for seed in seeds]
    for done, (n, fold, seed) in enumerate(units):
        stage = f"{config.name} {protocol}"

        def share(_: str, part: float, total: float, done: int = done, stage: str = stage) -> None:
            progress(stage, done + min(1.0, part / max(total, 1e-9)), len(units))

        share("", 0.0, 1.0)  # also where one can stop between units that report nothing themselves
        own = dataclasses.replace(config, seed=seed)
        path = folder / f"{_fingerprint(own, fold)}.npz"
        outcomes = read_outcomes(path)
        kept = keep and dataclasses.replace(
            keep, folder=keep.folder / re.sub(r"[^\w-]+", "-", f"{fold.name}-{config.name}-{seed}".lower())
        )
        if outcomes is None or (kept is not None and not kept.folder.exists()):
            outcomes = run_fold(own, fold, recordings, share, kept)
            write_outcomes(path, outcomes)
        found[n][seed] = outcomes
    progress(f"{config.name} {protocol}", len(units), len(units))
    return found


def run_fold(
    config: TrainingConfig,
    fold: Fold,
    recordings: Recordings,
    progress: Progress = silent,
    keep: Keep | None = None,
) -> Outcomes:
    """Train one fold, test it, and train and test further from it; ``keep`` names the checkpoint folder itself."""
    _require_as_recorded(config, fold)
    data = _data(config, fold, recordings)
    floor = config.model in FLOORS
    module = None if floor else fit(config, data, progress)
    predict = FLOORS[config.model](config, data) if module is None else _predict(module)
    tests = _test_all(config, fold, recordings, data, predict)
    validation = None
    if module is not None and len(fold.validation):
        validation = Outcome(predict(data.parts[Split.VALIDATION]), training_mean(data.whole[Split.TRAIN]))
    if keep is not None and module is not None:
        finish(module, data, keep.folder, progress, keep.command)
    for number, few in enumerate(fold.further):
        progress("Few shots", number, len(fold.further))
        if module is None:  # a floor learns from source and shots at once
            both = dataclasses.replace(fold, train=fold.train.append(few.train), tests=few.tests)
            predict = FLOORS[config.model](config, _data(config, both, recordings))
        else:
            own = few_shot(config, len(few.train))
            start = copy.deepcopy(module.predictor)
            further = DATA[config.data].make(own, recordings, {Split.TRAIN: few.train}, data.inputs)
            predict = _predict(fit(own, further, start=start))
        tests |= _test_all(config, few, recordings, data, predict)
    return Outcomes(tests, validation)


def few_shot(config: TrainingConfig, shots: int) -> TrainingConfig:
    """Return the config of further training on a few labelled utterances: all of them in each of 15 steps."""
    return dataclasses.replace(
        config, epochs=15, batch_size=shots, learning_rate=config.learning_rate, averaging=0.0, balance=()
    )


def _data(config: TrainingConfig, fold: Fold, recordings: Recordings) -> Data:
    partition = {
        Split.TRAIN: fold.train,
        Split.VALIDATION: fold.validation,
        Split.TEST: next(iter(fold.tests.values())),
    }
    partition = {part: ids for part, ids in partition.items() if len(ids)}
    inputs = None if fold.fitted is None else fit_inputs(config, recordings, fold.fitted)
    return DATA[config.data].make(config, recordings, partition, inputs)


def _predict(module: TrainingModule) -> Predict:
    return lambda part: predict_part(module, part, everyone=module.source.everyone)


def _require_as_recorded(config: TrainingConfig, fold: Fold) -> None:
    """Refuse systems that adapt to all who are tested where a protocol says to whom a model is calibrated.

    Raises:
        ConfigError: if the config does.
    """
    if fold.calibrations and (config.standardise_by != "none" or config.adapt_norm):
        raise ConfigError(
            f"'{config.name}' adapts to everybody who is tested (standardise_by, adapt_norm), so it cannot be tested "
            "as it was trained and calibrated to a few recordings."
        )


def _test_all(
    config: TrainingConfig, fold: Fold, recordings: Recordings, data: Data, predict: Predict
) -> dict[Test, Outcome]:
    mean = training_mean(data.whole[Split.TRAIN])

    def said(ids: pd.Index, inputs: Inputs) -> list[Result]:
        own = dataclasses.replace(recordings, table=recordings.table.loc[ids])
        return predict(DATA[config.data].make(config, own, {Split.TEST: ids}, inputs).parts[Split.TEST])

    outcomes = {}
    for test, ids in fold.tests.items():
        calibrations = fold.calibrations.get(test, ())
        if not calibrations:
            outcomes[test] = Outcome(said(ids, data.inputs), mean)  # sequences are others than their utterances
            continue
        results: dict[str, Result] = {}
        for calibration in calibrations:
            inputs = _calibrated(config, recordings, data.inputs, calibration.heard)
            results |= {r.id: r for r in said(calibration.tested, inputs)}
        if rest := [i for i in ids if str(i) not in results]:
            results |= {r.id: r for r in said(pd.Index(rest), data.inputs)}
        outcomes[test] = Outcome([results[str(i)] for i in ids], mean)
    return outcomes


def _calibrated(config: TrainingConfig, recordings: Recordings, inputs: Inputs, heard: pd.Index) -> Inputs:
    """Calibrate transforms to recordings, where they are long enough; else return them as they are."""
    try:
        return inputs_for(inputs, (recordings.streams[str(i)] for i in heard), config.hop)
    except CalibrationError:
        return inputs


def _fingerprint(config: TrainingConfig, fold: Fold) -> str:
    """Name of what decides the result of a fold."""
    values = to_dict(config) | {"name": "", "title": ""}
    fitted = [] if fold.fitted is None else list(fold.fitted)
    folds = [
        [part.name, list(part.train), list(part.validation), [[to_dict(t), list(ids)] for t, ids in part.tests.items()]]
        for part in (fold, *fold.further)
    ]
    if fold.calibrations:
        values["calibrations"] = [
            [to_dict(test), [[list(own.heard), list(own.tested)] for own in calibrations]]
            for test, calibrations in fold.calibrations.items()
        ]
    if fold.further:
        values["few_shot"] = to_dict(few_shot(config, 1)) | {"name": "", "title": ""}
    decisive = json.dumps([values, folds, fitted], sort_keys=True, default=str)
    return hashlib.sha256(decisive.encode()).hexdigest()[:24]
