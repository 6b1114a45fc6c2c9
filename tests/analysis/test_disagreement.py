"""Recordings of which planted models say different things."""

import pytest
from contenders import classifier, row_of, tracer

from emoviz.analysis import comparison, disagreement
from emoviz.analysis.disagreement import TRUTH


def test_the_recordings_they_disagree_about_come_first():
    both = comparison.compare([classifier("a", 0), classifier("b", 2)])
    table = disagreement.disagreements(both)
    assert set(table.id[:2]) == {"corpus/0", "corpus/1"}
    assert table.distance[0] == pytest.approx(0.7) and table.distance[2] == 0
    assert (table.a[0], table.b[0]) == ("angry .80", "happy .80")
    said = disagreement.said_of(both, "corpus/0")
    assert row_of(said, model=TRUTH, output="angry").value == 1
    assert row_of(said, model="b", output="happy").value == 0.8
    frames = disagreement.said_of(comparison.compare([tracer("a", 0.1), tracer("b", 0.4)]), "r0")
    assert len(frames) == 3 * 2 * 40 and frames.frame.max() == 39
