"""Comparisons of planted models: a better one is found, an equal one is not, and what is not shared is not compared."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from contenders import CLASSES, COUNT, DIMENSIONS, classifier, tracer, write

from emoviz import checkpoints
from emoviz.analysis import comparison
from emoviz.analysis.comparison import ALL, TRUTH, Contender
from emoviz.core.errors import CheckpointError, ConfigError
from emoviz.core.vocabulary import CIRCUMPLEX, Emotion
from emoviz.evaluation import bootstrap, metrics
from emoviz.evaluation.slices import Slice


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWS", 200)


def figure(table: pd.DataFrame, **wanted: str) -> pd.Series:
    found = table[np.all([table[column] == value for column, value in wanted.items()], axis=0)]
    assert len(found) == 1
    return found.iloc[0]


def test_a_better_model_is_told_from_luck_and_an_equal_one_is_not():
    both = comparison.compare([classifier("good", 6), classifier("bad", 30), classifier("same", 6)])
    figures, differences = comparison.judge(both)
    assert both.paired == ("good", "bad", "same") and both.recordings == COUNT
    good = figure(figures, model="good", culture=ALL, metric="accuracy")
    assert good.value == pytest.approx(0.9) and good.low < 0.9 < good.high and good.shared and not good.collapsed
    assert good.training_mean == pytest.approx(1 / 3) and good.recordings == COUNT and good.speakers == 4
    worse = figure(differences, model="bad", culture=ALL, metric="accuracy")
    assert worse.difference == pytest.approx(-0.4) and worse.high < 0 and worse.p <= 0.01 and worse.against == "good"
    assert figure(differences, model="same", culture=ALL, metric="ua").p == 1
    assert set(figures.culture) == {ALL, "German", "Korean"}
    words = comparison.verdicts(figures, differences)
    assert words[0].startswith("good is better than bad: UA .90 against .50, a difference of .400 [")
    assert words[1].startswith("same and good cannot be told apart")


def test_the_interval_of_a_difference_is_that_of_the_paired_bootstrap():
    first, second = classifier("a", 10), classifier("b", 25)
    _, differences = comparison.judge(comparison.compare([first, second]))
    ua = next(s for s in first.scores if s.metric == "ua")
    wanted = bootstrap.paired_difference(
        ua.statistic(second.results), ua.statistic(first.results), bootstrap.clusters_of(first.results)
    )
    found = figure(differences, culture=ALL, metric="ua")
    np.testing.assert_allclose([found.difference, found.low, found.high, found.p], wanted)


def test_only_shared_recordings_with_the_same_labels_are_compared():
    late = classifier("late", 0, first=40)
    other = late.results[0]
    late = dataclasses.replace(
        late, results=(dataclasses.replace(other, truth=np.roll(other.truth, 1)), *late.results[1:])
    )
    both = comparison.compare([classifier("early", 0), late])
    assert [r.id for r in both["late"].results] == [f"corpus/{i}" for i in range(41, 60)]
    assert [r.id for r in both["early"].results] == [r.id for r in both["late"].results]


def test_whose_a_recording_is_says_the_first_model():
    first, later = classifier("first", 0), classifier("later", 0)
    renamed = tuple(dataclasses.replace(r, culture="Elsewhere") for r in later.results[:5])
    both = comparison.compare([first, dataclasses.replace(later, results=(*renamed, *later.results[5:]))])
    assert [r.culture for r in both["later"].results] == [r.culture for r in both["first"].results]
    assert set(comparison.judge(both)[0].culture) == {ALL, "German", "Korean"}


def test_shared_outputs_are_compared_in_the_order_of_the_first():
    valence = tracer("valence", 0.1, DIMENSIONS[:1])
    turned = tracer("turned", 0.1, DIMENSIONS[::-1])
    both = comparison.compare([turned, valence])
    assert both["turned"].outputs == both["valence"].outputs == DIMENSIONS[:1]
    np.testing.assert_allclose(both["turned"].results[3].truth, both["valence"].results[3].truth)
    np.testing.assert_allclose(both["turned"].results[3].truth[:, 0], tracer("x", 0).results[3].truth[:, 0])


def test_models_that_share_nothing_stand_beside_the_others_with_their_own_figures():
    row = {"culture": ALL, "output": "emotion", "metric": "ua", "aggregation": "pooled", "value": 0.4, "low": 0.3,
           "high": 0.5, "training_mean": 1 / 3, "recordings": 9, "speakers": 2, "collapsed": True}  # fmt: skip
    mute = dataclasses.replace(classifier("mute", 0), results=(), metrics={"test": [row]})
    far = dataclasses.replace(classifier("far", 0, first=900), metrics={"test": [row]})
    both = comparison.compare([mute, classifier("a", 3), far, classifier("b", 9)])
    assert both.paired == ("a", "b")
    assert both.reasons == {
        "mute": "mute was stored without its predictions of single recordings.",
        "far": "far has no held-out recording in common with a.",
    }
    figures, differences = comparison.judge(both)
    assert set(differences.model) == {"b"}
    own = figure(figures, model="mute", metric="ua")
    assert (own.value, own.shared, own.recordings) == (0.4, False, 9)
    grid = comparison.figure_grid(figures, "emotion", "ua", "pooled")
    assert list(grid.columns[:5]) == ["culture", "a", "b", "mute", "far"]
    assert grid.set_index("culture").loc[ALL, "mute"] == ".40 [.30, .50] †"
    assert "mute has collapsed (emotion)" in " ".join(comparison.verdicts(figures, differences))
    alone = comparison.compare([mute, far])
    assert not alone.paired and comparison.judge(alone)[1].empty


def test_two_to_four_different_models_are_compared():
    for wrong in ([], ["a"], ["a", "a"], list("abcde")):
        with pytest.raises(ConfigError, match="2 to 4 different models"):
            comparison.compare([classifier(name, 0) for name in wrong])


def test_the_pair_that_shares_most_is_suggested():
    models = [classifier("a", 0, first=30), classifier("b", 0, first=900), classifier("c", 0), classifier("d", 0)]
    assert comparison.suggest(models) == ("c", "d")
    assert comparison.suggest(models[:1]) == ()


def test_a_slice_is_compared_alone_and_one_recording_judges_nothing():
    models = [classifier("a", 6), classifier("b", 30)]
    korean = comparison.compare(models, Slice({"culture": ("Korean",), "label": ("sad",)}))
    assert {(r.culture, r.label) for r in korean["b"].results} == {("Korean", "sad")} and korean.recordings == 10
    single = comparison.compare(models, Slice({"id": ("corpus/3",)}))
    figures, differences = comparison.judge(single)
    assert np.isnan(differences.low).all()
    assert "cannot be judged by one recording" in comparison.verdicts(figures, differences)[0]
    nothing = comparison.compare(models, Slice({"culture": ("Polish",)}))
    assert nothing.recordings == 0 and all(table.empty for table in comparison.judge(nothing))


def test_without_the_training_mean_that_of_the_checkpoint_stands_where_it_is_of_the_same_recordings():
    row = {"culture": ALL, "output": "emotion", "metric": "ua", "aggregation": "pooled", "training_mean": 0.37,
           "recordings": COUNT}  # fmt: skip
    models = [dataclasses.replace(classifier(n, 6), constant=None, metrics={"test": [row]}) for n in "ab"]
    figures, _ = comparison.judge(comparison.compare(models))
    assert figure(figures, model="a", culture=ALL, metric="ua").training_mean == 0.37
    assert np.isnan(figure(figures, model="a", culture="Korean", metric="ua").training_mean)
    part, _ = comparison.judge(comparison.compare(models, Slice({"label": ("sad",)})))
    assert part.training_mean.isna().all()


def test_a_collapsed_model_is_flagged():
    flat = tracer("flat", 0)
    flat = dataclasses.replace(
        flat, results=tuple(dataclasses.replace(r, prediction=np.zeros_like(r.truth)) for r in flat.results)
    )
    figures, differences = comparison.judge(comparison.compare([tracer("good", 0.2), flat]))
    assert [w for w in comparison.verdicts(figures, differences) if "collapsed" in w] == [
        "flat has collapsed (valence (derived), arousal (derived)): it predicts nearly a constant, or no better than "
        "the training mean."
    ]


def test_confusions_by_hand_and_of_a_model_that_kept_only_them():
    stated = {"confusion": {"classes": ["x", "y"], "counts": [[3, 1], [0, 0]]}}
    mute = Contender("mute", "emotion", False, ("x", "y"), stated)
    table = comparison.confusions(comparison.compare([classifier("a", 6), mute]))
    cell = figure(table, model="a", truth="angry", prediction="happy")
    assert cell["count"] == 2 and cell.share == pytest.approx(2 / 20)
    assert figure(table, model="mute", truth="x", prediction="x").share == 0.75
    assert figure(table, model="mute", truth="y", prediction="x").share == 0


def test_reliability_by_hand():
    both = comparison.compare([classifier("sure", 30, sure=0.95), classifier("right", 12, sure=0.8)])
    bins, errors = comparison.reliability(both)
    row = figure(bins, model="sure")
    assert (row.confidence, row.accuracy, row.recordings) == (pytest.approx(0.95), 0.5, 60)
    assert row.low < 0.5 < row.high
    assert figure(errors, model="sure").error == pytest.approx(0.45)
    assert figure(errors, model="right").error == pytest.approx(0, abs=1e-9)


def test_wilsons_interval_by_hand():
    share, low, high = comparison.wilson(0, 10)
    assert (share, high) == (0, pytest.approx(1.96**2 / (10 + 1.96**2)))
    assert low == pytest.approx(0, abs=1e-12)
    assert comparison.wilson(5, 10)[1] == pytest.approx(1 - comparison.wilson(5, 10)[2])


def test_predicted_and_true_of_a_model_that_halves_its_labels():
    whole = tracer("half", 0)
    half = dataclasses.replace(
        whole, results=tuple(dataclasses.replace(r, prediction=r.truth / 2) for r in whole.results)
    )
    table = comparison.predicted_and_true(comparison.compare([half, tracer("b", 0.1)]))
    own = table[table.model == "half"]
    np.testing.assert_allclose(own.true, 2 * own.predicted, atol=1e-6)
    assert own.groupby("output").frames.sum().tolist() == [12 * 40] * 2
    assert (own.low <= own.true + 1e-6).all() and (own.high >= own.true - 1e-6).all()


def test_errors_by_slice_by_hand():
    both = comparison.compare([classifier("a", 6), classifier("b", 30)])
    assert comparison.slice_columns(both) == ["culture", "label", "speaker"]
    table = comparison.slice_errors(both, "label")
    row = figure(table, slice="happy", model="b")
    assert row.error == pytest.approx(10 / 20) and row.low < 0.5 < row.high and row.recordings == 20


def test_frames_are_told_apart_by_the_emotion_that_their_labels_stand_for():
    both = comparison.compare([tracer("a", 0.1), tracer("b", 0.4)])
    assert comparison.slice_columns(both) == ["label", "speaker"]
    table = comparison.slice_errors(both, "label")
    assert set(table.slice) == set(list(Emotion)[:3])
    row = figure(table, slice="angry", model="b", output=DIMENSIONS[0])
    frames = [
        (r.truth[:, 0] - r.prediction[:, 0])[np.isclose(r.truth[:, 0], CIRCUMPLEX[Emotion.ANGRY][0])]
        for r in both["b"].results
    ]
    assert row.error == pytest.approx(np.sqrt((np.concatenate(frames) ** 2).mean()), rel=1e-4)


def test_the_recordings_they_disagree_about_come_first():
    both = comparison.compare([classifier("a", 0), classifier("b", 2)])
    table = comparison.disagreements(both)
    assert set(table.id[:2]) == {"corpus/0", "corpus/1"}
    assert table.distance[0] == pytest.approx(0.7) and table.distance[2] == 0
    assert (table.a[0], table.b[0]) == ("angry .80", "happy .80")
    said = comparison.recording(both, "corpus/0")
    assert figure(said, model=TRUTH, output="angry").value == 1
    assert figure(said, model="b", output="happy").value == 0.8
    frames = comparison.recording(comparison.compare([tracer("a", 0.1), tracer("b", 0.4)]), "r0")
    assert len(frames) == 3 * 2 * 40 and frames.frame.max() == 39


def test_training_curves_of_those_that_kept_them():
    epochs = [{"epoch": 0, "loss": 1.0, "validation": 0.2}, {"epoch": 1, "loss": 0.5, "validation": 0.4}]
    kept = dataclasses.replace(classifier("a", 0), metrics={"epochs": epochs, "selection": {"metric": "ua"}})
    table = comparison.training_curves(comparison.compare([kept, classifier("b", 0)]))
    assert table.epoch.tolist() == [1, 2] and set(table.model) == {"a"} and set(table.metric) == {"ua"}
    assert comparison.training_curves(comparison.compare([classifier("a", 0), classifier("b", 0)])).empty


def clip_tables(shift: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten seconds of two models: one dimension, two emotions; a gap of the second in the first second."""
    time = (np.arange(500) + 0.5) / 50
    wave = np.sin(time)
    happy = (wave > 0) * 0.6 + 0.2
    said = {"v": 0.5 * wave, "happy": happy, "sad": 1 - happy}
    columns = {f"{m}.{name}": values + shift * (m + name == "bv") for m in "ab" for name, values in said.items()}
    table = pd.DataFrame({"time": time, **columns})
    table.loc[table.time < 1, [c for c in columns if c.startswith("b")]] = np.nan
    names = {"v": "valence", "happy": "happy", "sad": "sad"}
    outputs = pd.DataFrame(
        [(c, c[0], names[c[2:]], "dimension" if c[2:] == "v" else "emotion") for c in columns],
        columns=["column", "model", "output", "kind"],
    )
    return table, outputs


