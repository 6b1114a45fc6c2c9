"""Seconds from starting the app to the first curve of the example in Chromium, as a newcomer meets it.

    python -m benchmarks.first_curve

Starts `python -m emoviz app` with an empty feature store, opens the Predict page as soon as the server answers, and
notes when the first curve is drawn and when the analysis is complete. Needs Chromium (EMOVIZ_CHROMIUM names another).
The last line is JSON.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CURVE = ".st-key-timeline .js-plotly-plot .scatterlayer .trace"
PATIENCE = 180_000
"""Milliseconds."""


def main() -> None:
    """Measure once, from a cold start of the process."""
    chromium = os.environ.get("EMOVIZ_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; name a browser in EMOVIZ_CHROMIUM.")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as store, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        start = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "emoviz", "app", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"EMOVIZ_STORE": store, "STREAMLIT_SERVER_HEADLESS": "true"},
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://localhost:{port}/_stcore/health")
            answered = time.perf_counter() - start
            page.goto(f"http://localhost:{port}/predict", timeout=PATIENCE)
            page.wait_for_selector(CURVE, timeout=PATIENCE)
            first = time.perf_counter() - start
            page.wait_for_selector(".st-key-stop", state="detached", timeout=PATIENCE)
            complete = time.perf_counter() - start
            duration = page.locator("video").evaluate("video => video.duration")
        finally:
            server.terminate()
            server.wait()
            browser.close()
    rows = {"server answers": answered, "first curve": first, "analysis complete": complete}
    for what, seconds in rows.items():
        print(f"{what:20s} {seconds:6.1f} s after start")
    print(f"{'length of the clip':20s} {duration:6.1f} s")
    print(
        json.dumps(
            {
                "first_curve_s": round(first, 2),
                "complete_s": round(complete, 2),
                "complete_to_clip_length": round((complete - answered) / duration, 3),
            }
        )
    )


def wait_for(address: str) -> None:
    """Poll until the server answers."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address)
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("The app did not start.")


if __name__ == "__main__":
    main()
