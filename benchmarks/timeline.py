"""Frames of the timeline in Chromium while a made-up hour plays and is zoomed.

    python -m benchmarks.timeline [--minutes 60] [--seconds 5]

The app's own scripts draw lanes of 50 values per second (valence and arousal of face, speech and their fusion with
bands, eight emotions, the envelope of the sound) on a page without the app, with a clock for the player. Printed
are the milliseconds from the script's start, when the values are on this machine but not fetched, to the first drawing;
the frames per second while the recording plays and while it is zoomed, and the processor time of all of Chromium's
processes per frame, which other work on the machine changes little: 60 frames per second leave 17 ms to each.
"""

import argparse
import http.server
import json
import shutil
import tempfile
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

from emoviz.core.vocabulary import MARKS, THEMES, Dimension, Emotion, Source
from emoviz.evaluation.gaps import gaps
from emoviz.plots.lanes import Lane, prediction_lanes, sound_lane
from emoviz.ui import timeline

HOP = 0.02
SIZE = {"width": 1280, "height": 900}
PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
<div id="root" style="width: 760px">{html}</div><script type="module">
{js}
</script>"""
MOUNT = """
const data = await (await fetch("data.json")).json()
const from = performance.now()
draw({{ parentElement: document.querySelector("#root"), setTriggerValue() {{}}, data }})
const shown = () => Number(document.querySelector("#timeline").dataset.lanes) ? window.first = performance.now() - from
  : requestAnimationFrame(shown)
shown()
"""
FRAMES = """async ([seconds, kind]) => {
  const timeline = document.querySelector("#timeline"), lanes = document.querySelector("#lanes canvas")
  const gaps = [], drawings = []
  const begun = performance.now()
  let before = begun, duration = %f
  await new Promise((done) => {
    const frame = (now) => {
      gaps.push(now - before)
      before = now
      const share = (now - begun) / 1000 / seconds
      if (kind === "play") document.dispatchEvent(new CustomEvent("emoviz:clock", { detail: {
        time: duration / 3 + share * seconds, duration, paused: false, span: null, recording: "hour" } }))
      else lanes.dispatchEvent(new WheelEvent("wheel", { ctrlKey: true, bubbles: true, composed: true, cancelable: true,
        clientX: 400, deltaY: share < 0.5 ? -15 : 15 }))
      drawings.push(Number(timeline.dataset.drawn))
      share < 1 ? requestAnimationFrame(frame) : done()
    }
    requestAnimationFrame(frame)
  })
  gaps.shift()
  gaps.sort((one, other) => one - other)
  return { frames: gaps.length, slowest: gaps[Math.floor(gaps.length * 0.95)], drawing: Math.max(...drawings) }
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    duration = 60 * given.minutes
    with tempfile.TemporaryDirectory() as folder:
        count = lay_out(Path(folder), duration)
        handler = partial(Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server, sync_playwright() as driver:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            chromium = driver.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = chromium.new_page(viewport=SIZE)
            before = processor_time(page)
            page.goto(f"http://localhost:{server.server_port}/page.html")
            page.wait_for_function("window.first")
            print(f"{given.minutes:g} minutes, {count:,} values in all")
            spent = 1000 * (processor_time(page) - before)
            first = page.evaluate("window.first")
            print(f"first drawing after {first:.0f} ms, of {spent:.0f} ms of processor time with the page itself")
            tell(page, duration, given.seconds)
            chromium.close()
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the page's files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def tell(page: Page, duration: float, seconds: float) -> None:
    """Print frames while the recording plays, whole and zoomed in, and while it is zoomed."""
    for said, kind in (("plays, whole", "play"), ("is zoomed in and out", "zoom"), ("plays, zoomed", "play")):
        before = processor_time(page)
        found = page.evaluate(FRAMES % duration, [seconds, kind])
        each = 1000 * (processor_time(page) - before) / found["frames"]
        print(
            f"while it {said}: {found['frames'] / seconds:.0f} frames per second, "
            f"95 % within {found['slowest']:.0f} ms, {each:.1f} ms of processor time per frame"
        )


def processor_time(page: Page) -> float:
    """Return the seconds of processor time that Chromium has taken so far."""
    assert page.context.browser is not None
    told = page.context.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return sum(float(process["cpuTime"]) for process in told["processInfo"])


def lay_out(folder: Path, duration: float) -> int:
    """Write the page and the lanes of a made-up recording, and return the number of their values."""
    lanes = made_up(duration)
    urls = []
    real, timeline.media_url = timeline.media_url, lambda content, *_: write(folder, content, urls)
    try:
        sent = [timeline._sent(lane) for lane in lanes]
    finally:
        timeline.media_url = real
    theme = {"light": THEMES["light"], "grey": MARKS["missing"], "video": None, "running": False, "explains": True}
    (folder / "data.json").write_text(json.dumps({"recording": "hour", "duration": duration, "lanes": sent, **theme}))
    scripts = sorted(timeline.__file__ and Path(timeline.__file__).parent.glob("timeline*.js"))
    js = "\n".join(script.read_text() for script in scripts).replace("export default function", "function draw") + MOUNT
    css = (Path(timeline.__file__).parent / "timeline.css").read_text()
    (folder / "page.html").write_text(
        PAGE.format(css=css, html=timeline.HTML, js=js.replace("{{", "{").replace("}}", "}"))
    )
    return sum(lane["values"] for lane in sent)


def write(folder: Path, content: bytes, urls: list[str]) -> str:
    """Write the values of a lane into a file of their own, and return its name."""
    urls.append(f"{len(urls)}.bin")
    (folder / urls[-1]).write_bytes(content)
    return urls[-1]


def made_up(duration: float) -> list[Lane]:
    """Return lanes of a recording whose values wander, with gaps of the face and of speech."""
    generator = np.random.default_rng(0)
    times = np.arange(HOP / 2, duration, HOP)
    columns, rows = {"time": times}, []
    for source in Source:
        missing = np.repeat(generator.random(len(times) // 100 + 1) < 0.1, 100)[: len(times)]
        for dimension in (Dimension.VALENCE, Dimension.AROUSAL):
            values = np.sin(np.cumsum(generator.normal(0, 0.05, len(times)))).astype(np.float32)
            columns[f"{source}.{dimension}"] = np.where(missing, np.nan, values)
            rows.append((f"{source}.{dimension}", str(source), f"{source}-model", str(dimension), "dimension", 0.3))
        logits = np.cumsum(generator.normal(0, 0.05, (8, len(times))), axis=1)
        shares = np.exp(logits - logits.max(0)) / np.exp(logits - logits.max(0)).sum(0)
        for emotion, share in zip(list(Emotion)[:8], shares, strict=True):
            columns[f"{source}.{emotion}"] = np.where(missing, np.nan, share).astype(np.float32)
            rows.append((f"{source}.{emotion}", str(source), f"{source}-model", str(emotion), "emotion", np.nan))
    table = pd.DataFrame(columns)
    outputs = pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "rmse"])
    reach = np.abs(generator.normal(0, 0.2, len(times))).astype(np.float32).clip(0, 1)
    return [
        sound_lane(-reach, reach, HOP / 2, HOP),
        *prediction_lanes(table, outputs, gaps(table, outputs), Source.FACE),
    ]


if __name__ == "__main__":
    main()
