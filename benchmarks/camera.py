"""Seconds from what a camera sees and a microphone hears to its value in the preview's curves, in Chromium.

    python -m benchmarks.camera [--seconds 20]

Starts the app on an empty store, lets the Predict page analyse the example, so that all networks are loaded, and
records with Chromium's fake devices, which play the example. Ten times a second it notes how old the newest value of
face and of speech in the curves is: what was captured then is drawn now. The last line is JSON.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, Response, sync_playwright

from benchmarks.fake_camera import in_front_of_camera
from benchmarks.first_curve import CURVE, PATIENCE
from benchmarks.server import ROOT, serving

EXAMPLE = ROOT / "examples" / "synthetic-english.mp4"
AGES = """async (seconds) => {
    const root = [...document.querySelectorAll("*")].map((e) => e.shadowRoot).find((r) => r?.querySelector("#curves"))
    const curves = root.querySelector("#curves")
    const found = []
    const start = performance.now()
    while (performance.now() - start < 1000 * seconds) {
        await new Promise((done) => setTimeout(done, 100))
        const { face, speech, began } = curves.dataset
        if (began) found.push([(performance.now() - Number(began)) / 1000, Number(face), Number(speech)])
    }
    return found
}"""
"""Script that returns, ten times a second, the time since the recording began, and those of the newest values."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one recording."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args(arguments).seconds
    chromium = os.environ.get("EMOVIZ_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; name a browser in EMOVIZ_CHROMIUM.")
    command = [sys.executable, "-m", "emoviz", "app", "--port"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        devices = in_front_of_camera(EXAMPLE, Path(folder), 0.0, 11.0)
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *devices]
        )
        with serving(command, {"EMOVIZ_STORE": f"{folder}/store"}) as (address, _):
            # Playwright's own scripts are forbidden by the app's policy.
            page = browser.new_context(bypass_csp=True).new_page()
            page.set_default_timeout(PATIENCE)
            seen: list[str] = []
            page.on("response", lambda answer: seen.extend(told(answer)))
            page.goto(f"http://{address}/predict")
            ages = record(page, seconds)
        browser.close()
    for source in ("face", "speech"):
        print(f"{source + ' values per second':26s} {seen.count(source) / seconds:6.1f}")
    report(ages)


def told(answer: Response) -> list[str]:
    """Return the source of each moment that an answer of the server tells."""
    if "/camera/" not in answer.url or not answer.ok or answer.request.method != "POST":
        return []
    return [source for source, *_ in answer.json().get("moments", ())]


def record(page: Page, seconds: float) -> np.ndarray:
    """Return a row per look: the time since the recording began, and those of the newest values of face and speech."""
    page.wait_for_selector(CURVE)
    page.wait_for_selector(".st-key-stop", state="detached")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Picture and sound").click()
    camera = page.get_by_role("group", name="Camera")
    camera.get_by_text("Ready.").wait_for()
    page.wait_for_timeout(3000)  # as somebody takes who sits down
    camera.get_by_role("button", name="Record").click()
    return np.array(page.evaluate(AGES, seconds), float)


def report(ages: np.ndarray) -> None:
    """Print how old the curves are, from when both have begun."""
    figures = {}
    for name, column in (("face", 1), ("speech", 2)):
        there = ages[np.isfinite(ages[:, column])]
        if not len(there):
            sys.exit(f"No value of {name} was drawn.")
        old = there[:, 0] - there[:, column]
        first = there[0, 0]
        figures |= {
            f"{name}_first_s": round(float(first), 2),
            f"{name}_median_s": round(float(np.median(old)), 2),
            f"{name}_95th_s": round(float(np.quantile(old, 0.95)), 2),
            f"{name}_worst_s": round(float(old.max()), 2),
        }
    for name, value in figures.items():
        print(f"{name:24s} {value:6.2f}")
    print(json.dumps({**figures, "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
