"""Figures of explanations: heat over faces, and the contributions of channels and of moments of the sound."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import MARKS
from .attention import coarse
from .channels import LESS, MORE, grouped_bars
from .clip import ABOVE, timeline
from .style import GAP, GRID, MARGIN, SMALL, ZERO, faint, lay_out, time_axis, title, unit_axis

Spectrogram = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Times (s), frequencies (Hz) and values (F, T)."""
STRIP, CURVES, BELOW = 96, 140, 78
"""Height in pixels of the film strip, of the curves below it, and of the margin below these."""
MOST_BARS = 300
"""Largest number of bars of contributions over time; more would be thinner than a pixel."""

MOST_CELLS = (64, 300)
"""Largest number of rows and columns of heat over a spectrogram, as heat is smooth."""
HEAT = [[0, faint(MARKS["higher"], 0)], [1, faint(MARKS["higher"], 0.8)]]
"""Colours from no heat to the hottest place, over a grey spectrogram."""


def film_strip(
    table: pd.DataFrame,
    outputs: pd.DataFrame,
    gaps: pd.DataFrame,
    source: str,
    output: str,
    strip: pd.DataFrame | None = None,
    pictures: Sequence[np.ndarray] = (),
    share: float = 1.0,
) -> go.Figure:
    """Draw faces with their heat above the emotion curves, over one time axis.

    Args:
        table: table with ``time`` (s) and one column per emotion.
        outputs: descriptions of these columns.
        gaps: spans without a value.
        source: source of these emotions.
        output: emotion that the heat explains.
        strip: table with ``time`` and ``probability`` of each picture; None while they are not known.
        pictures: pictures with heat, uint8 (side, side, 3).
        share: seconds for which a picture stands.
    """
    figure = timeline(table, outputs, gaps, source)
    curves = CURVES / (STRIP + CURVES)
    lay_out(
        figure,
        title=title(f"Where does the network see “{output}”, moment by moment?"),
        yaxis_domain=[0, curves - 0.04],
        yaxis2={"domain": [curves, 1], "range": [0, 1], "visible": False, "fixedrange": True, "anchor": "x"},
        legend2={"y": -0.18},
        height=ABOVE + STRIP + CURVES + BELOW,
    )
    if strip is None:
        figure.add_annotation(
            text="faces with heat follow", x=0.5, xref="paper", y=0.5, yref="y2", showarrow=False, font=SMALL
        )
        return figure
    for time, picture in zip(strip["time"], pictures, strict=True):
        place = {"x": time, "y": 0.5, "sizex": share * 0.97, "sizey": 1, "xanchor": "center", "yanchor": "middle"}
        figure.add_layout_image(source=data_uri(picture), xref="x", yref="y2", sizing="contain", layer="above", **place)
    figure.add_scatter(
        x=strip["time"],
        y=[0.5] * len(strip),
        yaxis="y2",
        mode="markers",
        marker={"size": STRIP * 0.8, "symbol": "square", "opacity": 0.01},
        customdata=strip["probability"],
        showlegend=False,
        name=output,
        hovertemplate=f"{output} %{{customdata:.2f}}<extra></extra>",
    )
    return figure


def face_heat(picture: np.ndarray, heated: np.ndarray, heat: np.ndarray, heading: str) -> go.Figure:
    """Draw a face beside the same face with heat over it.

    Args:
        picture: picture of the face, uint8 (side, side, 3).
        heated: picture of the face with heat.
        heat: heat (side, side) in [0, 1], for hovering.
        heading: title of the figure.
    """
    side = len(heat)
    places = np.arange(0, side, 8) + 4
    figure = go.Figure(
        go.Heatmap(
            x=places / side * 100,
            y=places / side * 100,
            z=heat[np.ix_(places, places)],
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            opacity=0.01,
            showscale=False,
            hovertemplate="heat %{z:.2f}<br>%{x:.0f} % across, %{y:.0f} % down<extra></extra>",
            xaxis="x2",
            yaxis="y2",
        )
    )
    _add_heat_bar(figure)
    for axis, shown in (("", picture), ("2", heated)):
        figure.add_layout_image(
            source=data_uri(shown),
            xref=f"x{axis}",
            yref=f"y{axis}",
            x=0,
            y=0,
            sizex=100,
            sizey=100,
            sizing="stretch",
            layer="below",
        )
    hidden = {"range": [0, 100], "visible": False, "fixedrange": True}
    lay_out(
        figure,
        title=title(heading),
        xaxis=hidden | {"domain": [0, 0.49]},
        xaxis2=hidden | {"domain": [0.51, 1]},
        yaxis=hidden | {"range": [100, 0], "scaleanchor": "x"},
        yaxis2=hidden | {"range": [100, 0], "scaleanchor": "x2", "anchor": "x2"},
        margin={"l": 0, "r": 46, "t": 30, "b": 4},
        plot_bgcolor=faint(MARKS["ink"], 0),
        dragmode=False,
        height=214,
    )
    return figure


