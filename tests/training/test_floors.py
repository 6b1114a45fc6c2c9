"""Floors say what their equations say, and refuse what they cannot do."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import FOUR_EMOTIONS, Split
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.ua import unweighted_average_recall
from emoviz.models.inputs import InputConfig
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA, Data
from emoviz.training.floors import FLOORS
from emoviz.training.floors.logistic import _surest

from .made_up import SYSTEMS, TRACES, UTTERANCES, MadeUpStore, TracedStore, recordings_of, table_of

TWO = FOUR_EMOTIONS[:2]
RAW = (InputConfig("toy", standardise=False),)


def data_of(config: TrainingConfig, table: pd.DataFrame, streams: dict[str, np.ndarray]) -> Data:
    """Trained on culture A, of which the first speaker validates; tested on the others."""
    first = table["speaker"] == table["speaker"].iloc[0]
    own = table["culture"] == "A"
    partition = {Split.TRAIN: own & ~first, Split.VALIDATION: first, Split.TEST: ~own}
    recordings = recordings_of(table, streams)
    return DATA["utterances"].make(config, recordings, {p: table.index[rows] for p, rows in partition.items()}, None)


def classes(shift: float = 0.0, spread: float = 0.5, speakers: int = 5) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Two cultures; the first of two channels tells the class by its mean, in the second culture moved by a shift."""
    table = table_of([[4] * speakers, [4] * speakers], TWO)
    random = np.random.default_rng(0)
    streams = {}
    for identity, row in table.iterrows():
        level = (1.0 if row["emotion"] == TWO[1] else -1.0) + (shift if row["culture"] == "B" else 0)
        streams[identity] = random.normal(size=(20, 2)) + [level + random.normal() * spread, 0.0]
    return table, streams


def pooled(streams: dict[str, np.ndarray], ids) -> np.ndarray:
    """Mean and spread of each channel over time."""
    frames = [streams[i].astype(np.float32) for i in ids]
    return np.stack([np.concatenate([f.mean(0), f.std(0)]) for f in frames])


def ua(results) -> float:
    return unweighted_average_recall([r.truth.argmax() for r in results], [r.prediction.argmax() for r in results])


CLASSES = dataclasses.replace(UTTERANCES, model="svm", options={}, inputs=RAW, outputs=TWO)


def test_svm_is_scikit_learns_on_standardised_means_and_spreads():
    table, streams = classes()
    config = dataclasses.replace(CLASSES, options={"penalty": 2.0})
    data = data_of(config, table, streams)
    train, test = (table[table["culture"] == culture] for culture in "AB")
    scaler = StandardScaler().fit(pooled(streams, train.index))  # speakers that validate train too
    machine = SVC(C=2.0, class_weight="balanced")
    machine.fit(scaler.transform(pooled(streams, train.index)), train["emotion"])
    results = FLOORS["svm"](config, data)(data.parts[Split.TEST])
    expected = machine.predict(scaler.transform(pooled(streams, test.index)))
    assert [r.id for r in results] == list(test.index)
    assert [TWO[r.prediction.argmax()] for r in results] == list(expected)
    assert all(sorted(r.prediction) == [0, 1] for r in results)
    assert ua(results) > 0.8


@pytest.mark.parametrize("floor", ["svm", "logistic"])
def test_standardising_each_culture_takes_a_shift_of_all_its_recordings_away(floor):
    table, streams = classes(shift=5.0, spread=0.2)
    figures = {}
    for by in ("none", "culture", "speaker"):
        config = dataclasses.replace(CLASSES, model=floor, standardise_by=by)
        data = data_of(config, table, streams)
        figures[by] = ua(FLOORS[floor](config, data)(data.parts[Split.TEST]))
    assert figures["none"] == 0.5
    assert figures["culture"] > 0.9 and figures["speaker"] > 0.9


@pytest.mark.parametrize("floor", ["svm", "logistic"])
def test_frames_and_recordings_in_which_nothing_is_known_count_for_nothing(floor):
    table, streams = classes()
    config = dataclasses.replace(CLASSES, model=floor)
    data = data_of(config, table, streams)
    told = [r.prediction for r in FLOORS[floor](config, data)(data.parts[Split.TEST])]
    gaps = {i: np.insert(values, [0, 7], np.nan, axis=0) for i, values in streams.items()}
    lacking = data_of(config, table, gaps)
    predict = FLOORS[floor](config, lacking)
    np.testing.assert_allclose([r.prediction for r in predict(lacking.parts[Split.TEST])], told, atol=1e-4)
    silent = str(table.index[-1])
    data = data_of(config, table, streams | {silent: np.full((5, 2), np.nan)})
    (answer,) = (r.prediction for r in FLOORS[floor](config, data)(data.parts[Split.TEST]) if r.id == silent)
    assert np.isfinite(answer).all() and answer.sum() == pytest.approx(1)


