"""The time that pages of held-out recordings take to open and to answer, above an empty Streamlit page.

Two made-up checkpoints of 10,000 recordings with 640 channels each: channel weights, embeddings and predictions.
Chromium opens every page of an app that knows them, and an empty page of Streamlit before each, in a tab of its own
every time, which as nearly all pages has a path of its own (Streamlit then asks for its server twice); and once a page
that has nothing but one bar chart of Streamlit's. Told are the median times until the server is done and the first
screen is drawn (``view``), from one choice or click until what it changes is drawn (``answer``), and from a click on
the page's name in the menu, with another page in the same tab, until its first screen is drawn again (``turn``). All is
warm: each page was seen before, so that figures that are kept, like a map, are made and scripts are in the browser's
cache; a new tab still has to evaluate them, which a page that is turned to need not.

    python -m benchmarks.pages [--recordings 10000] [--channels 640] [--repeats 5] [--only attention,compare]

Times are wall-clock: run it on a machine that does nothing else. The last line is a JSON object. Exits with 1 when a
page's view or turn takes 1 s, or its answer .3 s, more than the empty page's.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import BrowserContext, Page, sync_playwright

from emoviz import checkpoints
from emoviz.checkpoints.description import Description, FeatureSpec
from emoviz.core.vocabulary import FOUR_EMOTIONS, Source, Task
from emoviz.models.inputs import InputConfig

from .server import ROOT, serving

CHROMIUM = os.environ.get("EMOVIZ_CHROMIUM") or shutil.which("chromium")
LONGEST = {"view": 1.0, "answer": 0.3, "turn": 1.0}
"""Seconds above the empty page's that each may take."""
PATIENCE = 300_000
"""Milliseconds for the first view of a page, which makes what is kept."""
WARM = 3
"""Times that a page is seen before it is measured: Chromium keeps what it compiled from the second time on."""
SETTLED = 1_000
"""Milliseconds that somebody looks at a page before the first click."""
CULTURES, SPEAKERS = ("German", "Italian", "Korean", "North American", "Pakistani", "Polish"), 20
NAMES = ("made-up-1", "made-up-2")
IDLE = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
DRAWN = """[...document.querySelectorAll('.emoviz-figure')].every(figure =>
    figure._fullData || figure.getBoundingClientRect().top >= window.innerHeight || !figure.style.minHeight)"""
"""JavaScript that is true once every figure on the first screen is drawn."""
EMPTY = """
    st.title("Empty")
    pressed = st.button("Press")
    st.markdown("Pressed" if pressed else "Waiting")
"""
FIGURE = """
    st.title("Empty")
    count = 21 if st.button("Press") else 20
    st.plotly_chart(go.Figure(go.Bar(x=list(range(count)), y=list(range(count)))), key="bars")
"""
SCRIPTS = {"empty": EMPTY, "figure": FIGURE}
APP = """
import plotly.graph_objects as go
import streamlit as st
def page():{}
st.navigation([st.Page(lambda: None, title="Home", default=True), st.Page(page, title="Empty", url_path="empty")]).run()
"""


@dataclass(frozen=True)
class View:
    """A page, and one act on it that is timed.

    Attributes:
        name: name of the page in the menu.
        address: path and query of the page.
        complete: script that is true once the wanted figure is drawn, in JavaScript.
        prepare: act before the one that is timed, e.g. opening a list.
        act: act that is timed, a click or key.
        answered: script that is true once the answer is drawn, in JavaScript.
        other: name of a page from which this one is turned to.
    """

    name: str
    address: str
    complete: str
    prepare: Callable[[Page], object]
    act: Callable[[Page], object]
    answered: str
    other: str = "Home"


def plot(key: str) -> str:
    """Return JavaScript for the data of the figure of a key, undefined before it is drawn."""
    return f"document.querySelector('.st-key-{key} .js-plotly-plot')?._fullData"


def show(page: Page, label: str) -> None:
    """Open a list of choices."""
    page.get_by_role("combobox", name=label).click()


def choose(page: Page, option: str) -> None:
    """Choose from the open list."""
    page.get_by_role("option", name=option, exact=True).click()


