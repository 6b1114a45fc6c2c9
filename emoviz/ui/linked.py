"""Widgets whose choices stand in the link, so that the link opens the same view.

The key of a widget is the name of its query parameter. A link may be old or made up, and a choice may come from a page
on which other things are known: a value that does not fit the widget that is drawn gives way to the widget's default.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import streamlit as st

MOST_DIGITS = 9
"""Digits of a number in a link; Python itself refuses to read thousands of them."""

T = TypeVar("T")
N = TypeVar("N", int, float)


def select(label: str, options: Sequence[T], key: str, default: T | None = None, **layout: Any) -> T:
    """Let people choose one of some options in a list.

    Args:
        label: label of the widget.
        options: options, at least one.
        key: name of the query parameter.
        default: option that is chosen at first; the first one if the default is none of them.
        layout: further arguments of ``st.selectbox``.
    """
    _forget_unless(key, lambda value: value in options)
    place = options.index(default) if default is not None and default in options else 0
    return cast(T, st.selectbox(label, options, place, key=key, bind="query-params", **layout))


def named(label: str, names: Mapping[str, str], key: str, **layout: Any) -> str:
    """Let people choose one of some options that they see by other names; the link holds the option itself.

    Args:
        label: label of the widget.
        names: name of each option, at least one; the first is chosen at first and does not stand in the link.
        key: name of the query parameter.
        layout: further arguments of ``st.selectbox``.
    """
    _forget_unless(key, lambda value: value in names)
    if key not in st.session_state and (wanted := read(key)) in names:
        st.session_state[key] = wanted
    options = list(names)  # not bound to the link by Streamlit, which writes and reads the names
    chosen: str = st.selectbox(label, options, key=key, format_func=names.__getitem__, **layout)
    write(key, "" if chosen == options[0] else chosen)
    return chosen


def segments(label: str, options: Sequence[T], key: str, default: T | None = None, **layout: Any) -> T:
    """Let people choose one of a few options that stand side by side, as :func:`select` does in a list."""
    _forget_unless(key, lambda value: value in options)
    start = default if default is not None and default in options else options[0]
    chosen = st.segmented_control(label, options, default=start, required=True, key=key, bind="query-params", **layout)
    return start if chosen is None else cast(T, chosen)  # an empty value of a link chooses none


def several(label: str, options: Sequence[T], key: str, default: Iterable[T] = (), **layout: Any) -> list[T]:
    """Let people choose any of some options in a list."""
    _forget_unless(key, lambda values: _among(values, options))
    return st.multiselect(
        label, options, default=[one for one in default if one in options], key=key, bind="query-params", **layout
    )


def pills(label: str, options: Sequence[T], key: str, default: Iterable[T] = (), **layout: Any) -> list[T]:
    """Let people choose any of a few options that stand side by side."""
    _forget_unless(key, lambda values: _among(values, options))
    return st.pills(
        label,
        options,
        default=[one for one in default if one in options],
        selection_mode="multi",
        key=key,
        bind="query-params",
        **layout,
    )


def slider(label: str, least: N, most: N, default: N, step: N, key: str, **layout: Any) -> N:
    """Let people choose a number; a default beyond the range is its nearer end."""
    _forget_unless(key, lambda value: isinstance(value, int | float) and least <= value <= most)
    start = min(max(default, least), most)
    chosen: N = st.slider(label, least, most, start, step, key=key, bind="query-params", **layout)
    return chosen


def span(label: str, end: float, step: float, key: str, **layout: Any) -> tuple[float, float] | None:
    """Let people choose a span between zero and an end; None is the whole."""
    _forget_unless(key, lambda value: isinstance(value, tuple | list) and all(0 <= side <= end for side in value))
    first, last = st.slider(label, 0.0, end, (0.0, end), step, key=key, bind="query-params", **layout)
    return None if (first, last) == (0.0, end) or last <= first else (first, last)


def steps(label: str, options: Sequence[T], key: str, default: T, **layout: Any) -> T:
    """Let people choose one of some numbers along a line."""
    _forget_unless(key, lambda value: value in options)
    chosen: T = st.select_slider(label, options, default, key=key, bind="query-params", **layout)
    return chosen


def number(label: str, least: int, most: int, default: int, key: str, **layout: Any) -> int:
    """Let people type a whole number."""
    _forget_unless(key, lambda value: isinstance(value, int | float) and least <= value <= most)
    # As floats, of which Streamlit passes over infinite ones in links: to make one whole it fails.
    start = float(min(max(default, least), most))
    chosen: float = st.number_input(
        label, float(least), float(most), start, 1.0, "%.0f", key=key, bind="query-params", **layout
    )
    return int(chosen)


def toggle(label: str, key: str, **layout: Any) -> bool:
    """Let people switch something on."""
    return st.toggle(label, key=key, bind="query-params", **layout)


def text(label: str, key: str, **layout: Any) -> str:
    """Let people type a line of text; blanks around it do not count."""
    return str(st.text_input(label, key=key, bind="query-params", **layout)).strip()


def read(key: str) -> str:
    """Return the value that the link has under a name that no widget of this page is bound to; empty if none."""
    return str(st.query_params.get(key, ""))


def write(key: str, value: str) -> None:
    """Put a value into the link, or take it out where it is empty."""
    if value:
        st.query_params[key] = value
    else:
        st.query_params.pop(key, None)


def write_all(values: Mapping[str, str]) -> None:
    """Put values into the link at once, then take out those that are empty."""
    changed = {key: value for key, value in values.items() if read(key) != value}
    if said := {key: value for key, value in changed.items() if value}:
        st.query_params.update(said)
    for key in changed.keys() - said.keys():
        write(key, "")


def seconds(key: str) -> float:
    """Return the time that the link names; zero if it names none."""
    try:
        value = float(read(key))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def whole(text: str) -> int | None:
    """Return the whole number that a text of a link is; None where it is none, or longer than any number of a track."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def choose_first(key: str, value: Any) -> None:
    """Choose a value for a widget that is not drawn yet in this run."""
    st.session_state[key] = value


def forget(*keys: str) -> None:
    """Let widgets start with their defaults again, whatever the link says."""
    for key in keys:
        st.session_state.pop(key, None)
        st.query_params.pop(key, None)


def _forget_unless(key: str, fits: Callable[[Any], bool]) -> None:
    """Forget what was chosen before if it does not fit."""
    if key in st.session_state and not fits(st.session_state[key]):
        del st.session_state[key]


def _among(values: Any, options: Sequence[Any]) -> bool:
    return isinstance(values, Iterable) and all(value in options for value in values)
