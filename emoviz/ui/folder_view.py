"""All recordings of a folder of this machine, predicted by a job."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from ..core.configuration import from_dict
from ..core.errors import EmovizError
from ..core.roles import Action
from ..jobs.folder import Job, State
from ..jobs.kinds.prediction import Prediction
from ..jobs.slurm import Slurm
from ..prediction.bulk.listing import find, folders_in
from ..prediction.bulk.tables import PERSONS, PROBLEMS, SEGMENTS
from ..prediction.persons.found import MOST as MOST_VOICES
from ..prediction.profiles import CORPUS, OWN, PROFILE
from . import figures, job_cards, job_places, server_folders, visitors
from .persons_view import FOUND
from .segment_view import LONGEST
from .server_folders import MOST_FOLDERS

MOST_JOBS = 5
FRAMES, WINDOWS, SPEECH, TURNS = "each frame", "windows of one length", "where somebody speaks", "each person's turn"
TABLES = "emoviz-tables"
"""Name of the folder of the tables, inside that of the recordings, unless another is chosen."""

ABOUT_SETTING = """
All recordings of a folder of this machine are predicted without an upload once the setting `EMOVIZ_FOLDERS` names the
folders that may be read here. From a terminal every folder can be: `python -m emoviz predict FOLDER --out TABLES`.
"""
ABOUT_FOLDER = (
    "Its recordings at any depth are predicted by the models of the side bar; links out of it are not followed."
)
ABOUT_PATTERN = (
    "Patterns, separated by spaces; a name must fit one of them, such as *.mp4 or session1/*; none fits all."
)
ABOUT_TABLES = """
A table for each recording, one of all segments and one of all problems. What is done there in the same way already is
left as it is, so that a job on a folder to which recordings were added predicts these alone.
"""
ABOUT_SHARES = "Jobs that share the recordings, each on a node of its own."
ABOUT_PROBLEMS = "The recordings that could not be predicted, each with the reason. All others have a table."


def show(models: Sequence[str], people: str | None) -> None:
    """Let people choose a folder and start a job, and show the jobs that predict.

    Args:
        models: names of the models to apply.
        people: text that names people to whom the models are fitted, or None.
    """
    roots = server_folders.roots()
    part = st.expander("Predict all recordings of a folder", key="many", on_change="rerun", bind="query-params")
    with part:
        if not roots:
            st.markdown(visitors.refusal(Action.READ_FOLDERS) or ABOUT_SETTING)
        elif part.open:  # no folder is searched before somebody asks for it
            left, right = st.columns([53, 47], gap="medium")
            with left:
                _choose(models, people, roots)
            with right:
                job_cards.poll(_watch, lambda job: job.kind == "predict")


def _choose(models: Sequence[str], people: str | None, roots: Sequence[Path]) -> None:
    """Let people choose what is predicted and where, and start it."""
    folder = st.selectbox("Folder", folders_in(roots, MOST_FOLDERS), key="folder", help=ABOUT_FOLDER)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        patterns = st.text_input("Only files that fit", key="patterns", placeholder="*.mp4", help=ABOUT_PATTERN)
        rows = _choose_rows()
    out = st.text_input("Folder of the tables", os.path.join(folder, TABLES), key=f"tables-{folder}", help=ABOUT_TABLES)
    where = job_places.choose_where("folder-device")
    shares = st.number_input("Jobs", 1, value=1, key="shares", help=ABOUT_SHARES) if isinstance(where, Slurm) else 1
    if people and not people.startswith((CORPUS, PROFILE)) and people != OWN:
        people = None
        st.caption("The models stay as they were trained: people who are named by one recording are not those of all.")
    inside = tuple(map(str, roots))
    try:
        found = find([folder], patterns.split(), roots)
        refused = f", and {len(found.problems):,} links or folders that are not read" if found.problems else ""
        st.markdown(f"{len(found.recordings):,} recordings{refused}.")
        if st.button("Predict all", type="primary", disabled=not models, key="predict-all"):
            for share in range(1, shares + 1):
                work = Prediction(
                    (str(folder),), out, tuple(models), calibrate=people or "", patterns=tuple(patterns.split()),
                    inside=inside, share=share, shares=shares, **rows,
                )  # fmt: skip
                job_cards.jobs().submit(work, where)
            st.rerun()
    except EmovizError as error:
        st.error(str(error))


def _choose_rows() -> dict[str, Any]:
    """Let people choose what a table has a row for, and return the attributes of the job that say so."""
    kind = st.selectbox("A row for", [FRAMES, WINDOWS, SPEECH, TURNS], key="folder-segments", width=210)
    if kind == WINDOWS:
        return {"segments": str(st.number_input("Seconds", 1, LONGEST, 5, key="folder-window", width=110))}
    if kind == TURNS:
        asked = st.selectbox("Voices", [FOUND, *map(str, range(1, MOST_VOICES + 1))], key="folder-voices", width=110)
        return {"persons": True, "voices": None if asked == FOUND else int(asked)}
    return {"segments": "speech" if kind == SPEECH else ""}


def _watch(shown: Sequence[Job]) -> None:
    """Show the jobs that predict, and the problems of those that have ended."""
    job_cards.show_error()
    if not shown:
        st.caption("Jobs appear here; they go on when this page is closed, and can be stopped and resumed.")
    for job in shown[:MOST_JOBS]:
        with st.container(border=True, key=f"job-{job.id}"):
            status = job_cards.jobs().state(job.id)
            job_cards.header(job, status)
            st.caption(job_cards.facts(job, status))
            if status.state is State.FINISHED:
                _show_result(job, status.result[-1])


def _show_result(job: Job, words: str) -> None:
    """Say what a job found, and offer the tables of all recordings."""
    folder = Path(from_dict(Prediction, job.work, job.id).out)
    st.markdown(f"{words}; tables in `{folder}`.")
    for name in (SEGMENTS, PERSONS, PROBLEMS):
        path = folder / name
        rows = None if name == PROBLEMS else 1  # that there are some is all that is asked of the others
        table = pd.read_csv(path, nrows=rows) if path.is_file() else pd.DataFrame()
        if len(table) and name == PROBLEMS:
            figures.show_table(table, table, key=f"problems-{job.id}", name="problems", about=ABOUT_PROBLEMS)
        elif len(table):
            st.download_button(name, path.read_bytes(), name, "text/csv", key=f"{path.stem}-{job.id}")
