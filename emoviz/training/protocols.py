"""How systems are judged: protocols cut a corpus into folds, and every fold is trained, selected and tested alike.

A protocol only says who is trained on, selected by and tested; that no speaker stands in two of these is asserted for
each fold. What a fold gave is kept under the run folder, so an interrupted protocol goes on where it was.
"""

import copy
import dataclasses
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.configuration import to_dict
from ..core.errors import ConfigError, SplitError
from ..core.files import raising, write_bytes
from ..core.progress import Progress, silent
from ..core.registry import Registry
from ..core.vocabulary import Split
from ..evaluation.scores import Result
from .config import TrainingConfig
from .data import DATA, Data, Recordings, fit_inputs
from .finish import finish, predict_part, training_mean
from .floors import FLOORS, Predict
from .loop import fit
from .module import TrainingModule
from .splits import by_speaker, check_disjoint

VALIDATION_SHARE, TEST_SHARE = 0.15, 0.25
"""Of the speakers of each culture, in ``per-culture``."""
ARROW = "->"
"""Between source and target in the name of a test."""
VALIDATION = "(validation)"
"""Name of the outcome that a late fusion may learn from: networks neither trained on it nor are tested on it."""


@dataclass(frozen=True)
class Fold:
    """One training, what it is tested on, and further trainings that start from it.

    Attributes:
        name: unique within the protocol.
        train: ids.
        validation: ids, which select the epoch; none for a further training.
        tests: name of the test -> ids. An empty name is a share of the one test that all folds make together.
        further: few-shot trainings on the target that start from what this fold has trained.
        fitted: ids on which the transforms of the inputs are fitted, where that is not the training part: folds
            that share them have the same channels.
    """

    name: str
    train: pd.Index
    validation: pd.Index
    tests: Mapping[str, pd.Index]
    further: tuple["Fold", ...] = ()
    fitted: pd.Index | None = None

    def check(self, table: pd.DataFrame) -> None:
        """Assert that no speaker stands in two parts, and that none is empty.

        Raises:
            SplitError: otherwise.
        """
        for test in self.tests.values():
            parts = {Split.TRAIN: self.train, Split.VALIDATION: self.validation, Split.TEST: test}
            used = {part: ids for part, ids in parts.items() if len(ids) or part is not Split.VALIDATION}
            check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in used.items()})
            if self.fitted is not None:
                fitted = {Split.TRAIN: self.fitted, Split.TEST: test}
                check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in fitted.items()})
        for fold in self.further:
            fold.check(table)


@dataclass(frozen=True)
class Options:
    """What protocols may be asked for; each reads what it needs.

    Attributes:
        folds: of ``within`` and ``folds``; fewer where there are fewer speakers.
        sources: sets of cultures that ``cross-culture`` and ``k-shot`` train on; by default each one alone.
        shots: labelled target utterances per class of ``k-shot``.
        draws: of those utterances.
        validate: whether validation speakers select the epoch; else they train too, for all epochs.
        seed: of what a protocol draws; one for all systems, so that all meet the same folds.
    """

    folds: int = 5
    sources: tuple[tuple[str, ...], ...] = ()
    shots: tuple[int, ...] = (0, 5, 10, 15)
    draws: int = 5
    validate: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds < 3:
            raise ConfigError(f"Train, validation and test need 3 folds or more, not {self.folds}.")
        if self.draws < 1 or any(k < 0 for k in self.shots) or 0 not in self.shots:
            raise ConfigError("'draws' is at least 1, and 'shots' are not negative and 0 is among them.")


MakeFolds = Callable[[pd.DataFrame, Options], list[Fold]]
PROTOCOLS: Registry[MakeFolds] = Registry("protocol")


