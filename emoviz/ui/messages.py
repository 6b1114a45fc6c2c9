"""The states of a page that are not its result: empty, working, wrong; and the model cards."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import streamlit as st

from ..core.errors import EmovizError
from ..core.progress import Progress
from ..media import ACCEPTED, accepted
from . import loaders, selection
from .background import Stage
from .insides import fragment

Item = TypeVar("Item")
Thing = TypeVar("Thing")

LONG = 0.5
"""Seconds after which the opening of a recording is shown, and from one look at it to the next."""


def empty(text: str) -> None:
    """Say what would be here, and show one button that gets it."""
    with st.container(border=True):
        st.markdown(text)
        _example_button("Open the example")


def no_models() -> None:
    """Say that no model is chosen that could predict."""
    with st.container(border=True):
        if found := loaders.checkpoints():
            st.markdown("No model is chosen: the curves of every chosen model appear here.")
            st.button("Use all models", type="primary", on_click=lambda: st.session_state.update(models=list(found)))
        else:
            st.markdown(
                "There is no checkpoint folder. Bundled ones belong into `checkpoints/`, your own into the folder "
                "named by `EMOVIZ_CHECKPOINTS`."
            )


@runtime_checkable
class Resumable(Protocol):
    """Work that goes on from where it was stopped."""

    def go_on(self) -> None:
        """Go on."""


class Work(Protocol):
    """Work that can be stopped."""

    def stop(self) -> None:
        """Ask the work to end."""


def working(state: Stage, work: Work, kind: str = "") -> None:
    """Show the progress of some work, with a button that stops it.

    Args:
        state: progress of the work.
        work: the work.
        kind: kind of the work, where work of several kinds may go on at once on a page; by default that of the page.
    """
    start = f"{kind}-" if kind else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        share = min(1.0, state.done / state.total) if state.total else 0.0
        if state.stopped:
            st.warning("Stopped; the results so far stay.", icon=None)
            if isinstance(work, Resumable):
                st.button("Go on", key=f"{start}go-on", on_click=work.go_on)
        else:
            st.progress(share, text=state.progress)
            st.button("Stop", key=f"{start}stop", on_click=work.stop)


@contextmanager
def opening() -> Iterator[Progress]:
    """Give a listener that shows how far the opening of a recording is, once that takes long.

    Whoever chooses another recording or page, or stops the run of the page, ends it: drawing raises then.
    """
    place, due = st.empty(), time.monotonic() + LONG

    def show(stage: str, done: float, total: float) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + LONG
            share = min(1.0, done / total) if total else 0.0
            place.progress(share, text=f"{stage}: {share:.0%}")

    yield show
    place.empty()


def usable(load: Callable[[Item], Thing], items: Iterable[Item]) -> list[Thing]:
    """Load all items that can be loaded; damaged ones are named on the page and left out."""
    sound = []
    for item in items:
        try:
            sound.append(load(item))
        except EmovizError as error:
            st.warning(f"{error} It is left out.")
    return sound


def wrong(sentence: str, details: str | None = None) -> None:
    """Show one sentence on what is wrong and what is accepted, and the example to try."""
    st.error(sentence)
    if accepted() not in sentence:
        st.markdown(f"Accepted are clips with a face, a voice or both: {', '.join(ACCEPTED)}.")
    _example_button("Try the example")
    if details:
        with st.expander("Details for a bug report"):
            st.code(details, language=None)


@fragment
def model_cards(models: dict[str, Path]) -> None:
    """Draw a button that opens the cards of these models; the page need not run again for that."""
    key = "cards-" + "-".join(models)
    if models and st.button("Cards and limits", type="tertiary", icon=":material/description:", key=key):
        _show_cards(models)


@st.dialog("Model cards", width="large")
def _show_cards(models: dict[str, Path]) -> None:
    for tab, folder in zip(st.tabs(list(models)), models.values(), strict=True):
        tab.markdown(_without_fences(loaders.card(folder)))


def _without_fences(text: str) -> str:
    """Markdown whose code blocks are lines of inline code: for blocks, the browser would load a highlighter first."""

    def inline(block: re.Match[str]) -> str:
        return "  \n".join(f"`{line}`" for line in block[1].splitlines())

    return re.sub(r"```\w*\n(.*?)\n```", inline, text, flags=re.DOTALL)


def _example_button(label: str) -> None:
    examples = list(loaders.examples())
    if examples:
        st.button(label, type="primary", on_click=selection.open_clip, args=(examples[0],))
