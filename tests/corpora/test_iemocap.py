"""IEMOCAP in its published layout: ratings, transcripts, people and sessions, on a made-up tree."""

from pathlib import Path

import pytest

from emoviz.core.errors import CorpusError
from emoviz.corpora import load

RATINGS = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes0{n}F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3925]\tSes0{n}F_impro01_M000\texc\t[4.5000, 5.0000, 3.0000]
[12.1000 - 13.2500]\tSes0{n}F_impro01_M001\txxx\t[1.0000, 3.0000, 5.5000]
"""
SAID = "Ses0{n}F_impro01_F000 [006.2901-008.2357]: Excuse me.\nSes0{n}F_impro01_M000 [010.0100-011.3925]: Yeah!\n"


def write(folder: Path) -> Path:
    for n in range(1, 6):
        session = folder / f"Session{n}"
        for place, text in (("EmoEvaluation", RATINGS), ("transcriptions", SAID)):
            (session / "dialog" / place).mkdir(parents=True)
            (session / "dialog" / place / f"Ses0{n}F_impro01.txt").write_text(text.replace("{n}", str(n)))
        sounds = session / "sentences" / "wav" / f"Ses0{n}F_impro01"
        sounds.mkdir(parents=True)
        for name in ("F000", "M000", "M001"):
            (sounds / f"Ses0{n}F_impro01_{name}.wav").touch()
            (sounds / f"._Ses0{n}F_impro01_{name}.wav").touch()
    return folder


@pytest.mark.parametrize("place", ["speech/iemocap", "IEMOCAP_full_release"])
def test_utterances_have_the_majority_s_emotion_and_the_mean_ratings(tmp_path, place):
    write(tmp_path / place)
    corpus = load("iemocap", tmp_path)
    assert len(corpus.recordings) == 15 and corpus.recordings["speaker"].nunique() == 10
    row = corpus.recordings.loc["iemocap/Ses03F_impro01_M000"]
    assert row[["speaker", "gender", "session", "transcript"]].tolist() == ["iemocap/3M", "male", "Session3", "Yeah!"]
    assert Path(row["audio"]).is_file() and row["culture"] == "North American"
    labels = corpus.labels.loc[[f"iemocap/Ses03F_impro01_{name}" for name in ("F000", "M000", "M001")]]
    assert labels["emotion"].tolist() == ["neutral", "happy", None]
    assert labels["valence"].tolist() == [-0.25, 0.75, -1.0] and labels["arousal"].tolist() == [-0.25, 1.0, 0.0]
    assert corpus.recordings.loc["iemocap/Ses03F_impro01_M001", "transcript"] is None


def test_what_is_missing_or_unknown_is_named(tmp_path):
    folder = write(tmp_path / "iemocap")
    lost = folder / "Session2" / "sentences" / "wav" / "Ses02F_impro01" / "Ses02F_impro01_M001.wav"
    lost.unlink()
    with pytest.raises(CorpusError, match="incomplete: .*Ses02F_impro01_M001.wav"):
        load("iemocap", tmp_path)
    lost.touch()
    ratings = folder / "Session4" / "dialog" / "EmoEvaluation" / "Ses04F_impro01.txt"
    ratings.write_text(ratings.read_text().replace("\texc\t", "\tjoy\t"))
    with pytest.raises(CorpusError, match="'Ses04F_impro01_M000' has the emotion code 'joy'; accepted are ang, dis"):
        load("iemocap", tmp_path)
    ratings.unlink()
    with pytest.raises(CorpusError, match="dialog/EmoEvaluation has no"):
        load("iemocap", tmp_path)
    (folder / "Session5").rename(folder / "other")
    with pytest.raises(CorpusError, match="Session5 is not there"):
        load("iemocap", tmp_path)
