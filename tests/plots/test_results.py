"""Figures of results: what is drawn, what a click says, and what is never hidden."""

import pandas as pd
import pytest

from emoviz import plots

KEYS = ["system", "test", "output"]


def rows(*values: tuple) -> pd.DataFrame:
    """One figure per (system, test, value, collapsed)."""
    table = pd.DataFrame(values, columns=["system", "test", "value", "collapsed"])
    source = table.test.str.partition("->")
    return table.assign(
        output="emotion",
        low=table.value - 0.05,
        high=table.value + 0.05,
        training_mean=0.25,
        text=[f".{100 * v:.0f} [.1, .2]" for v in table.value],
        recordings=10,
        speakers=2,
        rests="",
        column=table.test,
        source=source[0],
        target=source[2],
    )


def points(figure) -> list:
    """What can be clicked, as system, test and output."""
    return [tuple(row[:3]) for trace in figure.data if trace.customdata is not None for row in trace.customdata]


def words(figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def test_systems_are_rows_the_best_on_top_above_the_training_mean():
    table = rows(("bad", "mean", 0.3, True), ("good", "mean", 0.6, False))
    figure = plots.standing(table, "UA", ("good", "mean", "emotion"))
    assert list(figure.layout.yaxis.ticktext) == ["training mean", "bad", "good"]
    systems, floor = figure.data
    assert list(systems.y) == [0, 1] and list(systems.x) == [0.3, 0.6]
    assert list(systems.error_x.array) == pytest.approx([0.05, 0.05])
    assert list(systems.marker.symbol) == ["circle-open", "circle"], "a collapsed figure is hollow"
    assert systems.marker.size[1] > systems.marker.size[0], "the chosen one is marked"
    assert (floor.x, floor.y) == ((0.25,), (-1,))
    assert figure.layout.shapes[0].x0 == 0.25, "the training mean is drawn through all rows"
    assert points(figure) == [("bad", "mean", "emotion"), ("good", "mean", "emotion")]
    assert ".30 [.1, .2] collapsed" in words(figure)


def test_each_test_has_its_panel_and_many_panels_short_labels():
    table = rows(*[("cats", f"A->{t}", 0.4, False) for t in "BCD"])
    figure = plots.standing(table, "UA")
    assert words(figure) == ["A->B", "A->C", "A->D", ".40", ".40", ".40"]
    assert len(points(figure)) == 3


def differences(*values: tuple) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=["system", "against", "difference", "shots"])
    return table.assign(
        low=table.difference - 0.02,
        high=table.difference + 0.02,
        text="words",
        base="mean",
        rests="",
        test=["mean" if pd.isna(s) else f"mean {s}-shot" for s in table.shots],
    )


def test_differences_stand_in_blocks_and_those_within_luck_are_grey():
    table = differences(("a", "svm", 0.05, pd.NA), ("b", "svm", -0.05, pd.NA), ("c", "lstm", 0.01, pd.NA))
    figure = plots.paired_differences(table, "UA", "mean")
    assert list(figure.layout.yaxis.ticktext) == ["c", "", "b", "a", ""]
    colours = {trace.x[0]: trace.marker.color for trace in figure.data}
    assert len(set(colours.values())) == 3
    assert colours[0.01] == "#808080"
    low, high = figure.layout.xaxis.range
    assert low < -0.07 and high > 0.07, "no whisker is cut off"
    assert {a.y: a.text for a in figure.layout.annotations} == {
        0: "words",
        1: "<b>minus lstm</b>",
        2: "words",
        3: "words",
        4: "<b>minus svm</b>",
    }


def test_of_an_error_the_smaller_one_is_better():
    table = differences(("a", "svm", 0.05, pd.NA), ("b", "svm", -0.05, pd.NA))
    usual = {t.x[0]: t.marker.color for t in plots.paired_differences(table, "UA", "mean").data}
    error = plots.paired_differences(table, "RMSE", "mean", lower_is_better=True)
    assert {t.x[0]: t.marker.color for t in error.data} == {0.05: usual[-0.05], -0.05: usual[0.05]}
    assert list(error.layout.yaxis.ticktext)[1] == "b"


