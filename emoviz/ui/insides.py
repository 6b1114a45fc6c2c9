"""All that reaches into Streamlit's insides, beyond what it documents.

It is written for, and tested with, the version that the requirements pin. With another version of Streamlit one
line in the log says so and the app goes on as plain Streamlit does it: pages begin as Streamlit serves them, figures
are drawn by ``st.plotly_chart``, tables by ``st.dataframe`` and clips by ``st.video``.
"""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from .cache import cached

T = TypeVar("T")
FOLDER = Path(__file__).parent
"""Folder of styles and scripts."""
PLOTLY = FOLDER / "plotly" / "plotly.min.js.gz"
"""The part of plotly that draws figures."""
EARLY = ("BidiComponent", "Selectbox")
"""Modules of Streamlit's that nearly all pages need. It asks for them only when it already has a page to draw, and what
comes late holds up all that is ready."""
ONE_ENTRY = """(() => {
  const push = history.pushState
  const isHere = (url) => new URL(url ?? "", location.href).pathname === location.pathname
  let leaving = false
  let begun = false
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]")
    leaving = Boolean(link) && !event.ctrlKey && !event.metaKey && !isHere(link.href)
    begun = false
  }, true)
  history.pushState = function (state, title, url) {
    const samePage = isHere(url)
    const isNew = samePage ? leaving && !begun : !begun
    begun = samePage && (begun || isNew)
    leaving = leaving && samePage
    return (isNew ? push : this.replaceState).call(this, state, title, url)
  }
})()"""
"""Script by which a visit to a page is one entry of the browser's history, though each choice is written into its link:
Streamlit would add an entry for each, and Back would lead through them. When somebody follows a link to another page,
Streamlit writes its query behind the address of the page that is left first, which begins the new entry here."""

_log = logging.getLogger(__name__)
_inside: ContextVar[bool] = ContextVar("_inside", default=False)


def component(name: str, **parts: Any) -> Callable[..., Any] | None:
    """Return a part of the page with its own style and script, None where Streamlit has no such parts.

    Args:
        name: name of the part, and of its style and script in this folder; a script in several files, e.g.
            ``timeline.js`` and ``timeline.pens.js``, is read as one, with ``mount.js``.
        parts: further arguments of ``st.components.v2.component``.
    """
    files = {kind: sorted([*FOLDER.glob(f"{name}.{kind}"), *FOLDER.glob(f"{name}.*.{kind}")]) for kind in ("css", "js")}
    files["js"] += [FOLDER / "mount.js"] if files["js"] else []
    known: dict[str, Any] = {
        kind: "\n".join(file.read_text(encoding="utf-8") for file in own) for kind, own in files.items() if own
    }
    return _reach(
        "parts of a page with scripts of their own",
        lambda: st.components.v2.component(f"emoviz_{name}", **known, **parts),
        None,
    )


@cached(1)
def draws_figures() -> bool:
    """Return whether the app's own part of plotly draws figures, which is of one version of plotly."""
    return _reach("plotly's version, of which the app brings a part along", _part_fits, False)


