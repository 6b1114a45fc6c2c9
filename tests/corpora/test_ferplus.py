"""FER+: votes to a majority label and to training targets, against plain loops over the same rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS

from emoviz.core.errors import CorpusError
from emoviz.core.vocabulary import FER_EMOTIONS
from emoviz.corpora import ferplus, load
from emoviz.corpora.ferplus import VOTE_COLUMNS, majority, vote_shares

BOX = '"(0, 0, 48, 48)"'
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


@pytest.fixture
def few(monkeypatch):
    """As if FER+ were four pictures."""
    monkeypatch.setattr(ferplus, "PICTURES", {"train": 2, "validation": 1, "test": 1})


@pytest.fixture
def path(tmp_path, few):
    """The parquet file of four pictures."""
    LAYOUTS["ferplus"].write(tmp_path / "ferplus.parquet", [])
    return tmp_path / "ferplus.parquet"


def test_reads_one_parquet_file(path):
    corpus = load("ferplus", path.parent)
    assert corpus.labels["emotion"].tolist() == ["happy"] * 4
    assert corpus.labels["share.happy"].tolist() == [1] * 4
    assert corpus.pictures.tolist() == [b"jpeg"] * 4 and corpus.pictures.index.equals(corpus.recordings.index)


def test_a_half_copied_file_says_which_split_lacks_pictures(path):
    pd.read_parquet(path).iloc[1:].to_parquet(path)
    with pytest.raises(CorpusError, match="split train has 1 of 2"):
        load("ferplus", path.parent)


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "ferplus.parquet").write_bytes(content)
    with pytest.raises(CorpusError, match="ferplus.parquet is not a parquet file"):
        load("ferplus", tmp_path)


def test_a_file_without_votes_is_named(path):
    pd.read_parquet(path).drop(columns="contempt").to_parquet(path)
    with pytest.raises(CorpusError, match="contempt"):
        load("ferplus", path.parent)


@pytest.fixture
def folders(tmp_path, few):
    """Four pictures as the authors' script leaves them; the training list has the repository's box column."""
    root = tmp_path / "FERPlus" / "data"
    lists = {
        "FER2013Train": {
            "fer0000000.png": f"{BOX},9,0,0,0,0,0,0,0,1,0",
            "fer0000001.png": f"{BOX},0,0,0,0,0,0,0,0,9,1",
        },
        "FER2013Valid": {"fer0028638.png": "0,8,2,0,0,0,0,0,0,0"},
        "FER2013Test": {"fer0032220.png": "0,0,0,0,2,1,0,7,0,0"},
    }
    for name, votes in lists.items():
        (root / name).mkdir(parents=True)
        (root / name / "label.csv").write_text("".join(f"{file},{row}\n" for file, row in votes.items()))
        for file in votes:
            (root / name / file).write_bytes(file.encode())
    return root


def test_reads_the_folders_of_the_authors_script(folders):
    corpus = load("ferplus", folders.parents[1])
    assert corpus.recordings["session"].tolist() == ["train", "train", "validation", "test"]
    assert corpus.labels["votes.contemptuous"].tolist() == [0, 0, 0, 7]
    assert corpus.labels["emotion"].dropna().tolist() == ["neutral", "happy", "contemptuous"]
    assert corpus.pictures["ferplus/fer0028638"] == b"fer0028638.png"


def test_a_picture_that_was_not_copied_is_named(folders):
    (folders / "FER2013Test" / "fer0032220.png").unlink()
    with pytest.raises(CorpusError, match="FER2013Test/fer0032220.png"):
        load("ferplus", folders.parents[1])


@pytest.mark.parametrize("content", ["", "a.png,1,2\n", "a.png,x,0,0,0,0,0,0,0,0,0\n"])
def test_a_damaged_list_is_named(folders, content):
    (folders / "FER2013Valid" / "label.csv").write_text(content)
    with pytest.raises(CorpusError, match="FER2013Valid/label.csv is not a"):
        load("ferplus", folders.parents[1])


@pytest.mark.corpora
def test_majority_keeps_as_many_pictures_as_the_authors_script(data):
    corpus = load("ferplus", data)
    label = majority(corpus.labels)
    kept = corpus.recordings.loc[label.index, "session"].value_counts()
    assert kept.to_dict() == {"train": 25045, "validation": 3191, "test": 3137}
    shares = pd.DataFrame(vote_shares(corpus.labels), index=corpus.labels.index)
    assert shares.loc[label.index].notna().all(axis=None)
    assert corpus.pictures.map(lambda picture: picture[:3] == b"\xff\xd8\xff").all()