def test_differences_after_shots_name_them():
    figure = plots.paired_differences(differences(("a", "svm", 0.05, 0), ("a", "svm", 0.01, 5)), "UA", "mean")
    assert list(figure.layout.yaxis.ticktext) == ["a 5-shot", "a 0-shot", ""]


def test_a_matrix_runs_from_row_to_column_and_its_cells_can_be_clicked():
    table = rows(("cats", "A->B", 0.6, False), ("cats", "B->A", 0.3, True), ("cats", "A->North C", 0.5, False))
    figure = plots.results_matrix(table, "UA", "Where?", ("cats", "B->A", "emotion"))
    heat, squares = figure.data
    assert (list(heat.y), list(heat.x)) == (["A", "B"], ["A", "B", "North C"])
    assert heat.z[0][1] == 0.6 and heat.z[1][0] == 0.3 and pd.isna(heat.z[1][1])
    assert squares.marker.opacity > 0 and squares.hoverinfo != "skip"
    assert ("cats", "A->North C", "emotion") in points(figure)
    assert sum("collapsed" in text for text in words(figure)) == 1
    (mark,) = figure.layout.shapes
    assert (mark.x0 + mark.x1, mark.y0 + mark.y1) == (0, 2), "the chosen cell: column A, row B"
    assert list(figure.layout.xaxis.ticktext) == ["A", "B", "North<br>C"]


def test_few_shots_are_lines_with_bands_and_names_that_do_not_cover_each_other():
    table = pd.concat(
        [
            rows((s, f"mean {k}-shot", v + k / 100, False)).assign(shots=k, base="mean")
            for s, v in (("a", 0.50), ("b", 0.501))
            for k in (5, 0)
        ]
    )
    figure = plots.few_shot(table, "UA", "What?", ("a", "mean 5-shot", "emotion"))
    lines = {trace.name: trace for trace in figure.data if trace.customdata is not None}
    assert list(lines) == ["a", "b"]
    assert list(lines["a"].x) == [0, 5] and list(lines["a"].y) == pytest.approx([0.5, 0.55])
    assert lines["a"].line.color != lines["b"].line.color and lines["a"].marker.symbol != lines["b"].marker.symbol
    assert lines["a"].marker.size[1] > lines["a"].marker.size[0]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 2 and max(bands[0].y) == pytest.approx(0.6)
    places = {a.text: a.y for a in figure.layout.annotations}
    assert places["b"] - places["a"] > 0.01
    assert "training mean" in places
    within = plots.few_shot(table, "UA", "What?", same_corpus={"b": 0.7})
    (line,) = [shape for shape in within.layout.shapes if shape.line.dash == "dash"]
    drawn = {trace.name: trace for trace in within.data if trace.customdata is not None}
    assert line.y0 == line.y1 == 0.7 and line.line.color == drawn["b"].line.color
    assert "b, same corpus" in [a.text for a in within.layout.annotations]


def test_whoever_points_at_a_score_of_few_people_is_told():
    table = rows(("cats", "A->B", 0.4, False)).assign(rests="rests on 3 people", shots=5, base="A->B")
    for figure in (
        plots.standing(table, "UA"),
        plots.results_matrix(table, "UA", "?"),
        plots.few_shot(table, "UA", "?"),
    ):
        (trace,) = [t for t in figure.data if t.customdata is not None]
        assert trace.customdata[0][6] == "rests on 3 people" and "%{customdata[6]}" in trace.hovertemplate
    differ = differences(("a", "svm", 0.05, pd.NA)).assign(rests="rests on 3 people")
    assert "rests on 3 people" in plots.paired_differences(differ, "UA", "mean").data[0].hovertext[0]
