"""Links to recordings that are not there: the page says so, and shows no other in their place."""

from collections.abc import Callable, Container

import streamlit as st

from ..core.roles import Action
from ..media import ACCEPTED
from . import kept_uploads, recordings, server_folders, visitors, visits
from .session import UPLOAD

ADDED = "upload-again"
"""Key of the widget that takes a lost upload once more."""
GONE = {
    UPLOAD: "This link names '{name}', an upload that this tab does not have: it was added in another tab or by "
    "somebody else, or its visit has ended. No other clip is shown in its place. **Add the file again**, and the link "
    "opens as it was.",
    kept_uploads.PREFIX: "This link names '{name}', a recording that is not kept any more. Choose another one above.",
    server_folders.PREFIX: "This link names '{name}', which is not in the folders any more. Choose another one above.",
    recordings.PREFIX: "This link names '{name}', a recording of a corpus that is not here as a file (setting "
    "EMOVIZ_DATA). Choose another one above.",
}
"""Sentence on a recording that a link names and that is not there, by the start of its name."""


def named(wanted: str, clips: Container[str]) -> str:
    """Return the name that a link or the chooser has, if it is of a recording that is not there; else "".

    Args:
        wanted: name that the link or the chooser has.
        clips: names of the recordings that are there.
    """
    return wanted if wanted not in clips and any(wanted.startswith(start) for start in GONE) else ""


def say(name: str, limit_mb: int, on_added: Callable[[], None]) -> None:
    """Say that a recording is gone, and take an upload once more.

    Args:
        name: name of the recording, as pages show it.
        limit_mb: largest upload in MB.
        on_added: function that keeps what :data:`ADDED` received.
    """
    if name.startswith(UPLOAD) and visits.looking():
        st.caption(f"Looking for your upload '{name.removeprefix(UPLOAD)}'")
        return
    start = next(start for start in GONE if name.startswith(start))
    if start == server_folders.PREFIX and (refused := visitors.refusal(Action.READ_FOLDERS)):
        st.info(refused)
        return
    st.info(GONE[start].format(name=name.removeprefix(start)))
    if start == UPLOAD:
        st.file_uploader(
            "The file again",
            type=list(ACCEPTED),
            max_upload_size=limit_mb,
            key=ADDED,
            on_change=on_added,
            label_visibility="collapsed",
        )
