"""The deletion table of a trained checkpoint: of the recordings that it was tested on, as it saw them."""

import dataclasses

import numpy as np
import pytest
from training.made_up import UTTERANCES, MadeUpStore, folders
from training.test_loop import FRAMES

from emoviz import checkpoints, cli
from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Weighting
from emoviz.evaluation import bootstrap, scores
from emoviz.explain import Faithfulness, faithful, held_out, permutation_importance, weightings
from emoviz.training import train

CATS = dataclasses.replace(
    FRAMES,
    model="cats",
    options={"width": 8, "heads": 2, "feedforward": 8, "step": 5, "reduction": 2, "dropout": 0.0},
    epochs=1,
)


@pytest.fixture(autouse=True, scope="module")
def few():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "DRAWS", 10)
        patch.setattr(faithful, "DRAWS", 10)
        patch.setattr(faithful, "ORDERS", 3)
        patch.setattr(faithful, "STEPS", 2)
        patch.setattr(weightings, "GRADIENT_STEPS", 2)
        yield


@pytest.fixture(scope="module")
def cats(tmp_path_factory) -> checkpoints.Checkpoint:
    return checkpoints.load(train(CATS, MadeUpStore(), *folders(tmp_path_factory.mktemp("cats"))))


def test_the_samples_are_those_that_were_tested_as_the_model_saw_them(cats):
    samples, count = held_out.held_out_samples(cats, MadeUpStore(), 100)
    stored = cats.table("attention")
    assert [sample.id for sample in samples] == list(stored.index) and count == len(stored)
    weights, _ = weightings._answers(cats, [held_out.example_of(sample, 0) for sample in samples])
    np.testing.assert_allclose(weights, stored[list(cats.channels)].to_numpy(float), atol=2e-3)


