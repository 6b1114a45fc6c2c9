"""What all figures share, in Chromium: who draws them, how they change, and their colours."""

import pytest

pytestmark = pytest.mark.browser

CHANNELS = ".st-key-channels .js-plotly-plot"


def background(page) -> str:  # noqa: ANN001
    return page.evaluate(f"document.querySelector('{CHANNELS}')._fullLayout.paper_bgcolor")


def test_a_change_is_drawn_into_the_figure_that_is_there(app: str, page):  # noqa: ANN001
    page.goto(f"{app}/attention")
    page.wait_for_selector(f"{CHANNELS} .bars")
    page.evaluate(f"document.querySelector('{CHANNELS}').mark = 'the same'")
    shown = page.evaluate(f"document.querySelector('{CHANNELS}')._fullData[0].x.length")
    page.get_by_role("slider", name="Channels").press("ArrowRight")
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullData[0].x.length === {shown + 1}")
    assert page.evaluate(f"document.querySelector('{CHANNELS}').mark") == "the same"


def test_figures_take_the_colours_of_the_theme_and_the_width_of_the_window(app: str, page):  # noqa: ANN001
    page.emulate_media(color_scheme="light")
    page.goto(f"{app}/attention")
    page.wait_for_selector(f"{CHANNELS} .bars")
    light, wide = background(page), page.locator(CHANNELS).bounding_box()["width"]
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullLayout.paper_bgcolor !== '{light}'")
    assert background(page) != light
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_function(f"document.querySelector('{CHANNELS}')._fullLayout.width < {wide} - 100")


def test_without_what_draws_them_a_page_says_so_where_its_figures_were(app: str, page):  # noqa: ANN001
    page.route("**/*.gz", lambda route: route.abort())
    page.goto(f"{app}/attention")
    page.get_by_text("The part that draws figures could not be read from the server: reload the page.").first.wait_for()


def test_flat_figures_do_without_the_whole_of_plotly_and_those_in_space_have_it(app: str, page):  # noqa: ANN001
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{app}/embeddings?method=PCA")
    page.wait_for_selector(".st-key-map .js-plotly-plot .scatterlayer .trace")
    assert not any("PlotlyChart" in url for url in asked)
    page.goto(f"{app}/embeddings?method=PCA&space=3D")
    page.wait_for_selector(".st-key-map .js-plotly-plot .gl-container canvas")
    for format_ in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=format_).first.click()
        assert download.value.suggested_filename.endswith(format_.lower())


def test_a_long_table_comes_when_it_is_asked_for(app: str, page):  # noqa: ANN001
    page.goto(f"{app}/embeddings?method=PCA")
    page.wait_for_selector(".st-key-map .js-plotly-plot .scatterlayer .trace")
    tables = page.get_by_test_id("stDataFrame")
    assert not tables.count()
    page.locator(".st-key-map-table").get_by_role("button").click()
    tables.first.wait_for()
