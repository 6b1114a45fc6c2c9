"""EMO-DB, the Berlin database of emotional speech.

Source: F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A database of German
emotional speech", Interspeech 2005. Names: ``03a01Fa`` is speaker 03, text a01, emotion F, version a.
"""

import re
from pathlib import Path

from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import decode, labels_table, locate, matching, recordings_table, require_counts

NAME = "emodb"
TITLE = "EMO-DB"
SPEAKERS = {
    "03": ("male", 49),
    "08": ("female", 58),
    "09": ("female", 43),
    "10": ("male", 38),
    "11": ("male", 55),
    "12": ("male", 35),
    "13": ("female", 61),
    "14": ("female", 69),
    "15": ("male", 56),
    "16": ("female", 71),
}
"""Gender and number of recordings; 535 in all."""
EMOTIONS = {
    "W": Emotion.ANGRY,
    "L": Emotion.BORED,
    "E": Emotion.DISGUSTED,
    "A": Emotion.FEARFUL,
    "F": Emotion.HAPPY,
    "T": Emotion.SAD,
    "N": Emotion.NEUTRAL,
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
PATTERN = re.compile(r"(?P<speaker>\d\d)(?P<text>[a-z]\d\d)(?P<emotion>[A-Z])[a-z]?")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read EMO-DB from ``wav/`` in its folder.

    Raises:
        CorpusError: if the folder is missing or incomplete, or a name has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/emodb", "emodb")
    rows = [
        {
            "id": path.stem,
            "audio": str(path),
            "speaker": match["speaker"],
            "gender": SPEAKERS[match["speaker"]][0],
            "transcript": SENTENCES.get(match["text"]),
            "emotion": decode(TITLE, path, match["emotion"], EMOTIONS),
        }
        for match, path in matching(folder / "wav", PATTERN)
        if match["speaker"] in SPEAKERS
    ]
    expected = {speaker: recordings for speaker, (_, recordings) in SPEAKERS.items()}
    require_counts(TITLE, folder, "speaker", [str(row["speaker"]) for row in rows], expected)
    return Corpus(
        name=NAME,
        title="EMO-DB: Berlin database of emotional speech",
        licence="free for research",
        recordings=recordings_table(NAME, rows, language="deu", culture="German"),
        labels=labels_table(NAME, rows, "emotion"),
        limits="Acted by ten actors in one anechoic chamber; ten given sentences, each said in every emotion. "
        "Only takes that listeners recognised and found natural were kept.",
    )
