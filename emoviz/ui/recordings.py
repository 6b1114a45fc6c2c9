"""Single recordings of corpora, played where the corpus is on this machine."""

from collections.abc import Sequence

import streamlit as st

from .. import media
from ..core.errors import EmovizError
from . import loaders
from .session import session


def play(identity: str, corpora: Sequence[str]) -> None:
    """Play a recording, or say in one line why it cannot be played.

    Args:
        identity: id of the recording.
        corpora: names of the corpora, of which one has the recording.
    """
    if loaders.settings().data is None:
        st.caption(
            "The recording cannot be played: it may not be passed on with the models. Get the corpora "
            f"({', '.join(corpora)}) and name their folder by `EMOVIZ_DATA`."
        )
        return
    file = loaders.recording_files(tuple(corpora)).get(identity)
    if file is None:
        st.caption(
            f"`{identity}` has no sound or video file of its own in the folder named by `EMOVIZ_DATA`: its corpus is "
            "not there, or it was joined from several recordings."
        )
        return
    try:
        info = media.probe(file)
        playable = media.playable(file, session().folder)
    except EmovizError as error:
        st.caption(str(error))
        return
    (st.video if info.video else st.audio)(str(playable))
