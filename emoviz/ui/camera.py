"""The visitor's camera: picture and sound are recorded in the browser, sent as they come, and analysed as an upload."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import streamlit as st

from ..core.errors import EmovizError
from ..core.vocabulary import SOURCE_COLOURS, Source
from ..core.words import duration
from ..media.seekable import ending_of, make_seekable
from . import loaders, messages
from .insides import component
from .preview import Preview, prepare
from .receiver import PATH
from .selection import RECORD, UPLOAD_ERROR, open_clip
from .session import session

OPEN = "camera-over"
"""Key in the session of the clip in whose place the camera is shown; another clip closes it."""
HTML = """
<section id="camera" role="group" aria-label="Camera">
  <div>
    <div id="stage"><video id="view" muted playsinline autoplay></video></div>
    <div id="bar">
      <button id="record" disabled>Record</button>
      <button id="again" hidden>Try again</button>
      <output id="clock">00:00</output>
    </div>
    <p id="said" role="status">Waiting for the camera: the browser may ask whether this page may use it.</p>
  </div>
  <div>
    <canvas id="curves" role="img" aria-label="Preview of valence and arousal" hidden></canvas>
    <output id="now">While you record, a preview of what face and speech say appears here.</output>
  </div>
</section>
"""
ABOUT = (
    "Picture and sound go from the browser to this server while you record, and nowhere else. The recording is an "
    "upload of your visit: it is deleted when that ends, unless you keep it. Up to {limit} MB, about {length}."
)
BITS = 1_100_000
"""Bits that a second of picture and sound takes, as the browser is asked to record them."""

_mount = component("camera", html=HTML)


def offer() -> None:
    """Draw the button that opens the camera, where the app has one."""
    if _mount is not None:
        st.button("Picture and sound", key="open-camera", on_click=_open, width="stretch")


def is_open() -> bool:
    """Return whether the camera is shown in place of a clip."""
    return OPEN in st.session_state and st.session_state[OPEN] == st.session_state.get("clip")


def show(models: Iterable[Path]) -> None:
    """Draw the camera, which closes once a recording is there.

    Args:
        models: folders of the models that preview a recording while it is made.
    """
    assert _mount is not None
    visitor = session()
    checkpoints = messages.usable(loaders.load_checkpoint, models)
    prepare(tuple(one.folder for one in checkpoints), checkpoints, visitor.folder)
    visitor.receiver.watch = partial(Preview, checkpoints=checkpoints, visitor=visitor.visitor)
    with st.container():
        _mount(
            key="camera",
            data={
                "url": f".{PATH}/{visitor.receiver.key}",
                "bits": BITS,
                "colours": {str(source): SOURCE_COLOURS[source] for source in (Source.FACE, Source.SPEECH)},
            },
            on_recorded_change=_recorded,
        )
        length = duration(visitor.limit_mb * 8e6 / BITS)
        st.caption(ABOUT.format(limit=visitor.limit_mb, length=length))
        st.button("Close camera", key="close-camera", on_click=_close)


def _open() -> None:
    st.session_state[OPEN] = st.session_state.get("clip")
    st.session_state[RECORD] = False
    session().analyses.close()  # which nobody watches now; they begin anew when next asked for


def _close() -> None:
    st.session_state.pop(OPEN, None)


def _recorded() -> None:
    """Make an upload of what was recorded, and select it."""
    name = st.session_state["camera"].get("recorded")
    if not name:
        return
    visitor = session()
    try:
        with visitor.receiver.taking(str(name)) as file:
            make_seekable(file)
            open_clip(visitor.add_recording(f"camera {visitor.receiver.taken}{ending_of(file)}", file))
        _close()
    except EmovizError as error:
        st.session_state[UPLOAD_ERROR] = str(error)
