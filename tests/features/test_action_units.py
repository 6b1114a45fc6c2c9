"""Action units are the facial actions of their map, under the names of FACS."""

import numpy as np
import pytest

from emoviz.features.action_units import CHANNELS, UNITS, ActionUnits, units_of
from emoviz.features.blendshapes import Blendshapes
from emoviz.media import BLENDSHAPES

from .fakes import FakeMedia, timeline


def face(**actions: float) -> dict[str, float]:
    """The units, by their number, of a face with some actions and none of the others."""
    values = np.zeros((1, len(BLENDSHAPES)), np.float32)
    for name, value in actions.items():
        values[0, BLENDSHAPES.index(name)] = value
    found = units_of(values)[0]
    return {
        channel.split("-")[0].removeprefix("action_units."): float(v)
        for channel, v in zip(CHANNELS, found, strict=True)
    }


@pytest.mark.parametrize(
    ("actions", "units"),
    [
        ({"mouthSmileLeft": 0.8, "mouthSmileRight": 0.4}, {"AU12": 0.6}),
        ({"browInnerUp": 0.7}, {"AU01": 0.7}),
        ({"browDownLeft": 1.0}, {"AU04": 0.5}),
        ({"mouthRollLower": 0.2, "mouthRollUpper": 0.6}, {"AU28": 0.4}),
        ({"jawLeft": 0.1, "jawRight": 0.5}, {"AU30": 0.5}),
        ({"eyeLookOutLeft": 0.9, "eyeLookInRight": 0.7}, {"AU61": 0.8}),
        ({"_neutral": 1.0, "mouthLeft": 1.0, "mouthShrugUpper": 1.0, "noseSneerLeft": 1.0}, {}),
    ],
)
def test_a_unit_joins_its_actions_and_no_others(actions, units):
    assert {name: value for name, value in face(**actions).items() if value} == pytest.approx(units)


def test_no_action_belongs_to_two_units():
    shapes = [shape for unit in UNITS for shape in unit.shapes]
    assert len(set(shapes)) == len(shapes) == 42
    assert set(shapes) <= set(BLENDSHAPES)


def test_the_stream_holds_the_units_of_the_facial_actions():
    media = FakeMedia(None, timeline(np.arange(10) / 25, np.arange(10) != 4))
    stream, actions = ActionUnits().extract(media), Blendshapes().extract(media)
    known = np.arange(10) != 4
    np.testing.assert_array_equal(stream.values[known], units_of(actions.values[known]))
    assert np.isnan(stream.values[4]).all()
    assert "action_units.AU12-lip-corner-puller" in stream.channels
