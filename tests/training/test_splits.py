"""Splits are speaker-disjoint, cover every culture, and say so when they cannot."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.errors import SplitError
from emoviz.core.vocabulary import Split
from emoviz.training.splits import by_speaker, check_disjoint


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


def test_too_few_speakers():
    table = pd.DataFrame({"culture": ["A", "A"], "speaker": ["1", "2"]})
    with pytest.raises(SplitError, match="'A' has 2 speaker"):
        by_speaker(table, 0.1, 0.1, 0)


def test_overlap_is_named():
    with pytest.raises(SplitError, match="'x' stands in train and in test"):
        check_disjoint({Split.TRAIN: ("x",), Split.VALIDATION: ("y",), Split.TEST: ("x",)})
    with pytest.raises(SplitError, match="validation part of the split has no speakers"):
        check_disjoint({Split.TRAIN: ("x",), Split.VALIDATION: (), Split.TEST: ("z",)})
