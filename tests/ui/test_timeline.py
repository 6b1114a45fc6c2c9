"""What the browser gets of a lane: where each of its values lies in a run of bytes."""

import numpy as np

from emoviz.plots.lanes import Bar, Curve, Gap, Kind, Lane
from emoviz.ui import timeline


def test_the_values_of_a_lane_lie_where_it_says(monkeypatch):
    sent: dict[str, bytes] = {}
    monkeypatch.setattr(timeline, "media_url", lambda content, _, name: sent.setdefault(name, content) and name)
    values = np.array([0.5, np.nan, -0.25])
    lane = Lane(
        "one",
        "One",
        Kind.CURVES,
        curves=(Curve("face", values, "", low=values - 1, high=values + 1, pale=((0.0, 0.5),)),),
        gaps=(Gap(1.0, 2.0, "no face"), Gap(3.0, 4.0, "no face"), Gap(5.0, 6.0, "no voice")),
        bars=(Bar(0.0, 1.0, "grüße\n"), Bar(1.0, 2.0, "b", 1)),
    )
    told = timeline._sent(lane)
    content = sent[told["url"]]
    packed = np.frombuffer(content[: 4 * told["values"]], "<f4")

    def part(place: list[int]) -> np.ndarray:
        return packed[place[0] : place[0] + place[1]]

    (curve,) = told["curves"]
    np.testing.assert_array_equal(part(curve["values"]), values.astype(np.float32))
    np.testing.assert_array_equal(part(curve["high"]), (values + 1).astype(np.float32))
    assert part(curve["pale"]).tolist() == [0.0, 0.5]
    assert told["reasons"] == ["no face", "no voice"] and part(told["gaps"]).reshape(-1, 3)[:, 2].tolist() == [0, 0, 1]
    assert part(told["bars"]).reshape(-1, 3).tolist() == [[0, 1, 0], [1, 2, 1]]
    assert content[4 * told["values"] :].decode() == "grüße \nb"
