"""Runs: how did trainings go, and how do models differ?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.jobs import runs
from emoviz.jobs.folder import State
from emoviz.jobs.runs import Run
from emoviz.jobs.verdict import in_words
from emoviz.ui import figures, linked, loaders, navigation
from emoviz.ui import runs as listed
from emoviz.ui.insides import fragment

TRAIN, COMPARE = "pages/train.py", "pages/compare.py"
OFTEN = 5.0
"""Seconds between two looks while a run goes on."""
ANY, OWN = "any", "each run's own"
RUNS, SWEEPS = "runs", "sweeps and sets"
UNDER_WAY = (State.QUEUED, State.RUNNING)
ABOUT_CURVES = """
Left the loss on the training part, right the score on the validation part by which the epoch was chosen; the marker is
the best epoch so far. Losses of different kinds, and scores of different metrics or corpora, cannot be compared with
each other. Bundled models have their curves where these were kept.
"""
ABOUT_SWEEPS = """
A row is a system on the same data within a sweep of trainings or a set of models. **mean**, **lowest** and **highest**
are over its runs, e.g. over seeds; they say how much luck there is, and are no interval for new people.
"""
ABOUT_DIFFERENCES = "The settings in which the chosen runs differ; all others are the same."


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Runs", anchor=False)
        st.markdown("How did trainings go, and how do models differ?")
    busy = under_way(listed.all_runs())

    def look() -> None:
        found = listed.all_runs()
        if busy and not under_way(found):
            st.rerun()  # which looks no more
        show(found)

    fragment(look, run_every=OFTEN if busy else None)()


def under_way(found: Sequence[Run]) -> bool:
    """Return whether a run may still change by itself."""
    return any(run.state in UNDER_WAY for run in found)


def show(found: Sequence[Run]) -> None:
    """Show the runs that fit, and what tells the chosen ones apart."""
    if not found:
        st.markdown("There are no trainings or models yet; they will be listed here.")
        if navigation.has(TRAIN):
            st.page_link(TRAIN, label="Train a model")
        return
    said = st.container()
    fitting, score = narrow(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = linked.segments("Rows", [RUNS, SWEEPS], "runs_rows", label_visibility="collapsed")
        going = sum(run.state in UNDER_WAY for run in found)
        st.caption(f"{len(fitting):,} of {len(found):,} runs, {going} under way. Headings sort, marks compare.")
    table = runs.table(fitting, score)
    if rows == SWEEPS:
        show_sweeps(table)
    elif fitting:
        listed.draw_grid(table, height=236)
    chosen = listed.choose(fitting)
    if chosen:
        said.markdown(in_words(chosen, score))
    left, right = st.columns([58, 42], gap="medium")
    with left:
        show_curves(chosen)
    with right:
        show_differences(chosen)
        show_notes(chosen)


def narrow(found: Sequence[Run]) -> tuple[list[Run], runs.Score | None]:
    """Let people choose which runs they see, and by which score."""
    states = [str(state).lower() for state in State if any(run.state is state for run in found)]
    systems = sorted({run.system for run in found} - {""})
    tags = sorted({tag for run in found for tag in run.note.tags})
    sweeps = list(dict.fromkeys(run.sweep for run in found if run.sweep))
    scores = {score.title: score for score in runs.measured(found)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = linked.text("Search", "runs_search", placeholder="Name, data or note", width=170)
        state = linked.select("State", [ANY, *states], "runs_state", width=115)
        system = linked.select("System", [ANY, *systems], "runs_system", width=170)
        sweep = linked.select("Sweep or set", [ANY, *sweeps], "runs_sweep", width=160)
        tag = linked.select("Tag", [ANY, *tags], "runs_tag", width=120) if tags else ANY
        score = linked.select("Score", [OWN, *scores], "runs_score", width=190)

    def one(value: str) -> list[str]:
        return [] if value == ANY else [value]

    fitting = runs.narrowed(found, text, one(state), one(system), one(tag), "" if sweep == ANY else sweep)
    return fitting, scores.get(score)


def show_sweeps(table: pd.DataFrame) -> None:
    """Show a row for each system and data of a sweep."""
    grouped = runs.by_sweep(table)
    if grouped.empty:
        st.markdown("No run that fits belongs to a sweep or a set: the Train page starts sweeps, under its form.")
        return
    figures.show_table(grouped.round(3), grouped, key="sweeps", name="sweeps", about=ABOUT_SWEEPS)


def show_curves(chosen: Sequence[Run]) -> None:
    """Show the curves of the chosen runs over one another."""
    table = runs.curves(chosen)
    if without := [run.name for run in chosen if not run.epochs]:
        st.caption(f"No curves were kept of {', '.join(without)}.")
    if len(table):
        figures.show(
            plots.training_curves(table, [run.name for run in chosen]),
            table,
            key="run-curves",
            name="runs-curves",
            about=ABOUT_CURVES,
        )


def show_differences(chosen: Sequence[Run]) -> None:
    """Show the settings in which the chosen runs differ."""
    if len(chosen) < 2:
        st.caption("Choose two runs or more to see in which settings they differ.")
        return
    table = runs.differences(chosen)
    if table.empty:
        st.caption("The chosen runs have the same settings.")
        return
    figures.show_table(table, table, key="differences", name="runs-differences", about=ABOUT_DIFFERENCES)
    names = [run.name for run in chosen if run.name in loaders.checkpoints()]
    if len(names) > 1 and navigation.has(COMPARE):
        st.page_link(COMPARE, label="Compare on held-out recordings", query_params={"compared": names[:2]})


def show_notes(chosen: Sequence[Run]) -> None:
    """Show the notes on the chosen runs, and let people change them."""
    for run in chosen:
        with st.expander(f"Note on {run.name}" + (f": {', '.join(run.note.tags)}" if run.note.tags else "")):
            listed.ask_note(run)


PLACE = ("Make", 3, "🏃")
navigation.enter()
main()
