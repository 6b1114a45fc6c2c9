"""Protocols keep speakers apart and test what they promise to."""

import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.errors import ConfigError, SplitError
from emoviz.core.vocabulary import FOUR_EMOTIONS
from emoviz.training.protocols import PROTOCOLS, Fold, Options, Test, make_folds, split_of
from emoviz.training.protocols.base import WITH_SOURCES, Calibration

from .made_up import table_of

FEW = settings(max_examples=15)
SEEDS = st.integers(0, 99)


def corpora(speakers: int):
    """Utterances per culture and speaker: two or three cultures of at least so many speakers."""
    return st.lists(st.lists(st.integers(1, 3), min_size=speakers, max_size=7), min_size=2, max_size=3)


def everyone_tested(folds: list[Fold]) -> list[str]:
    return [i for fold in folds for ids in fold.tests.values() for i in ids]


def assert_apart(folds: list[Fold], table: pd.DataFrame) -> None:
    """No speaker stands in two parts of a fold, nor in what a fold or its further trainings saw and were tested on."""
    speaker = table["speaker"].to_dict()
    for fold in folds:
        for test in fold.tests.values():
            parts = [{speaker[i] for i in ids} for ids in (fold.train, fold.validation, test)]
            assert all(parts)
            assert not any(a & b for a, b in itertools.combinations(parts, 2))
        for few in fold.further:
            ((name, test),) = few.tests.items()
            assert name.name == few.name and len(few.train)
            assert not len(few.validation)
            seen = {speaker[i] for ids in (fold.train, fold.validation, few.train) for i in ids}
            assert not seen & {speaker[i] for i in test}


@pytest.mark.parametrize("protocol", ["within", "folds", "cross-culture", "one-corpus-out", "k-shot", "per-culture"])
def test_people_who_talk_to_each_other_stay_in_one_part(protocol):
    table = table_of([[1] * 12, [1] * 12])
    talks = {speaker: f"talk {number // 2}" for number, speaker in enumerate(sorted(set(table["speaker"])))}
    table = table.assign(session=table["speaker"].map(talks))
    for fold in make_folds(protocol, table, Options(folds=3, shots=(0, 1), draws=1)):
        for test in fold.tests.values():
            parts = [set(table["session"].loc[ids]) for ids in (fold.train, fold.validation, test)]
            assert all(parts) and not any(a & b for a, b in itertools.combinations(parts, 2))
        for few in fold.further:
            ((_, test),) = few.tests.items()
            assert not set(table["session"].loc[few.train]) & set(table["session"].loc[test])


def test_sessions_of_one_speaker_each_change_nothing():
    table = table_of([[2] * 7, [1, 2, 3] * 3])
    alone = table.assign(session=table["speaker"] + "/" + table.groupby("speaker").cumcount().astype(str))
    for protocol in ("within", "folds", "cross-culture", "per-culture"):
        made, again = (make_folds(protocol, rows, Options(folds=4)) for rows in (table, alone))
        assert split_of(made, table) == split_of(again, alone)


@given(speakers=st.integers(3, 60), folds=st.integers(3, 6), seed=SEEDS)
@FEW
def test_folds_without_sessions_are_drawn_from_the_names_of_the_speakers(speakers, folds, seed):
    table = table_of([[1] * speakers])
    order = np.random.default_rng(seed).permutation(sorted(table["speaker"].unique()))
    expected = [set(group) for group in np.array_split(order, min(folds, speakers))]
    made = make_folds("folds", table, Options(folds=folds, seed=seed))
    assert [set(table["speaker"].loc[next(iter(fold.tests.values()))]) for fold in made] == expected


@given(seed=SEEDS)
@FEW
def test_recordings_of_one_session_are_left_out_together(seed):
    table = table_of([[1] * 9], FOUR_EMOTIONS[:1])
    talks = [*(f"talk {number // 2}" for number in range(8)), None]
    made = make_folds("loro", table.assign(session=talks), Options(seed=seed))
    assert everyone_tested(made) == list(table.index)
    left_out = [list(*fold.tests.values()) for fold in made]
    assert left_out == [*(list(table.index[n : n + 2]) for n in (0, 2, 4, 6)), [table.index[8]]]
    for fold in made:
        assert pd.Series(talks, table.index)[fold.validation].nunique(dropna=False) == 2
        assert len(fold.validation) in (3, 4)


