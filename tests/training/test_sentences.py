"""Sentences that tell the label are said, and a split may keep sentences apart."""

import dataclasses

import pandas as pd
import pytest

from emoviz import checkpoints
from emoviz.core.errors import SplitError
from emoviz.core.vocabulary import Split
from emoviz.evaluation import bootstrap
from emoviz.features.stored_corpus import StoredCorpus
from emoviz.training import train
from emoviz.training.data import DATA
from emoviz.training.held_out import held_out
from emoviz.training.protocols import Options, make_folds
from emoviz.training.sentences import named_sentences, told_by_sentences

from .made_up import UTTERANCES, MadeUpStore, folders, table_of


class SaidStore(MadeUpStore):
    """Answers like a FeatureStore whose speakers each say three sentences, whatever they feel."""

    def corpus(self, name: str) -> StoredCorpus:
        found = super().corpus(name)
        said = [f"s{number % 3}" for number in range(len(found.recordings))]
        return dataclasses.replace(found, recordings=found.recordings.assign(sentence=said))


APART = dataclasses.replace(UTTERANCES, sentences_apart=True, epochs=1)


def said_in(recordings: pd.DataFrame, data, part: Split) -> set[str]:
    return {recordings.loc[sample.id, "sentence"] for sample in data.whole[part]}


def test_no_sentence_that_is_tested_is_trained_on_where_that_is_asked():
    store = SaidStore()
    recordings = store.corpus("made-up").recordings
    usual, apart = DATA["utterances"](UTTERANCES, store), DATA["utterances"](APART, store)
    assert said_in(recordings, usual, Split.TEST) == said_in(recordings, usual, Split.TRAIN) == {"s0", "s1", "s2"}
    for culture in ("Here", "There"):
        own = recordings[recordings["culture"] == culture]
        ids = {part: [s.id for s in apart.whole[part] if s.culture == culture] for part in Split}
        said = {part: {*own.loc[ids[part], "sentence"]} for part in Split}
        assert len(said[Split.TEST]) == 1 and said[Split.TRAIN] == {"s0", "s1", "s2"} - said[Split.TEST]
        assert said[Split.VALIDATION] <= said[Split.TRAIN]
        tested = own[own["speaker"].isin(usual.split[Split.TEST]) & own["sentence"].isin(said[Split.TEST])]
        assert sorted(ids[Split.TEST]) == sorted(tested.index)  # nothing else is left out


def test_evaluation_scores_the_sentences_that_the_card_scored(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 20)
    found = checkpoints.load(train(APART, SaidStore(), *folders(tmp_path)))
    row = next(row for row in found.metrics["test"] if row["culture"] == "all" and row["metric"] == "ua")
    assert row["recordings"] == len(held_out(found, SaidStore())) < 16


def test_folds_keep_sentences_apart_and_leave_those_of_one_side_alone():
    table = table_of([[3] * 6, [3] * 6])
    said = table.index.str.split("/").str[-1]
    shared, apart = table.assign(sentence=said), table.assign(sentence=table["culture"] + said)
    for fold in make_folds("folds", apart, Options(folds=3), sentences_apart=True):
        (tested,) = fold.tests.values()
        trained = fold.train.append(fold.validation)
        for culture in "AB":
            mine = apart["culture"] == culture
            heard, asked = ({*apart.loc[mine & apart.index.isin(ids), "sentence"]} for ids in (trained, tested))
            assert len(asked) == 1 and len(heard) == 2 and not heard & asked
    for fold in make_folds("cross-culture", shared, Options(), sentences_apart=True):  # one text in two cultures
        (tested,) = fold.tests.values()
        assert {*shared.loc[tested, "sentence"]} == {*said} - {*shared.loc[fold.train, "sentence"]}
    usual = make_folds("cross-culture", apart, Options())
    kept = make_folds("cross-culture", apart, Options(), sentences_apart=True)
    assert [list(f.train) for f in usual] == [list(f.train) for f in kept]
    assert [[*map(list, f.tests.values())] for f in usual] == [[*map(list, f.tests.values())] for f in kept]


@pytest.mark.parametrize(
    ("sentences", "protocol", "message"),
    [
        (None, "folds", "Recordings of the culture 'A' name no sentence"),
        ("one", "folds", "nothing is left to train on or to test"),
        ("one", "k-shot", "learn further from utterances of the target"),
    ],
)
def test_sentences_that_cannot_be_kept_apart_are_refused(sentences, protocol, message):
    table = table_of([[3] * 6, [3] * 6]).assign(sentence=sentences)
    with pytest.raises(SplitError, match=message):
        make_folds(protocol, table, Options(folds=3, shots=(0, 1), draws=1), sentences_apart=True)


def test_a_sentence_that_tells_the_emotion_is_said_on_the_card():
    table = pd.DataFrame({"emotion": ["angry", "sad"] * 10, "sentence": ["x/a", "x/b"] * 10})
    assert "tells the emotion of 100 % of 'x'" in told_by_sentences(table)
    assert "(the most frequent emotion alone: 50 %)" in told_by_sentences(table)
    assert told_by_sentences(table.assign(sentence=["x/a", "x/a", "x/b", "x/b"] * 5)) == ""  # each in both emotions
    assert told_by_sentences(table.assign(sentence=None)) == told_by_sentences(table.assign(sentence="x/a")) == ""
    beside = pd.concat([table, table.assign(sentence=[f"y/{n // 2}" for n in range(20)])] * 3)
    assert told_by_sentences(beside).count("tells the emotion") == 1  # one corpus does not hide another
    alone = table.assign(sentence=[f"x/{n}" for n in range(20)])  # spontaneous speech: no sentence is said twice
    assert told_by_sentences(alone) == ""


class TellingStore(MadeUpStore):
    """Answers like a FeatureStore in which each emotion has a sentence of its own, which transcripts tell."""

    def corpus(self, name: str) -> StoredCorpus:
        found = super().corpus(name)
        return dataclasses.replace(found, recordings=found.recordings.assign(transcript=found.labels["emotion"]))


def test_transcripts_stand_for_sentences_that_are_not_named():
    assert "tells the emotion of 100 %" in DATA["utterances"](UTTERANCES, TellingStore()).note
    table = pd.DataFrame({"sentence": ["a", None], "transcript": ["x", "y"]}, dtype=object)
    assert named_sentences("mine", table).tolist() == ["mine/a", "mine/y"]
