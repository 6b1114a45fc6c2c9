"""Folders of the things that come with emoviz, and of a user's own things.

Each function looks when it is called: no module keeps a path of another. In a checkout everything is in the project
folder. An installed emoviz carries what comes with it inside the package and keeps a user's own things in the folders
that the system has for that.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
INSIDE = "bundled"
"""The folder of the package in which a wheel carries the things that stand at the top of a checkout."""


def import_folder() -> Path:
    """Return the folder from which Python imports emoviz, for processes that are to import the same one."""
    return PACKAGE.resolve().parent


def checkout() -> Path | None:
    """Return the project folder, or None where emoviz is installed."""
    folder = import_folder()
    return folder if (folder / "pyproject.toml").is_file() and not (PACKAGE / INSIDE).is_dir() else None


def bundled(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder with the app, its pages, checkpoints, examples and results (``EMOVIZ_BUNDLED``)."""
    named = _environment(environment).get("EMOVIZ_BUNDLED")
    return Path(named).resolve() if named else checkout() or PACKAGE.resolve() / INSIDE


def encoders() -> Path:
    """Return the folder of the encoders that come with emoviz."""
    return bundled() / "checkpoints" / "encoders"


def home() -> Path:
    """Return the folder in which a user's own things are kept unless a setting names another.

    It is the project folder of a checkout, else the user's data folder; where neither can be written to, a temporary
    folder, which the system may clear.
    """
    project = checkout()
    if project is not None and writable(project):
        return project
    import platformdirs

    user = platformdirs.user_data_path("emoviz", appauthor=False)
    return user if writable(user) else Path(tempfile.gettempdir()) / f"emoviz-{user_name()}"


def weights(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder of encoders that were downloaded and codebooks that were made (``EMOVIZ_WEIGHTS``)."""
    named = _environment(environment).get("EMOVIZ_WEIGHTS")
    return Path(named).resolve() if named else home() / "weights"


def writable(folder: Path) -> bool:
    """Return whether files can be written to a folder, or the folder be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def user_name() -> str:
    """Return the user's name, as a part of a file's name."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have none
        return "user"


def _environment(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environment is None else environment
