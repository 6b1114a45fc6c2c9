"""Figures and the report of a comparison: what is drawn where, and that the report needs nothing from outside."""

import re

import numpy as np
import pandas as pd
import pytest
from contenders import DIMENSIONS, classifier, tracer
from plotly.offline import get_plotlyjs

from emoviz import plots
from emoviz.analysis import calibration, comparison, comparison_errors, disagreement, html_report
from emoviz.core import words
from emoviz.evaluation import bootstrap
from emoviz.plots import style
from emoviz.prediction.cost import Complexity

MODELS = ["a", "b", "c"]


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "DRAWS", 100)


def differences() -> pd.DataFrame:
    rows = [
        ("b", "a", "all", 0.1, 0.05, 0.15, 0.001),
        ("b", "a", "German", -0.2, -0.4, 0.1, 0.3),
        ("c", "a", "all", 0.0, -0.1, 0.1, 1.0),
        ("c", "a", "German", 0.2, 0.1, 0.3, 0.01),
    ]
    table = pd.DataFrame(rows, columns=["model", "against", "culture", "difference", "low", "high", "p"])
    return table.assign(unit="speakers", clusters=3)


def test_the_forest_has_a_line_per_culture_and_model_with_its_interval():
    figure = plots.difference_forest(differences(), MODELS, "UA")
    b, c = figure.data
    assert (b.name, c.name) == ("b", "c") and b.marker.color == style.SERIES_COLOURS[1]
    np.testing.assert_allclose(b.x, [0.1, -0.2])
    np.testing.assert_allclose(b.error_x.array, [0.05, 0.3])
    np.testing.assert_allclose(b.error_x.arrayminus, [0.05, 0.2])
    assert b.y[0] < c.y[0] < 0.5 < b.y[1] and list(figure.layout.yaxis.ticktext) == ["all", "German"]
    assert "+.10 [+.05, +.15]" in [a.text for a in figure.layout.annotations]
    assert figure.layout.xaxis.title.text == "UA: others minus a"
    assert b.customdata[0][3] == "rests on 3 people"
    many = plots.difference_forest(differences().assign(clusters=19), MODELS, "UA")
    assert many.data[0].customdata[0][3] == "interval over 19 people"


def test_confusions_stand_side_by_side_and_share_labels_where_classes_are_the_same():
    table = comparison_errors.confusions(comparison.compare([classifier("a", 6), classifier("b", 30)]))
    figure = plots.confusion_matrices(table, ["a", "b"])
    first, second = figure.select_traces({"type": "heatmap"})
    assert list(first.x) == list(first.y) == ["angry", "happy", "sad"]
    np.testing.assert_allclose(np.sum(second.z, axis=1), 1)
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.yaxis.showticklabels and not figure.layout.yaxis2.showticklabels
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]


def test_levels_stand_in_order_and_those_without_a_label_are_empty():
    table = comparison_errors.level_confusions(comparison.compare([tracer("a", 0.1), tracer("b", 0.4)]))
    figure = plots.level_matrices(table[table.output == DIMENSIONS[0]], ["a", "b"])
    first, second = figure.select_traces({"type": "heatmap"})
    assert list(first.x) == list(first.y) == list(dict.fromkeys(table.truth)) and len(first.y) == 10
    sums = np.nansum(np.array(first.z, float), axis=1)
    assert {*np.round(sums, 6)} == {0.0, 1.0} and np.isnan(np.array(first.z, float)).any()
    assert second.colorbar.title.text == "share of the true level" and not first.showscale
    assert figure.layout.title.text.startswith("How high is valence (derived) predicted")


