"""Figures of embeddings: who is drawn where, in whose colour, and what stands out."""

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emoviz import plots
from emoviz.core.vocabulary import EMOTION_COLOURS, Emotion
from emoviz.plots import style

AXES = {"one": ("PCA 1", "PCA 2"), "two": ("PCA 1", "PCA 2")}


def table(*, space: bool = False, models: tuple[str, ...] = ("one", "two")) -> pd.DataFrame:
    """Four recordings per model, two emotions, two cultures."""
    rows = pd.DataFrame(
        {
            "id": list("abcd"),
            "x": [0.0, 1, 2, 3],
            "y": [3.0, 2, 1, 0],
            "label": ["sad", "sad", "angry", "angry"],
            "culture": ["German", "Polish", "German", None],
            "emotion": ["sad", "sad", "angry", "angry"],
            "valence (derived)": [-0.63, -0.63, -0.51, np.nan],
        }
    )
    if space:
        rows["z"] = 0.5
    return pd.concat([rows.assign(model=model) for model in models], ignore_index=True)


def ids(trace) -> list[str]:
    return [row[0] for row in trace.customdata]


def test_each_model_has_a_map_with_the_same_colours_and_one_legend():
    figure = plots.embedding_maps(table(), "emotion", AXES)
    assert [(t.name, t.xaxis, ids(t), t.showlegend) for t in figure.data] == [
        ("angry", "x", ["c", "d"], True),
        ("sad", "x", ["a", "b"], True),
        ("angry", "x2", ["c", "d"], False),
        ("sad", "x2", ["a", "b"], False),
    ]
    assert {t.name: t.marker.color for t in figure.data} == {e: EMOTION_COLOURS[Emotion(e)] for e in ("angry", "sad")}
    assert len({t.marker.symbol for t in figure.data}) == 2  # told apart without colour, too
    assert [a.text for a in figure.layout.annotations] == ["one", "two"]
    assert figure.layout.dragmode == "lasso"


def test_cultures_keep_their_colour_and_unknown_ones_are_grey():
    figure = plots.embedding_maps(table(models=("one",)), "culture", {"one": AXES["one"]})
    colours = {t.name: t.marker.color for t in figure.data}
    assert colours == {
        "German": style.culture_colour("German"),
        "Polish": style.culture_colour("Polish"),
        "not known": style.GREY,
    }


def test_dimensions_have_one_scale_from_minus_one_to_one():
    figure = plots.embedding_maps(table(), "valence (derived)", AXES)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-1, 1)
    assert figure.layout.coloraxis.colorbar.title.text == "valence (derived)"
    coloured = [t for t in figure.data if t.name != "not known"]
    assert all(t.marker.coloraxis == "coloraxis" and ids(t) == ["a", "b", "c"] for t in coloured)


def test_chosen_recordings_stand_out_in_every_map():
    figure = plots.embedding_maps(table(), "emotion", AXES, selected=("b", "c"))
    assert [t.selectedpoints for t in figure.data] == [(0,), (1,), (0,), (1,)]
    assert all(t.unselected.marker.opacity < 0.3 for t in figure.data)
    assert all(t.selectedpoints is None for t in plots.embedding_maps(table(), "emotion", AXES).data)


def hover(trace, point: int) -> str:
    """As a browser says it."""
    return re.sub(r"%{customdata\[(\d+)\]}", lambda found: trace.customdata[point][int(found[1])], trace.hovertemplate)


def test_the_hover_says_what_is_known():
    (angry, _) = plots.embedding_maps(table(models=("one",)), "emotion", {"one": AXES["one"]}).data
    assert hover(angry, 0) == "<b>c</b><br>angry, German<br>valence (derived): -0.51<extra></extra>"
    assert hover(angry, 1) == "<b>d</b><br>angry, not known<br>valence (derived): not known<extra></extra>"


def test_maps_share_their_zoom_where_that_means_something():
    layout = plots.embedding_maps(table(), "emotion", AXES, shared=True).layout
    assert (layout.xaxis2.matches, layout.yaxis2.matches) == ("x", "y")
    assert plots.embedding_maps(table(), "emotion", AXES).layout.xaxis2.matches is None
    assert layout.yaxis.scaleanchor == "x"


def test_a_new_clip_is_a_path_and_a_star():
    clips = pd.DataFrame({"model": "two", "time": [0.5, 1.5, np.nan], "x": [0.0, 1, 0.5], "y": [0.0, 1, 0.5]})
    path, whole = plots.embedding_maps(table(), "emotion", AXES, clips=clips).data[-2:]
    assert (path.xaxis, list(path.x), path.mode) == ("x2", [0, 1], "lines+markers")
    assert path.hovertext == ("the new clip at 0.5 s", "the new clip at 1.5 s")
    assert (list(whole.x), whole.marker.symbol, whole.name) == ([0.5], "star", "the new clip")
    assert path.customdata is None and whole.customdata is None  # no recording: a lasso passes over them


def test_three_dimensions_and_many_points_have_their_own_kinds_of_trace():
    space = plots.embedding_maps(table(space=True), "emotion", {m: ("1", "2", "3") for m in AXES}, selected=("a",))
    assert all(isinstance(trace, go.Scatter3d) for trace in space.data)
    sizes = {i: s for t in space.data[:2] for i, s in zip(ids(t), t.marker.size, strict=True)}
    assert sizes["a"] > sizes["b"] == sizes["c"]
    many = pd.concat([table(models=("one",))] * 3000, ignore_index=True)
    figure = plots.embedding_maps(many, "emotion", {"one": AXES["one"]})
    assert all(isinstance(trace, go.Scattergl) for trace in figure.data)


def test_speakers_without_a_legend_differ_in_colour_or_symbol():
    points = pd.DataFrame(
        {
            "model": "one",
            "id": [f"r{i}" for i in range(30)],
            "x": 0.0,
            "y": 0.0,
            "label": "sad",
            "speaker": [f"emodb/{i:02d}" for i in range(30)],
        }
    )
    figure = plots.embedding_maps(points, "speaker", {"one": AXES["one"]})
    assert len({(t.marker.color, t.marker.symbol) for t in figure.data}) == 30
    assert not any(t.showlegend for t in figure.data)


def test_silhouettes_have_whiskers_and_a_marker_for_embedding_and_map():
    rows = [
        ("one", "emotion", "embedding", 0.3, 0.2, 0.5, -0.1),
        ("one", "emotion", "map", 0.4, 0.1, 0.5, 0.0),
        ("one", "culture", "embedding", 0.1, 0.0, 0.2, -0.1),
        ("one", "culture", "map", 0.2, 0.1, 0.3, 0.0),
    ]
    columns = ["model", "column", "space", "value", "low", "high", "chance"]
    figure = plots.separation(pd.DataFrame(rows, columns=columns))
    embedding, on_map = figure.data
    assert list(embedding.y) == ["by emotion", "by culture"] and list(embedding.x) == [0.3, 0.1]
    np.testing.assert_allclose(embedding.error_x.array, [0.2, 0.1])
    np.testing.assert_allclose(embedding.error_x.arrayminus, [0.1, 0.1])
    assert (embedding.name, on_map.name) == ("embedding", "map")
    assert on_map.marker.symbol == f"{embedding.marker.symbol}-open"
    assert "silhouette" in figure.layout.xaxis.title.text
    assert figure.layout.title.text == "Kept apart by emotion; not shown by culture"  # whose interval reaches zero
    assert list(embedding.marker.opacity) == [1.0, 0.4]
    low, high = figure.layout.xaxis.range
    assert low < 0 and high > 0.5
