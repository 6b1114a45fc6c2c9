"""The words of a recording in the forms that people and programs read: a sentence, a table, captions and files."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..annotation import segments
from ..annotation.formats.subtitles import SUBTITLES
from ..annotation.segments import Segment
from ..core.languages import language_name
from ..core.words import counted, share
from .export import found_writer
from .formats import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from ..features.transcripts import Transcript, Word

ANNOTATIONS = (*SUBTITLES, "eaf", "textgrid")
"""Endings of annotation files in which words are written: captions in subtitles, and word by word in the others."""
LINES, SECONDS, PAUSE = 84, 7.0, 0.8
"""Most characters (two lines of 42) and seconds of a caption, as subtitles for television have them, and the pause in
seconds at which one ends."""
ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "۔", "।")
"""Signs at the end of a sentence's last word, at which a caption ends."""
SHORTEST = 0.01
"""Length in seconds of a word for which the recogniser found no length."""


def endings() -> str:
    """Return the endings of files that are written, for people."""
    return segments.endings([*FORMATS, *ANNOTATIONS])


def said(transcript: "Transcript", name: str) -> str:
    """Return a sentence that says how many words of which language were found in a recording."""
    if not transcript.words:
        return f"No words were recognised in '{name}'."
    language = language_name(transcript.language)
    if not math.isnan(transcript.certainty):
        language += f" ({share(transcript.certainty)} sure)"
    words = counted(len(transcript.words), "words")
    if transcript.translated:
        return f"{words}, translated by the recogniser from {language} to English; their times are rough."
    return f"{words}, {language}."


def word_segments(transcript: "Transcript") -> list[Segment]:
    """Return a segment per word, none of which begins before the last one ends."""
    found: list[Segment] = []
    for word in transcript.words:
        start = max(word.start, found[-1].end if found else 0.0)
        found.append(Segment(start, max(word.end, start + SHORTEST), word.text, "words"))
    return found


def word_table(transcript: "Transcript") -> "pd.DataFrame":
    """Return a row per word: ``start`` and ``end`` (s), and the word as ``label``, as tables of segments are read."""
    return _table(word_segments(transcript))


def caption_table(transcript: "Transcript") -> "pd.DataFrame":
    """Return a row per caption: ``start`` and ``end`` (s), and its text as ``label``."""
    return _table(captions(transcript))


def _table(found: list[Segment]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([one[:3] for one in found], columns=["start", "end", "label"]).round(3)


def captions(transcript: "Transcript") -> list[Segment]:
    """Return the words in captions: sentences, or parts of one that can be read at a time."""
    return [
        Segment(words[0].start, max(words[-1].end, words[0].start + SHORTEST), transcript.joined(words))
        for words in _caption_words(transcript)
    ]


def _caption_words(transcript: "Transcript") -> "Iterator[list[Word]]":
    caption: list[Word] = []
    for word in transcript.words:
        if caption and (
            caption[-1].text.endswith(ENDS)
            or word.start - caption[-1].end > PAUSE
            or word.end - caption[0].start > SECONDS
            or len(transcript.joined([*caption, word])) > LINES
        ):
            yield caption
            caption = []
        caption.append(word)
    if caption:
        yield caption


def annotated(transcript: "Transcript", ending: str) -> list[Segment]:
    """Return the segments that an annotation file of an ending holds: captions or words."""
    return captions(transcript) if ending in SUBTITLES else word_segments(transcript)


def writer_of(path: Path) -> "Callable[[Transcript, str], None]":
    """Return the function that writes words to a file (:func:`~emoviz.prediction.export.found_writer`).

    Raises:
        AnnotationError: if the file's ending is of no format.
    """
    return found_writer(path, "Words are", word_table, annotated, ANNOTATIONS)
