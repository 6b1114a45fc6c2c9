"""Figures of cultures: what stands in which cell, what is marked, and what a click selects."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from emoviz import plots
from emoviz.plots import cultures, matrix
from emoviz.plots.style import culture_colour

ORDER = ["German", "Italian", "Korean"]


def cells(values: dict[tuple[str, str], float], alike: tuple = ()) -> pd.DataFrame:
    rows = [
        (a, b, values.get((a, b), values.get((b, a), np.nan)), 0.1, 0.3, 0.7, 6, {a, b} in [set(p) for p in alike])
        for a in ORDER
        for b in ORDER
    ]
    columns = ["culture", "other", "similarity", "low", "high", "matched", "pairs", "alike"]
    return pd.DataFrame(rows, columns=columns)


VALUES = {("German", "German"): 0.9, ("Italian", "Italian"): 0.8, ("German", "Italian"): 0.5, ("German", "Korean"): 0.2,
          ("Italian", "Korean"): 0.1}  # fmt: skip


def drawn(figure) -> list[go.Scatter]:
    """Lines, points and texts, without the heatmaps beneath them."""
    return [trace for trace in figure.data if isinstance(trace, go.Scatter)]


def texts(figure) -> dict[tuple, str]:
    """(x, y) -> what is written there, of all traces that write."""
    return {
        (x, y): text
        for trace in drawn(figure)
        if trace.mode == "text"
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True)
    }


def targets(figure):
    """The invisible points that are clicked."""
    return [trace for trace in drawn(figure) if trace.marker.symbol == "square"]


def said(points) -> list[str]:
    """What each of these points says to those who point at it."""
    return [hover.removesuffix("<extra></extra>") for hover in points.hovertemplate]


def draw(table: pd.DataFrame, **options):
    return plots.similarity_matrix(table, ORDER, measure="cosine", replicates="seed", **options)


def test_numbers_stand_in_their_cells_and_gaps_stay_empty():
    found = texts(draw(cells(VALUES)))
    assert found[0, 0] == ".90" and found[1, 0] == found[0, 1] == ".50" and found[2, 1] == ".10"
    assert (2, 2) not in found  # the reliability of Korean is unknown


def test_a_click_gives_the_two_cultures_and_a_hover_the_interval():
    (points,) = targets(draw(cells(VALUES)))
    assert [list(pair) for pair in points.customdata][1] == ["German", "Italian"]
    assert (points.x[1], points.y[1]) == (1, 0)
    assert ".50 [.10, .30]" in said(points)[1] and "same seed: .70" in said(points)[1]
    assert points.marker.opacity > 0  # a point of no opacity is not clicked
    assert points.unselected.marker.opacity == points.marker.opacity


@pytest.mark.parametrize(
    ("beyond", "alike", "needed", "words"),
    [
        (True, False, np.nan, "below it by this interval, and once corrected for all pairs"),
        (True, True, np.nan, "below it by this interval, but not shown once corrected for all pairs"),
        (False, False, 12.0, "not below it by this interval, but told apart by the test"),
        (False, True, 12.0, "about 12 seeds each would tell them apart"),
        (False, True, np.nan, "no more than reliability allows"),
    ],
)
def test_a_hover_gives_one_verdict_on_what_a_pair_is_of_its_ceiling(beyond, alike, needed, words):
    pairs = cells(VALUES, alike=(("German", "Italian"),) if alike else ()).assign(
        ceiling=0.8, disattenuated=0.64, disattenuated_low=0.5, disattenuated_high=0.75
    )
    (points,) = targets(draw(pairs.assign(beyond=beyond, needed=needed)))
    assert ".64 [.50, .75] of the ceiling .80" in said(points)[1]
    assert said(points)[1].endswith(f":<br>{words}") and "ceiling" not in said(points)[0]


def test_only_pairs_that_are_not_told_apart_are_hatched():
    table = cells(VALUES, alike=(("German", "Korean"),))
    x, y = hatched(draw(table))
    assert {(round(a), round(b)) for a, b in zip(x, y, strict=True)} == {(2, 0), (0, 2)}
    assert not hatched(draw(cells(VALUES)))[0].size


def test_a_column_that_is_no_culture_stands_apart_and_may_have_gaps():
    telephone = pd.DataFrame([["German", "by telephone", 0.7, 0.6, 0.8, 0.7, 20, True]], columns=list(cells(VALUES)))
    figure = draw(pd.concat([cells(VALUES), telephone]), beside=("by telephone",), chosen=("German", "by telephone"))
    assert list(figure.layout.xaxis.ticktext)[-1] == "by<br>telephone" and len(figure.layout.yaxis.ticktext) == 3
    assert texts(figure)[3, 0] == ".70" and (3, 1) not in texts(figure) and figure.layout.shapes[0].x0 == 2.5
    (points,) = targets(figure)
    assert list(points.customdata[3]) == ["German", "by telephone"] and "20 pairs" in said(points)[3]
    assert said(points)[7] == "Italian and by telephone: not known"
    assert {(round(a), round(b)) for a, b in zip(*hatched(figure), strict=True)} == {(3, 0)}


def hatched(figure) -> tuple[np.ndarray, np.ndarray]:
    lines = [trace for trace in figure.data if trace.name == "hatched"]
    x, y = (np.concatenate([np.array(getattr(t, axis), float) for t in lines]) for axis in "xy")
    return x[~np.isnan(x)], y[~np.isnan(y)]


def test_the_chosen_cell_has_an_outline():
    figure = draw(cells(VALUES), chosen=("German", "Korean"))
    frame = next(t for t in drawn(figure) if t.name == "outline" and t.line.color == cultures.CHOSEN)
    assert (np.nanmean(frame.x[:4]), np.nanmean(frame.y[:4])) == pytest.approx((2, 0))
    assert not [t for t in drawn(draw(cells(VALUES), chosen=("German", "Nobody"))) if t.line.color == cultures.CHOSEN]


def test_the_scale_of_similarities_is_always_the_same():
    for values in (VALUES, VALUES | {("Italian", "Korean"): -0.2}):
        heat = draw(cells(values)).data[0]
        assert (heat.zmin, heat.zmax) == (-1, 1)
        assert [colour for _, colour in heat.colorscale] == [colour for _, colour in matrix.DIVERGING]


def test_a_pair_that_is_not_shown_to_differ_is_titled_so():
    options = {"cultures": ["German", "Korean"], "replicates": "seed"}
    for alike, said in ((True, "differences that may be chance"), (False, "differ most?")):
        figure = plots.pair_weights(points(), ["a.y", "a.x_sma3nz"], alike=alike, **options)
        assert figure.layout.title.text.endswith(said)


def test_the_dendrogram_stands_over_its_leaves():
    branches = pd.DataFrame({"branch": [0, 0, 0, 0], "position": [0, 0, 1, 1], "height": [0, 0.4, 0.4, 0]})
    figure = draw(cells(VALUES), branches=branches)
    tree = next(t for t in figure.data if t.name == "dendrogram")
    assert list(tree.x[:4]) == [0, 0, 1, 1] and tree.yaxis == "y2"
    low, high = figure.layout.yaxis2.range
    assert 0 < low < 0.4 < high


def test_numbers_can_be_read_on_every_colour():
    for scale in ("Cividis", matrix.DIVERGING):
        assert {matrix._ink(v, scale, 0, 1) for v in (0.0, 0.5, 1.0)} <= {"black", "white"}
    assert matrix._ink(0, "Cividis", 0, 1) == "white" and matrix._ink(1, "Cividis", 0, 1) == "black"


def points() -> pd.DataFrame:
    rows = [
        (culture, str(seed), channel, base + 0.1 * seed)
        for culture, base in (("German", 0.2), ("Korean", 0.6))
        for seed in (0, 1)
        for channel in ("a.x_sma3nz", "a.y")
    ]
    return pd.DataFrame(rows, columns=["culture", "replicate", "channel", "weight"])


def test_a_pair_shows_means_over_seeds_and_each_seed():
    figure = plots.pair_weights(points(), ["a.y", "a.x_sma3nz"], ["German", "Korean"], replicates="seed")
    means = {t.name: t for t in figure.data if t.name}
    assert list(means["German"].x) == pytest.approx([0.25, 0.25]) and list(means["Korean"].x) == pytest.approx(
        [0.65, 0.65]
    )
    assert means["Korean"].marker.color == culture_colour("Korean")
    assert means["German"].marker.symbol != means["Korean"].marker.symbol
    seeds = [t for t in figure.data if t.mode == "markers" and not t.name]
    assert [len(t.x) for t in seeds] == [4, 4]
    assert list(figure.layout.yaxis.ticktext) == ["a.y", "a.x"]
    assert list(figure.layout.yaxis.tickvals) == [0, -1]
    assert "a.x_sma3nz" in str(means["German"].customdata)  # the full name on hover


def test_one_culture_alone_shows_its_seeds():
    figure = plots.pair_weights(points(), ["a.y"], ["German"], replicates="seed")
    assert {t.name for t in figure.data} == {None, "German"}
    assert "German" in figure.layout.title.text and "every seed" in figure.layout.title.text


def test_top_channels_show_ranks_and_count_cultures():
    top = pd.DataFrame(
        [
            ("valence", "German", 1, "a.x", 0.9, 1.0),
            ("valence", "German", 2, "a.y", 0.8, 0.5),
            ("valence", "Korean", 1, "a.y", 0.7, 1.0),
            ("arousal", "Korean", 1, "a.y", 0.7, 1.0),
        ],
        columns=["dimension", "culture", "rank", "channel", "weight", "agreement"],
    )
    frequencies = pd.DataFrame(
        [("arousal", "a.y", 1), ("valence", "a.y", 2), ("valence", "a.x", 1)],
        columns=["dimension", "channel", "frequency"],
    )
    figure = plots.top_channels(top, frequencies, replicates="seed")
    assert list(figure.layout.yaxis.ticktext) == ["a.y", "a.x"]  # the most frequent over tasks first
    second = {
        (t.xaxis, x, y): text
        for t in drawn(figure)
        if t.mode == "text"
        for x, y, text in zip(t.x, t.y, t.text, strict=True)
    }
    assert second["x2", 0, 1] == "1" and second["x2", 0, 0] == "2"  # German
    assert second["x2", 2, 0] == "2 of 2" and second["x", 1, 1] == "0 of 1"
    assert [a.text for a in figure.layout.annotations] == ["<b>arousal</b>", "<b>valence</b>"]
    hovers = [text for trace in targets(figure) for text in said(trace)]
    assert any("rank 2, mean weight 0.800<br>among the 2 highest of 50% of its seeds" in text for text in hovers)


TRANSFER = pd.DataFrame(
    [("German", "Korean", 0.21, 0.1, 0.3, 0.0, 30, 4, True), ("Korean", "German", 0.5, 0.4, 0.6, 0.0, 15, 2, False)],
    columns=["source", "target", "value", "low", "high", "training_mean", "recordings", "speakers", "collapsed"],
)


def test_transfer_shows_value_interval_and_collapse():
    figure = plots.transfer_matrix(TRANSFER, metric="CCC")
    found = texts(figure)
    assert ".21" in found[1, 0] and "[.10, .30]" in found[1, 0] and (0, 0) not in found
    x, y = hatched(figure)
    assert {(round(a), round(b)) for a, b in zip(x, y, strict=True)} == {(1, 0)}
    (points,) = targets(figure)
    assert "German → German: not tested" in said(points) and "collapsed" in said(points)[1]
    assert "30 recordings, 4 speakers" in said(points)[1]


def test_scores_have_intervals_training_mean_and_open_points_for_collapsed_models():
    scores = pd.DataFrame(
        [
            ("g0", "German", "valence", 0.5, 0.4, 0.7, 0.1, 10, 2, "speakers", 2, False),
            ("g1", "German", "valence", 0.2, 0.1, 0.3, 0.1, 10, 2, None, np.nan, True),
            ("k0", "Korean", "arousal", 0.3, 0.2, 0.4, 0.0, 9, 3, "speakers", 5, False),
        ],
        columns=[
            "model",
            "culture",
            "dimension",
            "value",
            "low",
            "high",
            "training_mean",
            "recordings",
            "speakers",
            "unit",
            "clusters",
            "collapsed",
        ],
    )
    figure = plots.scores_by_culture(scores, metric="CCC")
    german = figure.data[0]
    assert list(german.marker.symbol) == ["circle", "circle-open"]
    assert ["rests on 2 people" in text for text in german.hovertext] == [True, False]
    assert list(german.error_x.array) == pytest.approx([0.2, 0.1]) and list(german.error_x.arrayminus) == pytest.approx(
        [0.1, 0.1]
    )
    assert german.y[0] > german.y[1]  # seeds beneath each other
    assert list(figure.data[1].x) == [0.1, 0.1] and figure.data[1].name == "training mean"
    assert figure.layout.xaxis2.title.text == "CCC, arousal"
    assert list(figure.layout.yaxis.ticktext) == ["Korean", "German"]
