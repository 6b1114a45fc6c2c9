"""Splits are speaker-disjoint, cover every culture, and say so when they cannot."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.errors import SplitError
from emoviz.core.vocabulary import Split
from emoviz.training.splits import by_speaker, check_disjoint, usual_split


@given(
    st.dictionaries(st.sampled_from("ABCD"), st.integers(3, 12), min_size=1),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
    st.integers(0, 9),
)
def test_every_culture_in_every_part_and_no_speaker_twice(cultures, validation, test, seed):
    rows = [{"culture": c, "speaker": f"{c}{i}"} for c, n in cultures.items() for i in range(n)]
    split = by_speaker(pd.DataFrame(rows * 2), validation, test, seed)
    everyone = [speaker for speakers in split.values() for speaker in speakers]
    assert sorted(everyone) == sorted({r["speaker"] for r in rows})
    for part in Split:
        assert {speaker[0] for speaker in split[part]} == set(cultures)


@given(st.integers(0, 9))
def test_speakers_of_one_session_stand_in_one_part(seed):
    pairs = [("A", f"{n}{who}", f"talk {n}") for n in range(6) for who in "ab"]
    table = pd.DataFrame(
        [*pairs, ("A", "0b", "talk 1"), ("A", "alone", None)], columns=["culture", "speaker", "session"]
    )
    part_of = {speaker: part for part, names in by_speaker(table, 0.2, 0.2, seed).items() for speaker in names}
    assert len(part_of) == 13
    assert all(part_of[f"{n}a"] == part_of[f"{n}b"] for n in range(6))
    assert part_of["0a"] == part_of["1a"]  # by way of one who is in both


def test_speakers_of_few_sessions_are_too_few():
    table = pd.DataFrame({"culture": ["A"] * 4, "speaker": list("abcd"), "session": ["x", "x", "y", "y"]})
    with pytest.raises(SplitError, match="'A' has 2 speaker.s. who share no session"):
        by_speaker(table, 0.1, 0.1, 0)


def test_too_few_speakers():
    table = pd.DataFrame({"culture": ["A", "A"], "speaker": ["1", "2"]})
    with pytest.raises(SplitError, match="'A' has 2 speaker"):
        by_speaker(table, 0.1, 0.1, 0)


def test_overlap_is_named():
    with pytest.raises(SplitError, match="'x' stands in train and in test"):
        check_disjoint({Split.TRAIN: ("x",), Split.VALIDATION: ("y",), Split.TEST: ("x",)})
    with pytest.raises(SplitError, match="validation part of the split has no speakers"):
        check_disjoint({Split.TRAIN: ("x",), Split.VALIDATION: (), Split.TEST: ("z",)})


def recordings(parts: dict[str, str | None], culture: str = "c") -> pd.DataFrame:
    rows = [{"speaker": speaker, "culture": culture, "split": part} for speaker, part in parts.items()]
    return pd.DataFrame(rows * 2)


def test_a_published_split_is_kept_and_its_validation_speakers_are_trained_on_otherwise():
    split = usual_split(recordings({"a": "train", "b": "train", "c": "test"}), 0.15, 0.2, 0)
    assert split[Split.TEST] == ("c",) and sorted((*split[Split.TRAIN], *split[Split.VALIDATION])) == ["a", "b"]
    whole = usual_split(recordings({"a": "train", "b": "validation", "c": "test"}), 0.15, 0.2, 0)
    assert whole == {Split.TRAIN: ("a",), Split.VALIDATION: ("b",), Split.TEST: ("c",)}


def test_speakers_of_corpora_without_a_published_split_are_drawn_as_if_they_were_alone():
    others = recordings(dict.fromkeys("uvwxyz"), "d")
    together = pd.concat([recordings({"a": "train", "b": "train", "c": "test"}), others], ignore_index=True)
    alone, split = by_speaker(others, 0.15, 0.2, 0), usual_split(together, 0.15, 0.2, 0)
    assert {part: set(speakers) - set("abc") for part, speakers in split.items()} == {
        part: set(speakers) for part, speakers in alone.items()
    }
    assert usual_split(others.drop(columns="split"), 0.15, 0.2, 0) == alone


def test_a_published_split_with_one_speaker_on_both_sides_is_refused():
    table = pd.concat([recordings({"a": "train", "b": "train"}), recordings({"a": "test"})], ignore_index=True)
    with pytest.raises(SplitError, match="The speaker 'a' stands in"):
        usual_split(table, 0.15, 0.2, 0)
