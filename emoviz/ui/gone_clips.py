"""Links to recordings that are not there: the page says so, and shows no other in their place.

A link to an upload names the file and, by the start of its sha256, its content (:data:`CONTENT`), as many recordings
may be called ``interview.mp4``.
"""

import contextlib
from collections.abc import Callable, Container
from pathlib import Path

import streamlit as st

from ..core.errors import MediaError
from ..core.roles import Action
from ..media import ACCEPTED
from . import kept_uploads, linked, recordings, server_folders, visitors, visits
from .clip_analysis import content_of
from .session import UPLOAD

ADDED = "upload-again"
"""Key of the widget that takes a lost upload once more."""
CONTENT, DIGITS = "content", 12
"""Query parameter with the start of the sha256 of the upload that a link is of, and how many hexadecimal digits."""
WRITTEN, CLAIMED = "content-written", "content-claimed"
"""Keys in the session: what this visit wrote into its link, and name and content that a link came with."""
OTHER = (
    "This link is of another recording that is called '{name}', too: the one that you added has other content, and is "
    "not shown in its place. Add the recording of the link here, or add yours once more by **Upload** above."
)
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
        _take_again(limit_mb, on_added)


def is_claimed(name: str, path: Path) -> bool:
    """Return whether the link is of other content than the upload of that name has; else write its content there.

    Args:
        name: name of the recording that is chosen, as pages show it.
        path: its file.
    """
    own = ""
    if name.startswith(UPLOAD):
        with contextlib.suppress(MediaError):  # the page says what is wrong with a file that cannot be read
            own = content_of(path)[:DIGITS]
    said, claim = linked.read(CONTENT), st.session_state.get(CLAIMED)
    if said and said != st.session_state.get(WRITTEN) and (claim is None or claim[1] != said):
        claim = st.session_state[CLAIMED] = (name, said)
    if claim is not None and own and claim[0] == name and claim[1] != own:
        return True
    forget_claim()
    st.session_state[WRITTEN] = own
    linked.write(CONTENT, own)
    return False


def forget_claim() -> None:
    """Take the recording that was added now for the one that is meant, whatever the link said before."""
    st.session_state.pop(CLAIMED, None)
    st.session_state[WRITTEN] = linked.read(CONTENT)


def say_other(name: str, limit_mb: int, on_added: Callable[[], None]) -> None:
    """Say that an upload is not the recording that the link is of, and take that one (arguments as of :func:`say`)."""
    st.info(OTHER.format(name=name.removeprefix(UPLOAD)))
    _take_again(limit_mb, on_added)


def _take_again(limit_mb: int, on_added: Callable[[], None]) -> None:
    st.file_uploader(
        "The file again",
        type=list(ACCEPTED),
        max_upload_size=limit_mb,
        key=ADDED,
        on_change=on_added,
        label_visibility="collapsed",
    )
