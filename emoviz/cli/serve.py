"""``app``: open the app in a browser."""

import argparse
import os
import secrets
import sys

from ..core import places
from ..core.settings import Settings, is_local
from .command import argument, command


@command(
    "app",
    "open the app in a browser",
    argument("--port", type=int, default=8501, help="default: %(default)s"),
    argument(
        "--insecure-no-login",
        action="store_true",
        help="ask nobody for a token, though EMOVIZ_ADDRESS opens the app to the network (EMOVIZ_NO_LOGIN=1)",
    ),
)
def app(options: argparse.Namespace, settings: Settings) -> None:
    """Turn this process into Streamlit's, so that whoever stops it stops the server."""
    own = {"EMOVIZ_STORE": str(settings.store)} | ({"EMOVIZ_DATA": str(settings.data)} if settings.data else {})
    if options.insecure_no_login:
        own["EMOVIZ_NO_LOGIN"] = "1"
    elif not (settings.token or settings.no_login or is_local(settings.address)):
        own["EMOVIZ_TOKEN"] = secrets.token_urlsafe(24)
        print(f"Whoever opens the app is asked for this token: {own['EMOVIZ_TOKEN']}", flush=True)
    arguments = [sys.executable, "-m", "streamlit", "run", str(places.bundled() / "app.py")]
    arguments += ["--server.address", settings.address, "--server.port", str(options.port)]
    arguments += ["--server.maxUploadSize", str(settings.upload_limit_mb)]
    os.execve(sys.executable, arguments, os.environ | own)