BOTH = "&".join(f"compared={name}" for name in NAMES)
VIEWS = {
    "empty": View(
        "Empty",
        "empty",
        "document.querySelector('.stMarkdown')?.textContent === 'Waiting'",
        lambda page: None,
        lambda page: page.get_by_role("button", name="Press").click(),
        "document.querySelector('.stMarkdown')?.textContent === 'Pressed'",
    ),
    "figure": View(
        "Empty",
        "empty",
        plot("bars"),
        lambda page: None,
        lambda page: page.get_by_role("button", name="Press").click(),
        f"{plot('bars')}[0].x.length === 21",
    ),
    "home": View(
        "Home",
        "",
        "document.body.textContent.includes('made-up-2')",
        lambda page: None,
        lambda page: page.get_by_role("button", name="Cards and limits").first.click(),
        "document.querySelector('[role=dialog]')",
        other="Train",
    ),
    "attention": View(
        "Attention",
        f"attention?model={NAMES[0]}",
        plot("channels"),
        lambda page: None,
        lambda page: page.get_by_role("slider", name="Channels").press("ArrowRight"),
        f"{plot('channels')}[0].x.length === 21",
    ),
    "cultures": View(
        "Cultures",
        f"cultures?weights={NAMES[0]}",
        f"{plot('similarity')} && {plot('pair')}",
        lambda page: page.evaluate("titles = document.querySelector('.st-key-pair .gtitle').textContent"),
        lambda page: page.mouse.click(*cell(page, "similarity", 3, 3)),
        "document.querySelector('.st-key-pair .gtitle')?.textContent !== titles",
    ),
    "embeddings": View(
        "Embeddings",
        f"embeddings?model={NAMES[0]}&method=PCA",
        f"{plot('map')} && {plot('separation')}",
        lambda page: show(page, "Colour by"),
        lambda page: choose(page, "Culture"),
        f"{plot('map')}.some(trace => trace.name === 'Korean')",
    ),
    "compare": View(
        "Compare",
        f"compare?{BOTH}",
        plot("differences"),
        lambda page: None,
        lambda page: page.get_by_test_id("stButtonGroup").get_by_text("Disagreement").click(),
        plot("said"),
    ),
    "results": View(
        "Results",
        "results?study=speech&protocol=cross-culture",
        "document.querySelector('[class*=st-key-standing-] .js-plotly-plot')?._fullData",
        lambda page: show(page, "Figure"),
        lambda page: choose(page, "accuracy"),
        "document.querySelector('[class*=st-key-standing-] .xtitle')?.textContent.includes('accuracy')",
    ),
}


def cell(page: Page, key: str, column: int, row: int) -> tuple[float, float]:
    """Return the place of a cell of a matrix on the screen, a little beside its middle."""
    x, y = page.evaluate(
        """([selector, column, row]) => {
            const plot = document.querySelector(selector), { xaxis, yaxis } = plot._fullLayout
            const box = plot.getBoundingClientRect()
            return [box.left + xaxis._offset + xaxis.d2p(column) + 9, box.top + yaxis._offset + yaxis.d2p(row) - 9]
        }""",
        [f".st-key-{key} .js-plotly-plot", column, row],
    )
    return x, y


def make_checkpoint(folder: Path, name: str, recordings: int, channels: int, seed: int) -> None:
    """Make an untrained classifier with tables of held-out recordings."""
    random = np.random.default_rng(0)  # both models are of the same recordings
    culture = random.integers(0, len(CULTURES), recordings)
    speakers = [f"made-up/{place * SPEAKERS + number}" for place in range(len(CULTURES)) for number in range(SPEAKERS)]
    emotion = random.integers(0, len(FOUR_EMOTIONS), recordings)
    about = pd.DataFrame(
        {
            "culture": np.array(CULTURES)[culture],
            "speaker": np.array(speakers)[culture * SPEAKERS + np.arange(recordings) % SPEAKERS],
            "label": np.array(FOUR_EMOTIONS)[emotion],
        },
        index=pd.Index([f"made-up/{number:05d}" for number in range(recordings)], name="id"),
    )
    random = np.random.default_rng(seed)
    names = tuple(f"made-up.{number:03d}" for number in range(channels))
    description = Description(
        name=name,
        title="Made-up numbers",
        source=Source.SPEECH,
        model="statistics-pooling",
        model_config={"streams": {"made-up": channels}, "outputs": len(FOUR_EMOTIONS)},
        task=Task.CLIP,
        kind="emotion",
        outputs=tuple(FOUR_EMOTIONS),
        derived=False,
        features=(FeatureSpec("made-up", "1", {}, names, channels),),
        inputs=(InputConfig("made-up", None, False),),
        hop=0.02,
        window=3.0,
        training={"corpora": ["made-up"]},
        split={"test": tuple(speakers)},
    )
    weights = random.gamma(2 + culture[:, None] / 5, size=(recordings, channels))
    near = np.eye(len(FOUR_EMOTIONS), channels)[emotion] + 0.2 * random.normal(size=(recordings, channels))
    truth = np.eye(len(FOUR_EMOTIONS))[emotion]
    scores = random.dirichlet(np.ones(len(FOUR_EMOTIONS)), recordings) + truth
    predictions = {f"truth.{name}": truth[:, place] for place, name in enumerate(FOUR_EMOTIONS)} | {
        f"prediction.{name}": scores[:, place] / 2 for place, name in enumerate(FOUR_EMOTIONS)
    }
    checkpoints.save(
        folder / name,
        description,
        checkpoints.build_predictor(description),
        metrics={},
        card="Made-up numbers, to measure pages with.",
        attention=about.join(pd.DataFrame(weights.astype(np.float16), about.index, names)),
        embeddings=about.join(
            pd.DataFrame(near.astype(np.float16), about.index, [f"e{number:03d}" for number in range(channels)])
        ),
        predictions=about.join(pd.DataFrame(predictions, about.index).astype(np.float32)),
    )


