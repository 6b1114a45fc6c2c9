"""The formats of subtitles SubRip, WebVTT and Advanced SubStation Alpha, read by pysubs2."""

from collections.abc import Iterator
from pathlib import Path

from . import READERS, Entry


@READERS.register("ass")
@READERS.register("vtt")
@READERS.register("srt")
def read(path: Path) -> Iterator[Entry]:
    """Read the lines that are shown; the tier of each is its speaker, where the format names one."""
    import pysubs2

    for line in pysubs2.load(str(path), format_=path.suffix.lower().removeprefix(".")):
        if not line.is_comment:
            yield line.start / 1000, line.end / 1000, line.plaintext.replace("\n", " "), line.name
