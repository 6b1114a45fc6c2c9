"""The Home page in Chromium: the first screen, and guided questions that open their page."""

from urllib.parse import parse_qs, urlparse

import pytest
from looking import settled, shuts_nobody_out

pytestmark = pytest.mark.browser


@pytest.fixture
def home(app: str, page):
    page.goto(app)
    page.get_by_role("heading", name="Models that are here").wait_for()
    page.get_by_role("link", name="Show it").nth(2).wait_for()
    return page


def test_the_first_screen_has_questions_and_figures(home):
    for element in (
        home.get_by_role("button", name="Open the example"),
        home.get_by_role("link", name="Show it").nth(2),
    ):
        box = settled(home, element.bounding_box)
        assert box["y"] + box["height"] < 800, "without scrolling"
    reads = home.get_by_text("Reads the").or_(home.get_by_text("Reads face")).first
    assert settled(home, reads.bounding_box)["y"] < 700
    home.get_by_text("per-culture", exact=True).scroll_into_view_if_needed()
    home.wait_for_selector("[data-testid=stSidebarNavItems][role=presentation] li[role=presentation]")
    caption = home.get_by_test_id("stCaptionContainer").first
    told = caption.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).opacity]")
    assert told == ["rgb(27, 31, 36)", "0.75"], "a contrast of 4.5 and more"
    shuts_nobody_out(home)
    home.get_by_role("button", name="More", exact=False).click()
    home.get_by_role("link", name="Installing").click()
    home.get_by_role("heading", name="In a container").wait_for()
    assert parse_qs(urlparse(home.url).query) == {"guide": ["installing"]}


@pytest.mark.parametrize(
    ("question", "title"), [("moment by moment?", "Predict"), ("models see it", "Explain"), ("luck", "Compare")]
)
def test_a_question_opens_the_page_that_is_prepared_to_answer_it(home, question: str, title: str):
    link = home.locator("[data-testid=stColumn]", has_text=question).last.get_by_role("link", name="Show it")
    query = parse_qs(urlparse(link.get_attribute("href")).query)
    link.click()
    home.get_by_role("heading", name=title, exact=True).wait_for()
    home.wait_for_function(f"location.pathname === '/{title.lower()}'")
    for asked in (word for values in query.values() for value in values for word in value.split(",")):
        home.get_by_text(asked).or_(home.locator(f'input[value="{asked}"]')).first.wait_for()
    home.get_by_text("Words on this page").click()
    home.get_by_text("valence", exact=True).filter(visible=True).first.wait_for()
    if title == "Compare":  # the others need an analysis first
        home.wait_for_selector(".js-plotly-plot .main-svg")


def test_the_example_opens_in_predict(home):
    home.get_by_role("button", name="Open the example").click()
    home.get_by_role("heading", name="Predict", exact=True).wait_for()
    home.wait_for_function("location.pathname === '/predict'")
