"""The caches of pages, which keep results between runs.

There is one idiom for each need, and no other cache in ``ui`` or ``pages``:

- What is **made from files and choices**, and is therefore the same for everybody: a function under :func:`cached`,
  whose arguments name the files and say when they changed. :func:`kept` is that for a lambda, e.g. for a figure.
- What **the server has one of** (settings, store, jobs): the same, of a function without arguments.
- What **belongs to one visitor** (uploads, analyses, explanations): an attribute of :class:`emoviz.ui.session.Session`,
  which ends it with the visit.
- What **a visitor chose**: a widget that is bound to the link (:mod:`emoviz.ui.linked`), or else ``st.session_state``.

Streamlit's own caches are not used: to hash the arguments takes them longer than to draw most figures.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st

P = ParamSpec("P")
T = TypeVar("T")

_all: "list[Cached[..., Any]]" = []


class _Entry(Generic[T]):
    """One result, or the place of one that is being made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.results: list[T] = []


class Cached(Generic[P, T]):
    """A function that remembers its results; see :func:`cached`."""

    def __init__(self, make: Callable[P, T], most: int, spinner: str | None) -> None:
        self._make, self._most, self._spinner = make, most, spinner
        self._counted = [place for place, name in enumerate(signature(make).parameters) if not name.startswith("_")]
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()
        update_wrapper(self, make)
        _all.append(self)

    def __call__(self, *args: P.args, **options: P.kwargs) -> T:
        """Return the result for these arguments, which are given by their places and not by name."""
        assert not options, "arguments of a cached function are given by their places"
        key = self._key(args)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        if entry.results:
            return entry.results[0]
        with entry.lock:  # whoever asks for the same meanwhile waits for it
            if not entry.results:
                with st.spinner(self._spinner) if self._spinner else nullcontext():
                    entry.results.append(self._make(*args, **options))
            return entry.results[0]

    def forget(self, *args: Any) -> None:
        """Make the result for these arguments anew when it is next asked for."""
        with self._lock:
            self._entries.pop(self._key(args), None)

    def forget_about(self, thing: str) -> None:
        """Forget the results with an argument that begins with a text."""
        with self._lock:
            for key in [key for key in self._entries if _names(key, thing)]:
                del self._entries[key]

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._entries.clear()

    def _key(self, args: tuple[Any, ...]) -> Hashable:
        return tuple(args[place] for place in self._counted)


def cached(most: int, spinner: str | None = None) -> Callable[[Callable[P, T]], Cached[P, T]]:
    """Let a function make each result once, whoever asks for it; nobody may change a result.

    All that a result depends on has to be among the arguments: the files, the times of their changes, the choices.
    Arguments whose names begin with ``_`` only help to make it and do not count. An error is not remembered.

    Args:
        most: number of results that are remembered; the one that was not asked for longest goes first.
        spinner: text that the page shows while a result is made.
    """
    return lambda make: Cached(make, most, spinner)


@cached(256)
def kept(of: Hashable, _make: Callable[[], T]) -> T:
    """Return the result of a function, made once for the same ``of``.

    Args:
        of: name of the result, and all that it depends on.
        _make: function that makes the result.
    """
    return _make()


def forget_about(thing: str) -> None:
    """Forget all results about a thing, e.g. about a recording by the key of its content, for all visitors."""
    for one in _all:
        one.forget_about(thing)


def clear() -> None:
    """Forget everything, for all visitors."""
    for one in _all:
        one.clear()


def _names(key: Hashable, thing: str) -> bool:
    """Whether a part of a key begins with a text."""
    if isinstance(key, tuple):
        return any(_names(part, thing) for part in key)
    return isinstance(key, str) and key.startswith(thing)
