"""Protocols keep speakers apart, test what they promise to, and go on where they were stopped."""

import dataclasses
import io
import itertools
import json
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.errors import Cancelled, ConfigError, SplitError, UnknownNameError
from emoviz.core.vocabulary import FOUR_EMOTIONS, Split
from emoviz.evaluation.scores import Result
from emoviz.training import protocols
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA, Data, Part, Recordings
from emoviz.training.floors import FLOORS, Predict
from emoviz.training.protocols import PROTOCOLS, Fold, Options, run_protocol, split_of

from .made_up import UTTERANCES, MadeUpStore, recordings_of, table_of

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
            assert name == few.name and len(few.train)
            assert not len(few.validation)
            seen = {speaker[i] for ids in (fold.train, fold.validation, few.train) for i in ids}
            assert not seen & {speaker[i] for i in test}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_keeps_speakers_apart_and_names_things_once(protocol):
    counts = [[1] * 8, [1] * 9, [1] * 10]
    table = table_of(counts).groupby("speaker").sample(1, random_state=3)  # of which one recording can be left out
    options = Options(folds=4, shots=(0, 1), draws=2)
    made = PROTOCOLS[protocol](table, options)
    assert_apart(made, table)
    for fold in made:
        fold.check(table)
    names = [name for fold in made for part in (fold, *fold.further) for name in part.tests]
    assert len({fold.name for fold in made}) == len(made)
    assert len(set(filter(None, names))) == len(list(filter(None, names)))
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
    for fold in made:
        assert set(fold.tests) == {""}  # all folds make one test together
        assert sorted(fold.train.append([fold.validation, fold.tests[""]])) == sorted(table.index)


@FEW
@given(corpora(3), st.integers(3, 8), SEEDS)
def test_within_makes_folds_of_each_culture(counts, folds, seed):
    table = table_of(counts)
    made = PROTOCOLS["within"](table, Options(folds=folds, seed=seed))
    assert_apart(made, table)
    assert len(made) == sum(min(folds, len(speakers)) for speakers in counts)
    assert sorted(everyone_tested(made)) == sorted(table.index)
    for fold in made:
        (culture,) = set(table["culture"][fold.train.append([fold.validation, fold.tests[""]])])
        assert fold.name.startswith(f"{culture} ")


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
        assert sorted(fold.train.append([fold.validation, fold.tests[""]])) == sorted(table.index)


@FEW
@given(corpora(2), SEEDS)
def test_each_culture_is_tested_by_those_trained_on_every_other(counts, seed):
    table = table_of(counts)
    made = PROTOCOLS["cross-culture"](table, Options(seed=seed))
    assert_apart(made, table)
    cultures = sorted(table["culture"].unique())
    assert [name for fold in made for name in fold.tests] == [
        f"{source}->{target}" for source in cultures for target in cultures if source != target
    ]
    for fold, speakers in zip(made, counts, strict=True):
        own = table.index[table["culture"] == fold.name]
        assert sorted(fold.train.append(fold.validation)) == sorted(own)
        assert table["speaker"][fold.validation].nunique() == max(1, round(0.2 * len(speakers)))
        for name, ids in fold.tests.items():
            assert sorted(ids) == sorted(table.index[table["culture"] == name.partition("->")[2]])


def test_several_cultures_may_train_together():
    table = table_of([[1] * 5, [1] * 10, [1] * 3])
    (fold,) = PROTOCOLS["cross-culture"](table, Options(sources=(("A", "B"),)))
    assert (fold.name, list(fold.tests)) == ("A+B", ["A+B->C"])
    validated = table.loc[fold.validation].groupby("culture")["speaker"].nunique()
    assert validated.to_dict() == {"A": 1, "B": 2}
    assert_apart([fold], table)


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
        for name, ids in fold.tests.items():
            test, shot, draw = name.split(" ")
            trained[test, draw, 0], sizes[test, draw, 0] = set(), set(ids)
            assert shot == "0-shot"
        for few in fold.further:
            test, shot, draw = few.name.split(" ")
            k = int(shot.removesuffix("-shot"))
            trained[test, draw, k], sizes[test, draw, k] = set(few.train), set(few.tests[few.name])
            classes = table["emotion"][few.train].value_counts()
            assert set(classes) == {k} and set(classes.index) == set(table["emotion"])
        pairs = [(f"{fold.name}->{target}", str(draw)) for target in cultures if target != fold.name for draw in (0, 1)]
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
def test_a_source_is_a_culture_of_the_corpora(protocol):
    with pytest.raises(ConfigError, match="^'D' is no culture of these corpora; there are A, B.$"):
        PROTOCOLS[protocol](table_of([[1] * 4, [1] * 4]), Options(sources=(("A", "D"),)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"folds": 2}, "Train, validation and test need 3 folds or more, not 2."),
        ({"draws": 0}, "'draws' is at least 1, and 'shots' are not negative and 0 is among them."),
        ({"shots": (5, -1)}, "'draws' is at least 1, and 'shots' are not negative and 0 is among them."),
    ],
)
def test_options_refuse_nonsense(values, message):
    with pytest.raises(ConfigError) as refused:
        Options(**values)
    assert str(refused.value) == message


