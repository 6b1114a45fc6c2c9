"""emotiontts, acted Korean emotional speech recorded for speech synthesis.

Source: emotiontts_open_db, Selvas AI and KAIST (MOTIE project 10080667). Layout:
``<set>/<speaker>/wav/<speaker>NNNNN`` with its text in ``<set>/<speaker>/script/``. The documentation
gives the number of women and men in each set (5 and 5; 2 and 3), but not who is who: gender stays None.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import CorpusError
from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import labels_table, locate, matching, recordings_table, require_counts, require_none_missing

NAME = "emotiontts"
TITLE = "emotiontts"
SPEAKERS: Mapping[str, tuple[str, ...]] = {
    "emotional-to-emotional": ("nea", "neb", "nec", "ned", "nee", "nek", "nel", "nem", "nen", "neo"),
    "plain-to-emotional": ("ema", "emb", "emf", "emg", "emh"),
}
RECORDINGS = 20
"""Smallest number of recordings per speaker: the public part has 20, the whole corpus 400."""
BLOCKS = (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.ANGRY, Emotion.SAD)
"""Emotion of the numbers 1-100, 101-200, 201-300 and 301-400."""
PATTERN = re.compile(r"(?P<speaker>[a-z]{3})(?P<number>\d{5})")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read the two emotional sets of emotiontts.

    Raises:
        CorpusError: if the folder is missing or incomplete, or a number belongs to no emotion.
    """
    folder = locate(data_folder, TITLE, "speech/emotiontts", "emotiontts")
    places = [f"{part}/{speaker}" for part, speakers in SPEAKERS.items() for speaker in speakers]
    rows = []
    for place in places:
        scripts = {p.stem: p for p in sorted((folder / place / "script").glob("*.txt")) if PATTERN.fullmatch(p.stem)}
        files = {path.stem: (match, path) for match, path in matching(folder / place / "wav", PATTERN)}
        require_none_missing(TITLE, folder, [f"{place}/wav/{stem}" for stem in scripts if stem not in files])
        for stem, (match, path) in files.items():
            rows.append(
                {
                    "id": stem,
                    "audio": str(path),
                    "speaker": match["speaker"],
                    "transcript": _text(scripts[stem]) if stem in scripts else None,
                    "emotion": _emotion(path, int(match["number"])),
                    "place": place,
                }
            )
    require_counts(TITLE, folder, "speaker", [str(row["place"]) for row in rows], dict.fromkeys(places, RECORDINGS))
    return Corpus(
        name=NAME,
        title="emotiontts: Korean emotional speech for synthesis",
        licence="CC BY-NC-SA 4.0",
        recordings=recordings_table(NAME, rows, language="kor", culture="Korean"),
        labels=labels_table(NAME, rows, "emotion"),
        limits="Acted in a studio from given sentences. In the set emotional-to-emotional every emotion has "
        "its own sentences, so what is said tells the emotion; in plain-to-emotional it does not.",
    )


def _emotion(path: Path, number: int) -> str:
    if not 1 <= number <= 100 * len(BLOCKS):
        raise CorpusError(f"{TITLE}: '{path.name}' has the number {number}; accepted are 1 to {100 * len(BLOCKS)}.")
    return BLOCKS[(number - 1) // 100].value


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{TITLE}: {path} is not UTF-8 text.") from error
