"""The lanes of a timeline: what is drawn over time, and what is said where nothing is."""

import numpy as np
import pandas as pd

from emoviz.core.vocabulary import EMOTION_COLOURS, SOURCE_COLOURS, UNLIKE, Emotion
from emoviz.plots import lanes
from emoviz.plots.sound_lane import spectrogram_lane

TIMES = np.arange(6) * 0.02 + 0.01
TABLE = pd.DataFrame(
    {
        "time": TIMES,
        "face.valence": [0.1, np.nan, 0.3, 0.4, 0.5, 0.6],
        "speech.valence": [np.nan, np.nan, -0.3, -0.4, -0.5, -0.95],
        "fused.valence": [0.1, np.nan, 0.0, 0.0, 0.0, 0.0],
        "fused.sources": [1, 0, 2, 2, 2, 2],
        "face.happy": [0.2, np.nan, 0.2, 0.2, 0.2, 0.2],
        "face.sad": [0.8, np.nan, 0.8, 0.8, 0.8, 0.8],
        f"{UNLIKE}voice": [0.0, 0.0, 2.0, 2.0, 0.0, 0.0],
    }
)
OUTPUTS = pd.DataFrame(
    [
        ("face.valence", "face", "looks", "valence", "dimension", 0.25),
        ("speech.valence", "speech", "voice", "valence", "dimension", 0.5),
        ("fused.valence", "fused", "late", "valence", "dimension", np.nan),
        ("face.happy", "face", "looks", "happy", "emotion", np.nan),
        ("face.sad", "face", "looks", "sad", "emotion", np.nan),
    ],
    columns=["column", "source", "model", "output", "kind", "rmse"],
)
GAPS = pd.DataFrame(
    [("face", "", 0.02, 0.04, "no face in the picture")], columns=["source", "model", "start", "end", "reason"]
)


def test_a_dimension_has_a_curve_per_source_with_its_band_and_its_gaps():
    valence, emotions = lanes.prediction_lanes(TABLE, OUTPUTS, GAPS, "face")
    assert (valence.title, valence.unit, valence.range) == ("Valence", "−1 to 1", (-1.0, 1.0))
    assert np.isclose([valence.start, valence.step], [0.01, 0.02]).all()
    face, speech, fused = valence.curves
    assert [curve.name for curve in valence.curves] == ["face", "speech", "fused"]
    assert face.colour == SOURCE_COLOURS["face"] and face.said == "face, looks: valence"
    np.testing.assert_allclose(face.low, TABLE["face.valence"] - 0.25, rtol=1e-6)
    assert speech.low[5] == -1 and fused.low is None  # within the scale; nothing is known of fused values
    assert np.allclose(speech.pale, [(0.04, 0.08)]) and np.allclose(fused.alone, [(0.0, 0.02)])
    assert np.allclose(valence.empty, [(0.02, 0.04)])
    reasons = [gap.reason for gap in valence.gaps]
    assert reasons[0] == "face: no face in the picture"
    assert "speech: unlike what this model was trained on" in reasons and "fused: of one source alone" in reasons
    assert emotions.kind == "stack" and emotions.title == "Emotion (face)"
    assert [curve.name for curve in emotions.curves] == ["sad", "happy"]  # the most frequent at the bottom
    assert emotions.curves[0].colour == EMOTION_COLOURS[Emotion.SAD]
    assert not lanes.emotion_lanes(TABLE, OUTPUTS, GAPS, "speech")


def test_a_tier_has_a_row_per_name_and_a_bar_per_segment():
    segments = pd.DataFrame(
        {"start": [0.0, 1.0, 2.0], "end": [1.0, 1.5, 3.0], "label": list("abc"), "tier": ["x", "y", "x"]}
    )
    lane = lanes.tier_lane("tier-0", "notes.eaf", segments)
    assert lane.rows == ("x", "y") and [(bar.label, bar.row) for bar in lane.bars] == [("a", 0), ("b", 1), ("c", 0)]
    assert len(lane.colours) == 2 and [
        bar.label for bar in lanes.tier_lane("t", "t", segments, named=False).bars
    ] == list("xyx")


def test_tiers_of_a_file_have_a_lane_each_that_names_tier_and_file():
    segments = pd.DataFrame(
        {"start": [0.0, 1.0, 2.0], "end": [1.0, 1.5, 3.0], "label": list("abc"), "tier": ["Ben", "Anna", "Ben"]}
    )
    found = lanes.file_lanes("tier-0", "notes.eaf", segments)
    assert [(lane.key, lane.title) for lane in found] == [
        ("tier-0-0", "Ben (notes.eaf)"),
        ("tier-0-1", "Anna (notes.eaf)"),
    ]
    assert [[bar.label for bar in lane.bars] for lane in found] == [["a", "c"], ["b"]]
    assert [lane.title for lane in lanes.file_lanes("tier-1", "b.srt", segments.assign(tier=""))] == ["b.srt"]


def test_contributions_and_attention_have_axes_that_hold_them():
    moments = pd.DataFrame({"time": [1.0, 3.0], "contribution": [0.3, -0.1]})
    lane = lanes.contribution_lane(moments, "Each moment", "added", [lanes.Gap(0, 1, "outside")])
    assert lane.range == (-0.3, 0.3) and (lane.start, lane.step) == (1.0, 2.0) and lane.empty == ((0, 1),)
    attention = lanes.attention_lane(pd.DataFrame({"time": [0.5, 1.5], "temporal": [1.0, 1.5]}))
    assert attention.range == (0.0, 2.0) and attention.start == 0.5 and len(attention.curves) == 1


def test_a_spectrogram_has_high_frequencies_on_top_and_heat_where_it_is():
    decibels = np.full((2, 3), -80.0, np.float32)
    decibels[1, 0] = 0
    lane = spectrogram_lane((np.array([0.1, 0.3, 0.5]), np.array([100.0, 900.0]), decibels))
    assert lane.picture.shape == (2, 3, 3) and lane.picture[0, 0].sum() > lane.picture[0, 1].sum()
    assert np.isclose([lane.start, lane.step], [0.0, 0.6]).all() and lane.range == (0.0, 0.9)
    heat = np.full((2, 3), np.nan)
    heat[0, 2] = 1.0
    hot = spectrogram_lane(
        (np.array([0.1, 0.3, 0.5]), np.array([100.0, 900.0]), decibels),
        (np.array([0.1, 0.3, 0.5]), np.array([100.0, 900.0]), heat),
    )
    red, _, blue = hot.picture[1, 2].astype(int)
    assert red > blue + 100 and len(set(hot.picture[0, 0])) == 1