def _add_heat_bar(figure: go.Figure) -> None:
    """Draw a colour bar of its own: that of the map is as transparent as the map."""
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        showlegend=False,
        hoverinfo="skip",
        marker={
            "color": [0],
            "cmin": 0,
            "cmax": 1,
            "colorscale": "Cividis",
            "colorbar": {
                "title": {"text": "heat", "font": SMALL},
                "thickness": 8,
                "x": 1.01,
                "tickfont": SMALL,
                "tickvals": [0, 0.5, 1],
                "ticktext": ["none", "", "most"],
            },
        },
    )


def heat_table(heat: np.ndarray, cells: int = 12) -> pd.DataFrame:
    """Average heat (side, side) over ``cells`` x ``cells`` places, and return one row per place."""
    parts = [np.array_split(np.arange(n), cells) for n in heat.shape]
    rows = [
        ((j + 0.5) / cells * 100, (i + 0.5) / cells * 100, float(heat[np.ix_(down, across)].mean()))
        for i, down in enumerate(parts[0])
        for j, across in enumerate(parts[1])
    ]
    return pd.DataFrame(rows, columns=["across (%)", "down (%)", "heat"])


def sound_explained(
    said: pd.DataFrame,
    output: str,
    *,
    dimension: bool,
    spectrogram: Spectrogram | None = None,
    contributions: pd.DataFrame | None = None,
    unit: str = "score",
    heat: Spectrogram | None = None,
    span: tuple[float, float] | None = None,
) -> go.Figure:
    """Draw the sound, the prediction of a model, and the contribution or heat of each moment, over one time axis.

    Args:
        said: prediction with ``time`` (s) and ``value``.
        output: name of the output that is explained.
        dimension: whether the values run from -1 to 1; else they are probabilities.
        spectrogram: spectrogram of the sound; None for a clip without sound.
        contributions: table with ``time`` (middle of a stretch) and ``contribution``; None while they are not known.
        unit: sum to which the contributions add, e.g. the score.
        heat: heat of :class:`emoviz.explain.SoundExplanation`.
        span: seconds that are explained, where these are not all.
    """
    end = float(said["time"].iloc[-1] + said["time"].iloc[0])
    figure = go.Figure()
    _add_spectrogram(figure, spectrogram, heat)
    figure.add_scatter(
        x=said["time"],
        y=said["value"],
        yaxis="y2",
        mode="lines",
        line={"color": MORE, "width": 1.6},
        hovertemplate=f"{output} %{{y:.2f}}<extra></extra>",
        showlegend=False,
    )
    _add_contributions(figure, contributions, "heat" if heat else "added")
    for start, stop in ((0, span[0]), (span[1], end)) if span else ():
        figure.add_shape(
            type="rect", x0=start, x1=stop, y0=0, y1=0.62, yref="paper", fillcolor=GAP, line_width=0, layer="below"
        )
    lay_out(
        figure,
        title=title(f"Which moments of the sound moved “{output}”?"),
        xaxis=time_axis(range=[0, end], gridcolor=GRID, hoverformat=".2f", anchor="y"),
        **_sound_rows(output, "mean heat" if heat else f"added to {unit}", dimension=dimension),
        hovermode="x unified",
        bargap=0.05,
        dragmode=False,
        margin=MARGIN,
        height=400,
    )
    return figure


def _sound_rows(output: str, lowest: str, *, dimension: bool) -> dict[str, dict[str, Any]]:
    """Return the vertical axes of contributions at the bottom, the prediction, and the spectrogram on top."""
    values = unit_axis(output) if dimension else unit_axis(f"{output}, probability") | {"range": [0, 1]}
    plain = {"tickfont": SMALL, "fixedrange": True}
    zero = {"gridcolor": GRID, "zeroline": True, "zerolinecolor": ZERO}
    return {
        "yaxis": {
            **plain,
            **zero,
            "title": {"text": lowest, "standoff": 8, "font": SMALL},
            "domain": [0, 0.28],
        },
        "yaxis2": values | {"domain": [0.34, 0.62], "tickvals": [-1, 0, 1] if dimension else [0, 1]},
        "yaxis3": {
            **plain,
            "title": {"text": "frequency (kHz)", "standoff": 8, "font": SMALL},
            "domain": [0.67, 1],
        },
    }


