"""The Embeddings page in Chromium, with the bundled checkpoints: lasso, list, and the link to the same view."""

import re
from functools import partial

import pytest
from looking import choose_option, plot, settled, shuts_nobody_out, wait_until_done

pytestmark = pytest.mark.browser

MAP = plot("map")


def open_map(page, address: str) -> None:
    """Open the page and wait until nothing is computed any more."""
    page.goto(address)
    wait_for_map(page)


def wait_for_map(page) -> None:
    page.wait_for_selector(f"{MAP} .scatterlayer .trace")
    page.wait_for_selector(f"{plot('separation')} .scatterlayer .trace")
    wait_until_done(page)


def lasso(page, around: tuple[float, float, float, float]) -> None:
    """Drag a lasso along a rectangle, given by shares of the first map's width and height."""
    box = page.locator(f"{MAP} .nsewdrag").first.bounding_box()
    left, top, right, bottom = around
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 0.02)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


STANDING_OUT = """selector => document.querySelector(selector)._fullData.flatMap(
    trace => [...(trace.selectedpoints ?? [])].map(point => trace.customdata[point][0])).sort()"""


def standing_out(page, count: int) -> list[str]:
    """Ids of the recordings that are drawn as chosen, once there are so many."""
    page.wait_for_function(f"([selector, count]) => ({STANDING_OUT})(selector).length === count", arg=[MAP, count])
    return page.evaluate(STANDING_OUT, MAP)


def inside(page, around: tuple[float, float, float, float], margin: float) -> list[str]:
    """Ids of the recordings that are drawn inside the rectangle when each of its sides is moved out by a share."""
    return page.evaluate(
        """([selector, [left, top, right, bottom]]) => {
            const plot = document.querySelector(selector)
            const { xaxis, yaxis } = plot._fullLayout
            return plot._fullData.flatMap(trace => [...trace.x].map((x, i) => {
                const across = xaxis.d2p(x) / xaxis._length, down = yaxis.d2p(trace.y[i]) / yaxis._length
                return across > left && across < right && down > top && down < bottom ? trace.customdata[i][0] : null
            })).filter(Boolean).sort()
        }""",
        [MAP, [around[0] - margin, around[1] - margin, around[2] + margin, around[3] + margin]],
    )


def test_a_lasso_lists_the_recordings_and_a_link_opens_the_same_view(app: str, page, elsewhere):
    open_map(page, f"{app}/embeddings?method=PCA")
    page.get_by_text("It rests on").wait_for()
    around = (0.45, 0.02, 0.98, 0.45)
    # A mouse moves by whole pixels.
    surely, perhaps = (settled(page, partial(inside, page, around, margin)) for margin in (-0.01, 0.01))
    assert surely
    lasso(page, around)
    told = page.get_by_text(re.compile(r"^\d+ recordings? chosen")).first.inner_text()
    count = int(told.split()[0])
    assert len(surely) <= count <= len(perhaps)
    chosen = standing_out(page, count)
    assert set(surely) <= set(chosen) <= set(perhaps)
    page.get_by_text("EMOVIZ_DATA").or_(page.locator("audio")).first.wait_for()

    page.wait_for_function("new URL(location.href).searchParams.get('recordings')")
    open_map(elsewhere, page.url)
    assert standing_out(elsewhere, len(chosen)) == chosen
    elsewhere.get_by_text(re.compile(f"^{len(chosen)} recordings? chosen")).first.wait_for()

    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Drag a lasso around recordings").wait_for()
    assert standing_out(page, 0) == []


def test_models_stand_in_a_row_with_one_legend(app: str, page):
    open_map(page, f"{app}/embeddings?method=PCA")
    choose_option(page, "Beside it", 1)
    page.locator(f"{MAP} .subplot.x2y2").wait_for()
    wait_until_done(page)
    page.wait_for_function(
        """selector => {
            const shown = document.querySelector(selector)._fullData.filter(t => t.showlegend).map(t => t.name)
            return shown.length > 1 && new Set(shown).size === shown.length
        }""",
        arg=MAP,
    )
    shuts_nobody_out(page)
