"""``app``: open the app in a browser."""

import argparse
import os
import secrets
import socket
import sys
from importlib.util import find_spec

from ..core import extras, places
from ..core.errors import ConfigError
from ..core.settings import Settings, is_local
from .command import argument, command

PORT = 8501
"""Port unless another one is named."""
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses that mean all of a machine."""


@command(
    "app",
    "open the app in a browser",
    argument("--port", metavar="N", help=f"1 to 65535, default: {PORT} (STREAMLIT_SERVER_PORT)"),
    argument(
        "--insecure-no-login",
        action="store_true",
        help="ask nobody for a token, though EMOVIZ_ADDRESS opens the app to the network (EMOVIZ_NO_LOGIN=1)",
    ),
)
def app(options: argparse.Namespace, settings: Settings) -> None:
    """Turn this process into Streamlit's, so that whoever stops it stops the server."""
    if find_spec("streamlit") is None:
        raise ConfigError(str(extras.sentence("streamlit")))
    port = options.port or os.environ.get("STREAMLIT_SERVER_PORT") or str(PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigError(f"A port is a number from 1 to 65535, not '{port}'.")
    try:
        socket.getaddrinfo(settings.address, int(port))
    except OSError as error:
        raise ConfigError(
            f"EMOVIZ_ADDRESS is an address of this machine or a name of it, not '{settings.address}'."
        ) from error
    own = {"EMOVIZ_STORE": str(settings.store)} | ({"EMOVIZ_DATA": str(settings.data)} if settings.data else {})
    if options.insecure_no_login:
        own["EMOVIZ_NO_LOGIN"] = "1"
    elif not (settings.token or settings.login or settings.no_login or is_local(settings.address)):
        own["EMOVIZ_TOKEN"] = secrets.token_urlsafe(24)
        print(f"Whoever opens the app is asked for this token: {own['EMOVIZ_TOKEN']}", flush=True)
    arguments = [sys.executable, "-m", "streamlit", "run", str(places.bundled() / "app.py")]
    arguments += ["--server.address", settings.address, "--server.port", port]
    arguments += ["--server.maxUploadSize", str(settings.upload_limit_mb)]
    if settings.address in EVERYWHERE:  # Streamlit would ask a server elsewhere how it is called from there
        arguments += ["--browser.serverAddress", socket.gethostname()]
    os.execve(sys.executable, arguments, os.environ | own)
