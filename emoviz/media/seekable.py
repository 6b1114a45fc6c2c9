"""The length and the index of a streamed recording, which a player needs for jumps."""

import os
from pathlib import Path
from typing import Any

import av
from av.stream import Stream

from ..core.errors import MediaError
from ..core.files import replacing
from .container import MATROSKA, audio_stream, open_clip, packets, readable, video_stream
from .length import declared_length

WEBM = ".webm"
"""Ending of the recordings of Chromium and Firefox."""


def ending_of(path: Path) -> str:
    """Return the file ending of a browser's recording by its first bytes, ``.webm`` or ``.mp4``."""
    with path.open("rb") as file:
        return WEBM if file.read(4) == b"\x1aE\xdf\xa3" else ".mp4"


def make_seekable(path: Path) -> None:
    """Write the length and the index to the beginning of a WebM that lacks them, as a browser's recording does.

    Pictures and sound are copied as they are. Files of other kinds, and those that know their length, are left alone.

    Raises:
        MediaError: if the file cannot be read, or the disk is full.
    """
    with open_clip(path) as recorded:
        if recorded.format.name != MATROSKA or declared_length(recorded) is not None:
            return
        tracks = [track for track in (video_stream(recorded), audio_stream(recorded)) if track is not None]
        with readable(path), replacing(path) as draft:
            with av.open(str(draft), "w", format="webm", options={"reserve_index_space": "65536"}) as output:
                copies: dict[Stream, Any] = {track: output.add_stream_from_template(track) for track in tracks}
                for packet in packets(recorded, tracks):
                    if packet.dts is not None:  # the last one is empty
                        packet.stream = copies[packet.stream]
                        output.mux(packet)
            if not os.path.getsize(draft):
                raise MediaError(f"'{path.name}' holds neither picture nor sound.")