def test_calibration_is_drawn_with_intervals_beside_the_diagonal():
    bins, errors = calibration.reliability(comparison.compare([classifier("a", 6), classifier("b", 30)]))
    diagonal, first, _ = plots.reliability_diagram(bins, errors, ["a", "b"]).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    np.testing.assert_allclose(first.x, bins[bins.model == "a"].confidence)
    assert re.fullmatch(r"a: error \.\d\d \[\.\d\d, \.\d\d], rests on 4 people", first.name)
    spread = calibration.predicted_and_true(comparison.compare([tracer("a", 0.1), tracer("b", 0.4)]))
    figure = plots.spread_diagram(spread, DIMENSIONS[0], ["a", "b"])
    assert figure.layout.xaxis.range[0] <= -1 and len(figure.data) == 3


def test_errors_by_slice_keep_markers_of_models_apart():
    table = comparison_errors.slice_errors(comparison.compare([classifier("a", 6), classifier("b", 30)]), "culture")
    a, b = plots.error_slices(table, "emotion", ["a", "b"]).data
    assert (np.array(a.x) < np.array(b.x)).all() and a.marker.symbol != b.marker.symbol
    np.testing.assert_allclose(a.y, table[table.model == "a"].error)


@pytest.mark.parametrize("frames", [False, True])
def test_what_is_said_of_a_recording_stands_beside_its_labels(frames: bool):
    both = comparison.compare(
        [tracer("a", 0.1), tracer("b", 0.4)] if frames else [classifier("a", 6), classifier("b", 9)]
    )
    said = disagreement.said_of(both, both["a"].results[0].id)
    figure = plots.said_of_recording(said, ["a", "b"], disagreement.TRUTH)
    assert {trace.name for trace in figure.data} == {"a", "b", disagreement.TRUTH}
    assert len(figure.data) == (6 if frames else 3)


def test_training_curves_mark_the_epoch_that_was_kept():
    table = pd.DataFrame(
        {"model": "a", "epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "validation": [0.1, 0.5, 0.3], "metric": "ua"}
    )
    loss, validation, kept = plots.training_curves(table, MODELS).data
    assert list(loss.y) == [3, 2, 1] and list(validation.y) == [0.1, 0.5, 0.3]
    assert (kept.x[0], kept.y[0]) == (2, 0.5)


def test_curves_of_a_clip_with_their_difference():
    series = pd.DataFrame({"time": np.arange(5) / 50, "a": 0.2, "c": np.linspace(0, 1, 5)})
    agreement = pd.DataFrame({"time": series.time, "c": 0.5})
    figure = plots.clip_comparison(series, agreement, "valence", MODELS)
    apart = next(t for t in figure.data if t.yaxis == "y2")
    np.testing.assert_allclose(apart.y, np.linspace(-0.2, 0.8, 5))
    assert {t.line.color for t in figure.data if t.name == "c"} == {style.SERIES_COLOURS[2]}
    assert figure.layout.xaxis.title.text == "time (s)" and figure.layout.yaxis.range[0] <= -1
    assert plots.clip_comparison(series, agreement, "happy", MODELS).layout.yaxis.range == (0, 1.02)


def test_the_report_holds_every_figure_and_table_and_needs_nothing_from_outside():
    both = comparison.compare([classifier("a", 6), classifier("<b>", 30), tracer("c", 0.1)])
    only = "Only these 3 recordings are looked at: <b>."
    found = html_report.write(both, [Complexity("a", 1234, 0.5, 10, 1.0, 0.9, 1.1, 99)], only)
    assert len(found) < 7_000_000 and found.count(get_plotlyjs()) == 1
    found = found.replace(get_plotlyjs(), "")
    assert found.count("Plotly.newPlot(") >= 7
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", found)
    assert "<b>" not in found.replace("<body>", "")
    assert "a is better than" not in found, "whoever chose these may have looked at the errors"
    assert "a is better than &lt;b&gt;" in html_report.write(both)
    for text in (
        "1234",
        "corpus/0",
        "Error by culture",
        "Calibration of valence (derived)",
        "Only these 3",
        words.CONFOUND[:30],
    ):
        assert text in found
    assert "c does not predict what a predicts. Its scores are of its own held-out recordings." in found
