"""The timeline of a recording: an overview, lanes that can be zoomed, and the values at the player's time.

The browser's side (``timeline.js`` and its other parts) follows the player's clock and draws by itself. The values of
a lane reach it as a media-file URL, so that of a lane that did not change nothing is sent again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ..core.vocabulary import MARKS, THEMES
from ..plots.lanes import Curve, Lane
from . import figures
from .insides import component, media_url
from .player import BINARY, MIME_TYPES

KEY = "timeline"
"""Key of the timeline, of which a page has one."""

HTML = """
<section id="timeline" tabindex="0" role="group" aria-label="Timeline of the recording" aria-describedby="keys">
  <div id="bar">
    <output id="moment">0.00 s</output>
    <output id="reasons"></output>
    <button id="why" hidden>Why here?</button>
    <button id="closer" aria-label="Zoom in">+</button>
    <button id="farther" aria-label="Zoom out">−</button>
    <button id="whole">All</button>
    <details id="choice"><summary>Lanes</summary><div id="shown"></div></details>
  </div>
  <div id="overview">
    <canvas role="img" aria-label="Overview of the whole recording"></canvas>
    <div id="window" role="slider" tabindex="0" aria-label="Shown part of the recording" aria-valuemin="0">
      <i></i><i></i>
    </div>
    <div id="overview-now"></div>
  </div>
  <div id="lanes"><div id="marked" hidden></div><div id="now" hidden></div></div>
  <canvas id="axis" role="img" aria-label="Time in seconds"></canvas>
  <p id="keys">Click: move there. Drag: mark a span, <b>L</b> repeats it. <b>+ − 0</b> or Ctrl + wheel: zoom; the wheel
  zooms over the overview; Shift + wheel: move.</p>
</section>
"""

_mount = component("timeline", html=HTML)


def show(
    lanes: Sequence[Lane],
    table: pd.DataFrame,
    *,
    recording: str,
    duration: float,
    clip: Path | None,
    name: str,
    about: str,
    otherwise: Callable[[], go.Figure],
    downloads: Mapping[str, figures.Writer] | None = None,
    running: bool = False,
    on_why: Callable[[float, tuple[float, float] | None], None] | None = None,
) -> None:
    """Show the lanes of a recording over its time, and the row beneath a figure.

    Args:
        lanes: lanes from the uppermost down.
        table: table that the lanes show.
        recording: key of the recording, by which the tab remembers the shown part.
        duration: length of the recording in seconds.
        clip: file that the player plays, of which pictures are shown; None without pictures.
        name: name of downloaded files, without suffix.
        about: explanation for "what am I looking at?", Markdown.
        otherwise: function that draws the same where Streamlit has no parts of a page with scripts of their own.
        downloads: functions that write the table, by file ending.
        running: whether more is still to come, so that all of it is provisional.
        on_why: function that is told, before the page runs again, for which second, and for which marked span if there
            is one, somebody asks why; None where nothing explains it.
    """
    if _mount is None:
        figures.show(otherwise(), table, key=KEY, name=name, about=about, downloads=downloads)
        return
    _mount(
        key=KEY,
        data={
            "recording": recording,
            "duration": duration,
            "lanes": [_sent(lane) for lane in lanes],
            "video": media_url(clip, MIME_TYPES.get(clip.suffix, "video/mp4"), "timeline.clip") if clip else None,
            "running": running,
            "explains": on_why is not None,
            "light": THEMES["light"],
            "grey": MARKS["missing"],
        },
        on_why_change=lambda: _asked(on_why),
    )
    figures.show_row(table, key=KEY, name=name, about=about, downloads=downloads)


def _asked(on_why: Callable[[float, tuple[float, float] | None], None] | None) -> None:
    """Tell a page at which time somebody asks why."""
    asked = st.session_state[KEY].get("why")
    if asked and on_why is not None:
        span = asked.get("span")
        on_why(float(asked["time"]), (float(span[0]), float(span[1])) if span else None)


class _Packer:
    """Puts arrays into one run of float32 values and tells where each lies: its first value and its length."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.length = 0

    def add(self, values: Any) -> list[int]:
        part = np.asarray(values, "<f4").ravel()
        self.parts.append(part)
        self.length += len(part)
        return [self.length - len(part), len(part)]

    def content(self, texts: Iterable[str]) -> bytes:
        return b"".join(part.tobytes() for part in self.parts) + "\n".join(texts).encode()


def _sent(lane: Lane) -> dict[str, Any]:
    """A lane as the browser gets it: its short facts, and the address of its values."""
    packed = _Packer()
    reasons = list(dict.fromkeys(gap.reason for gap in lane.gaps))
    place = {reason: number for number, reason in enumerate(reasons)}
    sent = {
        "key": lane.key,
        "title": lane.title,
        "kind": str(lane.kind),
        "unit": lane.unit,
        "start": lane.start,
        "step": lane.step,
        "range": list(lane.range),
        "height": lane.height,
        "curves": [_sent_curve(curve, packed) for curve in lane.curves],
        "gaps": packed.add([(gap.start, gap.end, place[gap.reason]) for gap in lane.gaps]),
        "reasons": reasons,
        "empty": packed.add(lane.empty),
        "bars": packed.add([(bar.start, bar.end, bar.row) for bar in lane.bars]),
        "rows": list(lane.rows),
        "colours": list(lane.colours),
        "times": list(lane.times),
        "picture": _picture(lane),
    }
    content = packed.content(bar.label.replace("\n", " ") for bar in lane.bars)
    url = media_url(content, BINARY, f"timeline.{lane.key}") if content else ""
    return sent | {"values": packed.length, "url": url}


def _sent_curve(curve: Curve, packed: _Packer) -> dict[str, Any]:
    return {
        "name": curve.name,
        "said": curve.said or curve.name,
        "colour": curve.colour,
        "dash": curve.dash,
        "width": curve.width,
        "opacity": curve.opacity,
        "values": packed.add(curve.values),
        "low": None if curve.low is None else packed.add(curve.low),
        "high": None if curve.high is None else packed.add(curve.high),
        "alone": packed.add(curve.alone),
        "pale": packed.add(curve.pale),
    }


def _picture(lane: Lane) -> str | None:
    """The address at which the browser finds the picture of a lane."""
    if lane.picture is None:
        return None
    import cv2

    _, content = cv2.imencode(".png", np.ascontiguousarray(lane.picture[..., ::-1]))
    return media_url(content.tobytes(), "image/png", f"timeline.{lane.key}.picture")
