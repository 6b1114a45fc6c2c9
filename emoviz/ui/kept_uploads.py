"""Uploads that were kept on request, which any later visit opens by their names."""

from collections.abc import Iterable
from pathlib import Path

from . import loaders

PREFIX = "Kept: "
"""Start of the names of these recordings, as pages show them."""
ABOUT = (
    "Keeps this recording on this machine beyond your visit, for everybody who opens the app here, until somebody "
    "deletes it on the page Library. Its link then holds."
)


def found(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of the kept recordings among some names.

    Args:
        names: names as pages show them, which may come from anybody's link.
    """
    wanted = [name for name in names if name.startswith(PREFIX)]
    kept = loaders.kept_files()
    if not wanted or kept is None:
        return {}
    own = kept.all()
    return {name: own[file].path for name in wanted if (file := name.removeprefix(PREFIX)) in own}
