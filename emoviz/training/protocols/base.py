"""The tests, folds and options of all protocols, and their registry.

A protocol only decides which recordings train, select the epoch and are tested. Each fold is checked: no speaker is in
two of these parts.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ...core.configuration import LEFT_OUT
from ...core.errors import ConfigError, SplitError
from ...core.registry import Registry
from ...core.vocabulary import Split
from ..sentences import sentences_apart as apart_by_sentence
from ..splits import check_apart, check_disjoint

EVERYTHING = "all"
"""Name of the test of everything."""
MOST_NAMED = 3
"""Largest number of cultures that train together and are named; of more, the number is given."""


@dataclass(frozen=True)
class Test:
    """A test, or a share of it; a field that does not apply is empty.

    Attributes:
        source: cultures that were trained on, where a test goes from these to another one.
        target: culture that is tested; by default all of them are.
        shots: number of labelled utterances per class of the target that were trained on.
        draw: number of the draw of these utterances.
        fold: number of the fold, where several folds make the test together and each tests a share of it.
        calibrated: words for the recordings of the target to which the model is calibrated without labels, e.g.
            ``3 clips`` of each person.
    """

    __test__ = False  # or pytest takes the name for that of a class of tests

    source: tuple[str, ...] = ()
    target: str = ""
    shots: int | None = None
    draw: int | None = None
    fold: int | None = None
    calibrated: str = field(default="", metadata=LEFT_OUT)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Test":
        """Return the test whose fields stand in a JSON object, among others or not."""
        own = {field.name: fields[field.name] for field in dataclasses.fields(cls) if field.name in fields}
        return cls(**own | {"source": tuple(fields["source"])})

    @property
    def whole(self) -> "Test":
        """The whole test of which this is a share, over all folds and all draws."""
        return dataclasses.replace(self, draw=None, fold=None)

    @property
    def base(self) -> "Test":
        """The whole test with any number of shots."""
        return dataclasses.replace(self.whole, shots=None)

    @property
    def name(self) -> str:
        """The name for people, e.g. ``German->Italian 5-shot``; it is never read back."""
        place = f"{name_of(self.source)}->{self.target}" if self.source else self.target or EVERYTHING
        draw = [] if self.draw is None else [str(self.draw)]
        return " ".join([named(place, self.shots, self.calibrated), *draw])


def name_of(cultures: Sequence[str]) -> str:
    """Return the name for people of cultures that train together, e.g. ``German+Italian`` or ``5 cultures``."""
    return "+".join(cultures) if len(cultures) <= MOST_NAMED else f"{len(cultures)} cultures"


def named(name: str, shots: int | None, calibrated: str = "") -> str:
    """Return the name for people of a test after shots or calibrated, as ``mean 5-shot``, ``mean, 3 clips``."""
    name = name if shots is None else f"{name} {shots}-shot"
    return f"{name}, {calibrated}" if calibrated else name


@dataclass(frozen=True)
class Calibration:
    """A calibration of a model without labels, and the recordings on which it is tested afterwards.

    Attributes:
        heard: ids of the recordings to which the model is calibrated, of people who are tested.
        tested: ids of the recordings that are tested.
    """

    heard: pd.Index
    tested: pd.Index


@dataclass(frozen=True)
class Fold:
    """A training, its tests, and further trainings that start from it.

    Attributes:
        name: name for people; unique within the protocol.
        train: ids of the recordings that train.
        validation: ids of the recordings that select the epoch; none for a further training.
        tests: ids of the recordings of each test.
        further: few-shot trainings on the target that start from what this fold has trained.
        fitted: ids on which the transforms of the inputs are fitted, where that is not the training part: folds
            that share them have the same channels.
        calibrations: calibrations of the tests that have some; recordings that are in none are tested by the model
            as it was trained.
        unshared: emotions that the training or the tested recordings alone have; those of the latter are not tested.
    """

    name: str
    train: pd.Index
    validation: pd.Index
    tests: Mapping[Test, pd.Index]
    further: tuple["Fold", ...] = ()
    fitted: pd.Index | None = None
    calibrations: Mapping[Test, tuple[Calibration, ...]] = field(default_factory=dict)
    unshared: tuple[str, ...] = ()

    def check(self, table: pd.DataFrame) -> None:
        """Assert that no speaker and no session stands in two parts, and that none is empty.

        Raises:
            SplitError: if a speaker or a session stands in two parts, a part is empty, or a model is calibrated to a
                recording that its test does not hold.
        """
        for test in self.tests.values():
            parts = {Split.TRAIN: self.train, Split.VALIDATION: self.validation, Split.TEST: test}
            used = {part: ids for part, ids in parts.items() if len(ids) or part is not Split.VALIDATION}
            check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in used.items()})
            if "session" in table:
                check_apart(
                    {part: table["session"].loc[ids].dropna().unique() for part, ids in used.items()}, "session"
                )
            if self.fitted is not None:
                fitted = {Split.TRAIN: self.fitted, Split.TEST: test}
                check_disjoint({part: tuple(table["speaker"].loc[ids].unique()) for part, ids in fitted.items()})
        for test, calibrations in self.calibrations.items():
            for own in calibrations:
                if not own.heard.append(own.tested).isin(self.tests[test]).all():
                    raise SplitError(f"'{self.name}' calibrates to recordings that are no part of its test.")
        for fold in self.further:
            fold.check(table)


@dataclass(frozen=True)
class Options:
    """Options of all protocols, of which each reads those that it needs.

    Attributes:
        folds: number of folds of ``within`` and ``folds``; fewer where there are fewer speakers.
        sources: sets of cultures that ``cross-culture`` and ``k-shot`` train on; by default each one alone.
        shots: numbers of labelled target utterances per class of ``k-shot``.
        draws: number of draws of those utterances.
        validate: whether validation speakers select the epoch; else they train too, for all epochs.
        seed: seed of what a protocol draws; one for all systems, so that all meet the same folds.
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
            raise ConfigError("'draws' is at least 1, and 'shots' are 0 and positive numbers.")


