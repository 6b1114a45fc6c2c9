"""The app's menu, in which each file of ``pages/`` is a page and says itself where it stands."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from .cache import cached

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

SECTIONS = ("", "See", "Understand", "Judge", "Make", "Help")
"""Headings of the menu, in this order; the page under no heading is where the app opens."""


class Entry(NamedTuple):
    """A page's place in the menu.

    Attributes:
        section: section of the menu, one of :data:`SECTIONS`.
        position: number by which the pages of a section are sorted.
        icon: emoji.
        title: word before the colon in the first line of the page's docstring.
        path: file of the page.
    """

    section: str
    position: int
    icon: str
    title: str
    path: Path


def pages(folder: Path) -> "dict[str, list[StreamlitPage]]":
    """Return the pages in a folder by section, for :func:`streamlit.navigation`."""
    menu: dict[str, list[StreamlitPage]] = {section: [] for section in SECTIONS}
    for section, _, icon, title, path in entries(folder):
        menu[section].append(st.Page(path, title=title, icon=icon, default=not section))
    return menu


def entries(folder: Path) -> list[Entry]:
    """Return the places of the pages in a folder, sorted by section and position.

    Raises:
        ValueError: if a page has no place.
    """
    found = [entry(path, path.stat().st_mtime_ns) for path in folder.glob("*.py")]
    return sorted(found, key=lambda entry: (SECTIONS.index(entry.section), entry.position))


@cached(64)
def entry(path: Path, changed: int) -> Entry:
    """Read a page's place without running the page.

    Args:
        path: file of the page.
        changed: time of its last change, so that a changed file is read again.

    Raises:
        ValueError: if the page has no ``PLACE`` in one of the sections.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title = (ast.get_docstring(tree) or "").partition(":")[0]
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "PLACE":
            section, position, icon = ast.literal_eval(statement.value)
            if section in SECTIONS:
                return Entry(section, position, icon, title, path)
    raise ValueError(f"{path} needs PLACE = (section, position, icon), with one of the sections {SECTIONS}.")
