"""FER+: votes to a majority label and to training targets, against plain loops over the same rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS

from emoviz.corpora import load
from emoviz.corpora.ferplus import VOTE_COLUMNS, majority, vote_shares
from emoviz.define import FER_EMOTIONS
from emoviz.errors import CorpusError

ballots = st.lists(st.lists(st.integers(0, 10), min_size=10, max_size=10), min_size=1, max_size=5)


def table(*votes):
    return pd.DataFrame(votes, columns=list(VOTE_COLUMNS), index=[f"ferplus/{n}" for n in range(len(votes))])


def test_single_votes_do_not_count():
    # happy 5 of 10 is no majority; of the 8 that remain without two single votes it is
    labels = table([3, 5, 1, 1, 0, 0, 0, 0, 0, 0])
    assert majority(labels).tolist() == ["happy"]
    np.testing.assert_allclose(vote_shares(labels)[0], [3 / 8, 5 / 8, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "votes",
    [
        [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],  # tie
        [4, 3, 3, 0, 0, 0, 0, 0, 0, 0],  # most votes, but no more than half
        [3, 0, 0, 0, 0, 0, 0, 0, 7, 0],  # unknown
        [2, 0, 0, 0, 0, 0, 0, 0, 0, 8],  # not a face
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],  # nothing but single votes
    ],
)
def test_pictures_without_a_majority_emotion_are_left_out(votes):
    labels = table(votes, [0, 0, 0, 10, 0, 0, 0, 0, 0, 0])
    assert majority(labels).to_dict() == {"ferplus/1": "sad"}


def test_targets_leave_unknown_votes_out():
    shares = vote_shares(table([6, 2, 0, 0, 0, 0, 0, 0, 2, 0], [3, 0, 0, 0, 0, 0, 0, 0, 3, 0], [0] * 10))
    np.testing.assert_allclose(shares[0], [0.75, 0.25, 0, 0, 0, 0, 0, 0])
    assert np.isnan(shares[1:]).all() and shares.dtype == np.float32


@given(ballots)
def test_majority_is_more_than_half_of_what_counts(votes):
    expected = {}
    for n, row in enumerate(votes):
        counted = [vote for vote in row if vote > 1]
        winners = [i for i, vote in enumerate(row) if vote > 1 and 2 * vote > sum(counted)]
        if winners and winners[0] < 8:
            expected[f"ferplus/{n}"] = FER_EMOTIONS[winners[0]].value
    assert majority(table(*votes)).to_dict() == expected


@given(ballots)
def test_targets_are_distributions_or_absent(votes):
    shares = vote_shares(table(*votes))
    for row, share in zip(votes, shares, strict=True):
        counted = [vote if vote > 1 else 0 for vote in row]
        if max(counted[:8]) > max(counted[8:]):
            np.testing.assert_allclose(share, np.array(counted[:8]) / sum(counted[:8]), rtol=1e-6)
        else:
            assert np.isnan(share).all()


def test_every_majority_label_has_a_target_that_agrees(tmp_path):
    LAYOUTS["ferplus"].write(tmp_path / "ferplus.parquet", "")
    corpus = load("ferplus", tmp_path)
    assert set(majority(corpus.labels)) == {"happy"}
    assert (vote_shares(corpus.labels).argmax(axis=1) == FER_EMOTIONS.index("happy")).all()
    assert corpus.pictures.iloc[0] == b"jpeg" and corpus.pictures.index.equals(corpus.recordings.index)


def test_a_half_copied_file_says_which_split_lacks_pictures(tmp_path):
    path = tmp_path / "ferplus.parquet"
    LAYOUTS["ferplus"].write(path, "")
    pd.read_parquet(path).iloc[:-3].to_parquet(path)
    with pytest.raises(CorpusError, match="split test has 3570 of 3573"):
        load("ferplus", tmp_path)


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "ferplus.parquet").write_bytes(content)
    with pytest.raises(CorpusError, match="ferplus.parquet is not a parquet file"):
        load("ferplus", tmp_path)


def test_a_file_without_votes_is_named(tmp_path):
    path = tmp_path / "ferplus.parquet"
    LAYOUTS["ferplus"].write(path, "")
    pd.read_parquet(path).drop(columns="contempt").to_parquet(path)
    with pytest.raises(CorpusError, match="contempt"):
        load("ferplus", tmp_path)


@pytest.mark.corpora
def test_majority_keeps_as_many_pictures_as_the_authors_script(data):
    corpus = load("ferplus", data)
    label = majority(corpus.labels)
    kept = corpus.recordings.loc[label.index, "session"].value_counts()
    assert kept.to_dict() == {"train": 25045, "validation": 3191, "test": 3137}
    shares = pd.DataFrame(vote_shares(corpus.labels), index=corpus.labels.index)
    assert shares.loc[label.index].notna().all(axis=None)
    assert corpus.pictures.map(lambda picture: picture[:3] == b"\xff\xd8\xff").all()
