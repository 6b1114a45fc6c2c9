"""The server's own answers beside Streamlit's: pages, the app's part of plotly, and recordings of browsers."""

import hashlib
from functools import partial

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ..core import places
from . import insides, receiver
from .cache import cached


@cached(1)
def plotly_url() -> str:
    """Return the address of plotly's part, relative to that of a page; another one when the part is built anew."""
    return f"./figures/plotly-{hashlib.sha256(insides.PLOTLY.read_bytes()).hexdigest()[:16]}.js"


def routes() -> list[Route]:
    """Return routes to pages that begin with what they need, to plotly's part, which they keep, and for recordings."""
    base = f"/{st.get_option('server.baseUrlPath').strip('/')}".rstrip("/")
    found = [Route(f"{base}/{plotly_url().removeprefix('./')}", partial(_plotly, insides.PLOTLY.read_bytes()))]
    found += receiver.routes(base)
    index = insides.index(plotly_url())
    if index is not None:
        names = ["", *(page.stem for page in (places.bundled() / "pages").glob("*.py"))]
        found += [Route(f"{base}/{name}", partial(_page, index)) for name in names]
    return found


def _page(index: str, request: Request) -> Response:
    return HTMLResponse(index, headers={"Cache-Control": "no-cache"})


def _plotly(packed: bytes, request: Request) -> Response:
    headers = {"Content-Encoding": "gzip", "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(packed, media_type="text/javascript", headers=headers)
