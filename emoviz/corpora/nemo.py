"""nEMO, acted Polish emotional speech.

Source: I. Christop, "nEMO: dataset of emotional speech in Polish", LREC-COLING 2024. ``data.tsv``
lists the recordings in ``samples/``; a subset with a shortened list is complete in itself.
"""

from pathlib import Path

from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import AUDIO_ENDINGS, decode, labels_table, locate, read_table, recordings_table, require_none_missing

NAME = "nemo"
TITLE = "nEMO"
COLUMNS = ("file_id", "emotion", "raw_text", "speaker_id", "gender")
EMOTIONS = {
    "anger": Emotion.ANGRY,
    "fear": Emotion.FEARFUL,
    "happiness": Emotion.HAPPY,
    "neutral": Emotion.NEUTRAL,
    "sadness": Emotion.SAD,
    "surprised": Emotion.SURPRISED,
}


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read the recordings of nEMO that its ``data.tsv`` lists.

    Raises:
        CorpusError: if the folder or a listed file is missing, or the list has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/nemo", "nemo", "nEMO")
    listed = read_table(TITLE, folder / "data.tsv", COLUMNS, sep="\t", dtype=str, keep_default_na=False)
    present = {p.stem: p for p in sorted((folder / "samples").glob("*")) if p.suffix.lower() in AUDIO_ENDINGS}
    stems = [Path(file_id).stem for file_id in listed["file_id"]]
    require_none_missing(TITLE, folder, [f"samples/{stem}" for stem in stems if stem not in present])
    rows = [
        {
            "id": stem,
            "audio": str(present[stem]),
            "speaker": speaker,
            "gender": gender,
            "transcript": text,
            "emotion": decode(TITLE, present[stem], emotion, EMOTIONS),
        }
        for stem, emotion, text, speaker, gender in zip(stems, *(listed[column] for column in COLUMNS[1:]), strict=True)
    ]
    return Corpus(
        name=NAME,
        title="nEMO: emotional speech in Polish",
        licence="CC BY-NC-SA 4.0",
        recordings=recordings_table(NAME, rows, language="pol", culture="Polish"),
        labels=labels_table(NAME, rows, "emotion"),
        limits="Acted by nine actors; ninety given sentences, each said in several emotions.",
    )
