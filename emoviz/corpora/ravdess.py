"""RAVDESS, acted North American English speech.

Source: S. Livingstone, F. Russo, "The Ryerson audio-visual database of emotional speech and song",
PLoS ONE 13 (2018) e0196391. Names: ``03-01-06-01-02-01-12`` is modality (03 audio), channel (01
speech), emotion, intensity, statement, repetition, actor. Song and video files are left out; the mean
action units of the videos, ``ravdess_au/openface_au_means.parquet``, are read where they are (the
takes ``01-...`` with picture and sound are those of ``03-...``).
"""

import re
from pathlib import Path

import pandas as pd

from ..core.errors import CorpusError
from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import decode, labels_table, locate, matching, recordings_table, require_counts

NAME = "ravdess"
TITLE = "RAVDESS"
ACTORS = {f"{actor:02d}": 60 for actor in range(1, 25)}
"""Number of recordings per actor; odd actors are male, even ones female."""
EMOTIONS = {
    "01": Emotion.NEUTRAL,
    "02": Emotion.CALM,
    "03": Emotion.HAPPY,
    "04": Emotion.SAD,
    "05": Emotion.ANGRY,
    "06": Emotion.FEARFUL,
    "07": Emotion.DISGUSTED,
    "08": Emotion.SURPRISED,
}
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
ACTION_UNITS = "ravdess_au/openface_au_means.parquet"
PATTERN = re.compile(r"03-01-(?P<emotion>\d\d)-(?P<intensity>0[12])-(?P<statement>0[12])-0[12]-(?P<actor>\d\d)")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read RAVDESS speech from the folders ``Actor_01`` to ``Actor_24``.

    Raises:
        CorpusError: if the folder is missing or incomplete, or a name has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/ravdess", "ravdess", "RAVDESS")
    rows = [
        {
            "id": path.stem,
            "audio": str(path),
            "speaker": match["actor"],
            "gender": "male" if int(match["actor"]) % 2 else "female",
            "transcript": STATEMENTS[match["statement"]],
            "emotion": decode(TITLE, path, match["emotion"], EMOTIONS),
            "intensity": INTENSITIES[match["intensity"]],
        }
        for match, path in matching(folder, PATTERN)
    ]
    require_counts(TITLE, folder, "actor", [row["speaker"] for row in rows], ACTORS)
    return Corpus(
        name=NAME,
        title="RAVDESS: Ryerson audio-visual database of emotional speech and song (speech)",
        licence="CC BY-NC-SA 4.0",
        recordings=recordings_table(NAME, rows, language="eng", culture="North American"),
        labels=labels_table(NAME, rows, "emotion", "intensity"),
        shipped=_action_units(data_folder),
        limits="Acted by 24 actors in one studio; two given sentences, each said in every emotion.",
    )


def _action_units(data_folder: Path) -> dict[str, pd.DataFrame]:
    """OpenFace's 17 intensities and 18 presences per clip, averaged over it, as the feature ``openface``.

    Raises:
        CorpusError: if the file is damaged.
    """
    path = data_folder / ACTION_UNITS
    if not path.is_file():
        return {}
    try:
        table = pd.read_parquet(path)
        ids = f"{NAME}/03" + table.pop("clip").str.slice(2)
        return {"openface": table.add_prefix("openface.").astype("float32").assign(id=ids)}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise CorpusError(f"{TITLE}: {path} is no table of a column 'clip' and action units.") from error
