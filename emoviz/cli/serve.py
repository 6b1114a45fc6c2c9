"""``app``: open the app in a browser."""

import argparse
import os
import sys

from ..core import places
from ..core.settings import Settings
from .command import argument, command


@command("app", "open the app in a browser", argument("--port", type=int, default=8501, help="default: %(default)s"))
def app(options: argparse.Namespace, settings: Settings) -> None:
    """Turn this process into Streamlit's, so that whoever stops it stops the server."""
    arguments = [sys.executable, "-m", "streamlit", "run", str(places.bundled() / "app.py")]
    arguments += ["--server.address", settings.address, "--server.port", str(options.port)]
    arguments += ["--server.maxUploadSize", str(settings.upload_limit_mb)]
    folders = {"EMOVIZ_STORE": settings.store} | ({"EMOVIZ_DATA": settings.data} if settings.data else {})
    os.execve(sys.executable, arguments, os.environ | {key: str(folder) for key, folder in folders.items()})
