"""Single recordings of corpora, played where the corpus is on this machine."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from .. import corpora as readers
from .. import media
from ..core.errors import EmovizError
from . import loaders
from .session import session

PREFIX = "Recording: "
"""Start of the names under which pages open recordings of corpora as clips."""


def clip_name(identity: str) -> str:
    """Return the name by which pages open a selected recording: an id of a corpus, or such a name already."""
    return identity if ": " in identity else f"{PREFIX}{identity}"


def found(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of the recordings among some names that are of corpora on this machine.

    For a recording that is a part of a file, it is the whole file.

    Args:
        names: names as pages show them, which may come from anybody's link.
    """
    wanted = {name: name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
    known = set(readers.names(loaders.settings().imports)) if wanted else set()
    files = {}
    for name, identity in wanted.items():
        corpus = identity.partition("/")[0]
        clip = loaders.recording_clips((corpus,)).get(identity) if corpus in known else None
        if clip is not None and Path(clip.file).is_file():
            files[name] = Path(clip.file)
    return files


def play(identity: str, corpora: Sequence[str]) -> None:
    """Play a recording, or say in one line why it cannot be played.

    Args:
        identity: id of the recording.
        corpora: names of the corpora, of which one has the recording.
    """
    clip = loaders.recording_clips(tuple(corpora)).get(identity)
    if clip is None and loaders.settings().data is None:
        st.caption(
            "The recording cannot be played: it may not be passed on with the models. Get the corpora "
            f"({', '.join(corpora)}) and name their folder by `EMOVIZ_DATA`."
        )
        return
    if clip is None:
        st.caption(
            f"`{identity}` has no sound or video file of its own in the folder named by `EMOVIZ_DATA`: its corpus is "
            "not there, or it was joined from several recordings."
        )
        return
    try:
        info = media.probe(clip.file)
        playable = media.playable(Path(clip.file), session().folder)
    except EmovizError as error:
        st.caption(str(error))
        return
    show = st.video if info.video else st.audio
    if clip.part is None:
        show(str(playable))
        return
    start, end = clip.part
    show(str(playable), start_time=math.floor(start), end_time=math.ceil(end))  # the player knows whole seconds alone
    st.caption(f"The recording is a part of this file, from {start:g} s to {end:g} s.")
