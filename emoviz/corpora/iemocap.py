"""IEMOCAP, acted and improvised conversations of two people in North American English.

Source: C. Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language Resources and
Evaluation 42 (2008) 335-359. Five sessions of two actors each; ``Ses01F_impro01_M003`` is session, actor with the
markers, dialogue, and the third utterance of the male actor. Read are the sentences (``Session1/sentences/wav``), the
raters' answers (``dialog/EmoEvaluation``) and the transcripts (``dialog/transcriptions``). Excitement counts as
happiness, as in most work on four classes. Frustration, other emotions and answers without a majority have no emotion
here, and their ratings alone.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import CorpusError
from ..core.vocabulary import Emotion
from .base import READERS, Corpus
from .layout import labels_table, locate, recordings_table, require_none_missing

NAME = "iemocap"
TITLE = "IEMOCAP"
SESSIONS = tuple(f"Session{number}" for number in range(1, 6))
EMOTIONS = {
    "ang": Emotion.ANGRY,
    "dis": Emotion.DISGUSTED,
    "exc": Emotion.HAPPY,
    "fea": Emotion.FEARFUL,
    "hap": Emotion.HAPPY,
    "neu": Emotion.NEUTRAL,
    "sad": Emotion.SAD,
    "sur": Emotion.SURPRISED,
}
WITHOUT = ("fru", "oth", "xxx")
"""Codes of frustration, of another emotion, and of no majority."""
GENDERS = {"F": "female", "M": "male"}
NUMBER = r"(-?\d+(?:\.\d+)?)"
RATED = re.compile(rf"\[[\d.]+ - [\d.]+\]\t(Ses\d\d[FM]_\w+_([FM])\d+)\t(\w+)\t\[{NUMBER}, {NUMBER}, {NUMBER}\]")
"""Pattern of a line of ``EmoEvaluation``: times, utterance, code, and valence, activation and dominance from 1 to 5."""
SAID = re.compile(r"(Ses\d\d[FM]_\w+_[FM]\d+) \[[\d.]+-[\d.]+\]: (.*)")
"""Pattern of a line of ``transcriptions``."""


@READERS.register(NAME)
def read(data_folder: Path) -> Corpus:
    """Read IEMOCAP's utterances with the majority's emotion and the mean ratings of valence and activation.

    Raises:
        CorpusError: if the folder, a session or a sentence is missing, or a rating has an unknown emotion.
    """
    folder = locate(data_folder, TITLE, "speech/iemocap", "iemocap", "IEMOCAP_full_release")
    require_none_missing(TITLE, folder, [f"{name} is not there" for name in SESSIONS if not (folder / name).is_dir()])
    rows = [row for session in SESSIONS for row in _utterances(folder / session)]
    require_none_missing(TITLE, folder, [str(row["audio"]) for row in rows if not Path(str(row["audio"])).is_file()])
    return Corpus(
        name=NAME,
        title="IEMOCAP: interactive emotional dyadic motion capture database",
        licence="licence agreement with USC SAIL",
        recordings=recordings_table(NAME, rows, language="eng", culture="North American"),
        labels=labels_table(NAME, rows, "emotion", "valence", "arousal"),
        limits="Ten actors in five pairs, improvised and scripted; the emotion is that of most of three raters. "
        "Scripts are said in several sessions.",
    )


def _utterances(session: Path) -> Iterator[dict[str, object]]:
    """Rows of one session, from the evaluations of its dialogues.

    Raises:
        CorpusError: if it has no evaluations, or an unknown emotion.
    """
    evaluations = sorted((session / "dialog" / "EmoEvaluation").glob("Ses*.txt"))
    require_none_missing(TITLE, session, [] if evaluations else ["dialog/EmoEvaluation has no Ses*.txt"])
    for path in evaluations:
        said = dict(SAID.findall(_text(session / "dialog" / "transcriptions" / path.name)))
        for name, who, code, valence, activation, _ in RATED.findall(_text(path)):
            if code not in EMOTIONS and code not in WITHOUT:
                known = ", ".join([*EMOTIONS, *WITHOUT])
                raise CorpusError(f"{TITLE}: '{name}' has the emotion code '{code}'; accepted are {known}.")
            yield {
                "id": name,
                "audio": str(session / "sentences" / "wav" / path.stem / f"{name}.wav"),
                "speaker": f"{session.name[-1]}{who}",
                "gender": GENDERS[who],
                "session": session.name,
                "transcript": said.get(name),
                "emotion": EMOTIONS[code].value if code in EMOTIONS else None,
                "valence": _on_scale(valence),
                "arousal": _on_scale(activation),
            }


def _text(path: Path) -> str:
    """The text of a file; empty where there is none."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _on_scale(rating: str) -> float:
    """A rating from 1 to 5 on [-1, 1]; a few ratings of single people stand beyond the scale."""
    return min(1.0, max(-1.0, (float(rating) - 3) / 2))