def test_fewer_samples_are_evenly_spaced(cats):
    everyone, count = held_out.held_out_samples(cats, MadeUpStore(), 100)
    few, again = held_out.held_out_samples(cats, MadeUpStore(), 3)
    assert [sample.id for sample in few] == [everyone[i].id for i in (0, (count - 1) // 2, count - 1)]
    assert again == count


@pytest.fixture(scope="module")
def weighed(cats) -> weightings.Weighed:
    return weightings.weigh(cats, MadeUpStore(), most=4)


def test_importance_has_a_row_per_person_and_witness(cats, weighed):
    table = weighed.importance
    people = sorted({example.speaker for example in weighed.examples})
    assert list(table.columns) == ["weighting", "culture", "speaker", "recordings", *cats.channels]
    assert set(table["weighting"]) == {Weighting.GRADIENTS, Weighting.PERMUTATION}
    for _, rows in table.groupby("weighting"):
        assert sorted(rows["speaker"]) == people and rows["recordings"].sum() == 4
        assert [speaker.partition("/")[0] for speaker in rows["speaker"]] == list(rows["culture"])
    gradients = table[table["weighting"] == Weighting.GRADIENTS].set_index("speaker")
    own = [n for n, example in enumerate(weighed.examples) if example.speaker == people[0]]
    frames = np.array([[weighed.examples[n].frames] for n in own])
    total = weighed.by_recording[Weighting.GRADIENTS][own] * frames
    np.testing.assert_allclose(gradients.loc[people[0], list(cats.channels)].astype(float), total.mean(0), rtol=2e-3)
    path = checkpoints.write_table(cats.folder, "importance", table)
    assert path.name == "importance.parquet" and cats.table("importance").equals(table)


def test_permutation_importance_is_judged_on_other_people_than_it_was_measured_on(cats, weighed):
    measured = permutation_importance(cats.predictor.model, weighed.examples, weighed.score)
    judged = weighed.by_recording[Weighting.PERMUTATION]
    for example, row in zip(weighed.examples, judged, strict=True):
        others = [values for name, values in measured.items() if name != example.speaker]
        np.testing.assert_allclose(row, np.mean(others, axis=0))
    alone = [example for example in weighed.examples if example.speaker == weighed.examples[0].speaker]
    assert weightings._of_others({alone[0].person: np.ones(3)}, alone) is None


def test_the_table_has_every_weighting_and_what_the_verdict_reads(cats, weighed):
    table = faithful.deletion_table(cats, weighed)
    assert table.groupby(["weighting", "order"]).size().eq(3).all() and set(table["weighting"]) == set(Weighting)
    assert set(table["metric"]) == {"ccc"} and set(table["recordings"]) == {4}
    assert faithful.drawn_by(table) == (table["clusters"].iloc[0], "speakers")
    assert faithful.drawn_by(table.drop(columns=["unit", "clusters"])) == (4, "recordings")
    whole = table[table["hidden"] == 0]["error"]
    np.testing.assert_allclose(whole, whole.iloc[0])
    for weighting, rows in table.groupby("weighting"):
        found = faithful.verdict_of(table, Weighting(weighting))
        columns = ["difference", "difference_low", "difference_high", "difference_p"]
        assert tuple(found.difference) == tuple(rows.iloc[0][columns])
        assert found.faithfulness in list(Faithfulness)
    path = checkpoints.write_table(cats.folder, "deletion", table)
    assert path.name == "deletion.parquet" and cats.table("deletion").equals(table)
    assert [file.name for file in cats.folder.glob(".*")] == []


def test_the_error_is_the_selection_metric_averaged_over_outputs(cats):
    score = held_out.selection_score(cats)
    random = np.random.default_rng(0)
    results = [
        scores.Result(str(i), None, None, "", random.normal(size=(9, 2)), random.normal(size=(9, 2)), np.empty(0))
        for i in range(4)
    ]
    single = [s for s in scores.frame_scores(("a", "b"), np.zeros(2)) if (s.metric, s.aggregation) == ("ccc", "pooled")]
    assert score.compute(results) == pytest.approx(np.mean([s.compute(results) for s in single]))
    drawn = np.array([0, 0, 3])
    expected = np.mean([s.compute([results[i] for i in drawn]) for s in single])
    assert score.statistic(results)(drawn) == pytest.approx(expected)


def test_labels_move_to_where_a_delayed_model_answers_them(cats):
    samples, _ = held_out.held_out_samples(cats, MadeUpStore(), 1)
    plain, moved = held_out.example_of(samples[0], 0).truth, held_out.example_of(samples[0], 2).truth
    np.testing.assert_array_equal(moved[:-2], plain[2:])


def test_a_model_without_channel_attention_is_refused(tmp_path):
    found = checkpoints.load(train(dataclasses.replace(UTTERANCES, epochs=1), MadeUpStore(), *folders(tmp_path)))
    with pytest.raises(ConfigError, match="'toy' has no channel attention"):
        weightings.weigh(found, MadeUpStore(), most=4)


def test_a_checkpoint_without_held_out_speakers_is_refused(cats):
    nobody = dataclasses.replace(cats, description=dataclasses.replace(cats.description, split={}))
    with pytest.raises(ConfigError, match="names no held-out speakers"):
        weightings.weigh(nobody, MadeUpStore(), most=4)


@pytest.mark.slow
def test_the_command_writes_the_table_and_says_the_verdicts(cats, monkeypatch, capsys):
    monkeypatch.setenv("EMOVIZ_CHECKPOINTS", str(cats.folder.parent))
    monkeypatch.setattr("emoviz.features.store.FeatureStore", lambda folder: MadeUpStore())
    (cats.folder / "deletion.parquet").unlink(missing_ok=True)
    assert cli.main(["explain", cats.name, "--deletion", "--recordings", "4"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [str(cats.folder / f"{name}.parquet") for name in ("importance", "deletion")]
    assert "Channel attention: Hiding" in output.err and "Integrated gradients: Hiding" in output.err
    assert set(cats.table("deletion")["recordings"]) == {4}
