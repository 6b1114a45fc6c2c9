"""Suggestions for an import: what columns, words of emotions and ratings of a user's own table may mean."""

from collections.abc import Iterable, Mapping

import pandas as pd

from ..core.vocabulary import Dimension, Emotion
from .importing import Plan
from .table import SPLIT, Source

SCALES = ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (1.0, 7.0), (1.0, 9.0), (0.0, 10.0), (0.0, 100.0))
"""Lowest and highest rating of scales in use, the narrowest first."""
SYNONYMS = {
    Emotion.ANGRY: "anger angry ang a wut ärger",
    Emotion.BORED: "boredom bored bor langeweile",
    Emotion.CALM: "calm calmness relaxed cal",
    Emotion.CONTEMPTUOUS: "contempt contemptuous con",
    Emotion.DISGUSTED: "disgust disgusted dis ekel",
    Emotion.FEARFUL: "fear fearful fea afraid anxiety angst",
    Emotion.HAPPY: "happy happiness joy hap joyful freude",
    Emotion.NEUTRAL: "neutral neutrality neu n",
    Emotion.SAD: "sad sadness trauer",
    Emotion.SURPRISED: "surprise surprised sur",
}
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
    SPLIT: "split partition",
}
"""Column names by which a role is suggested."""


def suggest(columns: Iterable[str]) -> dict[str, str]:
    """Suggest for each role the column whose name says so."""
    named = {column.lower().strip().rpartition(".")[2]: column for column in reversed(list(columns))}
    named |= {column.lower().strip(): column for column in reversed(list(columns))}
    return {
        role: next(named[hint] for hint in hints.split() if hint in named)
        for role, hints in HINTS.items()
        if any(hint in named for hint in hints.split())
    }


def suggest_emotions(words: Iterable[str]) -> dict[str, str]:
    """Suggest for each word the emotion that it plainly names; other words are left away."""
    known = {word: emotion.value for emotion, line in SYNONYMS.items() for word in line.split()}
    return {word: known[word.strip().lower()] for word in words if word.strip().lower() in known}


def suggest_scale(source: Source, columns: Mapping[str, str]) -> tuple[float, float]:
    """Return the narrowest scale in use that holds all ratings of the columns, given by role; else -1 to 1."""
    texts = [source.rows[columns[d]] for d in Dimension if d in columns and columns[d] in source.rows]
    values = pd.to_numeric(pd.concat(texts), errors="coerce").dropna() if texts else pd.Series(dtype=float)
    if values.empty:
        return Plan.scale
    return next((s for s in SCALES if s[0] <= values.min() and values.max() <= s[1]), Plan.scale)


def words_of(source: Source, column: str) -> list[str]:
    """Return the different texts of a column, the most frequent first."""
    return [str(word) for word in source.rows[column].dropna().value_counts().index]
