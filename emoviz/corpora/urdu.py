"""URDU, emotional speech from Urdu television talk shows.

Source: S. Latif, A. Qayyum, M. Usman, J. Qadir, "Cross lingual speech emotion recognition: Urdu
vs. Western languages", FIT 2018. Names: ``SM1_F10_A010`` is male speaker 1, file 10, emotion A.
"""

import re
from pathlib import Path

from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import decode, labels_table, locate, matching, recordings_table, require_counts

NAME = "urdu"
TITLE = "URDU"
FOLDERS = {"Angry": 100, "Happy": 100, "Neutral": 100, "Sad": 100}
"""Number of recordings per folder."""
EMOTIONS = {"A": Emotion.ANGRY, "H": Emotion.HAPPY, "N": Emotion.NEUTRAL, "S": Emotion.SAD}
GENDERS = {"F": "female", "M": "male"}
PATTERN = re.compile(r"(?P<speaker>S(?P<gender>[FM])\d+)_F\d+_(?P<emotion>[A-Z])\d+")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read URDU from one folder per emotion.

    Raises:
        CorpusError: if the folder is missing or incomplete, or a name has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/urdu", "urdu", "URDU")
    files = matching(folder, PATTERN)
    require_counts(TITLE, folder, "folder", [path.parent.name for _, path in files], FOLDERS)
    rows = [
        {
            "id": path.stem,
            "audio": str(path),
            "speaker": match["speaker"],
            "gender": GENDERS[match["gender"]],
            "emotion": decode(TITLE, path, match["emotion"], EMOTIONS),
        }
        for match, path in files
    ]
    return Corpus(
        name=NAME,
        title="URDU: Urdu talk-show speech",
        licence="research only",
        recordings=recordings_table(NAME, rows, language="urd", culture="Pakistani"),
        labels=labels_table(NAME, rows, "emotion"),
        limits="Unscripted television talk shows, many microphones and rooms, labelled by listeners; most speakers "
        "are heard in few emotions, so a voice often tells the label.",
    )