def test_a_fold_refuses_a_speaker_in_two_parts():
    table = table_of([[1] * 4], FOUR_EMOTIONS[:1]).assign(speaker=["x", "y", "z", "x"])
    one, two, three, four = (pd.Index([i]) for i in table.index)
    Fold("fine", one, two, {"": three}).check(table)
    Fold("fine without validation", one, two[:0], {"": three}).check(table)
    for fold in (
        Fold("train and test", one, two, {"": three, "other": four}),
        Fold("validation and test", two, one, {"": four}),
        Fold("train and validation", one, four, {"": two}),
        Fold("shots and test", two, three[:0], {"": three}, (Fold("few", one, one[:0], {"": four}),)),
    ):
        with pytest.raises(SplitError, match="'x' stands in"):
            fold.check(table)
    with pytest.raises(SplitError, match="The train part of the split has no speakers"):
        Fold("untrained", one[:0], two, {"": three}).check(table)
    with pytest.raises(SplitError, match="The test part of the split has no speakers"):
        Fold("untested", one, two, {"": three[:0]}).check(table)


def test_leaving_one_of_a_speakers_two_recordings_out_is_refused():
    recordings = noise(table_of([[2] * 5], FOUR_EMOTIONS[:1]))
    with pytest.raises(SplitError, match="stands in"):
        run_protocol(UTTERANCES, "loro", Options(), (0,), recordings, None)


def test_the_split_is_told_by_speakers_and_numbers_of_recordings():
    table = table_of([[1] * 2, [3]], FOUR_EMOTIONS[:1])
    fold = Fold("A", table.index[:1], table.index[1:2], {"A->B": table.index[2:]})
    (told,) = split_of([fold], table)
    assert told == {
        "fold": "A",
        "train": {"recordings": 1, "speakers": ["A/0"]},
        "validation": {"recordings": 1, "speakers": ["A/1"]},
        "tests": {"A->B": {"recordings": 3, "speakers": ["B/0"]}},
    }
    json.dumps(told)


# Running: a floor that says the truth and notes what it was given stands for a system.

SEEN = (Split.TRAIN, Split.VALIDATION)
ECHO = dataclasses.replace(UTTERANCES, model="echo", options={}, outputs=FOUR_EMOTIONS[:2])


def noise(table: pd.DataFrame) -> Recordings:
    random = np.random.default_rng(0)
    return recordings_of(table, {str(i): random.normal(size=(3, 2)) for i in table.index})


@pytest.fixture
def trained(monkeypatch) -> list[dict[Split, list[str]]]:
    """What the floor ``echo`` was given, call by call: part -> ids."""
    calls: list[dict[Split, list[str]]] = []

    def echo(config: TrainingConfig, data: Data) -> Predict:
        calls.append({part: [s.id for s in data.whole[part]] for part in SEEN if part in data.whole})

        def predict(part: Part) -> list[Result]:
            truths = [(s, s.target.numpy()) for s in part]
            return [Result(s.id, s.culture, s.speaker, s.label, t, t, np.empty(0)) for s, t in truths]

        return predict

    monkeypatch.setitem(FLOORS._entries, "echo", echo)
    return calls


