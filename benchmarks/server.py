"""An app that a benchmark starts on a free port, and ends."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 180
"""Seconds until an app has started."""


@contextmanager
def serving(
    command: Sequence[str], settings: Mapping[str, str], output: "IO[str] | int" = subprocess.DEVNULL
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run an app until the block ends, and give its address, e.g. ``localhost:8501``, and its process.

    Args:
        command: command that starts it, which a free port ends.
        settings: environment variables beside those of this process.
        output: file for what it says.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = os.environ | settings | {"STREAMLIT_SERVER_HEADLESS": "true"}
    server = subprocess.Popen([*command, str(port)], cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        for _ in range(PATIENCE):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health")
                break
            except OSError:
                time.sleep(1)
        yield f"localhost:{port}", server
    finally:
        server.terminate()
        server.wait()
