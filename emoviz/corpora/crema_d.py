"""CREMA-D, acted North American English clips with picture and sound.

Source: H. Cao, D. Cooper, M. Keutmann, R. Gur, A. Nenkova, R. Verma, "CREMA-D: crowd-sourced emotional
multimodal actors dataset", IEEE Transactions on Affective Computing 5 (2014) 377-390. Names:
``1001_DFA_ANG_XX`` is actor, sentence, emotion, level. Read are the published layout (``VideoFlash/``,
``AudioWAV/`` and ``VideoDemographics.csv``) and a plain folder with some of its clips.
"""

import re
from pathlib import Path

from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import (
    decode,
    labels_table,
    locate,
    matching,
    read_table,
    recordings_table,
    require_counts,
    require_none_missing,
)

NAME = "crema-d"
TITLE = "CREMA-D"
VIDEO_ENDINGS = (".flv", ".mp4")
FOLDERS = {"VideoFlash": 7442, "AudioWAV": 7442}
"""Number of clips in each published folder; one of the folders may be missing."""
DEMOGRAPHICS = "VideoDemographics.csv"
EMOTIONS = {
    "ANG": Emotion.ANGRY,
    "DIS": Emotion.DISGUSTED,
    "FEA": Emotion.FEARFUL,
    "HAP": Emotion.HAPPY,
    "NEU": Emotion.NEUTRAL,
    "SAD": Emotion.SAD,
}
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high"}
"""``XX`` (unspecified) becomes None; one published name has a single ``X``."""
SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
PATTERN = re.compile(r"(?P<actor>1\d{3})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>LO|MD|HI|XX?)")


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read CREMA-D clips; the sound is the ``.wav`` file where there is one, else that of the video.

    Raises:
        CorpusError: if the folder is missing, empty or incomplete, or a name has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "clips/crema-d", "crema-d", "CREMA-D")
    videos = matching(folder, PATTERN, VIDEO_ENDINGS)
    sounds = matching(folder, PATTERN)
    published = {name: clips for name, clips in FOLDERS.items() if (folder / name).is_dir()}
    require_counts(TITLE, folder, "folder", [path.parent.name for _, path in videos + sounds], published)
    matches = {path.stem: (match, path) for match, path in videos + sounds}
    require_none_missing(TITLE, folder, [] if matches else ["there is no clip with a name like 1001_DFA_ANG_XX.flv"])
    video = {path.stem: str(path) for _, path in videos}
    audio = video | {path.stem: str(path) for _, path in sounds}
    genders = _genders(folder)
    rows = [
        {
            "id": stem,
            "audio": audio[stem],
            "video": video.get(stem),
            "speaker": match["actor"],
            "gender": genders.get(match["actor"]),
            "transcript": SENTENCES.get(match["sentence"]),
            "emotion": decode(TITLE, path, match["emotion"], EMOTIONS),
            "intensity": INTENSITIES.get(match["level"]),
        }
        for stem, (match, path) in sorted(matches.items())
    ]
    return Corpus(
        name=NAME,
        title="CREMA-D: crowd-sourced emotional multimodal actors dataset",
        licence="ODbL 1.0",
        recordings=recordings_table(NAME, rows, language="eng", culture="North American"),
        labels=labels_table(NAME, rows, "emotion", "intensity"),
        limits="Acted, one person looking into the camera before a plain wall; twelve given sentences. The label is "
        "what the actor was asked for, not what raters saw.",
    )


def _genders(folder: Path) -> dict[str, str]:
    path = folder / DEMOGRAPHICS
    if not path.is_file():
        return {}
    actors = read_table(TITLE, path, ("ActorID", "Sex"), dtype=str)
    return dict(zip(actors["ActorID"], actors["Sex"].str.lower(), strict=True))
