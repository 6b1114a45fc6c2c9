"""The formats of annotation files, of which each file here registers one or several."""

from collections.abc import Callable, Iterable
from pathlib import Path

from ...core.registry import Registry

Entry = tuple[float, float, str, str]
"""Start and end in seconds, label, and tier."""

READERS: Registry[Callable[[Path], Iterable[Entry]]] = Registry(
    "format of annotations", home="emoviz.annotation.formats"
)
"""Functions that read the segments of a file; the name of each is the ending of the files."""
