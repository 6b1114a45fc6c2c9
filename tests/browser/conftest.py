"""A running app and a browser. Both are skipped visibly where Chromium is not installed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clips import EXAMPLE
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.fake_camera import in_front_of_camera

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = os.environ.get("EMOVIZ_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 120
"""Seconds until something is given up: the machine may be slow and busy, but one test may not hold up all others."""


TELL_ERRORS = """new MutationObserver(() => {
    const box = document.querySelector('[data-testid="stException"]');
    if (box) console.error("The page shows an error: " + box.innerText);
}).observe(document, {childList: true, subtree: true});"""
"""Script that tells the box of an error that a page shows, though it may be gone when a test looks."""
FORBIDDEN = "Content Security Policy|The page shows an error"
"""What no page may say on the browser's console."""


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder whose recordings the app may read without an upload."""
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's store."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's folder of weights."""
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, folders: Path, store: Path, weights: Path) -> Iterator[str]:
    """Address of the app, started for this test run with folders of its own."""
    own = {f"EMOVIZ_{name}": str(tmp_path_factory.mktemp(name.lower())) for name in ("RUNS", "CHECKPOINTS")}
    own |= {"EMOVIZ_STORE": str(store), "EMOVIZ_WEIGHTS": str(weights)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
    environment = os.environ | own | {"EMOVIZ_SLOTS": "cpu", "EMOVIZ_FOLDERS": str(folders)}
    with serving(command, ROOT, environment, tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


@contextmanager
def serving(command: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run a command, which a free port ends, until the block ends, and give the address of the app that it starts."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = {**environment, "STREAMLIT_SERVER_HEADLESS": "true"}
    with log.open("w") as output:
        server = subprocess.Popen([*command, str(port)], cwd=cwd, env=environment, stdout=output, stderr=output)
    address = f"http://localhost:{port}"
    try:
        for _ in range(PATIENCE):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health")
                break
            except OSError:
                time.sleep(1)
        else:
            pytest.fail(f"The app did not start: {log.read_text()}")
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, with a camera and a microphone."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (or name it in EMOVIZ_CHROMIUM): the browser tests do not run.")
    expect.set_options(timeout=PATIENCE * 1000)
    folder = tmp_path_factory.mktemp("camera")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *in_front_of_camera(EXAMPLE, folder)],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab that fails the test when a script of the page fails, or asks another machine."""
    yield from open_tab(browser)


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    """The tab of somebody else, to open links in."""
    yield from open_tab(browser)


@pytest.fixture
def strict_page(browser: Browser) -> Iterator[Page]:
    """A fresh tab in which the app's Content-Security-Policy holds."""
    yield from open_tab(browser, strict=True)


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """A tab that the tests of a module share."""
    yield from open_tab(browser)


def is_elsewhere(url: str) -> bool:
    """Whether a request leaves this machine."""
    return urlsplit(url).scheme in ("http", "https", "ws", "wss") and urlsplit(url).hostname != "localhost"


def open_tab(browser: Browser, *, strict: bool = False) -> Iterator[Page]:
    # Playwright waits by scripts that the app's policy forbids; test_doors_in_browser.py sees that the app keeps to it.
    context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=not strict)
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script(TELL_ERRORS)
    tab = context.new_page()
    failures: list[str] = []
    tab.on("pageerror", lambda error: failures.append(str(error)))
    tab.on("console", lambda said: failures.append(said.text) if re.search(FORBIDDEN, said.text) else None)
    tab.on("request", lambda asked: failures.append(f"It asks {asked.url}") if is_elsewhere(asked.url) else None)
    yield tab
    context.close()
    assert not failures