def _add_spectrogram(figure: go.Figure, spectrogram: Spectrogram | None, heat: Spectrogram | None) -> None:
    """Draw the spectrogram, and over it the heat, in the row at the top."""
    if spectrogram is not None:
        times, frequencies, decibels = spectrogram
        figure.add_heatmap(
            x=times,
            y=frequencies / 1000,
            z=decibels,
            zmin=-80,
            zmax=0,
            yaxis="y3",
            colorscale="Greys_r" if heat else "Cividis",
            showscale=False,  # a bar would take the time axis from that of the figure above
            hovertemplate="%{y:.2f} kHz: %{z:.0f} dB<extra></extra>",
        )
    if heat is not None:
        times, frequencies, hot = heat
        few, rows, columns = coarse(hot, frequencies / 1000, times, MOST_CELLS)
        figure.add_heatmap(
            x=columns,
            y=rows,
            z=few,
            zmin=0,
            zmax=1,
            yaxis="y3",
            showscale=False,
            colorscale=HEAT,
            hovertemplate="%{y:.2f} kHz: heat %{z:.2f}<extra></extra>",
        )


def _add_contributions(figure: go.Figure, contributions: pd.DataFrame | None, verb: str) -> None:
    """Draw the contributions of moments in the row at the bottom, which is there before they are known."""
    if contributions is None:
        figure.add_bar(x=[None], y=[None], showlegend=False, hoverinfo="skip")
        return
    figure.add_bar(
        x=contributions["time"],
        y=contributions["contribution"],
        marker={"color": np.where(contributions["contribution"] < 0, LESS, MORE), "line_width": 0},
        hovertemplate=verb + " %{y:.3g}<extra></extra>",
        showlegend=False,
    )


def contribution_bars(channels: pd.DataFrame, count: int, output: str, unit: str) -> go.Figure:
    """Draw the channels that added most to an output, grouped by modality and stream.

    Args:
        channels: table with ``channel``, ``modality``, ``contribution`` and ``magnitude``, the largest magnitude first.
        count: number of bars.
        output: name of the output to which they added.
        unit: sum to which they add, e.g. the score.
    """
    top = channels.head(count).reset_index(drop=True)
    top = top.assign(stream=top["channel"].str.partition(".")[0])
    figure = grouped_bars(top, "contribution", colours=np.where(top["contribution"] < 0, LESS, MORE))
    figure.add_vline(x=0, line={"color": ZERO, "width": 1})
    lay_out(
        figure,
        title=title(f"What moved “{output}”?"),
        xaxis={
            "title": {"text": f"◂ lower   added to the {unit}   higher ▸", "standoff": 4, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
        },
    )
    return figure


def frequency_heat(bands: pd.DataFrame, output: str) -> go.Figure:
    """Draw the heat of each band of frequencies, low ones below.

    Args:
        bands: table with ``low`` and ``high`` (Hz) and ``heat``.
        output: name of the output that the heat explains.
    """
    figure = go.Figure()
    figure.add_bar(
        x=bands["heat"],
        y=(bands["low"] + bands["high"]) / 2000,
        orientation="h",
        width=(bands["high"] - bands["low"]) / 1000 * 0.9,
        marker={"color": MORE, "line_width": 0},
        customdata=bands[["low", "high"]].to_numpy(),
        hovertemplate="%{customdata[0]:.0f} to %{customdata[1]:.0f} Hz: heat %{x:.3f}<extra></extra>",
    )
    lay_out(
        figure,
        title=title(f"Which frequencies spoke for “{output}”?"),
        xaxis={
            "title": {"text": "mean heat, 0 to 1", "standoff": 4, "font": SMALL},
            "tickfont": SMALL,
            "gridcolor": GRID,
            "rangemode": "tozero",
            "fixedrange": True,
        },
        yaxis={
            "title": {"text": "frequency (kHz)", "standoff": 8, "font": SMALL},
            "tickfont": SMALL,
            "range": [0, float(bands["high"].max()) / 1000],
            "fixedrange": True,
        },
        margin=MARGIN,
        dragmode=False,
        height=320,
    )
    return figure


def in_stretches(times: pd.DataFrame) -> pd.DataFrame:
    """Join moments to at most :data:`MOST_BARS` stretches, with the middle of each as ``time``.

    Args:
        times: table with ``time``, and either ``contribution`` and ``magnitude``, which are summed, or ``heat``, which
            is averaged and comes back as ``contribution``.
    """
    parts = -(-len(times) // MOST_BARS)
    group = np.arange(len(times)) // parts
    if "heat" in times:
        return times.groupby(group).mean().rename(columns={"heat": "contribution"})
    return times.groupby(group).agg({"time": "mean", "contribution": "sum", "magnitude": "sum"})


def data_uri(picture: np.ndarray) -> str:
    """Encode a picture, uint8 (H, W, 3), RGB, as an address that a page can show."""
    import cv2

    _, content = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    return f"data:image/jpeg;base64,{b64encode(content.tobytes()).decode()}"
