"""The words of a clip, as Predict shows them: recognised in the background, and translated on request."""

from pathlib import Path
from types import SimpleNamespace

from reading import specs, tables, texts
from streamlit.testing.v1 import AppTest

from emoviz.features.transcripts import Transcript, Word
from emoviz.ui import words_view
from emoviz.ui.asked_work import jobs_key


def view() -> None:
    """The part of the page alone, which is quicker than all of it."""
    import streamlit as st

    from emoviz.ui import words_view

    words_view.show(st.session_state["recording"], "clip")


def visit(audio: object = "sound") -> AppTest:
    test = AppTest.from_function(view, default_timeout=60)
    info = SimpleNamespace(duration=4.0, audio=audio)
    test.session_state["recording"] = SimpleNamespace(key="content", info=info, path=Path("clip.mp4"))
    return test.run()


def ended(test: AppTest) -> AppTest:
    """The page once the recognition has ended."""
    test.session_state[jobs_key(words_view.KIND)][1].wait(60)
    return test.run()


def hear(media, weights, *, translate, feature, progress) -> Transcript:
    words = ("Good", "day.") if translate else ("Guten", "Tag.")
    return Transcript(tuple(Word(word, k, k + 0.5) for k, word in enumerate(words)), "de", 0.93, translate)


def test_words_are_drawn_when_asked_for_and_translated(monkeypatch):
    monkeypatch.setattr(words_view, "transcribe", hear)
    test = visit()
    assert "words" not in specs(test)
    test = ended(test.toggle(key="transcript").set_value(True).run())
    assert not test.exception and "Guten" in specs(test)["words"]
    assert "2 words, German (93 % sure)." in texts(test)
    (captions,) = tables(test)
    assert list(captions["caption"]) == ["Guten Tag."] and list(captions["to"]) == ["1.5"]
    assert [button.label for button in test.get("download_button")] == [".srt", ".vtt", ".eaf", ".textgrid"]
    test = ended(test.toggle(key="translate").set_value(True).run())
    assert "Good" in specs(test)["words"] and "from German (93 % sure) to English" in texts(test)


def test_missing_weights_are_a_sentence_with_the_way_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    test = ended(visit().toggle(key="transcript").set_value(True).run())
    (sentence,) = [error.value for error in test.error]
    assert "'Systran/faster-whisper-small' are not on this machine" in sentence
    assert "`python -m emoviz encoders --get Systran/faster-whisper-small` downloads them" in sentence
    test.button(key="transcript-again").click().run()
    assert not test.exception


def test_nothing_is_offered_without_sound_and_silence_is_a_sentence(monkeypatch):
    assert not visit(audio=None).toggle
    monkeypatch.setattr(words_view, "transcribe", lambda *_, **__: Transcript((), "de"))
    test = ended(visit().toggle(key="transcript").set_value(True).run())
    assert "No words were recognised in 'clip.mp4'." in texts(test) and "words" not in specs(test)
