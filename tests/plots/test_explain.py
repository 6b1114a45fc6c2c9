"""Figures of explanations: what stands where, by hand."""

import base64
import io

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from emoviz import plots
from emoviz.plots.channels import LESS, MORE
from emoviz.plots.explain import MOST_BARS, data_uri

TIME = np.arange(0.5, 4)
TABLE = pd.DataFrame({"time": TIME, "face.happy": [0.2, 0.8, 0.5, 0.5], "face.sad": [0.8, 0.2, 0.5, 0.5]})
OUTPUTS = pd.DataFrame(
    [("face.happy", "face", "m", "happy", "emotion", False, np.nan),
     ("face.sad", "face", "m", "sad", "emotion", False, np.nan)],
    columns=["column", "source", "model", "output", "kind", "derived", "rmse"],
)  # fmt: skip
GAPS = pd.DataFrame(columns=["source", "model", "start", "end", "reason"])


def test_pictures_stand_at_their_times_above_the_curves():
    strip = pd.DataFrame({"time": [1.0, 3.0], "probability": [0.2, 0.5]})
    pictures = [np.zeros((8, 8, 3), np.uint8)] * 2
    figure = plots.film_strip(TABLE, OUTPUTS, GAPS, "face", "happy", strip, pictures, share=2.0)
    assert [image.x for image in figure.layout.images] == [1.0, 3.0]
    assert all(image.yref == "y2" for image in figure.layout.images)
    assert figure.layout.yaxis.domain[1] < figure.layout.yaxis2.domain[0]
    assert list(figure.data[-1].customdata) == [0.2, 0.5]
    assert not plots.film_strip(TABLE, OUTPUTS, GAPS, "face", "happy").layout.images


def test_a_face_stands_beside_itself_with_heat():
    heat = np.linspace(0, 1, 48)[:, None].repeat(48, 1)
    picture = np.zeros((48, 48, 3), np.uint8)
    figure = plots.face_heat(picture, picture + 90, heat, "Why?")
    assert [image.xref for image in figure.layout.images] == ["x", "x2"]
    hover = figure.data[0]
    assert hover.z[0][0] == pytest.approx(heat[4, 4]) and hover.y[0] == pytest.approx(4 / 48 * 100)
    assert figure.layout.yaxis2.range == (100, 0)  # down is down


def test_heat_as_a_table():
    table = plots.heat_table(np.array([[0.0, 1.0], [0.5, 0.25]]).repeat(2, 0).repeat(2, 1), cells=2)
    assert table["heat"].tolist() == [0, 1, 0.5, 0.25]
    assert table["across (%)"].tolist() == [25, 75, 25, 75] and table["down (%)"].tolist() == [25, 25, 75, 75]


def test_rows_of_the_sound_share_one_time_axis():
    said = pd.DataFrame({"time": TIME, "value": [0.1, 0.2, 0.3, 0.4]})
    added = pd.DataFrame({"time": [1.0, 3.0], "contribution": [-0.2, 0.3], "magnitude": [0.2, 0.3]})
    sound = (TIME, np.array([100.0, 4000.0]), np.zeros((2, 4)))
    figure = plots.sound_explained(
        said, "valence", dimension=True, spectrogram=sound, contributions=added, span=(1.0, 3.0)
    )
    heat, line, bars = figure.data
    assert list(heat.y) == [0.1, 4.0] and list(line.y) == [0.1, 0.2, 0.3, 0.4]
    assert list(bars.marker.color) == [LESS, MORE]
    assert figure.layout.xaxis.range == (0, 4)
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(0, 1.0), (3.0, 4.0)]
    assert plots.sound_explained(said, "valence", dimension=True).data[-1].x == (None,)


def test_heat_stands_over_a_grey_spectrogram():
    said = pd.DataFrame({"time": TIME, "value": [0.1, 0.2, 0.3, 0.4]})
    heat = np.zeros((256, 400), np.float32)
    heat[8:16, 100:200] = 1
    heat[:, 300:] = np.nan
    times, frequencies = (np.arange(400) + 0.5) / 100, np.arange(1, 257) * 31.25
    sound = (TIME, np.array([100.0, 4000.0]), np.zeros((2, 4)))
    moments = plots.in_stretches(pd.DataFrame({"time": times[:300], "heat": heat[:, :300].mean(0)}))
    figure = plots.sound_explained(
        said, "angry", dimension=False, spectrogram=sound, contributions=moments, heat=(times, frequencies, heat)
    )
    grey, over, _, bars = figure.data
    assert grey.colorscale == go.Heatmap(colorscale="Greys_r").colorscale
    assert over.z.shape[0] <= 64 and over.z.shape[1] <= 300
    assert over.z.shape == (len(over.y), len(over.x))
    rows = (over.y * 1000 > 8 * 31.25) & (over.y * 1000 < 17 * 31.25)
    inside = (over.x > 1) & (over.x < 2)
    assert (over.z[np.ix_(rows, inside)] == 1).all() and np.nansum(over.z) == (rows.sum() * inside.sum())
    assert np.isnan(over.z[:, over.x > 3.01]).all()
    assert bars.y.max() == pytest.approx(8 / 256) and figure.layout.yaxis.title.text == "mean heat"
    assert figure.layout.xaxis.range == (0, 4)


def test_frequencies_stand_above_each_other():
    bands = pd.DataFrame({"low": [0.0, 250], "high": [250.0, 500], "heat": [0.2, 0.6]})
    (bars,) = plots.frequency_heat(bands, "angry").data
    assert list(bars.x) == [0.2, 0.6] and list(bars.y) == [0.125, 0.375] and bars.orientation == "h"


def test_bars_of_channels_point_to_both_sides():
    channels = pd.DataFrame(
        {
            "channel": ["whisper.pc001", "egemaps.loudness_sma3", "egemaps.x"],
            "modality": "audio",
            "contribution": [-0.3, 0.2, 0.1],
            "magnitude": [0.3, 0.2, 0.1],
        }
    )
    (bars,) = plots.contribution_bars(channels, 2, "valence", "its unit").data
    told = dict(zip(bars.y[1], zip(bars.x, bars.marker.color, strict=True), strict=True))
    assert told == {"pc001": (-0.3, LESS), "loudness": (0.2, MORE)}


def test_contributions_are_summed_to_as_many_bars_as_fit():
    count = 2 * MOST_BARS + 1
    times = pd.DataFrame({"time": np.arange(count) + 0.5, "contribution": 1.0, "magnitude": 1.0})
    found = plots.in_stretches(times)
    assert len(found) <= MOST_BARS and found["contribution"].sum() == count
    assert found["contribution"].iloc[0] == 3 and found["time"].iloc[0] == 1.5
    pd.testing.assert_frame_equal(plots.in_stretches(times.head(9)), times.head(9))


def test_pictures_reach_the_page_in_their_own_colours():
    picture = np.full((16, 16, 3), (200, 60, 20), np.uint8)
    content = base64.b64decode(data_uri(picture).partition(",")[2])
    assert np.abs(np.asarray(Image.open(io.BytesIO(content))).astype(int) - picture).max() < 8
