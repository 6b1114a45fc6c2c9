"""Figures of attention: what is drawn, in which order, with which interval; every kind of map has one."""

import numpy as np
import pandas as pd
import pytest

from emoviz import plots
from emoviz.core.vocabulary import SOURCE_COLOURS, Source, Weighting
from emoviz.plots import channels
from emoviz.plots.attention import MAPS

MEANS = pd.DataFrame(
    {
        "channel": ["whisper.pc000", "egemaps.Loudness_sma3", "whisper.pc001", "face.AU12"],
        "stream": ["whisper", "egemaps", "whisper", "face"],
        "modality": ["audio", "audio", "audio", "video"],
        "weight": [0.5, 0.6, 0.7, 0.1],
        "low": [0.4, 0.5, 0.6, 0.0],
        "high": [0.6, 0.7, 0.9, 0.2],
    }
)
TIMES = 2 + np.arange(5) * 0.1


def test_bars_are_the_highest_grouped_by_modality_with_their_intervals():
    (bars,) = plots.channel_bars(MEANS, 3, "?").data
    assert list(bars.y[0]) == ["speech<br>representation", "speech<br>representation", "loudness"]  # from the bottom up
    assert list(bars.y[1]) == ["pc000", "pc001", "Loudness"]
    assert list(bars.x) == [0.5, 0.7, 0.6]
    np.testing.assert_allclose(bars.error_x.array, [0.1, 0.2, 0.1])
    np.testing.assert_allclose(bars.error_x.arrayminus, [0.1, 0.1, 0.1])
    assert set(bars.marker.color) == {SOURCE_COLOURS[Source.SPEECH]}


def test_weights_of_one_clip_have_no_whiskers():
    (bars,) = plots.channel_bars(MEANS.drop(columns=["low", "high"]), 4, "?").data
    assert bars.error_x.array is None
    assert SOURCE_COLOURS[Source.FACE] in bars.marker.color


def test_the_largest_differences_are_shown_and_the_unsure_ones_pale():
    table = MEANS.assign(difference=[0.1, -0.3, 0.2, 0.01], low=-0.4, high=0.4, differs=[False, True, True, False])
    (bars,) = plots.channel_difference_bars(table, 3, "German", "Italian").data
    shown = dict(zip(bars.y[1], zip(bars.x, bars.marker.color, bars.marker.opacity, strict=True), strict=True))
    assert shown == {
        "Loudness": (-0.3, channels.LESS, 1.0),
        "pc001": (0.2, channels.MORE, 1.0),
        "pc000": (0.1, channels.MORE, 0.35),
    }


def deletion_table() -> pd.DataFrame:
    rows = [
        (weighting, order, hidden, hidden / 10, 0.2 + hidden / 20, 0.1, 0.9)
        for weighting in Weighting
        for order in ("highest first", "lowest first", "random")
        for hidden in (0, 5, 10)
    ]
    return pd.DataFrame(rows, columns=["weighting", "order", "hidden", "share", "error", "low", "high"])


def test_deletion_shows_three_orders_and_both_witnesses_each_with_a_band():
    figure = plots.deletion_curves(deletion_table(), "1 − CCC")
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert [line.name for line in lines] == [curve.name for curve in channels.CURVES]
    assert list(lines[0].x) == [0, 50, 100] and list(lines[0].y) == pytest.approx([0.2, 0.45, 0.7])
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 5 and list(bands[0].y) == [0.9] * 3 + [0.1] * 3
    assert "1 − CCC" in figure.layout.yaxis.title.text


def test_the_strip_has_a_row_per_map_over_the_clips_time():
    moments = pd.DataFrame({"time": TIMES - 1.95, "graph.whisper": 1.0, "latent": [0, 0, 5, 0, 0]})
    (heat,) = plots.attention_strip(moments).data
    assert list(heat.y) == ["graph, whisper", "latents"]
    np.testing.assert_array_equal(heat.z[1], [0, 0, 5, 0, 0])
    assert heat.zmin == 0 and heat.zmax == 5


@pytest.mark.parametrize("kind", [kind for kind in MAPS if kind != "spatial"])
def test_maps_over_time_are_shown_in_times_of_the_even_share(kind):
    values = np.random.default_rng(0).dirichlet(np.ones(5), 5)
    (heat,) = plots.attention_map(f"{kind}.whisper", values, TIMES).data
    np.testing.assert_allclose(heat.z, values * 5)
    np.testing.assert_allclose(heat.x, TIMES)


def test_latents_are_numbered_and_moments_timed():
    values = np.full((3, 5), 0.2)
    (heat,) = plots.attention_map("latent", values, TIMES).data
    assert list(heat.y) == [1, 2, 3]
    table = plots.map_table(values, TIMES)
    assert len(table) == 15 and table["times the even share"].to_list() == pytest.approx([1] * 15)


def test_one_weight_per_moment_is_a_line():
    values = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    (line,) = plots.attention_map("temporal", values, TIMES).data
    np.testing.assert_allclose(line.y, values * 5)
    np.testing.assert_allclose(plots.map_table(values, TIMES)["times the even share"], values * 5)


def test_large_maps_are_averaged_to_what_a_screen_shows():
    values = np.repeat(np.repeat([[1.0, 3.0], [2.0, 2.0]], 300, 0), 300, 1) / 1200
    (heat,) = plots.attention_map("temporal", values, np.arange(600) / 50).data
    assert heat.z.shape == (200, 200)
    np.testing.assert_allclose(heat.z[[0, 0, -1], [0, -1, 0]], [0.5, 1.5, 1.0])


@pytest.mark.parametrize("pictures", [None, np.zeros((5, 8, 8, 3)), np.zeros((5, 8, 8, 1))])
def test_places_are_shown_per_head_and_moment_with_the_pictures(pictures):
    values = np.full((5, 2, 2, 2), 0.25)
    figure = plots.attention_map("spatial.snippets", values, TIMES, pictures)
    heat = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(heat) == 10 and all((trace.z == 1).all() for trace in heat)
    assert len(figure.data) - len(heat) == (0 if pictures is None else 5)
    assert len(plots.map_table(values, TIMES)) == values.size
