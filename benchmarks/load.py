"""Many visitors of one app: whether pages go on answering while they analyse, and what their visits leave in memory.

An app is started with folders of its own. After a first visit to every page, which loads the models, visitors come and
go until the time is over, as browsers do but without drawing: each opens Home, analyses a recording on Predict that
nobody had before (the example with some bytes behind it), looks at it twice a second, turns to other pages, and leaves.
One more visitor opens Home all the time. Measured:

- errors: pages that show an exception, and answers that do not come within a minute;
- the time from a request of a page to its last word, of all pages (p95) and of Home, beside that of Home before;
- resident memory of the app after all have left, beside that after the first visit;
- files of visits that are left.

    python -m benchmarks.load [--visitors 20] [--minutes 10]
    python -m benchmarks.load --sessions 300

With ``--sessions`` one visitor after the other opens Home and Predict with the example, and leaves; only the growth of
memory counts, beside that after the first thirty.

The last line is a JSON object. Exits with 1 when a bound is missed.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from .server import ROOT, serving

EXAMPLE = ROOT / "examples" / "synthetic-english.mp4"
PAGES = ("explain", "attention", "embeddings", "compare", "cultures", "data", "storage")
MOST_SECONDS, MOST_TIMES, MOST_GROWTH = 2.0, 2.0, 100
"""Bounds: p95 of a page's answer in s, Home beside Home without others, and MB of growth."""
PATIENCE = 60
LOOK = 0.5
MOST_SESSION_GROWTH = 50
"""MB that sessions may leave behind."""
FIRST = 30
"""Sessions after which memory is taken to be as it stays."""
KEPT = 130
"""Seconds after which Streamlit drops what it holds of a closed page, in case that its browser comes back."""


class Visit:
    """A visit of the app, which ends with the block.

    Args:
        address: address of the app, e.g. ``localhost:8501``.
        told: list that gets every error.
    """

    def __init__(self, address: str, told: list[str]) -> None:
        self._stack = ExitStack()
        url = f"ws://{address}/_stcore/stream"
        self._socket = self._stack.enter_context(connect(url, subprotocols=["streamlit"], max_size=None))
        self._told = told
        self._hashes: dict[str, str] = {}
        self._page = ""
        self.fragments: set[str] = set()

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, page: str, query: str = "") -> float:
        """Open a page, and return the seconds until it was there."""
        self.fragments.clear()
        self._page = self._hashes.get(page, "")
        message = BackMsg()
        message.rerun_script.page_name = "" if self._page else page
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.query_string = query
        return self._ask(message)

    def look(self) -> None:
        """Draw again the parts of the page that draw themselves while work runs."""
        for fragment in list(self.fragments):
            message = BackMsg()
            message.rerun_script.page_script_hash = self._page
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            self._ask(message)

    def _ask(self, message: BackMsg) -> float:
        start = time.perf_counter()
        self._socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(bytes(self._socket.recv(timeout=PATIENCE)))
            kind = answer.WhichOneof("type")
            if kind == "navigation":
                self._hashes = {page.url_pathname: page.page_script_hash for page in answer.navigation.app_pages}
                self._page = answer.navigation.page_script_hash
            elif kind == "auto_rerun":
                self.fragments.add(answer.auto_rerun.fragment_id)
            elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                self._told.append(answer.delta.new_element.exception.message)
            elif kind == "script_finished":
                if answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return time.perf_counter() - start
                self.fragments.clear()  # a part of the page has the whole page run again


