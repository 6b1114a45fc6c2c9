"""What the server answers beside what Streamlit does."""

import gzip
import re
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config
from streamlit.web.server.app_discovery import discover_asgi_app

from emoviz.ui import insides, serve

ROOT = Path(__file__).resolve().parents[2]


def answers(base: str = "") -> dict[str, Response]:
    """Path -> answer."""
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", base)
    try:
        routes: list[Route] = serve.routes()
    finally:
        config.set_option("server.baseUrlPath", before)
    return {route.path: route.endpoint(None) for route in routes if "GET" in (route.methods or ())}


def test_streamlit_finds_the_server_in_the_app():
    assert discover_asgi_app(ROOT / "app.py").import_string == "app:app"


def test_every_page_begins_with_what_it_will_need():
    found = answers()
    pages = {f"/{path.stem}" for path in (ROOT / "pages").glob("*.py")}
    assert {"/", *pages} < set(found)
    for path in ("/", "/results"):
        page = bytes(found[path].body).decode()
        for name in insides.EARLY:  # which another version of Streamlit may have renamed
            assert len(re.findall(rf'<script type="module"[^>]* src="./static/js/{name}\.\w+\.js">', page)) == 1
        assert page.index("./static/js/index.") < page.index(serve.plotly_url()) < page.index("</head>")
        assert found[path].headers["cache-control"] == "no-cache"


def test_browsers_may_keep_the_part_of_plotly():
    answer = answers()[serve.plotly_url().removeprefix(".")]
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-encoding"] == "gzip"
    assert b"emovizPlotly" in gzip.decompress(bytes(answer.body))


@pytest.mark.parametrize("base", ["lab", "/lab/"])
def test_behind_a_path_of_its_own_the_app_answers_there(base: str):
    assert {"/lab/", "/lab/results", f"/lab{serve.plotly_url()[1:]}"} < set(answers(base))
