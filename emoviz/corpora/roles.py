"""The meanings that a column of a user's own table may have, and the names and words that suggest them."""

import re
from collections.abc import Iterable, Set
from typing import Any

import pandas as pd

from ..core.vocabulary import INTENSITIES, Dimension, Emotion, Split

SPLIT = "split"
"""Column with the part of a published split to which a recording belongs."""
STARTS = frozenset({"start", "starts", "begin", "begins", "beginning", "onset", "from", "tmin", "xmin"})
OFFSETS = frozenset({"offset"})
ENDS = OFFSETS | {"end", "ends", "stop", "to", "tmax", "xmax"}
LENGTHS = frozenset({"duration", "length"})
"""Words in the names of columns that state the part of a file to which a row belongs."""
MILLISECONDS = frozenset({"ms", "msec", "millis", "millisecond", "milliseconds"})
OTHER_UNITS = frozenset(
    "frame frames sample samples us usec microsecond microseconds ns nanosecond nanoseconds minutes hours".split()
)
"""Words in the name of a column that say that its numbers are neither seconds nor milliseconds."""
TIME = re.compile(r"((?:\d+:){0,2})(\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)( ?m?s)?")
"""Pattern of a time in a table: seconds, perhaps after minutes and hours, and perhaps with a unit."""
NUMBER = re.compile(r"\s*[-+]?[.,]?\d")
"""Pattern of the beginning of a number or a time."""
ROLES = {
    "file": "the clip's file: its path inside the folder, or its name, with or without its ending",
    "start": "where a row is a part of its file: the second, or time of day, at which it starts",
    "end": "the second, or time of day, at which the part ends; empty for the end of the file",
    "duration": "how long the part is, where no column says when it ends",
    "emotion": "the emotion of the clip",
    "intensity": f"how strong it is: {', '.join(INTENSITIES)}",
    **{str(d): f"a rating of the clip's {d} as a whole: a number on the scale of the ratings" for d in Dimension},
    "speaker": "who is heard and seen; splits keep speakers apart",
    "gender": "of the speaker",
    "language": "ISO 639-3 code, e.g. deu",
    "culture": "what pages and tables compare, e.g. German",
    "session": "conversation of people who were recorded together",
    "transcript": "what is said",
    "sentence": "which of the given sentences is said; by default those of one transcript",
    SPLIT: f"the part of a published split in which the clip stands: {', '.join(Split)}",
}
"""Role -> the meaning of a column with that role."""
LABELS = ("emotion", *map(str, Dimension))
"""Roles of labels; a clip without a trace has at least one of them."""
WHOLE = ("culture", "language", "gender", "session")
"""Roles that may be the same for all rows instead of a column."""
NEEDED = ("file", "speaker", "culture")
"""Roles that every corpus needs for training, beside a label or traces."""
SCALES = ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (1.0, 7.0), (1.0, 9.0), (0.0, 10.0), (0.0, 100.0))
"""Lowest and highest rating of scales in use, the narrowest first."""
LEFT_OUT = "left out"
"""Meaning of a word, in place of an emotion, that leaves its rows out of the corpus."""
SYNONYMS = {
    Emotion.ANGRY: "anger angry ang wut ärger",
    Emotion.BORED: "boredom bored bor langeweile",
    Emotion.CALM: "calm calmness relaxed cal",
    Emotion.CONTEMPTUOUS: "contempt contemptuous con",
    Emotion.DISGUSTED: "disgust disgusted dis ekel",
    Emotion.FEARFUL: "fear fearful fea afraid anxiety angst",
    Emotion.HAPPY: "happy happiness joy hap joyful freude",
    Emotion.NEUTRAL: "neutral neutrality neu",
    Emotion.SAD: "sad sadness trauer",
    Emotion.SURPRISED: "surprise surprised sur",
}
"""Words that plainly name an emotion. A single letter does not: EMO-DB's A is fear and its F is joy."""
HINTS = {
    "file": "file filename path clip name audio video wav",
    "emotion": "emotion label class category",
    "intensity": "intensity level strength",
    "valence": "valence val emoval pleasure pleasantness",
    "arousal": "arousal aro emoact activation",
    "liking": "liking",
    "speaker": "speaker speaker_id actor subject participant person",
    "gender": "gender sex",
    "language": "language lang",
    "culture": "culture country nationality",
    "session": "session recording_session dialog",
    "transcript": "transcript transcription text sentence utterance",
    "sentence": "sentence_id statement prompt",
    SPLIT: "split partition",
}
"""Column names by which a role is suggested."""