class Load:
    """Visitors who come and go.

    Args:
        address: address of the app.
        folder: folder whose recordings the app may read.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self._address, self._folder = address, folder
        self.errors: list[str] = []
        self.seconds: dict[str, list[float]] = {}
        self.analysed = 0
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()

    def home(self, until: float) -> None:
        """Open Home again and again."""
        with Visit(self._address, self.errors) as visit:
            while time.monotonic() < until:
                self._note("home of one who watches", visit.open(""))
                time.sleep(1)

    def come_and_go(self, until: float) -> None:
        """Make one visit after the other."""
        while time.monotonic() < until:
            try:
                self.visit(until)
            except (OSError, TimeoutError) as error:
                self.errors.append(f"{type(error).__name__}: {error}")

    def visit(self, until: float, *, every: bool = False) -> None:
        """Open, analyse, turn to a few pages or every one, and leave."""
        with self._lock:
            number = next(self._numbers)
        clip = self._folder / f"{number}.mp4"
        clip.write_bytes(EXAMPLE.read_bytes() + number.to_bytes(8, "big"))
        query = f"clip=Folder:+{self._folder.name}/{clip.name}"
        with Visit(self._address, self.errors) as visit:
            self._note("home", visit.open(""))
            self._note("predict", visit.open("predict", query))
            while visit.fragments and time.monotonic() < until:
                time.sleep(LOOK)
                visit.look()
            self.analysed += not visit.fragments
            for page in PAGES if every else random.Random(number).sample(PAGES, 3):
                self._note(page, visit.open(page, query))
        clip.unlink()

    def _note(self, page: str, seconds: float) -> None:
        with self._lock:
            self.seconds.setdefault(page, []).append(seconds)


@contextmanager
def app(own: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run an app with folders of its own until the block ends, and give its address and its process."""
    settings = {f"EMOVIZ_{name}": str(own / name.lower()) for name in ("STORE", "RUNS", "CHECKPOINTS", "FOLDERS")}
    settings |= {"EMOVIZ_KEPT_MB": "0", "TMPDIR": str(own / "tmp")}
    command = [sys.executable, "-m", "emoviz", "app", "--port"]
    with (own / "log").open("w") as output, serving(command, settings, output) as (address, server):
        yield address, psutil.Process(server.pid)


def measure(visitors: int, minutes: float, own: Path) -> dict[str, Any]:
    """Let visitors come and go, and return what was measured."""
    for name in ("tmp", "folders"):
        (own / name).mkdir()
    with app(own) as (address, process):
        first = Load(address, own / "folders")
        first.visit(time.monotonic() + 10 * PATIENCE, every=True)
        first.home(time.monotonic() + 5)
        time.sleep(5)
        before = process.memory_info().rss
        load = Load(address, own / "folders")
        until = time.monotonic() + 60 * minutes
        threads = [threading.Thread(target=load.come_and_go, args=(until,)) for _ in range(visitors)]
        threads.append(threading.Thread(target=load.home, args=(until,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(KEPT)
        first.home(time.monotonic() + 5)
        growth = (process.memory_info().rss - before) / 1e6
        tmp = own / "tmp"
        left = [path.name for path in tmp.glob("emoviz-server-*/**/*") if path.is_file() and path.name != "lock"]
    answers = [one for page, all_of in load.seconds.items() if "watches" not in page for one in all_of]
    idle, busy = (float(np.median(one.seconds["home of one who watches"])) for one in (first, load))
    return {
        "visitors": visitors,
        "minutes": minutes,
        "analysed": load.analysed,
        "answers": len(answers),
        "errors": len(load.errors) + len(first.errors),
        "first error": next(iter([*first.errors, *load.errors]), ""),
        "p95 seconds": round(float(np.percentile(answers, 95)), 2),
        "p95 seconds by page": {page: round(float(np.percentile(s, 95)), 2) for page, s in load.seconds.items()},
        "home idle seconds": round(idle, 3),
        "home seconds": round(busy, 3),
        "growth MB": round(growth),
        "files left": left,
    }


def measure_sessions(sessions: int, own: Path) -> dict[str, Any]:
    """Open and close sessions, and return the memory that they leave."""
    for name in ("tmp", "folders"):
        (own / name).mkdir()
    errors: list[str] = []

    def memory_after(number: int) -> float:
        for _ in range(number):
            with Visit(address, errors) as visit:
                for page in ("", "predict"):
                    visit.open(page)
        time.sleep(KEPT)
        return process.memory_info().rss / 1e6

    with app(own) as (address, process):
        Load(address, own / "folders").visit(time.monotonic() + 10 * PATIENCE)
        before = memory_after(FIRST)
        after = memory_after(sessions)
    growth = round(after - before, 1)
    return {"sessions": sessions, "errors": len(errors), "before MB": round(before), "growth MB": growth}


def main() -> int:
    """Measure, print, and return 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=0, help="so many short sessions, in place of visitors")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        if options.sessions:
            print(json.dumps(found := measure_sessions(options.sessions, Path(own))))
            return int(found["errors"] > 0 or found["growth MB"] > MOST_SESSION_GROWTH)
        found = measure(options.visitors, options.minutes, Path(own))
    print(json.dumps(found))
    slow = found["p95 seconds"] > MOST_SECONDS or found["home seconds"] > MOST_TIMES * found["home idle seconds"]
    return int(slow or found["errors"] > 0 or found["growth MB"] > MOST_GROWTH or bool(found["files left"]))


if __name__ == "__main__":
    sys.exit(main())
