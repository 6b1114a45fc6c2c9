"""The cost of compared models: parameters and size at once, operations, time and memory once they are measured."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import streamlit as st

from ..prediction import cost
from ..prediction.cost import REPEATS, SECONDS, Complexity
from ..prediction.formats import FORMATS
from . import figures, loaders, messages
from .background import Job
from .compared import measure_all
from .insides import fragment

POLL = 0.5
"""Seconds between two looks at work in the background."""


def show_complexity(folders: dict[str, Path]) -> None:
    """Show parameters and size at once, and operations, time and memory at the press of a button."""
    job = st.session_state.get(job_key(list(folders)))
    if job and job.state.running:
        fragment(show_costs, run_every=POLL)(folders, job, polling=True)
    else:  # no fragment, so that the button runs the whole page, which then begins to poll
        show_costs(folders, job, polling=False)


def show_costs(folders: dict[str, Path], job: Job[list[Complexity]] | None, *, polling: bool) -> None:
    """Show the present state of the measurement."""
    if polling and job and not job.state.running:
        st.rerun()
    known = known_complexities(list(folders))
    if not known:
        known = [cost.size(checkpoint) for checkpoint in messages.usable(loaders.load_checkpoint, folders.values())]
    table = pd.DataFrame(map(asdict, known))
    figures.draw_table(costs_for_people(known), key="costs")
    if job and job.state.running:
        share = job.state.done / job.state.total if job.state.total else 0.0
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(min(1.0, share), text=job.state.progress)
            st.button("Stop", key="stop", on_click=job.stop)
    else:
        if job and job.state.error:
            st.error(job.state.error)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Measure on this machine", type="primary", on_click=begin_measuring, args=(folders,), key="measure"
            )
            st.download_button(
                "CSV", FORMATS["csv"].encode(table), "complexity.csv", "text/csv", type="tertiary", on_click="ignore"
            )
    st.caption(
        f"One pass of the model alone over {SECONDS:.0f} s of features, without what extracting them costs: all models "
        f"that read the same features share that. Milliseconds are the median of {REPEATS} passes [fastest, slowest] "
        "on one core of this machine, as busy as it is now; memory is what a pass holds at most beside the weights."
    )


def costs_for_people(known: list[Complexity]) -> pd.DataFrame:
    """Return the costs with units; a cost that was not measured is said to be."""
    rows = []
    for one in known:
        measured = one.operations is not None
        rows.append(
            {
                "model": one.model,
                "parameters": f"{one.parameters:,}",
                "size on disk": f"{one.megabytes:.2f} MB",
                "operations": f"{one.operations / 1e6:,.1f} MFLOP" if one.operations is not None else "not measured",
                "time": f"{one.milliseconds:.1f} ms [{one.low:.1f}, {one.high:.1f}]" if measured else "not measured",
                "peak memory": f"{one.peak / 1e6:.1f} MB" if one.peak is not None else "not measured",
            }
        )
    return pd.DataFrame(rows)


def begin_measuring(folders: dict[str, Path]) -> None:
    """Begin to measure the models in the background."""
    paths = list(folders.values())
    st.session_state[job_key(list(folders))] = Job(lambda progress: measure_all(paths, progress), "complexity")


def known_complexities(names: list[str]) -> list[Complexity]:
    """Return the costs that were measured in this session."""
    job = st.session_state.get(job_key(names))
    return (job.state.result or []) if job else []


def job_key(names: list[str]) -> str:
    """Return the key under which a session keeps the measurement of some models."""
    return f"complexity of {', '.join(names)}"
