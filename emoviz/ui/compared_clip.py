"""Compared models on one clip: their curves over each other, and how far they agree."""

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from .. import plots
from ..analysis import clip_agreement
from ..analysis.comparison import LEAST
from ..core import words
from ..core.errors import EmovizError
from . import clip_view, figures, linked, loaders, messages, selection
from .clip_analysis import Analysis, State

ABOUT_CLIP = f"""
Upper row: what each model predicts every 20 ms. Middle: how far the others lie above the first. Lower: how far each
agrees with the first (CCC) within the {clip_agreement.AGREEMENT_WINDOW:.0f} s around each moment; 1 is the same curve.
Agreement says nothing of who is right. Click to move the clip there.
"""


def show_clip(found: dict[str, Path], names: list[str]) -> None:
    """Show the models on one clip, analysed in the background as on the Predict page."""
    clip = selection.choose_clip()
    if clip is None:
        messages.empty("Upload or record a clip above: what each model says of it appears here, curve over curve.")
        return
    checkpoints = messages.usable(loaders.load_checkpoint, (found[name] for name in names))
    if len(checkpoints) < LEAST:
        return
    try:
        analysis = clip_view.analyse(clip.path, checkpoints)
    except EmovizError as error:
        messages.wrong(str(error))
        return
    clip_view.follow(analysis, partial(show_state, clip, names, analysis))


def show_state(clip: selection.Clip, names: list[str], analysis: Analysis, state: State) -> None:
    """Draw one look at the analysis: its progress, and the models' curves."""
    left, right = st.columns([38, 62], gap="medium")
    with left:
        clip_view.show_player(analysis, state, figures=["curves"])
    if state.running or state.prediction is None:
        right.caption("The curves appear here as soon as all models are ready.")
        return
    table, outputs = state.prediction.table, state.prediction.outputs
    with right:
        show_curves(clip, table, outputs, names)
    with left:
        show_agreement(table, outputs, names)
        st.caption(" ".join(state.prediction.notes))


def show_curves(clip: selection.Clip, table: pd.DataFrame, outputs: pd.DataFrame, names: list[str]) -> None:
    """Show curves, difference and running agreement of one output."""
    shared = clip_agreement.clip_outputs(outputs, names)
    if not shared:
        st.markdown(
            "These models predict nothing in common of a clip, so there are no curves to lay over each other. "
            "Models with the same dimensions or emotions have some."
        )
        return
    output = linked.select("Output", list(shared), "output", width=220, label_visibility="collapsed")
    models = shared[output]
    series = clip_agreement.clip_series(table, outputs, output, models)
    agreement = pd.DataFrame({"time": series.time})
    for other in models[1:]:
        agreement[other] = clip_agreement.running_agreement(series, models[0], other).ccc
    figures.show(
        plots.clip_comparison(series, agreement, output, names),
        series,
        key="curves",
        name=f"{clip.stem}-{output}",
        about=ABOUT_CLIP,
    )


def show_agreement(table: pd.DataFrame, outputs: pd.DataFrame, names: list[str]) -> None:
    """Show how far each two models agree on the whole clip."""
    found = clip_agreement.clip_agreement(table, outputs, names)
    for row in found.itertuples():
        what = (
            f"most probable of the emotions that both know ({row.measure})" if row.output == "emotion" else row.output
        )
        what = what if row.output == "emotion" else f"{what} ({row.measure})"
        value = words.interval(row.value, row.low, row.high)
        st.markdown(f"{row.first} and {row.second}, {what}: **{value}**")
    if len(found):
        st.caption(
            "1: they say the same; 0: no more alike than chance. In brackets 95 % bootstrap intervals over seconds of "
            "this clip. Agreement says nothing of who is right."
        )
