"""Jobs as the pages show them: the places where they can run, and a card for each with its progress."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from ..core.errors import EmovizError
from ..core.roles import Action
from ..core.words import duration
from ..jobs.devices import Device, devices
from ..jobs.folder import RESUMABLE, Job, State, Status
from ..jobs.interface import Jobs, Where
from . import loaders, visitors
from .cache import cached
from .insides import fragment

if TYPE_CHECKING:
    from ..jobs.work import Work

OFTEN = 2.0
"""Seconds between two looks at jobs that run."""
COLOURS = {
    State.QUEUED: "gray",
    State.RUNNING: "blue",
    State.FINISHED: "green",
    State.FAILED: "red",
    State.CANCELLED: "orange",
    State.LOST: "red",
}
ERROR = "job_error"
"""Key in the session of what a button's action was refused for."""


class JobsOfVisitors(Jobs):
    """The jobs of this server, with which each visitor does what their role allows."""

    def submit(self, work: "Work", where: Where | None = None, group: str = "") -> Job:
        """Queue some work as :meth:`Jobs.submit` does."""
        visitors.require(Action.RUN_JOBS)
        return super().submit(work, where, group)

    def cancel(self, identity: str) -> None:
        """End a job as :meth:`Jobs.cancel` does."""
        visitors.require(Action.RUN_JOBS)
        super().cancel(identity)

    def resume(self, identity: str) -> None:
        """Queue a job again as :meth:`Jobs.resume` does."""
        visitors.require(Action.RUN_JOBS)
        super().resume(identity)

    def delete(self, identity: str) -> None:
        """Delete a job's folder as :meth:`Jobs.delete` does."""
        visitors.require(Action.DELETE_JOBS)
        super().delete(identity)


@cached(1)
def jobs() -> Jobs:
    """Return the jobs of this server's folder of runs."""
    return JobsOfVisitors(loaders.settings())


def show_error() -> None:
    """Show once why the last button was refused."""
    if message := st.session_state.pop(ERROR, None):
        st.error(message)


def button(label: str, name: str, job: Job, about: str | None = None) -> None:
    """Draw a button that cancels, resumes or deletes a job; the page says what forbids it."""
    if st.button(label, key=f"{name}-{job.id}", help=about):
        try:
            getattr(jobs(), name)(job.id)
        except EmovizError as error:
            st.session_state[ERROR] = str(error)
        st.rerun()


def running(found: Sequence[Job]) -> bool:
    """Return whether a job may still change by itself."""
    return any(jobs().state(job.id).state in (State.QUEUED, State.RUNNING) for job in found)


def poll(draw: Callable[[Sequence[Job]], None], wanted: Callable[[Job], bool]) -> None:
    """Draw jobs, again and again while one of them may change by itself.

    Args:
        draw: function that shows the jobs, the newest first.
        wanted: function that tells which jobs are shown.
    """

    def look() -> None:
        found = [job for job in jobs().list() if wanted(job)][::-1]
        draw(found)
        if busy and not running(found):
            st.rerun()  # which polls no more

    busy = running([job for job in jobs().list() if wanted(job)])
    fragment(look, run_every=OFTEN if busy else None)()


def header(job: Job, status: Status) -> None:
    """Draw title, state and progress of a job, and the buttons that fit."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{job.title}** :{COLOURS[status.state]}-badge[{status.state.lower()}]", width="stretch")
        if status.state in (State.QUEUED, State.RUNNING):
            button("Stop", "cancel", job)
        else:
            if status.state in RESUMABLE:
                button("Resume", "resume", job)
            button("Delete", "delete", job, "Deletes the job and its log; a model or tables that it made stay.")
    if status.state is State.RUNNING:
        st.progress(status.share or 0.0, text=progress_of(status))
    if status.message:
        st.caption(status.message)


def progress_of(status: Status) -> str:
    """Return the progress of a job in words, e.g. ``Training 3 / 20, about 2 min left``."""
    done = f"{status.done:.4g} / {status.total:.4g}" if status.total > 1 else ""
    left = f", about {duration(status.seconds_left)} left" if status.seconds_left is not None else ""
    return f"{status.stage or 'Starting'} {done}{left}".strip()


def facts(job: Job, status: Status) -> str:
    """Say in one line where a job runs, since when, and what it uses."""
    parts = [status.device or str(job.where.get("device") or job.where.get("partition") or job.engine)]
    if status.started:
        began = pd.Timestamp(status.started, unit="s", tz="UTC").tz_convert(None)
        end = status.ended or pd.Timestamp.now(tz="UTC").timestamp()
        parts.append(f"started {began:%d %b %H:%M} UTC, {duration(end - status.started)}")
    if status.attempts > 1:
        parts.append(f"attempt {status.attempts}")
    if "memory" in status.usage and status.state is State.RUNNING:
        parts.append(f"{status.usage['memory'] / 1e9:.1f} GB, {status.usage['cpu']:.0f} % of a core")
    if "gpu_memory" in status.usage and status.state is State.RUNNING:
        parts.append(f"GPU {status.usage['gpu_memory'] / 1e9:.1f} GB, {status.usage['gpu_load']:.0f} %")
    return " · ".join(parts)


def choose_device(key: str = "device") -> str:
    """Let people choose the device of this machine that runs a job, and show the free room of each.

    The free room of a device changes with every run, and the browser sends back the text of the option that it
    shows: the options have names that stay, and the free room stands beneath them.
    """
    slots = jobs().engines["local"].slots  # type: ignore[attr-defined]
    known = {device.name: device for device in devices()}
    gpus = [slot for slot in slots if slot.startswith("cuda")]
    chosen: str = st.selectbox(
        "Where",
        [*gpus, *[slot for slot in slots if slot not in gpus]],
        key=key,
        format_func=lambda name: f"{name}: {known[name].title}" if name in known else name,
        help="\n\n".join(
            ["Each device runs one job at a time; the others wait in the queue. Now:", *map(load_of, known.values())]
        ),
    )
    return chosen


def load_of(device: Device) -> str:
    """Return the free resources of a device in words, e.g. ``cpu: 18 of 25 GB free, 40 % busy``."""
    busy = "" if isnan(device.load) else f", {device.load:.0f} % busy"
    return f"{device.name}: {device.free / 1e9:.0f} of {device.memory / 1e9:.0f} GB free{busy}"