def test_recordings_of_a_single_session_cannot_be_left_out():
    table = table_of([[1] * 8], FOUR_EMOTIONS[:1]).assign(session="one talk")
    with pytest.raises(SplitError, match="All recordings belong to one session"):
        make_folds("loro", table, Options())


@pytest.mark.parametrize("protocol", ["folds", "within"])
def test_speakers_who_all_share_a_session_cannot_be_parted(protocol):
    with pytest.raises(SplitError, match="has 1 speakers who share no session; folds need three or more"):
        make_folds(protocol, table_of([[1] * 8]).assign(session="one talk"), Options())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_keeps_speakers_apart_and_names_things_once(protocol):
    counts = [[1] * 8, [1] * 9, [1] * 10]
    table = table_of(counts).groupby("speaker").sample(1, random_state=3)  # of which one recording can be left out
    options = Options(folds=4, shots=(0, 1), draws=2)
    made = PROTOCOLS[protocol](table, options)
    assert_apart(made, table)
    for fold in made:
        fold.check(table)
    tests = [test for fold in made for part in (fold, *fold.further) for test in part.tests]
    assert len({fold.name for fold in made}) == len(made)
    assert len({*tests}) == len({(test.name, test.fold) for test in tests}) == len(tests)
    again = PROTOCOLS[protocol](table, options)
    assert split_of(made, table) == split_of(again, table)


@FEW
@given(corpora(1), st.integers(3, 8), SEEDS)
def test_folds_test_and_validate_everyone_once(counts, folds, seed):
    table = table_of(counts)
    speakers = table["speaker"].nunique()
    if speakers < 3:
        return
    made = PROTOCOLS["folds"](table, Options(folds=folds, seed=seed))
    assert_apart(made, table)
    assert len(made) == min(folds, speakers)
    assert sorted(everyone_tested(made)) == sorted(i for f in made for i in f.validation) == sorted(table.index)
    for number, fold in enumerate(made):
        ((test, ids),) = fold.tests.items()
        assert test == Test(fold=number) and test.whole == Test()  # all folds make one test together
        assert sorted(fold.train.append([fold.validation, ids])) == sorted(table.index)


@FEW
@given(corpora(3), st.integers(3, 8), SEEDS)
def test_within_makes_folds_of_each_culture(counts, folds, seed):
    table = table_of(counts)
    made = PROTOCOLS["within"](table, Options(folds=folds, seed=seed))
    assert_apart(made, table)
    assert len(made) == sum(min(folds, len(speakers)) for speakers in counts)
    assert sorted(everyone_tested(made)) == sorted(table.index)
    for fold in made:
        ((test, ids),) = fold.tests.items()
        (culture,) = set(table["culture"][fold.train.append([fold.validation, ids])])
        assert test.whole == Test(target=culture) and fold.name == f"{culture} {test.fold}"


@FEW
@given(st.lists(st.integers(3, 5), min_size=1, max_size=2), SEEDS)
def test_each_recording_is_left_out_once_and_two_of_each_culture_validate(sizes, seed):
    table = table_of([[1] * (n + 1) for n in sizes], FOUR_EMOTIONS[:1])
    made = PROTOCOLS["loro"](table, Options(seed=seed))
    assert_apart(made, table)
    assert everyone_tested(made) == list(table.index)
    for fold in made:
        assert (table["culture"][fold.validation].value_counts() == 2).all()
        assert table["culture"][fold.validation].nunique() == len(sizes)
        (tested,) = fold.tests.values()
        assert sorted(fold.train.append([fold.validation, tested])) == sorted(table.index)


@FEW
@given(corpora(2), SEEDS)
def test_each_culture_is_tested_by_those_trained_on_every_other(counts, seed):
    table = table_of(counts)
    made = PROTOCOLS["cross-culture"](table, Options(seed=seed))
    assert_apart(made, table)
    cultures = sorted(table["culture"].unique())
    assert [test for fold in made for test in fold.tests] == [
        Test((source,), target) for source in cultures for target in cultures if source != target
    ]
    for fold, speakers in zip(made, counts, strict=True):
        own = table.index[table["culture"] == fold.name]
        assert sorted(fold.train.append(fold.validation)) == sorted(own)
        assert table["speaker"][fold.validation].nunique() == max(1, round(0.2 * len(speakers)))
        for test, ids in fold.tests.items():
            assert sorted(ids) == sorted(table.index[table["culture"] == test.target])


