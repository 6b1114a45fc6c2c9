"""Where things stand on a page in a browser: figures, places in them, and the player."""

import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page, TimeoutError, expect


def plot(key: str) -> str:
    """The selector of a figure."""
    return f".st-key-{key} .js-plotly-plot"


def wait_until_done(page: Page) -> None:
    """Wait until nothing is computed any more that could be stopped."""
    page.wait_for_selector(".st-key-stop", state="detached")


def wait_until_still(page: Page) -> None:
    """Wait until the page's script has run: what it draws anew closes lists and takes links away."""
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def settled(page: Page, read: Callable[[], Any]) -> Any:
    """Return what is read of a page once it is the same twice in a row: figures are drawn one after the other."""
    before, found = None, read()
    while found != before:
        page.wait_for_timeout(250)
        before, found = found, read()
    return found


def wait_until_above(page: Page, selector: str, bottom: int) -> None:
    """Wait until the first element of a selector ends above some pixels of the first screen."""
    page.wait_for_function(
        """([selector, bottom]) => {
            const box = document.querySelector(selector)?.getBoundingClientRect()
            return box?.height > 0 && box.bottom <= bottom
        }""",
        arg=[selector, bottom],
    )


def hover_until(page: Page, x: float, y: float, condition: str) -> None:
    """Point at a place again until a condition holds: a figure that is drawn anew forgets where the mouse is."""
    for _ in range(60):
        page.mouse.move(x, y + 40)
        page.mouse.move(x, y)
        try:
            page.wait_for_function(condition, timeout=2000)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"However often one points there, this does not hold: {condition}")


def choose_option(page: Page, label: str, place: int) -> None:
    """Choose from a list by the place of an option; a page that is drawn anew closes the list, which is opened anew."""
    for _ in range(20):
        page.get_by_label(label).click()
        try:
            page.get_by_role("option").nth(place).click(timeout=5000)
        except TimeoutError:
            page.keyboard.press("Escape")
            continue
        return
    raise AssertionError(f"However often '{label}' is clicked, it offers no option {place + 1}.")


def place_in(page: Page, selector: str, x: Any, y: Any = None, *, beside: Sequence[float] = (0, 0)) -> Sequence[float]:
    """A place in a figure, which comes onto the screen.

    Args:
        page: with the figure.
        selector: of the figure.
        x: where on its first x axis, in the axis's own values.
        y: where on its first y axis; None is its middle.
        beside: pixels to the right and down from there.
    """
    found: Sequence[float] = page.evaluate(
        """([selector, x, y, beside]) => {
            const plot = document.querySelector(selector)
            plot.scrollIntoViewIfNeeded()
            const { xaxis, yaxis } = plot._fullLayout
            const box = plot.getBoundingClientRect()
            const down = y === null ? yaxis._length / 2 : yaxis.d2p(y)
            return [box.left + xaxis._offset + xaxis.d2p(x) + beside[0], box.top + yaxis._offset + down + beside[1]]
        }""",
        [selector, x, y, list(beside)],
    )
    return found


TIMELINE = "#timeline"
"""The selector of the timeline; its attributes say what it shows."""


def lane(key: str) -> str:
    """The selector of a lane of the timeline."""
    return f"{TIMELINE} .lane[data-lane='{key}']"


def place_at(page: Page, time: float, key: str = "valence") -> Sequence[float]:
    """Where a time of the recording stands on the screen, in the middle of a lane of the timeline."""
    drawing = page.locator(f"{lane(key)} canvas")
    drawing.scroll_into_view_if_needed()
    box = settled(page, drawing.bounding_box)
    start, end = shown(page)
    gutter = 34
    across = (time - start) / (end - start) * (box["width"] - gutter)
    return box["x"] + gutter + across, box["y"] + box["height"] / 2


def shown(page: Page) -> tuple[float, float]:
    """The part of the recording that the timeline shows, in seconds."""
    told = page.locator(TIMELINE)
    return float(told.get_attribute("data-from") or "nan"), float(told.get_attribute("data-to") or "nan")


def wait_until_at(page: Page, time: float) -> None:
    """Wait until the player and the timeline's cursor stand at a time, within a tenth of a second."""
    page.wait_for_function(f"Math.abs({VIDEO}.currentTime - {time}) < 0.1")
    expect(page.locator(TIMELINE)).to_have_attribute("data-time", near(time))


def near(time: float) -> re.Pattern[str]:
    """What matches a time of two digits that is less than a tenth of a second away."""
    return re.compile("|".join(f"{(100 * time + step) / 100:.2f}" for step in range(-10, 11)))


IN_SHADOW = "[...document.querySelectorAll('*')].map(e => e.shadowRoot).find(root => root?.querySelector('video'))"
"""In JavaScript: the inside of the player."""
VIDEO = f"({IN_SHADOW}?.querySelector('video') ?? {{}})"
"""In JavaScript: the player's clip, or nothing that has any of its properties."""


AXE = (files(axe_playwright_python) / "axe.min.js").read_text(encoding="utf-8")
"""Axe-core, which finds what people cannot read, reach or be told."""


def shuts_nobody_out(page: Page) -> None:
    """Let axe-core look at what a page shows, light and dark, and find nothing serious and no gap in the headings."""
    page.evaluate(AXE)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{scheme}'")
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        serious = [
            f"{one['id']} ({scheme}): {one['help']}, at {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
        ]
        assert not serious, "\n".join(serious)
