"""What the browser fetches from the server by its own means: pages, plotly's part, clips, pictures."""

import hashlib
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from streamlit import config, file_util, runtime

from ..core import places
from .cache import cached

FOLDER = Path(__file__).parent
"""Where styles and scripts are."""
PLOTLY = FOLDER / "plotly" / "plotly.min.js.gz"
EARLY = ("BidiComponent", "Selectbox")
"""Modules of Streamlit's that nearly all pages need. It asks for them only when it already has a page to draw, and what
comes late holds up all that is ready."""


@cached(1)
def plotly_url() -> str:
    """Where a page finds plotly's part, relative to its own address; another one when the part is built anew."""
    return f"./figures/plotly-{hashlib.sha256(PLOTLY.read_bytes()).hexdigest()[:16]}.js"


def routes() -> list[Route]:
    """What the server answers beside what Streamlit does.

    Pages that begin with :data:`EARLY` and plotly's part, and that part, which browsers may keep, compiled.
    """
    base = f"/{config.get_option('server.baseUrlPath').strip('/')}".rstrip("/")
    pages = ["", *(page.stem for page in (places.bundled() / "pages").glob("*.py"))]
    return [
        Route(f"{base}/{plotly_url().removeprefix('./')}", partial(_plotly, PLOTLY.read_bytes())),
        *(Route(f"{base}/{page}", partial(_page, _index())) for page in pages),
    ]


def media_url(content: bytes | Path, mime: str, name: str) -> str:
    """URL under which the browser gets some bytes or a file, until the end of the next run of the page.

    Args:
        content: what to serve.
        mime: its type.
        name: of its place on the page; what stood there before is forgotten.
    """
    if not runtime.exists():
        return ""
    data = str(content) if isinstance(content, Path) else content
    return runtime.get_instance().media_file_mgr.add(data, mime, name)


def _index() -> str:
    """Streamlit's page, which all pages start from."""
    folder = Path(file_util.get_static_dir())
    modules = [file.name for name in EARLY for file in (folder / "static" / "js").glob(f"{name}.*.js")]
    scripts = [f'<script type="module" crossorigin src="./static/js/{name}"></script>' for name in modules]
    scripts.append(f'<script defer src="{plotly_url()}"></script>')
    return (folder / "index.html").read_text(encoding="utf-8").replace("</head>", "".join([*scripts, "</head>"]))


def _page(index: str, request: Request) -> Response:
    return HTMLResponse(index, headers={"Cache-Control": "no-cache"})


def _plotly(packed: bytes, request: Request) -> Response:
    headers = {"Content-Encoding": "gzip", "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(packed, media_type="text/javascript", headers=headers)
