"""The player, one clock for the clip, the face overlay and the cursor over the figures.

The browser's side (``player.js``) runs on its own at 60 frames per second and tells the server nothing but a span that
models are to be fitted to; the time at which it rests goes into the URL. Clip and overlay reach it as media-file URLs.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ..core.growing import blocks
from ..explain.overlay import colours_of
from ..media import ClipInfo, FaceTimeline, FaceTrack
from ..media.mesh import mesh_edges
from ..media.networks import LANDMARKS
from . import linked
from .cache import cached
from .insides import component, media_url

if TYPE_CHECKING:
    from ..explain import FaceFilm

LONGEST_MESH = 15_000
"""Pictures of a face up to which its landmarks are sent to the browser; of a longer clip boxes are shown alone."""
MISSING = 0xFFFF
"""Number in the mesh that stands for no landmark in this frame."""
HEAT_OPACITY = 0.75

MIME_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm", ".mkv": "video/webm",
    ".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg",
}  # fmt: skip

BINARY = "application/octet-stream"

HTML = """
<section id="player" tabindex="0" role="group" aria-label="Clip player">
  <div id="stage"><video id="clip" playsinline preload="auto"></video><canvas id="overlay"></canvas></div>
  <div id="bar">
    <input id="seek" type="range" min="0" step="0.01" value="0" aria-label="Time in the clip">
    <button id="play" aria-label="Play"><svg viewBox="0 0 16 16" aria-hidden="true"><path/></svg></button>
    <output id="clock">00:00.0 / 00:00.0</output>
    <span id="chips">
      <button id="box" aria-pressed="true" title="Show the face boxes">Box</button>
      <button id="mesh" aria-pressed="false" title="Show the landmark mesh">Mesh</button>
      <button id="heat" aria-pressed="true" title="Show where in the face the network looked" hidden>Heat</button>
      <button id="loop" aria-pressed="false" title="Repeat the span (key L); drag to mark one">Loop</button>
      <button id="fit" title="Fit the models to who speaks in the span" hidden>Fit</button>
    </span>
  </div>
</section>
"""

_mount = component("player", html=HTML)


def player(
    clip: Path,
    info: ClipInfo | None,
    faces: FaceTimeline | None,
    face: int | None,
    *,
    recording: str,
    figures: list[str],
    path: str,
    heat: "FaceFilm | None" = None,
    on_span: Callable[[str], None] | None = None,
) -> None:
    """Show a clip on the clock that figures share.

    Args:
        clip: file that a browser plays.
        info: facts about the original clip; None while they are not known yet.
        faces: faces to draw over the picture.
        face: id of the track that is analysed.
        recording: key of the recording, by which the tab remembers time and span.
        figures: keys of the plotly figures whose x axis is the clip's time.
        path: key of the figure whose first trace with ``customdata`` follows the time.
        heat: heat to draw over the face.
        on_span: function that gets the span that loops, e.g. ``1.00-3.50``, when the models are to be fitted to it.
    """
    video = info.video if info else None
    faces = faces if faces and faces.tracks else None  # without a face there is none to draw a box around
    if _mount is None:
        (st.video if video or info is None else st.audio)(str(clip), start_time=int(linked.seconds("time")))
        return
    _mount(
        key="player",
        data={
            "url": media_url(clip, MIME_TYPES.get(clip.suffix, "video/mp4"), "player.clip"),
            "audioOnly": info is not None and video is None,
            "size": [video.width, video.height] if video else None,
            "recording": recording,
            "takesSpan": on_span is not None,
            "figures": figures,
            "path": path,
            "faces": _overlay(clip, faces, face) if faces else None,
            "heat": _heat(heat) if faces and heat else None,
        },
        on_span_change=partial(_told, on_span) if on_span else lambda: None,
    )


def _told(on_span: Callable[[str], None]) -> None:
    if span := st.session_state["player"].get("span"):
        on_span(str(span))


def _overlay(clip: Path, faces: FaceTimeline, face: int | None) -> dict[str, Any]:
    """The addresses at which the browser finds boxes and landmarks of all tracks."""
    boxes, mesh, edges = _lines(clip, face, len(faces.times), len(faces.tracks), faces)
    return {
        "frames": len(faces.times),
        "size": list(faces.size),
        "tracks": [track.id for track in faces.tracks],
        "chosen": face,
        "boxes": media_url(boxes, BINARY, "player.boxes"),
        "mesh": mesh and media_url(mesh, BINARY, "player.mesh"),
        "edges": edges,
    }


@cached(8)
def _lines(
    clip: Path, face: int | None, frames: int, tracks: int, _faces: FaceTimeline
) -> tuple[bytes, bytes | None, list[int]]:
    """Boxes of all faces; landmarks of the chosen one and which of them are joined."""
    chosen = next((track for track in _faces.tracks if track.id == face), None)
    if chosen is None or len(chosen.frames) > LONGEST_MESH:
        return box_bytes(_faces), None, []
    return box_bytes(_faces), mesh_bytes(chosen, _faces.size), mesh_edges(chosen).ravel().tolist()


def _heat(film: "FaceFilm") -> dict[str, Any]:
    """The addresses at which the browser finds the heat of each frame."""
    return {
        "frames": len(film.times),
        "side": film.heat.shape[1],
        "hold": film.hold,
        "url": media_url(heat_bytes(film), BINARY, "player.heat"),
    }


def heat_bytes(film: "FaceFilm") -> bytes:
    """Pack heat: float32 N times and N x 3 corners (x, y), then uint8 N x side x side pixels, RGBA."""
    geometry = np.concatenate([film.times, film.squares.ravel()]).astype("<f4")
    return geometry.tobytes() + colours_of(film.heat, opacity=HEAT_OPACITY).tobytes()


def box_bytes(faces: FaceTimeline) -> bytes:
    """Pack boxes as float32: F times, then F x (x, y, width, height) per track, NaN where the face is not seen."""
    boxes = [track.boxes.ravel() for track in faces.tracks]
    return np.concatenate([faces.times, *boxes]).astype("<f4").tobytes()


def mesh_bytes(track: FaceTrack, size: tuple[int, int]) -> bytes:
    """Pack a mesh as uint16: F x 478 x (x, y) as shares of the picture, :data:`MISSING` where no face is seen."""
    mesh = np.full((track.length, LANDMARKS, 2), MISSING, "<u2")
    first = 0
    for points in blocks(track.seen_points):
        shares = points[:, :, :2] * np.float32(track.unit) / np.array(size, dtype=np.float32)
        mesh[track.frames[first : first + len(points)]] = np.round(np.clip(shares, 0, 1) * (MISSING - 1))
        first += len(points)
    return mesh.tobytes()