def test_agreement_on_a_clip_by_hand():
    table, outputs = clip_tables(shift=0.3)
    assert comparison.clip_outputs(outputs, ["a", "b"]) == {
        "valence": ["a", "b"],
        "happy": ["a", "b"],
        "sad": ["a", "b"],
    }
    found = comparison.clip_agreement(table, outputs, ["a", "b"])
    seen = table[table.time >= 1]
    dimension, emotion = figure(found, measure="CCC"), figure(found, measure="kappa")
    assert dimension.value == pytest.approx(metrics.ccc(seen["a.v"], seen["b.v"]))
    assert dimension.low <= dimension.value <= dimension.high
    assert emotion.value == 1 and emotion.output == "emotion"


def test_running_agreement_equals_ccc_in_each_window():
    table, outputs = clip_tables(shift=0.1)
    series = comparison.clip_series(table, outputs, "valence", ["a", "b"])
    running = comparison.running_agreement(series, "a", "b").ccc
    assert running[:50].isna().all()
    window = slice(250 - 75, 250 + 75)
    assert running[250] == pytest.approx(metrics.ccc(series.a[window], series.b[window]), abs=1e-9)
    same = comparison.running_agreement(series.assign(b=series.a), "a", "b").ccc
    np.testing.assert_allclose(same.dropna(), 1)


def test_a_checkpoint_folder_is_read_without_its_network(tmp_path: Path):
    own = classifier("a", 6)
    folder = tmp_path / "a"
    write(folder, own)
    found = comparison.read("a", folder)
    assert (found.kind, found.outputs, len(found.results)) == ("emotion", CLASSES, COUNT)
    np.testing.assert_allclose(found.results[5].prediction, own.results[5].prediction, atol=1e-3)
    np.testing.assert_allclose(found.constant, own.constant)
    (folder / checkpoints.METRICS).write_text("{")
    with pytest.raises(CheckpointError, match="no readable metrics.json"):
        comparison.read("a", folder)