def suggest(columns: Iterable[str], mapped: Iterable[str] = ()) -> dict[str, str]:
    """Suggest a column for each role, by the names of the columns.

    Args:
        columns: names of the columns of a table.
        mapped: columns with a known meaning.
    """
    free = [column for column in reversed(list(columns)) if column not in set(mapped)]
    named = {column.lower().strip().rpartition(".")[2]: column for column in free}
    named |= {column.lower().strip(): column for column in free}
    return {
        role: next(named[hint] for hint in hints.split() if hint in named)
        for role, hints in HINTS.items()
        if any(hint in named for hint in hints.split())
    }


def suggest_emotions(words: Iterable[str]) -> dict[str, str]:
    """Suggest the emotion of each word that plainly names one; other words are left out."""
    known = {word: emotion.value for emotion, line in SYNONYMS.items() for word in line.split()}
    return {word: known[word.strip().lower()] for word in words if word.strip().lower() in known}


def suggest_part(rows: pd.DataFrame, mapped: Iterable[str] = ()) -> dict[str, str]:
    """Return the roles of the two columns that make the rows of a table parts of files; empty if there are none.

    Args:
        rows: texts of the table.
        mapped: columns that are known to mean something else.
    """
    found: dict[str, str] = {}
    # An offset is the end of an onset; beside a duration alone it is how far into the file a part starts.
    alone = not _times_called(STARTS, rows, mapped) and _times_called(LENGTHS, rows, mapped)
    for names in (OFFSETS, LENGTHS) if alone else (STARTS, ENDS | LENGTHS):
        plain = _times_called(names, rows, [*mapped, *found.values()])
        if not plain:
            return {}
        role = "start" if not found else "end" if _words(plain[0]) & ENDS else "duration"
        found[role] = plain[0]
    return found


def suggest_start(rows: pd.DataFrame, mapped: Iterable[str] = ()) -> str:
    """Return the column with a row's start in its file, or an empty text; see :func:`suggest_part`."""
    return next(iter(_times_called(STARTS, rows, mapped)), "")


def _times_called(names: Set[str], rows: pd.DataFrame, mapped: Iterable[str]) -> list[str]:
    """Return the columns that hold times and have one of the words in their name, without those that are mapped."""
    free = [column for column in rows if column not in {*mapped}]
    return [column for column in free if _words(column) & names and _are_times(rows[column])]


def seconds_of(text: str, column: str) -> float | None:
    """Return a time of a table in seconds, or None if the text is not a time.

    Args:
        text: text of a cell, e.g. ``1.5``, ``1500 ms`` or ``0:01.5``.
        column: name of its column, which may say that its numbers are milliseconds, e.g. ``start_ms``, or no time, e.g.
            ``start_frame``.
    """
    match = TIME.fullmatch(text.strip())
    if not match:
        return None
    places, number, unit = match.groups()
    if not unit and not places and _words(column) & OTHER_UNITS:
        return None
    whole = 0
    for place in places.split(":")[:-1]:
        whole = 60 * whole + int(place)
    seconds = 60 * whole + float(number.replace(",", "."))
    in_milliseconds = (unit or "").strip() == "ms" or not unit and not places and _words(column) & MILLISECONDS
    return seconds / 1000 if in_milliseconds else seconds


def _words(column: str) -> set[str]:
    """Return the words of a column's name in lower case."""
    return set(re.findall("[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(column)).lower()))


def _are_times(column: "pd.Series[Any]") -> bool:
    """Return whether a column is meant to hold times: a cell in two or more begins as a number does.

    A wrong cell among them is named when its row is checked, and does not make the rows whole files.
    """
    texts = [str(value) for value in column.dropna()]
    return bool(texts) and 2 * sum(bool(NUMBER.match(text)) for text in texts) >= len(texts)