def test_each_culture_is_left_out_once_and_its_people_are_calibrated_to_apart_from_what_is_tested():
    table = table_of([[1, 3, 2], [2, 1], [1, 2, 1, 2]])
    made = make_folds("one-corpus-out", table, Options())
    assert_apart(made, table)
    cultures = sorted(table["culture"].unique())
    assert [fold.name for fold in made] == [f"without {culture}" for culture in cultures]
    for fold, target in zip(made, cultures, strict=True):
        own = table[table["culture"] == target]
        assert sorted(fold.train.append(fold.validation)) == sorted(table.index.difference(own.index))
        assert {(test.source, test.target) for test in fold.tests} == {
            (tuple(culture for culture in cultures if culture != target), target)
        }
        for ids in fold.tests.values():
            assert list(ids) == list(own.index)
        for test, calibrations in fold.calibrations.items():
            tested = [i for calibration in calibrations for i in calibration.tested]
            assert len(tested) == len({*tested})
            for calibration in calibrations:
                people = own["speaker"][calibration.heard.append(calibration.tested)].nunique()
                assert people == (own["speaker"].nunique() if test.calibrated == "by corpus" else 1)


@pytest.mark.parametrize(
    ("way", "heard"),
    [
        ("1 clip", [1, 1, 1]),
        ("3 clips", [3, 3, 1]),
        ("10 clips", [10, 7, 1]),
        ("all clips", [12, 8, 2]),
        ("3 neutral clips", [3, 3, {"angry": 1, "neutral": 0}]),
        ("by corpus", [22, 22, 22]),
    ],
)
def test_so_many_recordings_of_a_person_are_calibrated_to(way, heard):
    """People have 6, 4 and 1 recordings of each of two emotions; the last one's neutral recording has no other one."""
    table = table_of([[6, 4, 1], [1, 1]], ("angry", "neutral"))
    (fold,) = (fold for fold in make_folds("one-corpus-out", table, Options()) if fold.name == "without A")
    (calibrations,) = (own for test, own in fold.calibrations.items() if test.calibrated == way)
    found = pd.Series(0, table.index[table["culture"] == "A"])
    for own in calibrations:
        found[own.tested] = len(own.heard)
        assert not {*own.heard} & {*own.tested} or way in ("all clips", "by corpus")
        assert "neutral" not in way or {*table["emotion"][own.heard]} == {"neutral"}
    for speaker, counts in enumerate(heard):
        of = found[found.index.str.startswith(f"A/{speaker}/")].groupby(table["emotion"])
        assert of.nunique().eq(1).all()
        assert of.first().to_dict() == (counts if isinstance(counts, dict) else dict.fromkeys(of.groups, counts))


def test_emotions_that_no_other_culture_has_are_not_tested_and_named():
    table = pd.concat([table_of([[1, 1]]), table_of([[0], [2, 2]], ("happy", "sad"))])
    first, second = make_folds("one-corpus-out", table, Options())
    assert FOUR_EMOTIONS[:2] == ("angry", "happy")
    assert {tuple(table["emotion"][ids].unique()) for ids in second.tests.values()} == {("happy",)}
    assert {tuple(table["emotion"][ids].unique()) for ids in first.tests.values()} == {("happy",)}
    assert first.unshared == second.unshared == ("angry", "sad")
    assert [fold["unshared"] for fold in split_of([first], table)] == [["angry", "sad"]]
    apart = pd.concat([table_of([[1, 1]], ("angry",)), table_of([[0], [2, 2]], ("sad",))])
    with pytest.raises(SplitError, match="'A' shares no emotion with the other cultures"):
        make_folds("one-corpus-out", apart, Options())
    with pytest.raises(SplitError, match="needs two cultures or more, not 'A' alone"):
        make_folds("one-corpus-out", table_of([[1, 1]]), Options())


def test_a_model_is_calibrated_to_people_of_its_test_alone():
    table = table_of([[1] * 2, [3]], FOUR_EMOTIONS[:1])
    test = Test(("A",), "B", calibrated="1 clip")
    wrong = {test: (Calibration(table.index[:1], table.index[2:]),)}
    fold = Fold("A", table.index[:1], table.index[1:2], {test: table.index[2:]}, calibrations=wrong)
    with pytest.raises(SplitError, match="'A' calibrates to recordings that are no part of its test"):
        fold.check(table)


