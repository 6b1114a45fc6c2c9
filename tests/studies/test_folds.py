"""A protocol is run fold by fold, goes on where it was stopped, and a network learns further from a few shots."""

import dataclasses
import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from training.made_up import UTTERANCES, MadeUpStore, recordings_of, table_of

from emoviz.core.errors import Cancelled, ConfigError, UnknownNameError
from emoviz.core.vocabulary import FOUR_EMOTIONS, Split
from emoviz.evaluation.scores import Result
from emoviz.studies import folds
from emoviz.studies.folds import run_protocol
from emoviz.studies.outcomes import Outcome, Outcomes, read_outcomes, write_outcomes
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA, Data, Part, Recordings
from emoviz.training.floors import FLOORS, Predict
from emoviz.training.protocols import PROTOCOLS, Options, Test, make_folds

# A floor that says the truth and notes what it was given stands for a system.

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
            assert list(one[seed].tests) == list(other[seed].tests)
            for test, outcome in one[seed].tests.items():
                assert_same(outcome, other[seed].tests[test])
            assert (one[seed].validation is None) == (other[seed].validation is None)
            if one[seed].validation is not None:
                assert_same(one[seed].validation, other[seed].validation)


def assert_same(first: Outcome, second: Outcome) -> None:
    np.testing.assert_allclose(first.training_mean, second.training_mean)
    for a, b in zip(first.results, second.results, strict=True):
        who = [(r.id, r.culture, r.speaker, r.session, r.label) for r in (a, b)]
        assert who[0] == who[1]
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
            assert {test: [r.id for r in o.results] for test, o in outcomes.tests.items()} == {
                test: list(ids) for test, ids in fold.tests.items()
            }
            for outcome in outcomes.tests.values():
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
        Result(
            f"r{n}",
            culture,
            None,
            "label",
            random.random((n + 2, 2)),
            random.random((n + 2, 2)),
            np.empty(0),
            session=culture,
        )
        for n, culture in enumerate(("A", None, "B"))
    ]
    tests = {
        Test(fold=3): Outcome(results, np.array([0.1, 0.2])),
        Test(("A", "B"), "C", 5, 1): Outcome(results[:1], np.zeros(2)),
    }
    for outcomes in (Outcomes(tests), Outcomes(tests, Outcome(results[1:], np.ones(2)))):
        write_outcomes(tmp_path / "unit.npz", outcomes)
        assert_equal([{0: outcomes}], [{0: read_outcomes(tmp_path / "unit.npz")}])


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

    run_fold = folds.run_fold
    monkeypatch.setattr(folds, "run_fold", reporting)
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


def test_a_calibrated_test_reads_people_at_the_level_and_spread_of_the_training(tmp_path, monkeypatch):
    def told(config: TrainingConfig, data: Data) -> Predict:
        """What a system is given: the mean of the first channel and its mean square."""

        def predict(part: Part) -> list[Result]:
            read = [(s, s.streams["toy"][:, 0].numpy()) for s in part]
            said = [np.array([x.mean(), (x**2).mean()]) for _, x in read]
            samples = [s for s, _ in read]
            return [
                Result(s.id, s.culture, s.speaker, s.label, s.target.numpy(), own, np.empty(0))
                for s, own in zip(samples, said, strict=True)
            ]

        return predict

    monkeypatch.setitem(FLOORS._entries, "told", told)
    config = dataclasses.replace(ECHO, model="told", hop=0.5)
    table = table_of([[2, 1], [1, 1]])
    random = np.random.default_rng(0)
    loud = {str(i): 3 * random.normal(size=(9, 2)) + 5 for i in table.index}
    short = str(table.index[0])
    loud[short] = loud[short][:2]  # of which 1 s is too little to calibrate to
    recordings = recordings_of(table, loud)
    found = run_protocol(config, "one-corpus-out", Options(), (0,), recordings, tmp_path)
    (fold, _) = PROTOCOLS["one-corpus-out"](table, Options())
    x = {i: recordings.streams[i]["toy"][:, 0].astype(float) for i in loud}
    trained = np.concatenate([x[str(i)] for i in fold.train])
    level, spread, weight = trained.mean(), trained.std(), 10.0
    for test, outcome in found[0][0].tests.items():
        assert [r.id for r in outcome.results] == list(fold.tests[test])
        heard = {i: own.heard for own in fold.calibrations.get(test, ()) for i in own.tested}
        for result in outcome.results:
            values = (x[result.id] - level) / spread
            frames = [(x[str(i)] - level) / spread for i in heard.get(result.id, ())]
            seconds = 0.5 * sum(map(len, frames))
            if seconds >= 1.5:
                own = np.concatenate(frames)
                moved = seconds * own.mean() / (seconds + weight)
                scaled = np.sqrt((seconds * own.var() + weight) / (seconds + weight))
                values = (values - moved) / scaled
            np.testing.assert_allclose(result.prediction, [values.mean(), (values**2).mean()], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("adapting", [{"standardise_by": "culture"}, {"adapt_norm": True}])
def test_a_system_that_adapts_to_everybody_cannot_be_calibrated_to_few(adapting, trained, tmp_path):
    config = dataclasses.replace(ECHO, **adapting)
    recordings = noise(table_of([[1] * 2, [1] * 2]))
    with pytest.raises(ConfigError, match="'toy' adapts to everybody who is tested"):
        run_protocol(config, "one-corpus-out", Options(), (0,), recordings, tmp_path)


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

    fit = folds.fit
    monkeypatch.setattr(folds, "fit", noting)
    ((seeds),) = run_protocol(UTTERANCES, "k-shot", options, (0,), recordings, tmp_path)
    assert list(seeds[0].tests) == [*fold.tests, *(test for few in fold.further for test in few.tests)]
    assert [r.id for r in seeds[0].validation.results] == list(fold.validation)
    (_, source, before, learnt), *further = fits
    assert before is None and source == sorted(fold.train)
    for few, (config, shots, before, after) in zip(fold.further, further, strict=True):
        assert shots == sorted(few.train)
        assert config == folds.few_shot(UTTERANCES, len(shots))
        assert all(torch.equal(values, learnt[name]) for name, values in before.items())  # each starts from the source
        assert not all(torch.equal(values, learnt[name]) for name, values in after.items())
        assert torch.equal(after["inputs.toy.mean"], learnt["inputs.toy.mean"])


def test_a_few_shots_are_one_batch_and_nothing_else_is_changed():
    config = dataclasses.replace(UTTERANCES, averaging=0.9, balance=("emotion",), seed=3)
    changed = folds.few_shot(config, 20)
    assert (changed.batch_size, changed.averaging, changed.balance) == (20, 0.0, ())
    free = {"batch_size": 1, "averaging": 0.0, "balance": (), "epochs": 1, "learning_rate": 1.0}
    assert dataclasses.replace(changed, **free) == dataclasses.replace(config, **free)


def test_sequences_are_tested_as_they_were_joined(trained, monkeypatch):
    recordings = noise(table_of([[1] * 5, [1] * 5]))
    config = dataclasses.replace(ECHO, data="sequences", outputs=("valence (derived)",), loss="ccc", selection="ccc")
    (fold, _) = make_folds("per-culture", recordings.table, Options())
    monkeypatch.setattr(folds, "training_mean", lambda part: np.zeros(1))
    outcomes = folds.run_fold(config, fold, recordings)
    for test, ids in fold.tests.items():
        speakers = set(recordings.table.loc[ids, "speaker"])
        assert {result.id.partition("#")[0] for result in outcomes.tests[test].results} == speakers
