"""Figures of small tables: what is drawn, on which axis, in whose colour."""

import numpy as np
import pandas as pd
import pytest

from emoviz import plots
from emoviz.core.vocabulary import EMOTION_COLOURS, SOURCE_COLOURS, SOURCE_DASHES, Emotion, Source
from emoviz.evaluation.gaps import gaps
from emoviz.plots import style
from emoviz.plots.unlike import UNLIKE_TRAINING

SECONDS, HOP = 4.0, 0.02
DIMENSIONS = ("valence (derived)", "arousal (derived)")


def tables(*, frames: int = 200, rmse: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Face and speech with two dimensions each, and emotions of the face."""
    columns = {"time": (np.arange(frames) + 0.5) * HOP}
    rows = []
    for source in ("face", "speech"):
        for name in DIMENSIONS:
            columns[f"{source}.{name}"] = np.linspace(-0.9, 0.9, frames)
            error = rmse if source == "speech" else np.nan
            rows.append((f"{source}.{name}", source, f"{source} model", name, "dimension", True, error))
    for name, share in (("happy", 0.3), ("neutral", 0.7)):
        columns[f"face.{name}"] = np.full(frames, share)
        rows.append((f"face.{name}", "face", "face model", name, "emotion", False, np.nan))
    outputs = pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "derived", "rmse"])
    return pd.DataFrame(columns), outputs


def draw(table: pd.DataFrame, outputs: pd.DataFrame):
    return plots.timeline(table, outputs, gaps(table, outputs), "face")


def traces(figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


def test_each_dimension_has_a_row_from_minus_one_to_one_with_the_zero_line():
    figure = draw(*tables())
    for axis, title in ((figure.layout.yaxis, DIMENSIONS[0]), (figure.layout.yaxis2, DIMENSIONS[1])):
        assert axis.title.text == title
        assert axis.range[0] <= -1 and axis.range[1] >= 1
        assert axis.zeroline and {-1, 0, 1} <= set(axis.tickvals)
    assert figure.layout.yaxis3.range == (0, 1)
    domains = [figure.layout[a].domain for a in ("yaxis", "yaxis2", "yaxis3")]
    assert all(upper[0] > lower[1] for upper, lower in zip(domains, domains[1:], strict=False))


def test_sources_keep_their_colour_and_dash():
    figure = draw(*tables())
    for source in (Source.FACE, Source.SPEECH):
        lines = traces(figure, source)
        assert len(lines) == 2
        assert {(t.line.color, t.line.dash) for t in lines} == {(SOURCE_COLOURS[source], SOURCE_DASHES[source])}
        assert [t.showlegend for t in lines] == [True, False]


def test_the_band_is_the_prediction_and_its_error_within_the_scale():
    table, outputs = tables()
    (band,) = [t for t in draw(table, outputs).data if t.hoverinfo == "skip" and t.yaxis == "y"]
    values = table["speech.valence (derived)"]
    np.testing.assert_allclose(band.x, np.concatenate([table.time, table.time[::-1]]))
    np.testing.assert_allclose(
        band.y, np.concatenate([np.minimum(values + 0.3, 1), np.maximum(values - 0.3, -1)[::-1]])
    )
    assert band.fill == "toself"


def test_the_band_ends_at_a_gap_and_begins_anew_behind_it():
    table, outputs = tables()
    table.loc[table.index[3:5], "speech.valence (derived)"] = np.nan
    (band,) = [t for t in draw(table, outputs).data if t.hoverinfo == "skip" and t.yaxis == "y"]
    (parted,) = np.flatnonzero(np.isnan(band.x))
    assert np.isnan(band.y[parted]) and np.isnan(band.y).sum() == 1
    assert set(band.x[:parted]) == set(table.time[:3])
    assert set(band.x[parted + 1 :]) == set(table.time[5:])


def test_no_band_without_a_known_error():
    assert not [t for t in draw(*tables(rmse=np.nan)).data if t.hoverinfo == "skip"]


def test_two_models_of_one_source_are_told_apart_by_name():
    table, outputs = tables()
    table["other.valence (derived)"] = 0.1
    outputs.loc[len(outputs)] = ["other.valence (derived)", "speech", "other", DIMENSIONS[0], "dimension", True, np.nan]
    figure = draw(table, outputs)
    assert len(traces(figure, "speech (other)")) == len(traces(figure, "speech (speech model)")) == 1


def test_emotions_are_stacked_in_their_own_colours_the_most_frequent_first():
    figure = draw(*tables())
    stacked = [t for t in figure.data if t.stackgroup]
    assert [t.name for t in stacked] == ["neutral", "happy"]
    assert [t.fillcolor for t in stacked] == [EMOTION_COLOURS[Emotion.NEUTRAL], EMOTION_COLOURS[Emotion.HAPPY]]


def test_gaps_are_told_in_every_row_of_their_source_and_shaded_where_no_curve_of_the_row_goes_on():
    table, outputs = tables()
    table.loc[50:149, [c for c in table if c.startswith("face.")]] = np.nan
    table.loc[100:149, [c for c in table if c.startswith("speech.")]] = np.nan
    figure = draw(table, outputs)
    shaded = {(s.yref, round(s.x0, 2), round(s.x1, 2)) for s in figure.layout.shapes}
    assert shaded == {("y domain", 2.0, 3.0), ("y2 domain", 2.0, 3.0), ("y3 domain", 1.0, 3.0)}
    assert len(figure.layout.shapes) == 3
    reasons = [t for t in figure.data if "no face in the picture" in (t.hovertemplate or "")]
    assert [(t.yaxis, round(t.x[0], 2), round(t.x[-1], 2)) for t in reasons] == [
        (a, 1.0, 3.0) for a in ("y", "y2", "y3")
    ]


def test_long_clips_are_drawn_by_webgl():
    kinds = {t.type for t in draw(*tables(frames=style.SCATTERGL_FROM + 1)).data if t.name == "speech"}
    assert kinds == {"scattergl"}


def test_a_prediction_of_emotions_alone_has_one_row():
    table, outputs = tables()
    figure = draw(table, outputs[outputs.kind == "emotion"])
    assert figure.layout.yaxis.range == (0, 1) and figure.layout.xaxis.anchor == "y"


def test_the_path_follows_valence_and_arousal_and_carries_its_times():
    table, outputs = tables()
    figure = plots.circumplex(table, outputs, "speech")
    path = next(t for t in figure.data if t.customdata is not None)
    np.testing.assert_allclose(path.x, table["speech.valence (derived)"])
    np.testing.assert_allclose(path.customdata, table.time)
    assert set(figure.data[0].text) == set(Emotion)
    assert figure.layout.xaxis.title.text == DIMENSIONS[0]


def test_the_heaviest_channels_are_shown_largest_on_top():
    weights = pd.DataFrame(
        {
            "channel": [f"channel {i}" for i in range(30)],
            "modality": ["audio", "video"] * 15,
            "weight": np.arange(30) / 30,
        }
    )
    figure = plots.channel_weights(weights, "cats")
    assert {bars.opacity for bars in figure.data} == {1.0}
    assert {bars.opacity for bars in plots.channel_weights(weights, "cats", pale=True).data} == {0.35}
    shown = [name for bars in figure.data for name in bars.y]
    assert len(shown) == 20 and "channel 9" not in shown
    assert figure.layout.yaxis.categoryarray[-1] == "channel 29"
    assert {bars.name: bars.marker.color for bars in figure.data} == {
        "audio": style.MODALITY_COLOURS["audio"],
        "video": style.MODALITY_COLOURS["video"],
    }


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("background", ["#FFFFFF", "#14171B"])
@pytest.mark.parametrize("colour", sorted({*SOURCE_COLOURS.values(), *style.MODALITY_COLOURS.values()}))
def test_lines_stand_out_from_both_backgrounds(colour: str, background: str):
    low, high = sorted((luminance(colour), luminance(background)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_curves_are_paler_where_the_clip_is_unlike_the_training():
    table, outputs = tables()
    unlike = np.r_[np.full(100, 0.8), np.full(60, 1.2), np.full(40, np.nan)]
    figure = draw(table.assign(**{"unlike.speech model": unlike}), outputs)
    speech = traces(figure, Source.SPEECH)[0]
    assert np.flatnonzero(np.isnan(speech.y)).tolist() == list(range(100, 160))
    pale = [t for t in traces(figure, UNLIKE_TRAINING) if t.line.color == SOURCE_COLOURS[Source.SPEECH]]
    assert np.flatnonzero(~np.isnan(pale[0].y)).tolist() == list(range(99, 161))
    assert pale[0].opacity < speech.opacity and UNLIKE_TRAINING in pale[0].hovertemplate
    assert [t.showlegend for t in traces(figure, UNLIKE_TRAINING)] == [True, False]
    assert not np.isnan(traces(figure, Source.FACE)[0].y).any()  # another model's curve
    veiled = draw(table.assign(**{"unlike.face model": unlike}), outputs)
    (veil,) = [s for s in veiled.layout.shapes if s.yref == "y3 domain"]
    assert (veil.x0, veil.x1) == (pytest.approx(2.01), pytest.approx(3.19))
    assert not traces(draw(table, outputs), UNLIKE_TRAINING)


def test_the_band_is_the_interval_where_a_model_states_one():
    table, outputs = tables()
    column = "speech.valence (derived)"
    ends = {f"{column}.low": table[column] - 0.05, f"{column}.high": np.minimum(table[column] + 0.2, 1)}
    figure = draw(table.assign(**ends), outputs)
    first, second = [t for t in figure.data if t.hoverinfo == "skip"]
    np.testing.assert_allclose(first.y, np.concatenate([ends[f"{column}.high"], ends[f"{column}.low"][::-1]]))
    line, other = traces(figure, Source.SPEECH)
    np.testing.assert_allclose(line.customdata, np.stack(list(ends.values()), axis=1))
    assert "customdata[1]" in line.hovertemplate and "±" not in line.hovertemplate
    assert "± 0.30" in other.hovertemplate and max(second.y) == 1.0  # of arousal no interval is stated


def test_a_moment_is_a_bar_for_each_emotion_the_likeliest_on_top():
    table, outputs = tables(frames=1)
    (bars,) = plots.moment(table, outputs, "face").data
    assert list(bars.y) == ["happy", "neutral"] and list(bars.x) == [0.3, 0.7]
    assert list(bars.marker.color) == [EMOTION_COLOURS[Emotion.HAPPY], EMOTION_COLOURS[Emotion.NEUTRAL]]
    assert len(plots.moment(table, outputs, None).data[0].x) == 0


def test_high_or_low_has_a_row_of_the_probability_of_high():
    table, outputs = tables()
    rows = [(f"speech.{name}", "speech", "own", name, "dimension", False, np.nan) for name in ("dislike", "like")]
    more = pd.DataFrame(rows, columns=outputs.columns)
    figure = draw(table.assign(**{"speech.dislike": 0.25, "speech.like": 0.75}), pd.concat([outputs, more]))
    assert (figure.layout.yaxis3.title.text, figure.layout.yaxis3.range) == ("like", (0, 1))
    (line,) = [trace for trace in figure.data if trace.yaxis == "y3" and trace.mode == "lines" and trace.line.width < 8]
    assert set(line.y) == {0.75} and figure.layout.yaxis4.title.text == "emotion (face)"