def assert_equal(first, second) -> None:
    assert [list(seeds) for seeds in first] == [list(seeds) for seeds in second]
    for one, other in zip(first, second, strict=True):
        for seed in one:
            assert list(one[seed]) == list(other[seed])
            for name, outcome in one[seed].items():
                np.testing.assert_allclose(outcome.training_mean, other[seed][name].training_mean)
                for a, b in zip(outcome.results, other[seed][name].results, strict=True):
                    assert (a.id, a.culture, a.speaker, a.label) == (b.id, b.culture, b.speaker, b.label)
                    np.testing.assert_allclose(a.truth, b.truth)
                    np.testing.assert_allclose(a.prediction, b.prediction)


def test_each_fold_is_trained_and_tested_as_the_protocol_says(trained, tmp_path):
    table = table_of([[1, 2, 1, 2], [2, 1, 2, 1]])
    made = PROTOCOLS["cross-culture"](table, Options())
    found = run_protocol(ECHO, "cross-culture", Options(), (0, 7), noise(table), tmp_path)
    assert trained == [
        {Split.TRAIN: list(fold.train), Split.VALIDATION: list(fold.validation)} for fold in made for _ in range(2)
    ]
    assert [list(seeds) for seeds in found] == [[0, 7]] * 2
    for fold, seeds in zip(made, found, strict=True):
        for outcomes in seeds.values():
            assert {name: [r.id for r in o.results] for name, o in outcomes.items()} == {
                name: list(ids) for name, ids in fold.tests.items()
            }
            for outcome in outcomes.values():
                np.testing.assert_allclose(outcome.training_mean, [0.5, 0.5])


def test_without_validation_all_speakers_train(trained, tmp_path):
    table = table_of([[1] * 4, [1] * 4])
    run_protocol(ECHO, "cross-culture", Options(validate=False), (0,), noise(table), tmp_path)
    assert [{part: sorted(ids) for part, ids in call.items()} for call in trained] == [
        {Split.TRAIN: sorted(table.index[table["culture"] == culture])} for culture in ("A", "B")
    ]


def test_a_floor_learns_from_source_and_shots_at_once(trained, tmp_path):
    table, options = table_of([[2] * 4, [2] * 4]), Options(shots=(0, 1, 2), draws=1)
    run_protocol(ECHO, "k-shot", options, (0,), noise(table), tmp_path)
    made = PROTOCOLS["k-shot"](table, options)
    assert [call[Split.TRAIN] for call in trained] == [
        [*fold.train, *shots] for fold in made for shots in ([], *(few.train for few in fold.further))
    ]


def test_what_was_done_is_not_done_again(trained, tmp_path):
    recordings = noise(table_of([[1] * 4, [1] * 4]))
    options = Options(shots=(0, 1), draws=1)
    first = run_protocol(ECHO, "k-shot", options, (0, 1), recordings, tmp_path)
    count = len(trained)
    renamed = dataclasses.replace(ECHO, name="other", title="Other")
    assert_equal(first, run_protocol(ECHO, "k-shot", options, (0, 1), recordings, tmp_path))
    assert_equal(first, run_protocol(renamed, "k-shot", options, (0, 1), recordings, tmp_path))
    assert len(trained) == count
    run_protocol(dataclasses.replace(ECHO, learning_rate=0.5), "k-shot", options, (0, 1), recordings, tmp_path)
    assert len(trained) == 2 * count
    run_protocol(ECHO, "k-shot", options, (0, 1, 2), recordings, tmp_path)
    assert len(trained) == 2 * count + count // 2


def test_frames_and_shots_come_back_from_disk(tmp_path):
    random = np.random.default_rng(0)
    results = [
        Result(f"r{n}", culture, None, "label", random.random((n + 2, 2)), random.random((n + 2, 2)), np.empty(0))
        for n, culture in enumerate(("A", None, "B"))
    ]
    outcomes = {"": protocols.Outcome(results, np.array([0.1, 0.2])), "b": protocols.Outcome(results[:1], np.zeros(2))}
    protocols._write(tmp_path / "unit.npz", outcomes)
    assert_equal([{0: outcomes}], [{0: protocols._read(tmp_path / "unit.npz")}])


