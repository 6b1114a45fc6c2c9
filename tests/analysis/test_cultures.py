"""Channel weights, figures and transfer of cultures, as read from made-up checkpoint folders and reports."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from emoviz.analysis import cultures, similarity
from emoviz.checkpoints.description import Description
from emoviz.checkpoints.folder import CONFIG, METRICS, WEIGHTS
from emoviz.core.errors import AnalysisError, EmovizError
from emoviz.core.vocabulary import Source, Task, Weighting

CHANNELS = ("whisper.pc000", "egemaps.Loudness_sma3")
DESCRIPTION = Description(
    name="x",
    title="A network of one culture",
    source=Source.SPEECH,
    model="cats",
    model_config={},
    task=Task.FRAMES,
    kind="dimension",
    outputs=("valence (derived)",),
    derived=True,
    features=(),
    inputs=(),
    hop=0.1,
    window=15.0,
)
ROW = {"culture": "all", "output": "valence (derived)", "metric": "ccc", "aggregation": "pooled", "value": 0.4,
       "low": 0.3, "high": 0.5, "training_mean": 0.0, "recordings": 2, "speakers": 1, "collapsed": False}  # fmt: skip


def write(folder: Path, clips: list[tuple], *, seed: int | None = 0, rows: tuple = (ROW,), **changes) -> Path:
    """A checkpoint folder without weights; clips are culture, speaker and one weight per channel."""
    folder.mkdir(parents=True)
    training = {} if seed is None else {"seed": seed}
    about = dataclasses.replace(DESCRIPTION, name=folder.name, training=training, **changes)
    (folder / CONFIG).write_text(json.dumps(dataclasses.asdict(about)))
    (folder / METRICS).write_text(json.dumps({"test": list(rows)}))
    table = pd.DataFrame(clips, columns=["culture", "speaker", *CHANNELS]).assign(label="happy")
    table.set_index(pd.Index([f"{folder.name}/{i}" for i in range(len(clips))], name="id")).to_parquet(
        folder / "attention.parquet"
    )
    return folder


def test_weights_are_means_over_clips_under_what_the_files_say(tmp_path):
    # The folders' names say something else on purpose.
    folders = [
        write(tmp_path / "a-arousal-7", [("North", "n1", 0.2, 0.6), ("North", "n2", 0.4, 0.8)], seed=3),
        write(tmp_path / "b", [("South", "s1", 0.1, 0.9)], seed=1, outputs=("arousal",)),
    ]
    found = cultures.weights(folders)
    assert (found.replicates, found.left_out) == ("seed", ())
    assert list(found.table.columns) == list(CHANNELS)
    assert found.table.index.names == ["culture", "dimension", "seed"]
    assert found.table.loc[("North", "valence (derived)", "3")].tolist() == pytest.approx([0.3, 0.7])
    assert found.table.loc[("South", "arousal", "1")].tolist() == pytest.approx([0.1, 0.9])
    similarity.similarities(found.table, draws=5)  # it is a table of weights


def test_a_damaged_checkpoint_is_named_and_left_out(tmp_path):
    good = write(tmp_path / "good", [("North", "n1", 0.2, 0.6)])
    bad = write(tmp_path / "bad", [("South", "s1", 0.2, 0.6)])
    (bad / CONFIG).write_text("{")
    found = cultures.weights([bad, good])
    assert len(found.table) == 1 and len(found.left_out) == 1 and "bad" in found.left_out[0]


def test_without_channel_weights_there_is_an_empty_table(tmp_path):
    folder = write(tmp_path / "a", [("North", "n1", 0.2, 0.6)])
    (folder / "attention.parquet").unlink()
    assert cultures.weights([folder]).table.empty
    assert cultures.weights([]).table.empty
    assert cultures.weights_by_speaker(folder).table.empty


def test_the_same_training_twice_is_refused(tmp_path):
    clips = [("North", "n1", 0.2, 0.6)]
    with pytest.raises(AnalysisError, match="North, .*keep one"):
        cultures.weights([write(tmp_path / "a", clips), write(tmp_path / "b", clips)])


def test_speakers_of_one_model_count_once_each(tmp_path):
    clips = [("North", "n1", 0.2, 0.6), ("North", "n1", 0.4, 0.8), ("South", "s1", 0.5, 0.5)]
    found = cultures.weights_by_speaker(write(tmp_path / "a", clips, outputs=("valence", "arousal")))
    assert found.replicates == "speaker"
    assert found.table.loc[("North", "valence and arousal", "n1")].tolist() == pytest.approx([0.3, 0.7])
    assert len(found.table) == 2


def write_importance(folder: Path, rows: list[tuple]) -> Path:
    """The table of the witnesses of a checkpoint; rows are weighting, culture, speaker and one weight per channel."""
    columns = ["weighting", "culture", "speaker", *CHANNELS]
    pd.DataFrame(rows, columns=columns).assign(recordings=2).to_parquet(folder / "importance.parquet")
    return folder


def test_witnesses_count_people_once_and_speak_in_even_shares(tmp_path):
    clips = [("North", "n1", 0.2, 0.6), ("North", "n2", 0.4, 0.8)]
    folders = [write(tmp_path / name, clips, seed=seed) for seed, name in enumerate("abc")]
    rows = [("North", "n1", 1.0, 2.0), ("North", "n2", 3.0, 4.0)]
    write_importance(
        folders[0], [*((Weighting.GRADIENTS, *row) for row in rows), (Weighting.PERMUTATION, "North", "n1", -1, 3)]
    )
    write_importance(folders[1], [(Weighting.PERMUTATION, "North", "n1", 0.0, 0.0)])
    found = cultures.weights(folders, Weighting.GRADIENTS)
    assert found.missing == ("b", "c") and found.table.values.tolist() == [pytest.approx([2 / 2.5, 3 / 2.5])]
    found = cultures.weights(folders, Weighting.PERMUTATION)
    assert found.missing == ("c",) and found.table.values.tolist() == [[-0.5, 1.5], [0.0, 0.0]]
    assert cultures.weights(folders).missing == () and len(cultures.weights(folders).table) == 3
    by_speaker = cultures.weights_by_speaker(folders[0], Weighting.GRADIENTS)
    assert by_speaker.table.loc[("North", "valence (derived)", "n2")].tolist() == pytest.approx([3 / 3.5, 4 / 3.5])
    assert cultures.weights_by_speaker(folders[2], Weighting.GRADIENTS).missing == ("c",)


def test_scores_are_under_the_culture_that_was_heard(tmp_path):
    one = write(tmp_path / "one", [("North", "n1", 0.2, 0.6)], seed=2)
    rows = (ROW, {**ROW, "culture": "North", "value": 0.1}, {**ROW, "culture": "South", "value": 0.7})
    both = write(tmp_path / "both", [("North", "n1", 0.2, 0.6), ("South", "s1", 0.2, 0.6)], rows=rows)
    broken = write(tmp_path / "broken", [("North", "n1", 0.2, 0.6)])
    (broken / METRICS).unlink()
    found = cultures.scores([one, both, broken])
    assert list(found.columns) == list(cultures.SCORES)
    assert found[["model", "culture", "value"]].to_numpy().tolist() == [
        ["one", "North", 0.4],
        ["both", "North", 0.1],
        ["both", "South", 0.7],
    ]
    assert found["seed"].tolist() == ["2", "0", "0"]


def test_transfer_keeps_what_goes_from_one_culture_to_another():
    tests = (["North"], "South", None), ([], "", None), (["North"], "South", 5)
    more = {"mean": "", "calibrated": "", "tests": [], "unit": "recordings", "clusters": 9, "replicates": 1}
    rows = [{**ROW, **more, "source": source, "target": target, "shots": shots} for source, target, shots in tests]
    report = {"study": "speech", "protocol": "k-shot", "system": "svm", "scores": rows}
    found = cultures.transfer([report])
    assert found[["source", "target", "results"]].drop_duplicates().to_numpy().tolist() == [
        ["North", "South", "speech, k-shot"]
    ]
    assert found["learnt"].tolist() == ["nothing", "5 a class"]
    assert cultures.transfer([]).empty


def pairs(*p_holm: float, smallest: float = 0.1) -> pd.DataFrame:
    return pd.DataFrame({"p_holm": p_holm, "smallest_p": smallest})


@pytest.mark.parametrize(
    ("p", "table", "words"),
    [
        (
            0.001,
            pairs(0.3, 0.4),
            "differ more than the seeds of one do (permutation test, p ≤ .001). With so few seeds, it "
            "cannot single out one of 2 pairs.",
        ),
        (0.4, pairs(0.3, 0.4), "differ no more than the seeds of one do (permutation test, p = .40)."),
        (0.0002, pairs(0.3, 0.04, smallest=0.001), "p ≤ .001). Corrected for 2 pairs (Holm), this test singles out 1."),
        (0.03, pairs(0.3, 0.4, smallest=0.001), "p = .030). Corrected for 2 pairs (Holm), this test singles out none."),
        (math.nan, pairs(), "each has one seed only"),
    ],
)
def test_the_verdict_says_what_was_tested_and_what_could_be_found(p, table, words):
    assert words in cultures.verdict({"p": p, "cultures": 3}, table, "seed")


@pytest.mark.parametrize(
    ("p", "table", "words"),
    [
        (0.001, pairs(0.3, 0.4), "too few to test each of the 2 pairs by itself"),
        (0.001, pairs(0.3, 0.04), "1 of 2 pairs can be told apart."),
        (0.001, pairs(0.001), "more than several models of one do."),
        (0.4, pairs(0.3, 0.4), "cannot be told whether the 3 cultures differ"),
        (math.nan, pairs(), "one model of each"),
    ],
)
def test_the_plain_verdict_says_the_same_without_statistics(p, table, words):
    said = cultures.plain_verdict({"p": p, "cultures": 3}, table)
    assert words in said and "permutation" not in said and "p =" not in said


def test_the_start_is_named_where_it_counts_for_more_than_the_culture():
    cells = pd.DataFrame(
        [("A", "A", 0.1, math.nan), ("B", "B", 0.3, math.nan), ("A", "B", 0.0, 0.7), ("B", "A", 0.0, 0.7)],
        columns=["culture", "other", "similarity", "matched"],
    )
    assert "same seed agree at .70, one culture's models of different seeds at .20" in cultures.start(cells, "seed")
    assert cultures.start(cells.assign(matched=0.1), "seed") == ""
    assert cultures.start(cells.assign(matched=math.nan), "speaker") == ""


def test_a_damaged_folder_of_one_model_is_an_error_in_words(tmp_path):
    folder = write(tmp_path / "a", [("North", "n1", 0.2, 0.6)])
    (folder / "attention.parquet").write_bytes(b"no parquet")
    with pytest.raises(EmovizError, match="damaged"):
        cultures.weights_by_speaker(folder)


def with_components(folder: Path, value: float) -> None:
    """The principal component that a model reads, in the file of its weights."""
    save_file({"inputs.whisper.components": np.full((1, 4), value, np.float32)}, folder / WEIGHTS)


def set_of(folder: Path, culture: str, value: float, seeds: tuple[int, ...] = (0, 1)) -> list[Path]:
    made = [write(folder / f"{culture}-{seed}", [(culture, "s", 0.1 * seed, 0.5)], seed=seed) for seed in seeds]
    for one in made:
        with_components(one, value)
    return made


def test_a_model_of_other_principal_components_is_left_out_of_its_set(tmp_path):
    folders = [*set_of(tmp_path, "North", 1.0), *set_of(tmp_path, "South", 2.0, seeds=(0,))]
    found = cultures.weights(folders)
    assert found.left_out == ("'South-0' reads other principal components than most of its set.",)
    assert set(found.table.index.get_level_values("culture")) == {"North"} and found.note == ""


def test_a_set_that_lacks_models_says_how_many(tmp_path):
    found = cultures.weights([*set_of(tmp_path, "North", 1.0), *set_of(tmp_path, "South", 1.0, seeds=(0,))])
    assert found.note == "3 of the 4 models of these cultures, tasks and seeds are there; the set is incomplete."


@pytest.mark.parametrize(("value", "shared"), [(1.0, CHANNELS), (2.0, CHANNELS[1:])])
def test_two_sets_are_compared_on_the_channels_that_are_the_same_in_both(tmp_path, value, shared):
    bundled = cultures.weights([*set_of(tmp_path / "a", "North", 1.0), *set_of(tmp_path / "a", "South", 1.0)])
    own = cultures.weights([*set_of(tmp_path / "b", "North", value), *set_of(tmp_path / "b", "West", value)])
    both = cultures.beside(own, bundled, ("lab", "bundled"))
    assert tuple(both.table) == shared
    assert set(both.table.index.get_level_values("culture")) == {"North", "North (lab)", "South", "West"}
    assert ("weigh 1 of these channels" in both.note and "of another fit" in both.note) == (len(shared) == 1)
    pd.testing.assert_frame_equal(both.table.loc[["South"]], bundled.table.loc[["South"], list(shared)])


def test_sets_without_a_common_channel_leave_one_alone(tmp_path):
    own, other = (cultures.weights(set_of(tmp_path / name, "North", 1.0)) for name in "ab")
    other = other._replace(table=other.table.add_prefix("other."))
    both = cultures.beside(own, other, ("lab", "bundled"))
    assert both.left_out == ("'bundled' weighs no channel that 'lab' weighs.",)
    pd.testing.assert_frame_equal(both.table, own.table)