def _part_fits() -> bool:
    from plotly.offline import get_plotlyjs_version

    built_of = json.loads((FOLDER / "plotly" / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    if built_of["plotly.js"] != get_plotlyjs_version():
        raise ImportError(f"it is {get_plotlyjs_version()} and not {built_of['plotly.js']}")
    return True


def has(page: str) -> bool:
    """Return whether the app leads to a page, e.g. ``pages/predict.py``, so that a link to it is not dead."""
    return any(Path(script).parts[-2:] == Path(page).parts for script in _reach("the list of pages", _scripts, []))


def enter() -> None:
    """Make sure that ``app.py`` leads to the page that runs; every page calls this first.

    Streamlit takes a folder ``pages/`` for its older kind of navigation until ``st.navigation`` has been called once,
    so on a fresh server the first link to a page would run that page's file alone. That navigation is told by the main
    script being one of several pages.
    """
    if _reach("the navigation", _leave_older_navigation, False):
        st.rerun()


def _leave_older_navigation() -> bool:
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    scripts = _scripts()
    if context is None or len(scripts) < 2 or context.pages_manager.main_script_path not in scripts:
        return False
    if not hasattr(PagesManager, "uses_pages_directory"):
        raise AttributeError("PagesManager.uses_pages_directory")
    PagesManager.uses_pages_directory = False
    return True


def _scripts() -> list[str]:
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return [str(page["script_path"]) for page in context.pages_manager.get_pages().values()] if context else []


def index(script: str) -> str | None:
    """Return the page that all pages start from, with requests for what they will need at once.

    Args:
        script: URL of the part of plotly.

    Returns:
        None where Streamlit's own page has to do.
    """
    return _reach("the page that it serves", lambda: _index(script), None)


def _index(script: str) -> str:
    from streamlit import file_util

    folder = Path(file_util.get_static_dir())
    modules = [file.name for name in EARLY for file in (folder / "static" / "js").glob(f"{name}.*.js")]
    page = (folder / "index.html").read_text(encoding="utf-8")
    if len(modules) != len(EARLY) or "</head>" not in page:
        raise ImportError(f"there is no head, or not one of each of {', '.join(EARLY)}")
    scripts = [f"<script>{script}</script>" for script in _own_scripts()]
    scripts += [f'<script type="module" crossorigin src="./static/js/{name}"></script>' for name in modules]
    scripts.append(f'<script defer src="{script}"></script>')
    return page.replace("</head>", "".join([*scripts, "</head>"]))


def _own_scripts() -> tuple[str, ...]:
    return _tell_root(), ONE_ENTRY


def _tell_root() -> str:
    """The script that tells where the server's own addresses begin, which the page looks for below its link otherwise.

    It would ask ``/predict/_stcore/health`` first, which is not there, and then once more at the root.
    """
    root = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"window.__streamlit = {{BACKEND_BASE_URL: location.origin + {json.dumps(f'/{root}')}}}"


@cached(1)
def inline_scripts() -> tuple[str, ...]:
    """Return the scripts within Streamlit's page as a Content-Security-Policy names them, by their hashes."""
    return _reach("the scripts within its page", _inline_scripts, ("'unsafe-inline'",))


def _inline_scripts() -> tuple[str, ...]:
    from streamlit import file_util

    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    scripts = [*re.findall(r"<script>(.*?)</script>", page, re.S), *_own_scripts()]
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def logged_in(cookies: Mapping[str, str]) -> dict[str, Any]:
    """Return the identity provider's claims about who logged in; empty for nobody, and with another Streamlit.

    Args:
        cookies: cookies of a request, by whose signature Streamlit knows who logged in.
    """
    return _reach("the cookie of who logged in", lambda: _logged_in(cookies), {})


def _logged_in(cookies: Mapping[str, str]) -> dict[str, Any]:
    from streamlit.auth_util import get_cookie_with_chunks
    from streamlit.web.server.server_util import AUTH_COOKIE_NAME, get_cookie_secret
    from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

    def signed(name: str) -> bytes | None:
        return decode_signed_value(get_cookie_secret(), name, cookies.get(name, ""))

    told = get_cookie_with_chunks(signed, AUTH_COOKIE_NAME)
    return dict(json.loads(told)) if told else {}


def login_url() -> str:
    """Return the path that leads to the identity provider, for some minutes; that of the app where there is none."""
    root = f"/{str(st.get_option('server.baseUrlPath') or '').strip('/')}/".replace("//", "/")
    return _reach("the way to the login", _login_url, root)


def _login_url() -> str:
    from streamlit.user_info import generate_login_redirect_url

    return generate_login_redirect_url("default")


def media_url(content: bytes | Path, mime: str, name: str) -> str:
    """Return a URL under which the browser gets some bytes or a file, until the end of the next run of the page.

    Args:
        content: content to serve.
        mime: type of the content.
        name: name of its place on the page; the content that stood there before is forgotten.

    Returns:
        The URL; empty without a server, and for files where Streamlit serves them in another way.
    """
    return _reach("the store of media files", lambda: _media_url(content, mime, name), _data_url(content, mime))


def _media_url(content: bytes | Path, mime: str, name: str) -> str:
    from streamlit import runtime

    if not runtime.exists():
        return ""
    data = str(content) if isinstance(content, Path) else content
    return runtime.get_instance().media_file_mgr.add(data, mime, name)


def _data_url(content: bytes | Path, mime: str) -> Callable[[], str]:
    """The function that makes a URL with the bytes themselves, which only does for short files."""
    return lambda: "" if isinstance(content, Path) else f"data:{mime};base64,{base64.b64encode(content).decode()}"


def release(upload: Any) -> None:
    """Forget the copy of an upload that Streamlit holds in memory during the visit; its widget loses its value.

    Args:
        upload: value of a widget that takes one file.
    """
    _reach("the store of uploads", lambda: _release(upload.file_id), None)


def _release(identity: str) -> None:
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, identity)


def switch(page: str, query: Mapping[str, Any]) -> None:
    """Open another page with a query, also where widgets of this page are bound to the same parameters.

    Args:
        page: script of the page, e.g. ``pages/explain.py``.
        query: values of the link by parameter.
    """
    _reach("widgets that are bound to the link", _unbind, None)
    st.switch_page(page, query_params=query)


def _unbind() -> None:
    """Let go of the bindings of this page's widgets, as Streamlit refuses to change a link that they are bound to."""
    from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        params._bindings_by_param.clear()
        params._bindings_by_widget.clear()


def fragment(draw: Callable[..., None], *, run_every: float | None = None) -> Callable[..., None]:
    """Let a part of the page run again alone; within another such part it runs with that, unless it runs by itself.

    When a run of the outer one is cut short by its next, as happens to one that runs every second on a busy machine,
    Streamlit drops what the browser has not got of it but sends what inner fragments drew. Their place in the page is
    missing then ("Bad delta path"), and the browser shows an empty page in place of all.

    Args:
        draw: function that draws the part.
        run_every: seconds after which it runs again by itself.
    """

    @wraps(draw)
    def alone(*args: Any, **options: Any) -> None:
        before = _inside.set(True)
        try:
            draw(*args, **options)
        finally:
            _inside.reset(before)

    @wraps(draw)
    def part(*args: Any, **options: Any) -> None:
        if _inside.get() and run_every is None:
            draw(*args, **options)
        else:
            st.fragment(alone, run_every=run_every)(*args, **options)

    return part


def _reach(what: str, reach: Callable[[], T], otherwise: T | Callable[[], T]) -> T:
    """Return a part of Streamlit's inside; where that is another, return a substitute and write a line into the log."""
    try:
        return reach()
    except (ImportError, AttributeError, TypeError, KeyError, OSError) as error:
        _tell(what, f"{type(error).__name__}: {error}")
        return otherwise() if callable(otherwise) else otherwise


@cached(64)
def _tell(what: str, _error: str) -> None:
    _log.warning("This Streamlit differs in %s (%s): plain Streamlit takes its place.", what, _error)
