"""Figures of the Data page."""

import pandas as pd
import pytest

from emoviz.core.vocabulary import EMOTION_COLOURS
from emoviz.plots import dimension_shares, label_counts

COUNTS = pd.DataFrame(
    [("c", "A", "A/1", "happy", 3), ("c", "A", "A/2", "sad", 2), ("d", "B", "B/1", "happy", 5)],
    columns=["corpus", "culture", "speaker", "emotion", "recordings"],
)


@pytest.mark.parametrize(
    ("by", "groups", "happy"),
    [("culture", ["B", "A"], [5, 3]), ("speaker", ["B/1", "A/2", "A/1"], [5, 0, 3]), ("corpus", ["d", "c"], [5, 3])],
)
def test_every_recording_stands_in_one_bar(by, groups, happy):
    figure = label_counts(COUNTS, by)
    assert [bar.name for bar in figure.data] == ["happy", "sad"]
    assert list(figure.data[0].y) == groups and list(figure.data[0].x) == happy
    assert sum(sum(bar.x) for bar in figure.data) == COUNTS["recordings"].sum()
    assert figure.data[0].marker.color == EMOTION_COLOURS["happy"]


def test_each_dimension_has_a_panel_and_each_culture_a_line():
    table = pd.DataFrame(
        {
            "corpus": "c",
            "culture": ["German", "German", "Italian", "Italian"] * 2,
            "dimension": ["valence"] * 4 + ["arousal"] * 4,
            "value": [-0.5, 0.5] * 4,
            "share": [0.2, 0.8] * 4,
        }
    )
    figure = dimension_shares(table, ["valence", "arousal"])
    assert [(line.name, line.xaxis) for line in figure.data] == [
        ("German", "x"),
        ("Italian", "x"),
        ("German", "x2"),
        ("Italian", "x2"),
    ]
    assert figure.layout.xaxis2.title.text == "arousal"
    assert figure.layout.yaxis2.matches == "y"  # so that heights can be compared
    assert figure.data[0].line.color == figure.data[2].line.color != figure.data[1].line.color