@contextmanager
def streamlit(script: Path, folder: Path) -> Iterator[str]:
    """Serve a script by Streamlit, and yield its address."""
    settings = {"EMOVIZ_CHECKPOINTS": str(folder / "checkpoints"), "EMOVIZ_STORE": str(folder / "store")}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port"]
    with serving(command, settings) as (address, _):
        yield f"http://{address}"


def measure(context: BrowserContext, address: str, view: View) -> np.ndarray:
    """Return the seconds until a page is complete, until an act on it is answered, and until it is turned to again."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    start = time.perf_counter()
    page.goto(f"{address}/{view.address}", wait_until="commit")
    page.wait_for_function(f"() => {IDLE} && ({view.complete}) && {DRAWN}")
    opened = time.perf_counter() - start
    page.wait_for_timeout(SETTLED)  # what stands below the first screen may still be drawn
    view.prepare(page)
    start = time.perf_counter()
    view.act(page)
    page.wait_for_function(f"() => {view.answered}")
    answered = time.perf_counter() - start
    page.keyboard.press("Escape")  # what was done may have opened a dialog
    page.get_by_test_id("stSidebarNavLink").get_by_text(view.other, exact=True).click()
    page.wait_for_function(f"() => {IDLE} && !({view.complete})")
    page.wait_for_timeout(SETTLED)
    start = time.perf_counter()
    page.get_by_test_id("stSidebarNavLink").get_by_text(view.name, exact=True).click()
    page.wait_for_function(f"() => {IDLE} && ({view.complete}) && {DRAWN}")
    turned = time.perf_counter() - start
    page.close()
    return np.array([opened, answered, turned])


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=10_000)
    parser.add_argument("--channels", type=int, default=640)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default=",".join(name for name in VIEWS if name != "empty"))
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as made, sync_playwright() as driver:
        folder = Path(made)
        for seed, made_up in enumerate(NAMES):
            make_checkpoint(folder / "checkpoints", made_up, options.recordings, options.channels, seed)
        for name, script in SCRIPTS.items():
            (folder / f"{name}.py").write_text(APP.format(script))
        context = driver.chromium.launch_persistent_context(
            folder / "profile",  # of an ordinary window, in which Chromium keeps compiled scripts too
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            viewport={"width": 1280, "height": 800},
        )
        with (
            streamlit(ROOT / "app.py", folder) as app,
            streamlit(folder / "empty.py", folder) as empty,
            streamlit(folder / "figure.py", folder) as figure,
        ):
            print(f"{options.recordings} recordings x {options.channels} channels, median of {options.repeats}")
            print(f"{'':12}" + "".join(f"{kind + ' s':>10}{'more':>8}" for kind in LONGEST))
            for page in options.only.split(","):
                address = {"empty": empty, "figure": figure}.get(page, app)
                for _ in range(WARM):
                    measure(context, empty, VIEWS["empty"])
                    measure(context, address, VIEWS[page])
                rounds = [
                    (measure(context, empty, VIEWS["empty"]), measure(context, address, VIEWS[page]))
                    for _ in range(options.repeats)
                ]
                base, times = np.median(rounds, axis=0)
                found = {}
                for kind, seconds, more in zip(LONGEST, times, times - base, strict=True):
                    found |= {kind: round(float(seconds), 3), f"more_{kind}": round(float(more), 3)}
                figures[page] = found
                print(f"{page:12}" + "".join(f"{found[k]:10.2f}{found[f'more_{k}']:8.2f}" for k in LONGEST), flush=True)
        context.close()
    print(json.dumps(figures))
    judged = [found for page, found in figures.items() if page not in SCRIPTS]
    return int(any(found[f"more_{kind}"] > most for found in judged for kind, most in LONGEST.items()))


if __name__ == "__main__":
    sys.exit(main())
