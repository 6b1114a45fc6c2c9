"""The recordings that a visitor sees listed, and how one of them is deleted."""

import re
from pathlib import Path
from time import monotonic as now

import streamlit as st

from ..core import words
from ..core.errors import EmovizError
from ..core.files import raising, remove_folder
from ..core.roles import Action
from ..evaluation.sentence import Moment
from ..features.clip_store import RECORDINGS
from ..prediction.library.known import Library
from ..prediction.library.listing import Entry, Listed, Own, State, listed
from . import asked_work, kept_uploads, loaders, server_folders, visitors
from .cache import cached
from .clip_analysis import content_of
from .session import session

FRESH = 5
"""Seconds for which the list of folders is taken to be as it was, while somebody searches in it."""
ERROR = "library-error"
WORDS = {
    State.NEW: "new",
    State.CHANGED: "changed since it was analysed",
    State.GONE: "not in its folder any more",
}
DELETES_ALL = (
    "The recording, kept or uploaded in this visit under whatever name, and all that was found in it: faces, features, "
    "predictions, persons and their names. They cannot be brought back."
)
DELETES_KNOWN = (
    "All that was found in it: faces, features, predictions, persons and their names. They cannot be brought back. "
    "The file itself stays in its folder."
)
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "Predict": ("pages/predict.py", {}),
    "Explain": ("pages/explain.py", {}),
    "Attention": ("pages/attention.py", {}),
    "Compare": ("pages/compare.py", {"view": "One clip"}),
}
"""Pages that open a recording: file of each, and what else the link says."""


def query_of(entry: Entry, moment: Moment | None = None) -> dict[str, str]:
    """Return the query of a link that opens a recording, at a moment if one is given."""
    return {"clip": entry.name} | ({"time": f"{moment.time:.2f}"} if moment else {})


def is_in_folder(entry: Entry) -> bool:
    """Return whether a recording is a file of a folder of this machine, and no upload."""
    return entry.name.startswith(server_folders.PREFIX)


def plain(name: str) -> str:
    """Return a name as Markdown that shows it, whatever signs it has."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$-])", r"\\\1", name)


def facts(entry: Entry) -> str:
    """Return the facts on a recording in one line."""
    known = entry.known
    parts = [WORDS.get(entry.state, str(entry.state))]
    if known is not None:
        if entry.state is State.FAILED:
            parts = [f"failed: {known.problem}"]
        elif known.models and entry.state is State.ANALYSED:
            parts = [f"analysed by {words.listed(known.models)}"]
        if known.seconds is not None:
            parts.append("picture" if known.still else words.duration(known.seconds))
        for count, one in ((known.faces, "face"), (known.voices, "voice")):
            if count is not None:
                parts.append(f"{count} {one}{'' if count == 1 else 's'}")
    if entry.also:
        parts.append(f"also as {words.listed(map(plain, entry.also))}")
    return " · ".join(parts)


def recordings() -> Listed:
    """Return the recordings that this visitor may see: kept uploads, those of the visit, and those of folders."""
    visitor, kept = session(), loaders.kept_files()
    uploads = {kept_uploads.PREFIX + name: Own(*file) for name, file in (kept.all() if kept else {}).items()}
    uploads |= {name: Own(path, content_of(path)) for name, path in visitor.uploads.items()}
    folders = tuple(server_folders.starts().items())
    return _listed(tuple(uploads.items()), folders, visitor.library, visitor.library.version(), now() // FRESH)


@cached(8)
def _listed(
    uploads: tuple[tuple[str, Own], ...],
    folders: tuple[tuple[str, Path], ...],
    library: Library,
    version: int,
    moment: float,
) -> Listed:
    return listed(dict(uploads), dict(folders), library.all())


def forget_all() -> None:
    """Delete the facts that were found in recordings, of all visits.

    Raises:
        EmovizError: if the store is not writable.
        RoleError: if the visitor's role does not allow it.
    """
    visitors.require(Action.DELETE_RECORDINGS)
    folder = loaders.settings().store / RECORDINGS
    with raising(EmovizError, folder, setting="EMOVIZ_STORE"):
        remove_folder(folder)


def forget(entry: Entry) -> None:
    """Delete a recording that was uploaded, and all that is known of one; what goes wrong is told by the next run."""
    try:
        asked_work.end()
        session().forget(entry.known.content if entry.known else content_of(entry.path))
    except EmovizError as error:
        st.session_state[ERROR] = str(error)
