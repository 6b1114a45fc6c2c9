"""The Cultures page in Chromium, with the bundled checkpoints: a click on a cell, and the link that it makes."""

from collections.abc import Sequence

import pytest
from looking import hover_until, place_in, plot, settled, shuts_nobody_out, wait_until_above
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

MATRIX = plot("similarity")
PAIR = ".st-key-pair .gtitle"


def open_page(page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(f"{MATRIX} .scatterlayer .trace")
    page.wait_for_selector(f"{plot('scores')} .scatterlayer .trace")


def place_of(page: Page, column: int, row: int) -> Sequence[float]:
    """Where a cell stands on the screen, a little beside its middle."""
    return place_in(page, MATRIX, column, row, beside=(9, -9))


def names(page) -> list[str]:
    """Cultures in the order of the matrix."""
    return page.evaluate(f"document.querySelector('{MATRIX}')._fullLayout.yaxis.ticktext")


def wait_for_title(page, text: str) -> None:
    page.wait_for_function(
        """([selector, text]) => {
            const titles = [...document.querySelectorAll(selector)]
            return titles.length == 1 && titles[0].textContent == text
        }""",
        arg=[PAIR, text],
    )


@pytest.fixture(scope="module")
def first_view(app: str, shared_page):
    open_page(shared_page, f"{app}/cultures")
    return shared_page


def test_the_answer_stands_on_the_first_screen(first_view):
    first_view.wait_for_selector(PAIR)
    answer = first_view.get_by_text("cultures rely on different channels").first
    assert settled(first_view, answer.bounding_box)["y"] < 800
    for selector in (MATRIX, ".st-key-pair .js-plotly-plot"):
        wait_until_above(first_view, selector, 800)
    expect(first_view.get_by_text("A culture here is also a corpus")).to_be_visible()
    shuts_nobody_out(first_view)


def test_a_clicked_cell_shows_both_cultures_and_its_link_opens_them_elsewhere(first_view, page):
    cultures = names(first_view)
    first_view.mouse.click(*settled(first_view, lambda: place_of(first_view, 1, 2)))
    title = f"Where do {cultures[2]} and {cultures[1]} differ most?"
    wait_for_title(first_view, title)
    first_view.wait_for_function("new URL(location.href).searchParams.has('pair')")
    expect(first_view.locator(".st-key-selected")).to_contain_text(f"{cultures[2]} and {cultures[1]}, held out")
    open_page(page, first_view.url)
    wait_for_title(page, title)
    expect(page.get_by_role("combobox", name="Task")).not_to_have_value("")


def test_a_culture_is_compared_with_itself_by_telephone(first_view):
    cultures = names(first_view)
    german = cultures.index("German")
    first_view.mouse.click(*settled(first_view, lambda: place_of(first_view, len(cultures), german)))
    wait_for_title(first_view, "Where do German and German by telephone differ most?")
    first_view.get_by_text("How sure is that, and is it the microphone?").click()
    expect(first_view.get_by_text("Microphone or culture?")).to_be_visible()


def test_the_diagonal_shows_the_seeds_of_one_culture(first_view):
    cultures = names(first_view)
    first_view.mouse.click(*settled(first_view, lambda: place_of(first_view, 0, 0)))  # beneath what was just opened
    wait_for_title(first_view, f"Does {cultures[0]} rely on the same channels for every seed?")


def test_a_witness_takes_the_place_of_attention(page, app):
    open_page(page, f"{app}/cultures")
    page.get_by_role("combobox", name="Weights by").click()
    page.get_by_role("option", name="Integrated gradients").click()
    page.wait_for_selector(".st-key-pair .xtitle >> text=absolute contribution, times the even share")
    expect(page.get_by_text("Which weights are faithful?")).to_be_visible()
    page.wait_for_function("new URL(location.href).searchParams.get('by') == 'integrated gradients'")


def test_a_hover_tells_the_interval(first_view):
    told = f"/pairs of different seeds.*\\[.*\\]/.test(document.querySelector('{MATRIX} .hoverlayer').textContent)"
    hover_until(first_view, *place_of(first_view, 2, 0), told)
