"""The figure of who speaks when has a lane per person and a bar per turn."""

import pandas as pd

from emoviz import plots


def test_each_person_has_a_lane_with_the_turns():
    table = pd.DataFrame({"start": [0.0, 2.0, 4.0], "end": [1.5, 3.0, 4.5], "person": ["Anna", "Ben", "Anna"]})
    figure = plots.turns(table, ["Anna", "Ben"], 5.0)
    anna, ben = figure.data
    assert (list(anna.base), list(anna.x), set(anna.y)) == ([0, 4], [1.5, 0.5], {"Anna"})
    assert (list(ben.base), list(ben.x)) == ([2], [1]) and anna.marker.color != ben.marker.color
    assert figure.layout.xaxis.range == (0, 5) and figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