WITH_SOURCES = ("cross-culture", "k-shot")
"""Protocols that read the sources of the options."""
MakeFolds = Callable[[pd.DataFrame, Options], list[Fold]]
"""A protocol: from a table with the columns ``speaker``, ``culture`` and, for classes, ``emotion`` and ``label``, and
an index of ids, it makes the folds, or raises a SplitError where the table does not allow them."""
PROTOCOLS: Registry[MakeFolds] = Registry("protocol", home="emoviz.training.protocols")


def make_folds(protocol: str, table: pd.DataFrame, options: Options, *, sentences_apart: bool = False) -> list[Fold]:
    """Make the folds of a protocol, and check that no speaker stands in two parts of one.

    Args:
        protocol: registry name.
        table: recordings.
        options: options of the protocol.
        sentences_apart: whether no sentence that is tested is trained on.

    Raises:
        SplitError: if the table does not allow them, or a fold would test nothing.
    """
    made = PROTOCOLS[protocol](table, options)
    _require_tests(protocol, made, table)
    if sentences_apart:
        made = [_with_sentences_apart(fold, table, [options.seed, number]) for number, fold in enumerate(made)]
    if not options.validate:
        made = [dataclasses.replace(f, train=f.train.append(f.validation), validation=f.validation[:0]) for f in made]
    for fold in made:
        fold.check(table)
    return made


def _require_tests(protocol: str, made: Sequence[Fold], table: pd.DataFrame) -> None:
    """Refuse folds that test nothing.

    Raises:
        SplitError: if there is no fold, or a fold has no test.
    """
    if made and all(fold.tests for fold in made):
        return
    cultures = sorted(map(str, table["culture"].unique()))
    if len(cultures) < 2:
        raise SplitError(f"The protocol '{protocol}' needs two cultures or more, not '{', '.join(cultures)}' alone.")
    idle = next((fold.name for fold in made if not fold.tests), "these corpora")
    raise SplitError(f"The protocol '{protocol}' has nothing to test beside {idle}; there is no other culture.")


def _with_sentences_apart(fold: Fold, table: pd.DataFrame, seed: Sequence[int]) -> Fold:
    """Leave out of a fold what would put a sentence on both sides.

    Raises:
        SplitError: if a culture's sentences are unknown or too few, or the fold trains further on some of its tests.
    """
    if fold.further:
        raise SplitError("Sentences are not kept apart where networks learn further from utterances of the target.")
    (train, validation), tests = apart_by_sentence(table, [fold.train, fold.validation], [*fold.tests.values()], seed)
    return dataclasses.replace(
        fold, train=train, validation=validation, tests=dict(zip(fold.tests, tests, strict=True))
    )


def split_of(made: Sequence[Fold], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the recordings and speakers that were trained on, selected by and tested in each fold.

    Returns:
        One dict per fold: ``fold``, its name; ``train`` and ``validation``, each with the number of ``recordings`` and
        the ``speakers``; ``tests``, a list of the same with the fields of each test; and ``unshared``, the emotions
        that either the training or the tests lack, where there are some.
    """

    def who(ids: pd.Index) -> dict[str, Any]:
        return {"recordings": len(ids), "speakers": sorted(map(str, table["speaker"].loc[ids].unique()))}

    return [
        {
            "fold": fold.name,
            "train": who(fold.train),
            "validation": who(fold.validation),
            "tests": [dataclasses.asdict(test) | who(ids) for test, ids in fold.tests.items()],
            **({"unshared": list(fold.unshared)} if fold.unshared else {}),
        }
        for fold in made
    ]


def by_culture(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Return each culture of a table of recordings, and its rows."""
    return ((str(culture), rows) for culture, rows in table.groupby("culture", sort=True))
