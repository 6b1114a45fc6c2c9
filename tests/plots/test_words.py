"""The figure of words has each where it is said, in rows in which they stand apart."""

import pandas as pd

from emoviz import plots
from emoviz.plots.words import MOST_ROWS


def test_words_that_stand_close_have_rows_of_their_own():
    table = pd.DataFrame({"start": [0.0, 0.5, 8.0], "end": [0.4, 0.9, 8.4], "label": ["wonderful", "day", "friend"]})
    figure = plots.words(table, 10.0)
    bars, texts = figure.data
    assert (list(bars.base), list(bars.y), list(texts.y)) == ([0, 0.5, 8], [0, 1, 0], [0, 1, 0])
    assert list(texts.text) == ["wonderful", "day", "friend"] and figure.layout.xaxis.range == (0, 10)


def test_words_without_room_are_bars_alone():
    table = pd.DataFrame({"start": [0.1 * k for k in range(20)], "end": 2.0, "label": "word"})
    bars, texts = plots.words(table, 600.0).data
    assert sum(map(bool, texts.text)) == MOST_ROWS == max(bars.y) + 1 and len(bars.y) == 20