@PROTOCOLS.register("folds")
def folds(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Speaker-disjoint folds: each is tested once, while the one before it validates and the others train.

    Args:
        table: columns ``speaker``, ``culture`` and, for classes, ``emotion``; index id.
        options: how many folds.

    Raises:
        SplitError: there are fewer than three speakers.
    """
    return _folds(table, options, "")


@PROTOCOLS.register("within")
def within(table: pd.DataFrame, options: Options) -> list[Fold]:
    """:func:`folds` of each culture alone."""
    return [f for culture, rows in _by_culture(table) for f in _folds(rows, options, f"{culture} ")]


@PROTOCOLS.register("loro")
def leave_one_recording_out(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Each recording is tested once; two of each culture, drawn from the others, validate.

    A recording must have its speaker to itself.
    """
    folds = []
    for number, identity in enumerate(table.index):
        random = np.random.default_rng([options.seed, number])
        others = table.drop(identity)
        drawn = [rows.index[random.permutation(len(rows))[:2]] for _, rows in _by_culture(others)]
        validation = drawn[0].append(drawn[1:])
        folds.append(Fold(str(identity), others.index.difference(validation), validation, {"": pd.Index([identity])}))
    return folds


@PROTOCOLS.register("cross-culture")
def cross_culture(table: pd.DataFrame, options: Options) -> list[Fold]:
    """Train on the speakers of some cultures but one in five, which validate; test on every other culture.

    Raises:
        ConfigError: a source is no culture of the corpora.
        SplitError: a source has but one speaker.
    """
    return [
        _source_fold(
            table, source, {_test(source, t): rows.index for t, rows in _by_culture(table) if t not in source}, options
        )
        for source in _sources(table, options)
    ]


@PROTOCOLS.register("k-shot")
def k_shot(table: pd.DataFrame, options: Options) -> list[Fold]:
    """:func:`cross_culture`, then training on k labelled utterances per class of the target.

    They are drawn from half of the target's speakers, and the other half is tested, so that no speaker is in both;
    each draw halves the speakers anew. All k of a draw are tested on the same recordings, k = 0 among them, and
    larger k contain the smaller ones.

    Raises:
        ConfigError: as of :func:`cross_culture`.
        SplitError: half of a target's speakers have fewer than k utterances of a class.
    """
    found = []
    for source in _sources(table, options):
        tests, further = {}, []
        for target, rows in _by_culture(table):
            if target in source:
                continue
            for draw in range(options.draws):
                shots, tested = _draw_shots(rows, options, [options.seed, draw, *str(target).encode()])
                for k in options.shots:
                    name = f"{_test(source, target)} {k}-shot {draw}"
                    if k == 0:
                        tests[name] = tested
                    else:
                        train = pd.Index([i for ids in shots.values() for i in ids[:k]])
                        further.append(Fold(name, train, pd.Index([]), {name: tested}))
        fold = _source_fold(table, source, tests, options)
        found.append(dataclasses.replace(fold, further=tuple(further)))
    return found


@PROTOCOLS.register("per-culture")
def per_culture(table: pd.DataFrame, options: Options) -> list[Fold]:
    """One training per culture, tested on the same held-out speakers of every culture, its own first.

    All share the transforms of the inputs, fitted on the training speakers of all cultures, so that a channel is the
    same channel in each of them and its weights can be compared.

    Raises:
        SplitError: a culture has fewer than three speakers.
    """
    speakers = by_speaker(table, VALIDATION_SHARE, TEST_SHARE, options.seed)
    ids = {part: table.index[table["speaker"].isin(names)] for part, names in speakers.items()}
    cultures = [culture for culture, _ in _by_culture(table)]

    def own(part: Split, culture: str) -> pd.Index:
        return ids[part][table.loc[ids[part], "culture"] == culture]

    return [
        Fold(
            culture,
            own(Split.TRAIN, culture),
            own(Split.VALIDATION, culture),
            {_test([culture], t): own(Split.TEST, t) for t in sorted(cultures, key=lambda t: t != culture)},
            fitted=ids[Split.TRAIN],
        )
        for culture in cultures
    ]


def _by_culture(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    return ((str(culture), rows) for culture, rows in table.groupby("culture", sort=True))


def _test(source: Sequence[str], target: str) -> str:
    return f"{'+'.join(source)}{ARROW}{target}"


def _sources(table: pd.DataFrame, options: Options) -> tuple[tuple[str, ...], ...]:
    cultures = sorted(table["culture"].unique())
    for name in (name for source in options.sources for name in source):
        if name not in cultures:
            raise ConfigError(f"'{name}' is no culture of these corpora; there are {', '.join(cultures)}.")
    return options.sources or tuple((culture,) for culture in cultures)


def _folds(table: pd.DataFrame, options: Options, prefix: str) -> list[Fold]:
    speakers = sorted(table["speaker"].unique())
    if len(speakers) < 3:
        raise SplitError(f"{prefix or 'The corpus '}has {len(speakers)} speakers; folds need three or more.")
    order = np.random.default_rng(options.seed).permutation(speakers)
    groups = np.array_split(order, min(options.folds, len(speakers)))
    ids = [table.index[table["speaker"].isin(group)] for group in groups]
    return [
        Fold(f"{prefix}{n}", table.index.difference(ids[n].append(ids[n - 1]), sort=False), ids[n - 1], {"": ids[n]})
        for n in range(len(groups))
    ]


def _source_fold(table: pd.DataFrame, source: Sequence[str], tests: Mapping[str, pd.Index], options: Options) -> Fold:
    validated: list[str] = []
    for culture in source:
        speakers = sorted(table.loc[table["culture"] == culture, "speaker"].unique())
        if len(speakers) < 2:
            raise SplitError(f"'{culture}' has one speaker; training and validation need one each.")
        order = np.random.default_rng([options.seed, *culture.encode()]).permutation(speakers)
        validated += list(order[: max(1, round(0.2 * len(order)))])
    rows = table[table["culture"].isin(source)]
    selected = rows["speaker"].isin(validated)
    return Fold("+".join(source), rows.index[~selected], rows.index[selected], tests)


def _draw_shots(rows: pd.DataFrame, options: Options, seed: list[int]) -> tuple[dict[str, list[str]], pd.Index]:
    """Ids per class to draw k from, and the ids of the other speakers."""
    most = max(options.shots)
    speakers = sorted(rows["speaker"].unique())
    for attempt in range(100):
        random = np.random.default_rng([*seed, attempt])
        half = random.permutation(speakers)[: len(speakers) // 2]
        pool, tested = rows[rows["speaker"].isin(half)], rows[~rows["speaker"].isin(half)]
        shots = {
            str(e): [str(i) for i in random.permutation(group.index)[:most]] for e, group in pool.groupby("emotion")
        }
        complete = set(shots) == set(rows["emotion"]) == set(tested["emotion"])
        if complete and min(len(ids) for ids in shots.values()) == most:
            return shots, tested.index
    raise SplitError(
        f"In no half of the {len(speakers)} speakers of '{rows['culture'].iloc[0]}' each class has {most} utterances; "
        "ask for fewer shots."
    )


def make_folds(protocol: str, table: pd.DataFrame, options: Options) -> list[Fold]:
    """The folds of a protocol, checked: no speaker stands in two parts of one.

    Raises:
        SplitError: the table does not allow them.
    """
    made = PROTOCOLS[protocol](table, options)
    if not options.validate:
        made = [dataclasses.replace(f, train=f.train.append(f.validation), validation=f.validation[:0]) for f in made]
    for fold in made:
        fold.check(table)
    return made


def split_of(made: Sequence[Fold], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Who was trained on, selected by and tested in each fold: names of speakers, and numbers of recordings."""

    def who(ids: pd.Index) -> dict[str, Any]:
        return {"recordings": len(ids), "speakers": sorted(map(str, table["speaker"].loc[ids].unique()))}

    return [
        {"fold": f.name, "train": who(f.train), "validation": who(f.validation),
         "tests": {name: who(ids) for name, ids in f.tests.items()}}
        for f in made
    ]  # fmt: skip


@dataclass(frozen=True)
class Keep:
    """Where the trained networks of a protocol become checkpoints.

    Attributes:
        folder: of checkpoint folders.
        command: that makes them again.
    """

    folder: Path
    command: str


@dataclass(frozen=True)
class Outcome:
    """What one training said of one test.

    Attributes:
        results: of each recording.
        training_mean: (K,) mean of the training targets.
    """

    results: list[Result]
    training_mean: np.ndarray


Outcomes = dict[str, Outcome]
"""Name of a test -> its outcome."""


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
    """Train and test all folds with all seeds; what is done already is read.

    Args:
        config: of the system.
        protocol: name in :data:`PROTOCOLS`.
        options: of the protocol.
        seeds: of the trainings; the folds do not depend on them.
        recordings: of the config's corpora.
        folder: keeps what each fold gave.
        progress: listener; it stops the protocol by raising ``Cancelled``, and it can be resumed.
        keep: where each trained network is kept as a checkpoint ``<fold>-<system>-<seed>`` that reports the fold's
            first test; by default none is.

    Returns:
        Per fold, in the protocol's order: seed -> outcomes.

    Raises:
        EmovizError: of its kind: config, split or disk.
    """
    made = make_folds(protocol, recordings.table, options)
    found: list[dict[int, Outcomes]] = [{} for _ in made]
    units = [(n, fold, seed) for n, fold in enumerate(made) for seed in seeds]
    for done, (n, fold, seed) in enumerate(units):
        stage = f"{config.name} {protocol}"

        def share(_: str, part: float, total: float, done: int = done, stage: str = stage) -> None:
            progress(stage, done + min(1.0, part / max(total, 1e-9)), len(units))

        share("", 0.0, 1.0)  # also where one can stop between units that report nothing themselves
        own = dataclasses.replace(config, seed=seed)
        path = folder / f"{_fingerprint(own, fold)}.npz"
        outcomes = _read(path)
        kept = keep and dataclasses.replace(
            keep, folder=keep.folder / f"{fold.name}-{config.name}-{seed}".lower().replace(" ", "-")
        )
        if outcomes is None or (kept is not None and not kept.folder.exists()):
            outcomes = run_fold(own, fold, recordings, share, kept)
            _write(path, outcomes)
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
    """Train one fold, test it, and train and test further from it; ``keep`` names the very checkpoint folder."""
    data = _data(config, fold, recordings)
    floor = config.model in FLOORS
    module = None if floor else fit(config, data, progress)
    predict = FLOORS[config.model](config, data) if module is None else _predict(module)
    outcomes = _test_all(config, fold, recordings, data, predict)
    if module is not None and len(fold.validation):
        outcomes[VALIDATION] = Outcome(predict(data.parts[Split.VALIDATION]), training_mean(data.whole[Split.TRAIN]))
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
        outcomes |= _test_all(config, few, recordings, data, predict)
    return outcomes


def few_shot(config: TrainingConfig, shots: int) -> TrainingConfig:
    """The config by which a trained network learns from a few labelled utterances: all of them in each of 15 steps."""
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


def _test_all(config: TrainingConfig, fold: Fold, recordings: Recordings, data: Data, predict: Predict) -> Outcomes:
    mean = training_mean(data.whole[Split.TRAIN])
    outcomes = {}
    for name, ids in fold.tests.items():
        tested = DATA[config.data].make(config, recordings, {Split.TEST: ids}, data.inputs)
        outcomes[name] = Outcome(predict(tested.parts[Split.TEST]), mean)
    return outcomes


def _fingerprint(config: TrainingConfig, fold: Fold) -> str:
    """Name of what decides the result of a fold."""
    values = to_dict(config) | {"name": "", "title": ""}
    parts = [fold, *fold.further]
    fitted = [] if fold.fitted is None else [list(fold.fitted)]
    ids = [[p.name, list(p.train), list(p.validation), {k: list(v) for k, v in p.tests.items()}] for p in parts]
    ids += fitted
    if fold.further:
        values["few_shot"] = to_dict(few_shot(config, 1)) | {"name": "", "title": ""}
    return hashlib.sha256(json.dumps([values, ids], sort_keys=True, default=str).encode()).hexdigest()[:24]


def _write(path: Path, outcomes: Outcomes) -> None:
    """Write outcomes whole or not at all.

    Raises:
        ConfigError: the disk is full or the folder cannot be written to.
    """
    arrays: dict[str, Any] = {"tests": np.array(list(outcomes))}
    for n, outcome in enumerate(outcomes.values()):
        results = outcome.results
        arrays |= {
            f"{n}.who": np.array([[r.id, r.culture or "", r.speaker or "", r.label] for r in results]),
            f"{n}.sessions": np.array([r.session or "" for r in results]),
            f"{n}.lengths": np.array([len(r.truth) for r in results]),
            f"{n}.truth": np.concatenate([r.truth for r in results]).astype(np.float32),
            f"{n}.prediction": np.concatenate([r.prediction for r in results]).astype(np.float32),
            f"{n}.mean": outcome.training_mean,
        }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    with raising(ConfigError, path, name=f"The run folder '{path.parent}'", setting="EMOVIZ_RUNS"):
        write_bytes(path, content.getvalue())


def _read(path: Path) -> Outcomes | None:
    """Outcomes of an earlier run, or None when there are none or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {str(name): _outcome(arrays, n) for n, name in enumerate(arrays["tests"])}
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile):
        return None


def _outcome(arrays: Any, n: int) -> Outcome:
    ends = np.cumsum(arrays[f"{n}.lengths"])[:-1]
    who = arrays[f"{n}.who"]
    sessions = arrays[f"{n}.sessions"] if f"{n}.sessions" in arrays else [""] * len(who)
    results = [
        Result(
            str(i),
            str(culture) or None,
            str(speaker) or None,
            str(label),
            truth,
            prediction,
            np.empty(0),
            session=str(session) or None,
        )
        for (i, culture, speaker, label), session, truth, prediction in zip(
            who,
            sessions,
            np.split(arrays[f"{n}.truth"], ends),
            np.split(arrays[f"{n}.prediction"], ends),
            strict=True,
        )
    ]
    return Outcome(results, arrays[f"{n}.mean"])
