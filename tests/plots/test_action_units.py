"""The map of action units shows each unit's mean over stretches of a long clip."""

import numpy as np
import pandas as pd

from emoviz import plots
from emoviz.plots.action_units import MOST_COLUMNS

UNITS = ("action_units.AU04-brow-lowerer", "action_units.AU12-lip-corner-puller")


def test_rows_are_named_and_a_gap_stays():
    table = pd.DataFrame({"time": [0.0, 0.02, 0.04], UNITS[0]: [0.1, np.nan, 0.3], UNITS[1]: [0.5, np.nan, 0.7]})
    (drawn,) = plots.action_units(table).data
    assert list(drawn.y) == ["AU04 brow lowerer", "AU12 lip corner puller"]
    np.testing.assert_allclose(drawn.z, [[0.1, np.nan, 0.3], [0.5, np.nan, 0.7]], rtol=1e-6)
    assert list(drawn.x) == [0.0, 0.02, 0.04]


def test_a_long_clip_is_drawn_in_means_of_equal_stretches():
    rows = 3 * MOST_COLUMNS
    table = pd.DataFrame({"time": np.arange(rows) / 50.0, UNITS[0]: np.arange(rows) / rows})
    (drawn,) = plots.action_units(table).data
    assert np.shape(drawn.z) == (1, MOST_COLUMNS)
    np.testing.assert_allclose(drawn.z[0], (3 * np.arange(MOST_COLUMNS) + 1) / rows, rtol=1e-5)
    np.testing.assert_allclose(drawn.x, (3 * np.arange(MOST_COLUMNS) + 1) / 50)


def test_the_units_of_a_single_picture_fill_the_figure():
    figure = plots.action_units(pd.DataFrame({"time": [0.01], "action_units.AU12-lip-corner-puller": [0.5]}))
    assert figure.layout.xaxis.visible is False and figure.layout.xaxis.range == (0.0, 0.02)