def test_logistic_regression_takes_the_strength_that_is_best_for_left_out_speakers():
    random = np.random.default_rng(3)
    table = table_of([[6] * 4, [3] * 3], TWO)
    streams = {i: random.normal(size=(4, 6)) + 0.6 * (e == TWO[1]) for i, e in table["emotion"].items()}
    for number, speaker in enumerate(table["speaker"].unique()):  # whose own voice misleads
        for i in table.index[table["speaker"] == speaker]:
            streams[i] = streams[i] + 2 * np.eye(6)[number % 6] * (table["emotion"][i] == TWO[number % 2])
    penalties = (1e-4, 1e-2, 1.0, 100.0)
    config = dataclasses.replace(CLASSES, model="logistic", options={"penalties": penalties})
    data = data_of(config, table, streams)

    train, test = (table[table["culture"] == culture] for culture in "AB")
    scaler = StandardScaler().fit(pooled(streams, train.index))
    x, y = scaler.transform(pooled(streams, train.index)), (train["emotion"] == TWO[1]).to_numpy(int)

    def fitted(rows, penalty):
        return LogisticRegression(C=penalty, class_weight="balanced", max_iter=300).fit(x[rows], y[rows])

    figures = []
    for penalty in penalties:
        left_out = [(train["speaker"] == s).to_numpy() for s in train["speaker"].unique()]
        figures.append(np.mean([unweighted_average_recall(y[o], fitted(~o, penalty).predict(x[o])) for o in left_out]))
    assert len(set(figures)) > 1
    best = fitted(np.full(len(y), True), penalties[int(np.argmax(figures))])
    expected = best.predict_proba(scaler.transform(pooled(streams, test.index)))
    results = FLOORS["logistic"](config, data)(data.parts[Split.TEST])
    np.testing.assert_allclose([r.prediction for r in results], expected, atol=1e-4)


def test_self_training_moves_the_border_into_the_gap_of_the_tested_culture():
    table, streams = classes(shift=1.1, spread=0.1, speakers=6)
    figures = {}
    for rounds in (0, 4):
        config = dataclasses.replace(CLASSES, model="logistic", options={"rounds": rounds, "penalties": (1.0,)})
        data = data_of(config, table, streams)
        results = FLOORS["logistic"](config, data)(data.parts[Split.TEST])
        figures[rounds] = ua(results)
        np.testing.assert_allclose(np.sum([r.prediction for r in results], axis=1), 1, atol=1e-6)
    assert figures[0] < 0.8
    assert figures[4] > 0.9


def test_the_surest_are_taken_from_each_predicted_class():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.7, 0.3]])
    assert sorted(_surest(probabilities, 0.5)) == [0, 2, 3]
    assert sorted(_surest(probabilities, 1.0)) == [0, 1, 2, 3, 4]


MEANS = dataclasses.replace(TRACES, model="channel-mean", options={})
PARTITION = {
    Split.TRAIN: ["Here/0", "Here/1", "There/0"],
    Split.VALIDATION: ["There/1"],
    Split.TEST: ["Here/2", "There/2"],
}


