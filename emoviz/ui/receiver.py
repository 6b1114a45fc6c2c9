"""Recordings that a visitor's browser sends part by part while it records, so that none waits for its end."""

import re
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..core.errors import EmovizError, MediaError
from ..core.files import raising
from ..core.words import size
from . import linked

PATH = "/camera"
"""Path to which recordings are sent."""
LARGEST_PART = 16_000_000
"""Bytes of one part; a browser that was cut off for a while sends no more than this at once."""
TOO_LARGE = f"A part of a recording has at most {size(LARGEST_PART)}, and the connection was lost for longer"
_NAMES = re.compile(r"[0-9a-f-]{8,40}")


class Watcher(Protocol):
    """Whoever follows a recording while it arrives."""

    def since(self, number: int) -> dict[str, Any]:
        """Return the findings from a number on, for the browser."""

    def stop(self) -> None:
        """End."""


@dataclass
class Arriving:
    """A recording that arrives.

    Attributes:
        name: name that the browser gave it.
        file: file that grows.
        parts: number of parts that have arrived.
        size: bytes that have arrived.
        watcher: whoever follows it, if somebody does.
    """

    name: str
    file: Path
    parts: int = 0
    size: int = 0
    watcher: Watcher | None = None

    def end(self) -> None:
        """Let nobody wait for more of it."""
        if self.watcher is not None:
            self.watcher.stop()


class Receiver:
    """The place to which one visitor's browser sends what it records, one recording at a time.

    Args:
        folder: folder of the visit.
        limit_mb: largest recording in MB.
        require_room: function that refuses so many bytes for which there is no room.

    Attributes:
        key: key under which it is reached, which nobody but this visitor's browser knows.
        taken: number of recordings that were taken out.
        watch: function that follows the file of a recording which begins, or None.
    """

    def __init__(self, folder: Path, limit_mb: int, require_room: Callable[[int], None]) -> None:
        self.key = secrets.token_urlsafe(24)
        self.taken = 0
        self.watch: Callable[[Path], Watcher] | None = None
        self._folder, self._limit_mb, self._require_room = folder, limit_mb, require_room
        self._lock = threading.Lock()
        self._arriving: Arriving | None = None
        _receivers[self.key] = self

    def receive(self, name: str, number: int, content: bytes) -> int:
        """Write the next part of a recording and return the bytes that have arrived; its first ends any other.

        A part that has arrived before, as one is sent again whose answer was lost, changes nothing.

        Raises:
            MediaError: if the recording is too large, there is no room, a part is missing, or the disk is full.
        """
        with self._lock:
            arriving = self._arriving
            if (arriving is None or arriving.name != name) and number == 0:
                arriving = self._begin(name)
            if arriving is None or arriving.name != name or number > arriving.parts:
                raise MediaError(
                    "A part of the recording is missing, perhaps because the server was restarted: record again."
                )
            if number < arriving.parts:
                return arriving.size
            if arriving.size + len(content) > self._limit_mb * 1_000_000:
                raise MediaError(f"Recordings up to {self._limit_mb} MB are accepted, and this one has reached that.")
            self._require_room(len(content))
            with raising(MediaError, arriving.file, name="The recording"), arriving.file.open("r+b") as file:
                file.seek(arriving.size)  # over what a full disk left of a part
                file.write(content)
                file.truncate()
            arriving.parts, arriving.size = number + 1, arriving.size + len(content)
            return arriving.size

    def seen(self, since: int) -> dict[str, Any]:
        """Return the moments of the recording that arrives, from a number on; nothing where nobody follows it."""
        with self._lock:
            watcher = self._arriving.watcher if self._arriving else None
        return watcher.since(since) if watcher else {}

    @contextmanager
    def taking(self, name: str) -> Iterator[Path]:
        """Take out a recording that has arrived; its folder is deleted, unless the block moves the file within it.

        Raises:
            MediaError: if nothing of it has arrived.
        """
        with self._lock:
            arriving = self._arriving
            if arriving is None or arriving.name != name or not arriving.size:
                raise MediaError("Nothing of the recording has arrived: record again.")
            self._arriving, self.taken = None, self.taken + 1
            arriving.end()
        try:
            yield arriving.file
        finally:
            if arriving.file.exists():
                shutil.rmtree(arriving.file.parent, ignore_errors=True)

    def drop(self, name: str = "") -> None:
        """Delete a recording that is not wanted, by default whichever arrives."""
        with self._lock:
            if self._arriving is not None and name in ("", self._arriving.name):
                self._end()

    def close(self) -> None:
        """Delete the recordings that were not taken out, and accept no more."""
        _receivers.pop(self.key, None)
        self.drop()

    def _begin(self, name: str) -> Arriving:
        self._end()
        file = self._folder / f"camera-{uuid.uuid4().hex}" / "recording"
        with raising(MediaError, file, name="The recording"):
            file.parent.mkdir()
            file.touch()
        self._arriving = Arriving(name, file, watcher=self.watch(file) if self.watch else None)
        return self._arriving

    def _end(self) -> None:
        if self._arriving is not None:
            self._arriving.end()
            shutil.rmtree(self._arriving.file.parent, ignore_errors=True)
            self._arriving = None


_receivers: "WeakValueDictionary[str, Receiver]" = WeakValueDictionary()


def routes(base: str) -> list[Route]:
    """Return the routes on which recordings arrive.

    Args:
        base: path under which the app answers, without a slash at its end.
    """
    return [
        Route(f"{base}{PATH}/{{key}}/{{name}}/{{number:int}}", _receive, methods=["POST"]),
        Route(f"{base}{PATH}/{{key}}/{{name}}", _drop, methods=["DELETE"]),
    ]


async def _receive(request: Request) -> Response:
    receiver, name = _named(request)
    if receiver is None:
        return PlainTextResponse("This visit has ended: open the page anew.", 404)
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_PART:
            return PlainTextResponse(f"{TOO_LARGE}: record anew.", 413)
    try:
        number = request.path_params["number"]
        size = await run_in_threadpool(receiver.receive, name, number, bytes(content))
        since = linked.whole(request.query_params.get("since", "")) or 0
        return JSONResponse({"size": size, **await run_in_threadpool(receiver.seen, since)})
    except EmovizError as error:
        return PlainTextResponse(str(error), 413)


async def _drop(request: Request) -> Response:
    receiver, name = _named(request)
    if receiver is not None:
        await run_in_threadpool(receiver.drop, name)
    return Response(status_code=204)


def _named(request: Request) -> tuple[Receiver | None, str]:
    """The receiver and the recording that a request names; no receiver where it names no recording."""
    name = request.path_params["name"]
    return (_receivers.get(request.path_params["key"]) if _NAMES.fullmatch(name) else None), name
