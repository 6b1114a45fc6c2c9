"""Recordings in the folders that the setting ``EMOVIZ_FOLDERS`` names, which pages open without an upload."""

from collections.abc import Callable, Iterable
from pathlib import Path

import streamlit as st

from ..core.errors import ConfigError, EmovizError
from ..core.roles import Action
from ..media import ACCEPTED
from ..prediction.bulk.listing import folders_in, require_inside
from . import loaders, visitors

PREFIX = "Folder: "
"""Start of the names of these recordings, as pages show them."""
MOST_FOLDERS = 1000


def roots() -> tuple[Path, ...]:
    """Return the folders whose recordings this visitor may open."""
    return () if visitors.refusal(Action.READ_FOLDERS) else loaders.settings().folders


def named(text: str) -> Path:
    """Return the folder of this machine that somebody named.

    Raises:
        ConfigError: if others can reach the app too, and it lies in none of the folders that these may see.
        RoleError: if the visitor may read no folders.
    """
    visitors.require(Action.READ_FOLDERS)
    path, readable = Path(text).expanduser(), loaders.settings().readable
    try:
        require_inside(path, readable or ())
    except ConfigError as error:
        raise ConfigError(f"{str(error).rstrip('.')}, and EMOVIZ_FOLDERS names no other folders.") from error
    return path


def found(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of the recordings among some names that lie in the folders, also where links lead.

    Args:
        names: names as pages show them, which may come from anybody's link.
    """
    return {name: path for name in names if (path := _path_of(name)) is not None}


def starts() -> dict[str, Path]:
    """Return the folders by the start of their recordings' names."""
    return {_start(root): root for root in roots()}


def offer(take: Callable[[str], None]) -> None:
    """Let people choose a recording and open it.

    Args:
        take: function that is called, before the page runs again, with the name of a recording that they open.
    """
    folder = st.selectbox("Folder", folders_in(roots(), MOST_FOLDERS), key="server-folder")
    files = sorted(path.name for path in folder.iterdir() if _is_recording(path)) if folder else []
    if not files:
        st.caption(f"No recording lies in this folder itself; accepted are {', '.join(ACCEPTED)}.")
        return
    file = st.selectbox("Recording", files, key=f"server-file-{folder}")
    root = next(root for root in roots() if folder.is_relative_to(root))
    name = f"{_start(root)}{(folder / file).relative_to(root).as_posix()}"
    st.button("Open", key="server-open", on_click=take, args=(name,))


def _path_of(name: str) -> Path | None:
    for root in roots():
        if name.startswith(_start(root)):
            path = root / name.removeprefix(_start(root))
            if _is_recording(path):
                return path
    return None


def _start(root: Path) -> str:
    """Return the start of the names of a folder's recordings: its own name, or its path where two share one."""
    same = sum(root.name == other.name for other in loaders.settings().folders)
    return f"{PREFIX}{root.name if same == 1 else root}/"


def _is_recording(path: Path) -> bool:
    """Return whether a path is of a recording that may be read."""
    if path.name.startswith(".") or path.suffix.lower()[1:] not in ACCEPTED:
        return False
    try:
        require_inside(path, loaders.settings().folders)
    except EmovizError:
        return False
    return path.is_file()
