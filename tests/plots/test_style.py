"""Laying out is what plotly's own update_layout does, only faster."""

import plotly.graph_objects as go
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.plots.style import lay_out, span_of

# An empty part says nothing, but whether it is then there differs.
titles = st.fixed_dictionaries({}, optional={
    "text": st.text("ab<", max_size=3), "font": st.fixed_dictionaries({"size": st.integers(1, 20)}),
    "standoff": st.integers(0, 9),
}).filter(bool)  # fmt: skip
axes = st.fixed_dictionaries({}, optional={
    "title": titles, "range": st.lists(st.floats(-1, 1), min_size=2, max_size=2), "showgrid": st.booleans(),
    "ticktext": st.lists(st.sampled_from("ab"), max_size=2), "tickfont": st.fixed_dictionaries({"size": st.just(11)}),
}).filter(bool)  # fmt: skip
layouts = st.fixed_dictionaries({}, optional={
    "xaxis": axes, "yaxis": axes, "yaxis2": axes, "height": st.integers(10, 900),
    "margin": st.fixed_dictionaries({}, optional={"l": st.integers(0, 9), "t": st.integers(0, 9)}),
    "legend": st.fixed_dictionaries({"x": st.floats(0, 1)}), "dragmode": st.just(False),
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(layouts, min_size=1, max_size=3), layouts)
def test_every_change_equals_plotlys(changes: list[dict], last: dict):
    ours, plotlys = go.Figure(), go.Figure()
    for change in changes:
        lay_out(ours, change)
        plotlys.update_layout(change)
    lay_out(ours, **last)
    plotlys.update_layout(**last)
    assert ours == plotlys


def test_a_flat_curve_does_not_fill_its_axis_and_a_steep_one_fits():
    assert span_of(0.5, [0.3, 0.31], [float("nan"), None]) == [0.305 - 0.25, 0.305 + 0.25]
    low, high = span_of(0.1, [0.0, 2.0])
    assert low < 0.0 and high > 2.0 and high - low < 2.5
    assert span_of(0.5)[0] <= 0.0 and span_of(0.5, [])[1] >= 0.5  # of nothing
