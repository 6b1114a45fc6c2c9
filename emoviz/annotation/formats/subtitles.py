"""The formats of subtitles SubRip and Advanced SubStation Alpha, read by pysubs2, and WebVTT, read by webvtt-py."""

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import READERS, WRITERS, Entry, text_of

SUBTITLES = ("srt", "vtt")
"""Endings of subtitles that are written."""


@READERS.register("ass")
@READERS.register("srt")
def read(path: Path) -> Iterator[Entry]:
    """Read the lines that are shown; the tier of each is its speaker, where the format names one."""
    import pysubs2

    for line in pysubs2.SSAFile.from_string(text_of(path), format_=path.suffix.lower().removeprefix(".")):
        if not line.is_comment:
            yield line.start / 1000, line.end / 1000, line.plaintext.replace("\n", " "), line.name


@READERS.register("vtt")
def read_vtt(path: Path) -> Iterator[Entry]:
    """Read the cues; the tier of each is the speaker of its voice span."""
    import webvtt

    for cue in webvtt.from_string(text_of(path)).captions:
        yield _seconds(cue.start), _seconds(cue.end), html.unescape(cue.text).replace("\n", " "), cue.voice or ""


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


@WRITERS.register("srt")
def write(path: Path, segments: Sequence[Entry], recording: str) -> None:
    """Write a line that is shown per segment in SubRip's format, which has no tiers."""
    path.write_text(_shown(segments, "srt"), "utf-8")


@WRITERS.register("vtt")
def write_vtt(path: Path, segments: Sequence[Entry], recording: str) -> None:
    """Write a cue per segment in WebVTT, without tiers; ``&`` and ``<`` in it would begin an entity or a tag."""
    escaped = [(start, end, html.escape(label, quote=False), tier) for start, end, label, tier in segments]
    path.write_text(_shown(escaped, "vtt"), "utf-8")


def _shown(segments: Sequence[Entry], form: str) -> str:
    import pysubs2

    file = pysubs2.SSAFile()
    for start, end, label, _ in segments:
        line = pysubs2.SSAEvent(round(1000 * start), max(round(1000 * end), round(1000 * start) + 1))
        line.plaintext = label
        file.append(line)
    return file.to_string(form)
