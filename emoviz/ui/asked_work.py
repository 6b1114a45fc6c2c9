"""Work on a recording that people ask for beside its analysis: done in the background, once per visit."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from ..annotation import segments
from ..annotation.segments import Segment
from ..core.progress import Progress
from . import clip_view, messages
from .background import Job
from .clip_analysis import PATIENCE
from .insides import fragment
from .session import session

T = TypeVar("T")
_JOBS = "-jobs"


def result(kind: str, of: Hashable, work: Callable[[Progress], T], *, stopped: str, again: str) -> T | None:
    """Return the result of work; while it runs or where it failed, show that and return None.

    Args:
        kind: kind of the work, of which a visit has one at a time; its button has the key ``<kind>-again``.
        of: everything that the work depends on; other work of the kind is stopped.
        work: function that does the work; its argument is a listener of its progress, which also stops it.
        stopped: sentence for work that was stopped.
        again: label of the button that begins anew.
    """
    job = _job(kind, of, work)
    if job.state.running:
        fragment(_watch, run_every=clip_view.POLL)(job, kind)
    elif job.state.result is None:
        if job.state.error:
            st.error(job.state.error)
        else:
            st.info(stopped)
        st.button(again, key=f"{kind}-again", on_click=st.session_state.pop, args=(jobs_key(kind), None))
    return job.state.result


def known(kind: str, recording: str) -> Any:
    """Return the result of the work of a kind if it was done for a recording, else None; nothing is begun.

    Args:
        kind: kind of the work.
        recording: key of the recording, which what the work depends on begins with.
    """
    before: tuple[Hashable, Job[Any]] | None = st.session_state.get(jobs_key(kind))
    if before is None or not isinstance(before[0], tuple) or before[0][0] != recording:
        return None
    return before[1].state.result


def end() -> None:
    """End the running work that this visitor asked for, and wait a while until it has ended."""
    ending = [st.session_state.pop(key)[1] for key in list(st.session_state) if str(key).endswith(_JOBS)]
    for job in ending:
        job.stop()
    for job in ending:
        job.wait(PATIENCE)


def jobs_key(kind: str) -> str:
    """Return the key of the session's state under which the work of a kind is, and what it depends on."""
    return f"{kind}{_JOBS}"


def _job(kind: str, of: Hashable, work: Callable[[Progress], T]) -> Job[T]:
    known: tuple[Hashable, Job[T]] | None = st.session_state.get(jobs_key(kind))
    if known is None or known[0] != of:
        if known is not None:
            known[1].stop()
        turn = session().visitor.turn(kind, beside=True)  # which ends with the visit
        known = st.session_state[jobs_key(kind)] = (of, Job(work, kind, turn))
    return known[1]


def _watch(job: Job[T], kind: str) -> None:
    """Show how far the work is; the page is drawn again when it has ended."""
    if not job.state.running:
        st.rerun()
    messages.working(job.state, job, kind)


def offer_annotations(offers: Mapping[str, Callable[[], Sequence[Segment]]], recording: str, name: str) -> None:
    """Offer annotation files of a recording.

    Args:
        offers: function that makes the segments of a file, by the file's ending.
        recording: name of the recording, which some formats state.
        name: name of the files, without suffix.
    """
    with st.container(horizontal=True):
        for ending, made in offers.items():
            content = partial(_content, made, ending, recording)
            st.download_button(f".{ending}", content, f"{name}.{ending}", type="tertiary", on_click="ignore")


def _content(made: Callable[[], Sequence[Segment]], ending: str, recording: str) -> bytes:
    return segments.encoded(made(), ending, recording)
