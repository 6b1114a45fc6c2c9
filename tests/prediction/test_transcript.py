"""The words of a recording in captions, tables and files."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from clips import write_clip

from emoviz import cli
from emoviz.annotation.segments import read
from emoviz.core.errors import AnnotationError
from emoviz.core.languages import LANGUAGES, language_name
from emoviz.features import transcripts
from emoviz.features.transcripts import Transcript, Word
from emoviz.prediction.transcript import captions, said, word_segments, word_table, writer_of


def spoken(text: str, seconds: float = 0.25, language: str = "de", **more) -> Transcript:
    """Words that follow each other at once."""
    words = (Word(word, seconds * k, seconds * (k + 1)) for k, word in enumerate(text.split()))
    return Transcript(tuple(words), language, **more)


SAID = spoken("Guten Tag. Wie geht es?", certainty=0.93)


def test_a_caption_is_a_sentence_or_as_much_as_can_be_read_at_a_time():
    assert [one[:3] for one in captions(SAID)] == [(0, 0.5, "Guten Tag."), (0.5, 1.25, "Wie geht es?")]
    by_letters = captions(spoken("zehn Zeichen " * 20, 0.01))
    assert all(len(one.label) <= 84 for one in by_letters) and len(by_letters[0].label) > 76
    by_time = captions(spoken("ja " * 20, 1.0))
    assert [one.end - one.start for one in by_time] == [7, 7, 6]
    apart = Transcript((Word("ja", 0, 0.2), Word("ja", 1.0, 1.2), Word("nein", 2.1, 2.3)), "de")
    assert [one.label for one in captions(apart)] == ["ja ja", "nein"]
    assert [one.label for one in captions(spoken("你 好 。", language="zh"))] == ["你好。"]
    assert captions(Transcript((), "de")) == []


def test_words_never_overlap_nor_are_without_length():
    found = word_segments(Transcript((Word("a", 0, 1), Word("b", 0.9, 0.9), Word("c", 1.5, 2)), "en"))
    assert [one[:2] for one in found] == [(0, 1), (1, 1.01), (1.5, 2)]


def test_files_hold_words_or_captions(tmp_path):
    for ending in ("csv", "eaf", "textgrid", "srt", "vtt"):
        file = tmp_path / f"words.{ending}"
        writer_of(file)(SAID, "talk")
        labels = [one.label for one in read(file)]
        words = ["Guten", "Tag.", "Wie", "geht", "es?"]
        assert labels == (["Guten Tag.", "Wie geht es?"] if ending in ("srt", "vtt") else words)
        assert [one.start for one in read(file)][-1] == (0.5 if ending in ("srt", "vtt") else 1.0)
    assert pd.read_csv(tmp_path / "words.csv").columns.to_list() == ["start", "end", "label"]
    assert list(word_table(Transcript((), "de"))) == ["start", "end", "label"]
    with pytest.raises(AnnotationError, match=r"Words are written as .*\.vtt.*, not '\.rttm'"):
        writer_of(tmp_path / "words.rttm")
    with pytest.raises(AnnotationError, match="'talk' has 0"):
        writer_of(tmp_path / "none.srt")(Transcript((), "de"), "talk")
    assert not (tmp_path / "none.srt").exists()


def test_a_sentence_tells_the_language_and_whether_the_words_are_a_translation():
    assert said(SAID, "talk.mp4") == "5 words, German (93 % sure)."
    assert said(spoken("Ja"), "talk.mp4") == "1 word, German."
    english = spoken("Good day", certainty=0.93, translated=True)
    assert "translated by the recogniser from German (93 % sure) to English" in said(english, "talk.mp4")
    assert (english.language, english.written) == ("de", "en") and math.isnan(spoken("Ja").certainty)
    assert said(Transcript((), "de"), "talk.mp4") == "No words were recognised in 'talk.mp4'."
    assert len(LANGUAGES) == 100 and language_name("xx") == "xx"


def test_the_command_writes_words_and_says_the_language(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_STORE", str(tmp_path / "store"))
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(transcripts, "_recognise", lambda *_: SAID)
    clip = write_clip(tmp_path / "talk.wav", sound=np.zeros((16000, 1), np.float32), audio_codec="pcm_s16le")
    command = ["transcribe", str(clip), "--recogniser", str(tmp_path)]
    cli.main([*command, "--out", str(tmp_path / "talk.vtt")])
    assert [one.label for one in read(tmp_path / "talk.vtt")] == ["Guten Tag.", "Wie geht es?"]
    assert "5 words, German (93 % sure)." in capsys.readouterr().err
    cli.main([*command, "--json"])
    assert json.loads(capsys.readouterr().out)[1] == {"start": 0.5, "end": 1.25, "label": "Wie geht es?"}

    silent = write_clip(tmp_path / "silent.mp4", images=np.zeros((5, 48, 64, 3), np.uint8))
    assert cli.main(["transcribe", str(silent), "--recogniser", str(tmp_path / "none")]) != 0
    said_of_it = capsys.readouterr().err
    assert "'silent.mp4' has no sound" in said_of_it and "recogniser" not in said_of_it, "weights would not help"
