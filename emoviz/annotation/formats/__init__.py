"""The formats of annotation files, of which each file here registers one or several."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...core.errors import AnnotationError
from ...core.registry import Registry

Entry = tuple[float, float, str, str]
"""Start and end in seconds, label, and tier."""

READERS: Registry[Callable[[Path], Iterable[Entry]]] = Registry(
    "format of annotations", home="emoviz.annotation.formats"
)
"""Functions that read the segments of a file; the name of each is the ending of the files."""

Writer = Callable[[Path, Sequence[Entry], str], None]
"""Function that writes the segments of a recording to a file, given the recording's name."""

WRITERS: Registry[Writer] = Registry("format of annotations", home="emoviz.annotation.formats")
"""Functions that write segments to a file; the name of each is the ending of the files."""


def text_of(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 where it says so.

    Raises:
        AnnotationError: if it is empty or in another encoding.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise not_text(path) from None
    if not text.strip():
        raise AnnotationError(f"'{path.name}' is empty.")
    return text


def not_text(path: Path) -> AnnotationError:
    """Return the error of a file in an encoding that is not read."""
    return AnnotationError(f"'{path.name}' is no text in UTF-8: save it again with that encoding.")
