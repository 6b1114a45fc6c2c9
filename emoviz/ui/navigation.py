"""The way into a page, and the look of all pages."""

from .insides import component, enter, has

__all__ = ["dress", "enter", "has"]

_looks = component("app", isolate_styles=False)


def dress() -> None:
    """Dress the page. It comes first, so that the browser has the module ready that draws figures, too."""
    if _looks is not None:
        _looks(key="app-looks")
