"""Runs as the Runs page shows them: which are here, the grid in which they are chosen, and the form of a note."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ..core.errors import EmovizError
from ..core.roles import Action
from ..jobs.notes import note_of, write_note
from ..jobs.runs import Model, Run, runs_of
from . import job_cards, linked, loaders, visitors

CHOSEN = "runs"
"""Name of the query parameter with the chosen runs."""
MOST = 8
"""Runs that are compared at once: as many colours are told apart."""
ROW = 28
"""Pixels of a row of a grid."""
GRID = "runs-grid"


def all_runs() -> list[Run]:
    """Return the runs that are here now: jobs that train, the newest first, and then trained models."""
    models = {}
    for name, folder in loaders.every_checkpoint().items():
        if (description := loaders.description(folder)) is not None:
            models[name] = Model(description, loaders.metrics(folder))
    return runs_of(job_cards.jobs(), models, loaders.settings().checkpoints[-1])


def draw_grid(table: pd.DataFrame, height: int) -> None:
    """Draw a table of runs that sorts by a click on a heading; the rows that are marked become the chosen runs.

    Args:
        table: table as :func:`emoviz.jobs.runs.table` makes it.
        height: largest height in pixels.
    """
    number, column = st.column_config.NumberColumn, st.column_config.Column
    filled = [name for name in table if name not in ("left", "tags", "sweep", "minutes") or table[name].any()]

    def choose() -> None:
        rows = st.session_state[GRID]["selection"]["rows"]
        linked.choose_first(CHOSEN, [str(table["name"].iloc[row]) for row in rows if row < len(table)][:MOST])

    st.dataframe(
        table,
        hide_index=True,
        row_height=ROW,
        height=min(height, ROW * len(table) + 40),
        key=GRID,
        on_select=choose,
        selection_mode="multi-row",
        column_order=filled,
        column_config={
            "name": column(width=190),
            "data": column(width=150),
            "score": column("held-out score", help="By the metric that selected the run's epoch, or the chosen one."),
            "value": number(format="%.3f", help="Over all cultures; empty if nothing was tested."),
            "interval": column("95 % interval", help="By a bootstrap over people, where they are known."),
            "validation": number(
                format="%.3f",
                help="The score of the best epoch on the validation part. It selected that epoch, so it is optimistic.",
            ),
            "minutes": number(format="%.1f", help="Of the last attempt; unknown for models whose job is gone."),
            "left": column(help="Until the present stage of a running job ends."),
        },
    )


def choose(found: Sequence[Run]) -> list[Run]:
    """Let people choose runs to compare, at first the newest that have curves."""
    known = {run.name: run for run in found}
    start = [run.name for run in found if run.epochs][:3]
    chosen = linked.several(
        "Compared",
        list(known),
        CHOSEN,
        start,
        max_selections=MOST,
        placeholder="Runs to compare, or mark rows above",
    )
    return [known[name] for name in chosen]


def ask_note(run: Run) -> None:
    """Draw the form of a run's note and tags; what is refused is said beneath it."""
    with st.form(f"note-{run.name}", border=False):
        tags: Any = st.text_input("Tags", ", ".join(run.note.tags), placeholder="paper, baseline")
        text: Any = st.text_area("Note", run.note.text, height=110)
        saved = st.form_submit_button("Save")
    if saved:
        try:
            annotate(run, text, tags)
        except EmovizError as error:
            st.error(str(error))
            return
        st.rerun()


def annotate(run: Run, text: str, tags: str) -> None:
    """Write a note on a run, where this visitor may.

    Raises:
        RoleError: if the visitor's role does not allow it.
        ConfigError: if the note or a tag is too long, or there are too many tags.
        JobError: if the disk is full or the folder is not writable.
    """
    visitors.require(Action.WRITE_NOTES)
    write_note(run.place, note_of(text, tags))
