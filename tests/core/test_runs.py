"""Runs of chosen frames are found one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.runs import runs


@given(st.lists(st.booleans(), max_size=40))
def test_runs_hold_the_chosen_frames_and_are_parted(chosen):
    found = runs(np.array(chosen, bool))
    assert [frame for first, behind in found for frame in range(first, behind)] == list(np.flatnonzero(chosen))
    assert all(behind < first for (_, behind), (first, _) in zip(found, found[1:], strict=False))