def flipped(content: bytes) -> bytes:
    """With the first byte of the first array's compressed values changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        first = file.infolist()[0]
    (extra,) = struct.unpack("<H", content[first.header_offset + 28 : first.header_offset + 30])
    start = first.header_offset + 30 + len(first.filename) + extra
    return content[:start] + b"\xff" + content[start + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="cut"),
        pytest.param(lambda content: b"{}", id="other"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(flipped, id="byte"),
    ],
)
def test_a_damaged_file_is_made_again(damage, trained, tmp_path):
    recordings = noise(table_of([[1] * 3, [1] * 3]))
    first = run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path)
    assert len(trained) == 4
    one = sorted(tmp_path.iterdir())[0]
    sound = one.read_bytes()
    one.write_bytes(damage(sound))
    assert_equal(first, run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path))
    assert len(trained) == 5
    run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path)
    assert len(trained) == 5


def test_what_was_finished_before_a_stop_is_kept(trained, tmp_path, monkeypatch):
    recordings = noise(table_of([[1] * 3, [1] * 3]))
    stages = []

    def stop(stage, done, total):
        stages.append((stage, total))
        if done > 2:
            raise Cancelled("Stopped.")

    def reporting(config, fold, recordings, progress, *others):
        progress("Training", 1, 2)
        return run_fold(config, fold, recordings, progress, *others)

    run_fold = protocols.run_fold
    monkeypatch.setattr(protocols, "run_fold", reporting)
    with pytest.raises(Cancelled):
        run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path, stop)
    assert len(trained) == len(list(tmp_path.iterdir())) == 2
    assert set(stages) == {("toy cross-culture", 4)}
    resumed = run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path)
    assert len(trained) == 4
    assert_equal(resumed, run_protocol(ECHO, "cross-culture", Options(), (0, 1), recordings, tmp_path / "other"))


def test_a_folder_that_cannot_be_written_is_named(trained, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^The run folder '.*runs' cannot be written"):
        run_protocol(
            ECHO, "cross-culture", Options(), (0,), noise(table_of([[1] * 3, [1] * 3])), tmp_path / "file" / "runs"
        )


def test_an_unknown_protocol_is_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="no protocol named 'coin'; known are: cross-culture, folds"):
        run_protocol(ECHO, "coin", Options(), (0,), noise(table_of([[1] * 3])), tmp_path)


def test_a_network_learns_further_from_the_shots_alone(tmp_path, monkeypatch):
    recordings = DATA["utterances"].load(UTTERANCES, MadeUpStore(), lambda *_: None)
    options = Options(sources=(("Here",),), shots=(0, 2), draws=2)
    (fold,) = PROTOCOLS["k-shot"](recordings.table, options)
    fits = []

    def noting(config, data, progress=None, start=None):
        before = None if start is None else {name: values.clone() for name, values in start.state_dict().items()}
        module = fit(config, data, start=start)
        after = {name: values.clone() for name, values in module.predictor.state_dict().items()}
        fits.append((config, sorted(s.id for s in data.whole[Split.TRAIN]), before, after))
        return module

    fit = protocols.fit
    monkeypatch.setattr(protocols, "fit", noting)
    ((seeds),) = run_protocol(UTTERANCES, "k-shot", options, (0,), recordings, tmp_path)
    assert list(seeds[0]) == [*fold.tests, protocols.VALIDATION, *(few.name for few in fold.further)]
    assert [r.id for r in seeds[0][protocols.VALIDATION].results] == list(fold.validation)
    (_, source, before, learnt), *further = fits
    assert before is None and source == sorted(fold.train)
    for few, (config, shots, before, after) in zip(fold.further, further, strict=True):
        assert shots == sorted(few.train)
        assert config == protocols.few_shot(UTTERANCES, len(shots))
        assert all(torch.equal(values, learnt[name]) for name, values in before.items())  # each starts from the source
        assert not all(torch.equal(values, learnt[name]) for name, values in after.items())
        assert torch.equal(after["inputs.toy.mean"], learnt["inputs.toy.mean"])


def test_a_few_shots_are_one_batch_and_nothing_else_is_changed():
    config = dataclasses.replace(UTTERANCES, averaging=0.9, balance=("emotion",), seed=3)
    changed = protocols.few_shot(config, 20)
    assert (changed.batch_size, changed.averaging, changed.balance) == (20, 0.0, ())
    free = {"batch_size": 1, "averaging": 0.0, "balance": (), "epochs": 1, "learning_rate": 1.0}
    assert dataclasses.replace(changed, **free) == dataclasses.replace(config, **free)
