"""EMOVO, acted Italian emotional speech.

Source: G. Costantini, I. Iaderola, A. Paoloni, M. Todisco, "EMOVO corpus: an Italian emotional
speech database", LREC 2014. Names: ``dis-f1-b1`` is emotion, actor, sentence.
"""

import re
from pathlib import Path

from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import decode, labels_table, locate, matching, recordings_table, require_counts

NAME = "emovo"
TITLE = "EMOVO"
SPEAKERS = {"f1": 98, "f2": 98, "f3": 98, "m1": 98, "m2": 98, "m3": 98}
"""Number of recordings per actor: 14 sentences in 7 emotions."""
GENDERS = {"f": "female", "m": "male"}
EMOTIONS = {
    "dis": Emotion.DISGUSTED,
    "gio": Emotion.HAPPY,
    "neu": Emotion.NEUTRAL,
    "pau": Emotion.FEARFUL,
    "rab": Emotion.ANGRY,
    "sor": Emotion.SURPRISED,
    "tri": Emotion.SAD,
}
PATTERN = re.compile(r"(?P<emotion>[a-z]{3})-(?P<speaker>[fm]\d)-(?P<sentence>[a-z]\d)")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read EMOVO from the folders of its six actors.

    Raises:
        CorpusError: if the folder is missing or incomplete, or a name has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/emovo", "emovo", "EMOVO")
    rows = [
        {
            "id": path.stem,
            "audio": str(path),
            "speaker": match["speaker"],
            "gender": GENDERS[match["speaker"][0]],
            "sentence": match["sentence"],
            "emotion": decode(TITLE, path, match["emotion"], EMOTIONS),
        }
        for match, path in matching(folder, PATTERN)
    ]
    require_counts(TITLE, folder, "actor", [row["speaker"] for row in rows], SPEAKERS)
    return Corpus(
        name=NAME,
        title="EMOVO: Italian emotional speech",
        licence="free for research",
        recordings=recordings_table(NAME, rows, language="ita", culture="Italian"),
        labels=labels_table(NAME, rows, "emotion"),
        limits="Acted by six actors in one laboratory; fourteen given sentences, some of them without sense, "
        "each said in every emotion.",
    )
