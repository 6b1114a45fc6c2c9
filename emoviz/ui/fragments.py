"""Parts of a page that run again alone."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

import streamlit as st

_inside: ContextVar[bool] = ContextVar("_inside", default=False)


def fragment(draw: Callable[..., None], *, run_every: float | None = None) -> Callable[..., None]:
    """Streamlit's fragment, but within another one the part runs with that, unless it has to run by itself.

    When a run of the outer one is cut short by its next, as happens to one that runs every second on a busy machine,
    Streamlit drops what the browser has not got of it but sends what inner fragments drew. Their place in the page is
    missing then, and the browser shows an empty page in place of all.

    Args:
        draw: draws the part.
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
