"""Take the pictures of the pages that the README shows, in ``docs/pictures``.

    python -m tools.take_pictures [PAGE...]

The app runs with folders of its own, so that the pictures show what comes with emoviz. Chromium is that of the browser
tests; without a font with emoji the menu's icons are boxes. ``FONTCONFIG_FILE`` can name a font that is not installed.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.server import ROOT, serving

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}
SHOWN = {
    "home": "h1",
    "predict": ".st-key-circumplex .js-plotly-plot",
    "explain": ".st-key-seen-face .imagelayer image",
    "library": '[class*="st-key-entry-"]',
    "attention": ".js-plotly-plot",
    "cultures": ".js-plotly-plot",
    "embeddings": ".js-plotly-plot",
    "compare": ".js-plotly-plot",
    "results": "h1",
    "train": "h1",
    "runs": ".js-plotly-plot",
    "data": "h1",
}
"""Page -> selector of what has to be there before its picture is taken."""
DARK = ("predict",)
"""Pages that are shown in the dark theme, too."""
PATIENCE = 300_000
"""Milliseconds."""


def main() -> None:
    """Take the pictures of some pages, by default of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"some of {', '.join(SHOWN)}")
    pages = parser.parse_args().pages or list(SHOWN)
    with tempfile.TemporaryDirectory() as folder:
        own = {f"EMOVIZ_{name}": f"{folder}/{name.lower()}" for name in ("STORE", "RUNS", "CHECKPOINTS")}
        settings = own | {"EMOVIZ_FOLDERS": str(ROOT / "examples"), "EMOVIZ_SLOTS": "cpu"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
        with serving(command, settings) as (address, _), sync_playwright() as driver:
            chromium = shutil.which("chromium") or os.environ["EMOVIZ_CHROMIUM"]
            browser = driver.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            )
            for page in pages:
                for theme in ("light", "dark") if page in DARK else ("light",):
                    tab = browser.new_page(viewport=SIZE, color_scheme=theme)
                    take(tab, f"http://{address}/{page}", SHOWN[page])
                    save(tab, PICTURES / f"{page}{'-dark' * (theme == 'dark')}.png")
                    tab.close()
            browser.close()


def take(tab: Page, address: str, shown: str) -> None:
    """Open a page and wait until it is drawn whole."""
    tab.goto(address, timeout=PATIENCE)
    tab.locator(shown).first.wait_for(timeout=PATIENCE)
    tab.wait_for_timeout(2000)  # what still runs has its stop button by then
    tab.locator(".st-key-stop").wait_for(state="detached", timeout=PATIENCE)
    tab.locator("[data-testid=stStatusWidget]").wait_for(state="detached", timeout=PATIENCE)
    tab.wait_for_timeout(3000)


def save(tab: Page, path: Path) -> None:
    """Save a picture of the first screen, in 256 colours, which take a third of the bytes."""
    tab.screenshot(path=path)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