def test_several_cultures_may_train_together():
    table = table_of([[1] * 5, [1] * 10, [1] * 3])
    (fold,) = PROTOCOLS["cross-culture"](table, Options(sources=(("A", "B"),)))
    assert (fold.name, list(fold.tests)) == ("A+B", [Test(("A", "B"), "C")])
    validated = table.loc[fold.validation].groupby("culture")["speaker"].nunique()
    assert validated.to_dict() == {"A": 1, "B": 2}
    assert_apart([fold], table)


@pytest.mark.parametrize("sources", [(("A", "A"),), (("A", "B"), ("B", "A"))])
def test_cultures_that_train_together_are_named_once(sources):
    table = table_of([[1] * 5, [1] * 10, [1] * 3])
    for protocol in WITH_SOURCES:
        with pytest.raises(ConfigError, match="train together are each named once, not [AB], A"):
            PROTOCOLS[protocol](table, Options(sources=sources))


@FEW
@given(corpora(4), st.sets(st.integers(0, 3), min_size=1), SEEDS)
def test_shots_are_of_other_speakers_than_the_test_and_more_contain_fewer(counts, shots, seed):
    table = table_of([[n + 2 for n in speakers] for speakers in counts])  # half of them have six of each class
    shots = tuple(sorted({0, *shots}))
    made = PROTOCOLS["k-shot"](table, Options(shots=shots, draws=2, seed=seed))
    assert_apart(made, table)
    cultures = sorted(table["culture"].unique())
    assert [fold.name for fold in made] == cultures
    for fold in made:
        trained, sizes = {}, {}
        for test, ids in fold.tests.items():
            trained[test.base, test.draw, 0], sizes[test.base, test.draw, 0] = set(), set(ids)
            assert test.shots == 0
        for few in fold.further:
            ((test, ids),) = few.tests.items()
            k = test.shots
            trained[test.base, test.draw, k], sizes[test.base, test.draw, k] = set(few.train), set(ids)
            classes = table["emotion"][few.train].value_counts()
            assert set(classes) == {k} and set(classes.index) == set(table["emotion"])
        pairs = [(Test((fold.name,), target), draw) for target in cultures if target != fold.name for draw in (0, 1)]
        assert set(trained) == {(*pair, k) for pair in pairs for k in shots}
        for pair in pairs:
            assert len({frozenset(sizes[*pair, k]) for k in shots}) == 1  # all k are tested on the same
            for fewer, more in itertools.pairwise(shots):
                assert trained[*pair, fewer] <= trained[*pair, more]


def test_each_draw_of_shots_halves_the_speakers_anew():
    table = table_of([[2] * 3, [2] * 8])
    (fold,) = PROTOCOLS["k-shot"](table, Options(sources=(("A",),), shots=(0,), draws=6))
    halves = {tuple(sorted(table["speaker"][ids].unique())) for ids in fold.tests.values()}
    assert len(halves) > 1 and {len(half) for half in halves} == {4}


def test_another_seed_draws_other_folds():
    table = table_of([[1] * 8, [1] * 8])
    for protocol in PROTOCOLS:
        first, second = (
            PROTOCOLS[protocol](table.groupby("speaker").sample(1, random_state=1), Options(shots=(0, 1), seed=seed))
            for seed in (0, 1)
        )
        assert split_of(first, table) != split_of(second, table), protocol


@pytest.mark.parametrize(
    ("protocol", "counts", "options", "message"),
    [
        ("folds", [[1], [1]], Options(), "The corpus has 2 speakers; folds need three or more."),
        ("within", [[1] * 3, [1] * 2], Options(), "B has 2 speakers; folds need three or more."),
        ("cross-culture", [[1] * 3, [1]], Options(), "'B' has one speaker; training and validation need one each."),
        ("k-shot", [[1] * 3, [1] * 4], Options(shots=(0, 3)), "In no half of the 4 speakers of 'B' each class has 3 "
         "utterances; ask for fewer shots."),
    ],
)  # fmt: skip
def test_too_few_speakers_are_refused(protocol, counts, options, message):
    with pytest.raises(SplitError) as refused:
        PROTOCOLS[protocol](table_of(counts), options)
    assert str(refused.value) == message


