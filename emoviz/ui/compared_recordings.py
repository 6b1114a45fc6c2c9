"""Single recordings of compared models: those of a cell or slice, those that they disagree about, and one in depth."""

from functools import partial
from pathlib import Path

import streamlit as st

from .. import plots
from ..analysis import comparison_errors, disagreement
from ..analysis.disagreement import TRUTH
from . import figures, linked, loaders, recordings, selected
from .compared import Compared

MOST_LISTED = 50
"""Recordings in the list of disagreements."""
ABOUT_RECORDING = """
The predictions of each model for this one recording, over its label. They were made when the model was trained, on
recordings of speakers that it had not heard.
"""


def show_disagreement(both: Compared, folders: dict[str, Path]) -> None:
    """Show the recordings on which the models disagree most, and one of them in depth."""
    table = both.disagreements
    if table.empty:
        st.markdown("Models that share no held-out recording cannot disagree about one. One clip can: choose it above.")
        return
    left, right = st.columns([6, 6], gap="medium")
    paired = both.comparison.paired
    orders = {"most different": "distance"} | {f"worst of {name}": disagreement.error_of(name) for name in paired}
    with left:
        order = linked.select("First", list(orders), "order", width=260)
        column = orders[order]
        listed = table.sort_values(column, ascending=False, kind="stable").head(MOST_LISTED)
        st.markdown(f"Of {len(table)} shared recordings, the {len(listed)} {order}. Tick those to select.")
        st.dataframe(
            listed,
            hide_index=True,
            height=290,
            on_select=partial(select_rows, listed.id.tolist(), both.words(order)),
            selection_mode="multi-row",
            key="disagreements",
            column_order=["label", *paired, column, "culture", "speaker", "id"],
            column_config={column: st.column_config.NumberColumn(format="%.2f")},
        )
        here = set(table.id)
        identity = next((i for i in selected.recordings() if i in here), listed.id.iloc[0])
    with right:
        said = disagreement.said_of(both.comparison, identity)
        about = table[table.id == identity].iloc[0]
        who = ", ".join(str(v) for v in (about.culture, about.speaker, about.label) if v)
        st.markdown(f"`{identity}`: {who}")
        figures.show(
            figures.kept(("said", both.of, identity), lambda: plots.said_of_recording(said, paired, TRUTH)),
            said,
            key="said",
            name=identity.replace("/", "-"),
            about=ABOUT_RECORDING,
        )
        descriptions = [loaders.description(folder) for folder in folders.values()]
        corpora = dict.fromkeys(c for d in descriptions if d for c in d.training.get("corpora", ()))
        recordings.play(identity, tuple(corpora))


def select_rows(ids: list[str], words: str) -> None:
    """Select the recordings whose rows were ticked."""
    selected.choose([ids[row] for row in st.session_state["disagreements"]["selection"]["rows"]], words)


def select_cell(both: Compared, points: list[figures.Point]) -> None:
    """Select the recordings of the cell of a confusion matrix that was clicked."""
    if points:
        model, truth, prediction = points[0]
        ids = comparison_errors.taken_for(both.comparison[model], truth, prediction)
        verb = "recognised" if truth == prediction else f"taken for {prediction}"
        selected.choose(ids, both.words(f"{truth} {verb} by {model}"))


def select_slice(both: Compared, column: str, points: list[figures.Point]) -> None:
    """Select the recordings of the slice whose error was clicked."""
    if points:
        name, model = str(points[0][0]), str(points[0][-1])
        ids = comparison_errors.of_slice(both.comparison[model], column, name)
        selected.choose(ids, both.words(name))
