"""The groups of channels on which each culture's models rely, as a matrix."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ..core.vocabulary import Weighting
from ..core.words import number
from .matrix import axes_of, heat, scale_of
from .style import lay_out, title


def group_weights(table: pd.DataFrame, *, replicates: str, weighting: Weighting = Weighting.ATTENTION) -> go.Figure:
    """Draw the mean weight of each group of channels in each culture as a heatmap with numbers.

    Args:
        table: rows of one dimension: ``culture``, ``group``, ``weight``, ``spread``, ``channels`` and ``highest``
            (:func:`emoviz.analysis.replicates.by_group`).
        replicates: name of the rows of a culture, e.g. ``seed``.
        weighting: the kind of weights.
    """
    does = "let through" if weighting is Weighting.ATTENTION else "rely on"
    cultures, groups = sorted(table["culture"].unique()), list(dict.fromkeys(table["group"]))
    cells = table.set_index(["culture", "group"])
    values = np.array([[cells.loc[(culture, group), "weight"] for group in groups] for culture in cultures], float)
    hovers = [[_hover(c, g, cells.loc[(c, g)], replicates) for g in groups] for c in cultures]
    texts = [[number(value, missing="–") for value in row] for row in values]
    figure = go.Figure()
    heat(figure, values, texts, hovers, *scale_of(values), cultures, groups)
    axes_of(figure, cultures, groups, "", "", side="bottom")
    lay_out(
        figure,
        title=title(f"Which kinds of channels does each culture's model {does}?"),
        height=110 + 34 * len(cultures),
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
    )
    return figure


def _hover(culture: str, group: str, cell: pd.Series, replicates: str) -> str:
    several = f" ± {number(cell['spread'])} over {replicates}s" if cell["spread"] == cell["spread"] else ""
    channels = f"{cell['channels']} channels, of which most <i>{cell['highest']}</i>" if cell["channels"] > 1 else ""
    return "<br>".join(filter(None, [f"{culture}, {group}: {number(cell['weight'])}{several}", channels]))
