"""What the one line of plain words says, on tables whose answer is known."""

import numpy as np

from emoviz.evaluation.sentence import sentence

from .made_up import described, timed


def test_the_prevailing_emotion_and_the_peak_of_another_are_named():
    happy = np.full(100, 0.1)
    happy[60:70] = 0.8
    table = timed(face_neutral=1 - happy, face_happy=happy, speech_happy=np.full(100, 0.4))
    text = sentence(table, described("face.neutral", "face.happy", "speech.happy"))
    assert text.startswith("Mostly neutral; most happy at 6.")
    assert "(face .80, speech .40)" in text


def test_a_peak_too_low_to_matter_is_not_told():
    table = timed(speech_neutral=np.full(100, 0.8), speech_happy=np.full(100, 0.2))
    assert sentence(table, described("speech.neutral", "speech.happy")).startswith("Mostly neutral.")


def test_a_disagreement_is_told_with_its_span():
    face = np.zeros(100)
    face[40:60] = 0.9
    table = timed(face_valence=face, speech_valence=np.zeros(100))
    assert "face and speech disagree from 4.0 to 6.0 s" in sentence(table, described("face.valence", "speech.valence"))


def test_agreement_is_told():
    table = timed(face_valence=np.zeros(50), speech_valence=np.full(50, 0.2))
    assert "agree throughout" in sentence(table, described("face.valence", "speech.valence"))


def test_speech_alone_tells_its_extremes():
    valence = np.linspace(-0.5, 0.5, 100)
    text = sentence(timed(speech_valence=valence), described("speech.valence"))
    assert text.startswith("Most pleasant at 10.0 s") and "least at 0.1 s" in text


def test_a_clip_without_any_value_says_so():
    table = timed(face_valence=np.full(10, np.nan), face_happy=np.full(10, np.nan))
    assert sentence(table, described("face.valence", "face.happy")) == "Nothing could be predicted for this clip."


def test_one_frame_is_enough():
    assert sentence(timed(face_happy=np.array([0.9])), described("face.happy")) == "Mostly happy."