@pytest.mark.parametrize("protocol", ["cross-culture", "k-shot"])
@pytest.mark.parametrize(
    ("counts", "sources", "message"),
    [
        ([[1] * 4], (), "needs two cultures or more, not 'A' alone."),
        ([[1] * 4, [1] * 4], (("A", "B"),), "has nothing to test beside A+B; there is no other culture."),
    ],
)
def test_a_protocol_that_would_test_nothing_is_refused(protocol, counts, sources, message):
    with pytest.raises(SplitError) as refused:
        make_folds(protocol, table_of(counts), Options(sources=sources, shots=(0, 1), draws=1))
    assert str(refused.value) == f"The protocol '{protocol}' {message}"


@pytest.mark.parametrize("protocol", ["cross-culture", "k-shot"])
def test_a_source_is_a_culture_of_the_corpora(protocol):
    with pytest.raises(ConfigError, match="^'D' is no culture of these corpora; there are A, B.$"):
        PROTOCOLS[protocol](table_of([[1] * 4, [1] * 4]), Options(sources=(("A", "D"),)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"folds": 2}, "Train, validation and test need 3 folds or more, not 2."),
        ({"draws": 0}, "'draws' is at least 1, and 'shots' are 0 and positive numbers."),
        ({"shots": (5, -1)}, "'draws' is at least 1, and 'shots' are 0 and positive numbers."),
    ],
)
def test_options_refuse_nonsense(values, message):
    with pytest.raises(ConfigError) as refused:
        Options(**values)
    assert str(refused.value) == message


def test_a_fold_refuses_a_speaker_in_two_parts():
    table = table_of([[1] * 4], FOUR_EMOTIONS[:1]).assign(speaker=["x", "y", "z", "x"])
    one, two, three, four = (pd.Index([i]) for i in table.index)
    everything, other = Test(), Test(target="other")
    Fold("fine", one, two, {everything: three}).check(table)
    Fold("fine without validation", one, two[:0], {everything: three}).check(table)
    for fold in (
        Fold("train and test", one, two, {everything: three, other: four}),
        Fold("validation and test", two, one, {everything: four}),
        Fold("train and validation", one, four, {everything: two}),
        Fold("shots and test", two, three[:0], {everything: three}, (Fold("few", one, one[:0], {everything: four}),)),
    ):
        with pytest.raises(SplitError, match="'x' stands in"):
            fold.check(table)
    with pytest.raises(SplitError, match="The train part of the split has no speakers"):
        Fold("untrained", one[:0], two, {everything: three}).check(table)
    with pytest.raises(SplitError, match="The test part of the split has no speakers"):
        Fold("untested", one, two, {everything: three[:0]}).check(table)


def test_leaving_one_of_a_speakers_two_recordings_out_is_refused():
    with pytest.raises(SplitError, match="stands in"):
        make_folds("loro", table_of([[2] * 5], FOUR_EMOTIONS[:1]), Options())


def test_the_split_is_told_by_speakers_and_numbers_of_recordings():
    table = table_of([[1] * 2, [3]], FOUR_EMOTIONS[:1])
    fold = Fold("A", table.index[:1], table.index[1:2], {Test(("A",), "B"): table.index[2:]})
    (told,) = split_of([fold], table)
    assert told == {
        "fold": "A",
        "train": {"recordings": 1, "speakers": ["A/0"]},
        "validation": {"recordings": 1, "speakers": ["A/1"]},
        "tests": [
            {
                "source": ("A",),
                "target": "B",
                "shots": None,
                "draw": None,
                "fold": None,
                "calibrated": "",
                "recordings": 3,
                "speakers": ["B/0"],
            }
        ],
    }
    json.dumps(told)


@pytest.mark.parametrize(
    ("test", "name", "whole", "base"),
    [
        (Test(), "all", Test(), "all"),
        (Test(fold=3), "all", Test(), "all"),
        (Test(target="German", fold=3), "German", Test(target="German"), "German"),
        (Test(("German",), "Italian"), "German->Italian", Test(("German",), "Italian"), "German->Italian"),
        (Test(("A", "B"), "North American"), "A+B->North American", Test(("A", "B"), "North American"),
         "A+B->North American"),
        (Test(("A",), "B", 5, 2), "A->B 5-shot 2", Test(("A",), "B", 5), "A->B"),
        (Test(("A",), "B", 0), "A->B 0-shot", Test(("A",), "B", 0), "A->B"),
    ],
)  # fmt: skip
def test_a_test_is_its_fields_and_has_a_name_for_people(test, name, whole, base):
    assert (test.name, test.whole, test.base.name) == (name, whole, base)
    assert Test.of(json.loads(json.dumps(dataclasses.asdict(test))) | {"value": 0.5}) == test