def traced(config: TrainingConfig) -> tuple[Data, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Data in :data:`PARTITION`, and what the systems said and the labels (arousal, valence) of each recording."""
    store = TracedStore(seconds=4.0)
    recordings = DATA["traces"].load(config, store, lambda *_: None)
    data = DATA["traces"].make(config, recordings, {p: pd.Index(ids) for p, ids in PARTITION.items()}, None)
    said = {i: streams["said"] for i, streams in recordings.streams.items()}
    return data, said, {i: trace[["arousal", "valence"]].to_numpy() for i, trace in recordings.traces.items()}


def test_the_channel_mean_is_the_mean_of_a_dimensions_channels():
    data, said, _ = traced(MEANS)
    results = FLOORS["channel-mean"](MEANS, data)(data.parts[Split.TEST])
    assert [r.id for r in results] == PARTITION[Split.TEST]
    for r in results:
        expected = np.stack([said[r.id][:, :2].mean(1), said[r.id][:, 2:].mean(1)], axis=1)
        np.testing.assert_allclose(r.prediction, expected, atol=1e-6)
        assert r.truth.shape == r.prediction.shape
    config = dataclasses.replace(MEANS, options={"only": "seen"}, outputs=("valence",))
    for r in FLOORS["channel-mean"](config, traced(config)[0])(traced(config)[0].parts[Split.TEST]):
        np.testing.assert_allclose(r.prediction[:, 0], said[r.id][:, SYSTEMS.index("seen.valence")], atol=1e-6)


def test_on_a_coarser_grid_a_floor_is_judged_on_the_labels_own():
    config = dataclasses.replace(MEANS, hop=0.5, resample="mean")
    data, said, labels = traced(config)
    for r in FLOORS["channel-mean"](config, data)(data.parts[Split.TEST]):
        assert said[r.id].shape == (8, 4)
        assert r.truth.shape == r.prediction.shape == (40, 2)
        np.testing.assert_allclose(r.truth, labels[r.id], atol=1e-6)
        middles = r.prediction[2::5]  # of five labels in a frame the third stands in its middle
        np.testing.assert_allclose(middles[:, 0], said[r.id][:, :2].mean(1), atol=1e-5)


def shrunk(x: np.ndarray, y: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Weights and bias by least squares with rows that pull each weight to 1 / D, then spread out as the labels are."""
    centre, level = x.mean(0), y.mean()
    pull = np.sqrt(strength * x.var(0).mean() * len(x))
    width = x.shape[1]
    rows = np.vstack([x - centre, pull * np.eye(width)])
    weights = np.linalg.lstsq(rows, np.concatenate([y - level, np.full(width, pull / width)]), rcond=None)[0]
    weights = weights * y.std() / np.std((x - centre) @ weights)
    return weights, level - centre @ weights


def test_shrinkage_equals_its_equation_at_the_strength_that_is_best_for_left_out_recordings():
    strengths = (0.01, 1.0, 100.0)
    config = dataclasses.replace(MEANS, model="shrinkage", options={"strengths": strengths})
    data, said, labels = traced(config)
    predict = FLOORS["shrinkage"](config, data)
    used = [*PARTITION[Split.TRAIN], *PARTITION[Split.VALIDATION]]
    for k, columns in enumerate((slice(0, 2), slice(2, 4))):
        x = {i: values[:, columns].astype(float) for i, values in said.items()}
        y = {i: values[:, k] for i, values in labels.items()}

        def joined(table, ids):
            return np.concatenate([table[i] for i in ids])

        def left_out(strength, x=x, y=y):
            predictions = []
            for i in used:
                others = [j for j in used if j != i]
                weights, bias = shrunk(joined(x, others), joined(y, others), strength)
                predictions.append(x[i] @ weights + bias)
            return ccc(joined(y, used), np.concatenate(predictions))

        figures = [left_out(s) for s in strengths]
        weights, bias = shrunk(joined(x, used), joined(y, used), strengths[int(np.argmax(figures))])
        for r in predict(data.parts[Split.TEST]):
            np.testing.assert_allclose(r.prediction[:, k], x[r.id] @ weights + bias, atol=1e-4)


def test_shrinkage_of_great_strength_is_the_plain_mean_with_the_spread_of_the_labels():
    config = dataclasses.replace(MEANS, model="shrinkage", options={"strengths": (1e9,)})
    data, said, labels = traced(config)
    results = FLOORS["shrinkage"](config, data)([*data.whole[Split.TRAIN], *data.whole[Split.VALIDATION]])
    prediction = np.concatenate([r.prediction[:, 0] for r in results])
    plain = np.concatenate([said[r.id][:, :2].mean(1) for r in results])
    truth = np.concatenate([labels[r.id][:, 0] for r in results])
    assert np.corrcoef(prediction, plain)[0, 1] == pytest.approx(1, abs=1e-5)
    assert prediction.std() == pytest.approx(truth.std(), rel=1e-4)
    assert prediction.mean() == pytest.approx(truth.mean(), abs=1e-5)


@pytest.mark.parametrize("floor", ["svm", "logistic"])
def test_a_classifier_refuses_dimensions(floor):
    config = dataclasses.replace(MEANS, model=floor)
    with pytest.raises(ConfigError, match=f"^The floor '{floor}' predicts classes; for dimensions take 'shrinkage'.$"):
        FLOORS[floor](config, traced(config)[0])


@pytest.mark.parametrize("floor", ["channel-mean", "shrinkage"])
def test_a_dimension_that_no_channel_predicts_is_named(floor):
    config = dataclasses.replace(UTTERANCES, model=floor, options={})
    data = DATA["utterances"](config, MadeUpStore())
    with pytest.raises(ConfigError, match=r"No channel '\*.angry' predicts 'angry'; there are toy.0, toy.1"):
        FLOORS[floor](config, data)


@pytest.mark.parametrize(
    ("floor", "options", "message"),
    [
        ("svm", {"c": 1.0}, "Unknown key 'c' in the options of 'svm'; known are: penalty."),
        ("svm", {"penalty": 0.0}, "'penalty' is positive, not 0.0."),
        ("logistic", {"round": 1}, "Unknown key 'round' in the options of 'logistic'"),
        ("logistic", {"rounds": -1}, "'rounds' is 0 or more, not -1."),
        ("logistic", {"penalties": ()}, "'penalties' has at least one entry, all positive, not []."),
        ("logistic", {"penalties": (1.0, -1.0)}, "'penalties' has at least one entry, all positive, not [1.0, -1.0]."),
        ("channel-mean", {"only": 3}, "'only' in the options of 'channel-mean' is of type str, not 3."),
        ("shrinkage", {"strengths": ()}, "'strengths' has at least one entry, all positive, not []."),
        ("shrinkage", {"strengths": 1}, "'strengths' in the options of 'shrinkage' is a list, not 1."),
    ],
)
def test_wrong_options_are_refused(floor, options, message):
    config = dataclasses.replace(UTTERANCES, model=floor, options=options)
    with pytest.raises(ConfigError) as refused:
        FLOORS[floor](config, None)
    assert message in str(refused.value)
