"""The time in which a library of many recordings is listed, beside a bare look at the same files.

Made are empty files in 100 folders, and what is known of each as an analysis notes it. Measured, each as the median:

- ``bare``: names, sizes and times of all files, by ``os.walk`` and ``os.stat``.
- ``cold``: reading what is known of all, as a server does once.
- ``listed``: the list, with the state of each, as a visit to the page Library makes it.
- ``found``: those of a list that fit a name, a state, an emotion and a length.
- ``page``: one more run of the page's script, as a search is, in Streamlit's own test of pages; the list is that of
  the seconds before.

    python -m benchmarks.library [--recordings 10000]

The last line is a JSON object. Exits with 1 when the list takes more than 10 times the bare look, or 3 s.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from emoviz.core.kept import Kept
from emoviz.core.vocabulary import Emotion
from emoviz.features.clip_store import RECORDINGS
from emoviz.prediction.library.known import Known, Library, Seen
from emoviz.prediction.library.listing import State, listed, narrowed

from .server import ROOT

FOLDERS = 100
MOST_RATIO, MOST_SECONDS = 10.0, 3.0
SENTENCE = (
    "Mostly neutral by late fusion of face-expression and speech-emotion; most happy at 6.2 s (face .81, speech .44)."
)


def make(folder: Path, library: Library, count: int) -> None:
    """Write recordings, which nobody will read, and what is known of them."""
    library.folder.mkdir(parents=True)
    for number in range(count):
        path = folder / f"session {number % FOLDERS}" / f"talk {number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        state, content = path.stat(), sha256(str(number).encode()).hexdigest()
        known = Known(
            content,
            seconds=float(number % 700),
            models=("face-expression", "speech-cats", "speech-emotion"),
            faces=2,
            voices=2,
            verdict=SENTENCE,
            emotion=Emotion.NEUTRAL,
            moments=((Emotion.HAPPY, 6.2), (Emotion.SAD, 9.4)),
            files={str(path): Seen(state.st_size, state.st_mtime_ns, number)},
        )
        (library.folder / f"{content}.json").write_text(json.dumps(asdict(known)))


def look(folder: Path) -> list[os.stat_result]:
    """Return the states of all files below a folder."""
    return [os.stat(os.path.join(place, name)) for place, _, names in os.walk(folder) for name in names]


def seconds(work: Callable[[], Any], repeats: int = 5) -> float:
    """Return the median time that some work takes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def page_of(folder: Path, store: Path) -> Callable[[], Any]:
    """Return a function that runs the page, which was open before."""
    os.environ |= {"EMOVIZ_FOLDERS": str(folder), "EMOVIZ_STORE": str(store), "EMOVIZ_KEPT_MB": "4000"}
    page = AppTest.from_file(str(ROOT / "pages" / "library.py"), default_timeout=300).run()
    assert any("recordings" in caption.value for caption in page.caption), page.exception
    return page.run


def main() -> int:
    """Measure, print, and say whether a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--recordings", type=int, default=10_000)
    count = parser.parse_args().recordings
    with tempfile.TemporaryDirectory() as place:
        folder, kept = Path(place).resolve() / "lab", Kept(Path(place) / "store" / RECORDINGS)
        make(folder, library := Library(kept), count)
        found = {"bare": seconds(lambda: look(folder)), "cold": seconds(lambda: Library(kept).all(), 3)}
        known, folders = library.all(), {"Folder: lab/": folder}
        entries = listed({}, folders, known).entries
        assert len(entries) == count and all(entry.state is State.ANALYSED for entry in entries)
        found["listed"] = seconds(lambda: listed({}, folders, known))
        found["found"] = seconds(lambda: narrowed(entries, "talk 9", [State.ANALYSED], Emotion.SAD, "1 to 10 min"))
        found["page"] = seconds(page_of(folder, kept.folder.parent))
    found["ratio"] = found["listed"] / found["bare"]
    print(json.dumps({"recordings": count, **{name: round(value, 3) for name, value in found.items()}}))
    return int(found["ratio"] > MOST_RATIO or found["listed"] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
