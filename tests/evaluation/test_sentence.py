"""What the one line of plain words says, on tables whose answer is known, and that no curve contradicts it."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoviz.core.vocabulary import FUSED_SOURCES
from emoviz.evaluation.fusion import fuse, fused_outputs
from emoviz.evaluation.sentence import DISAGREEMENT, sentence

from .made_up import HOP, described, timed


def test_the_prevailing_emotion_its_model_and_the_peak_of_another_are_named():
    happy = np.full(100, 0.1)
    happy[60:70] = 0.8
    table = timed(face_neutral=1 - happy, face_happy=happy, speech_happy=np.full(100, 0.4))
    text = sentence(table, described("face.neutral", "face.happy", "speech.happy"))
    assert text == "Mostly neutral by face model; most happy at 6.2 s (face .80, speech .40)."


def test_while_work_runs_words_are_provisional():
    table, outputs = timed(face_happy=np.array([0.9] * 5 + [np.nan] * 15)), described("face.happy")
    assert sentence(table, outputs, running=True) == "So far: mostly happy by face model."
    assert sentence(table, outputs) == "Mostly happy in the 0.5 s that could be analysed by face model."
    empty = timed(face_happy=np.full(5, np.nan))
    assert sentence(empty, outputs, running=True) == "Nothing is predicted yet."


def test_a_narrow_lead_is_called_one():
    table = timed(speech_angry=np.full(50, 0.34), speech_happy=np.full(50, 0.30), speech_sad=np.full(50, 0.29))
    text = sentence(table, described("speech.angry", "speech.happy", "speech.sad"))
    assert text == "Mostly angry by speech model, but only just (angry .34, happy .30)."


def test_a_peak_too_low_to_matter_is_not_told():
    table = timed(speech_neutral=np.full(100, 0.8), speech_happy=np.full(100, 0.2))
    assert sentence(table, described("speech.neutral", "speech.happy")) == "Mostly neutral by speech model."


def test_a_single_window_has_no_peak():
    gap = np.full(20, np.nan)
    happy = np.concatenate([np.full(60, 0.3), gap, np.full(20, 0.45)])
    table = timed(speech_neutral=1 - happy, speech_happy=happy)
    text = sentence(table, described("speech.neutral", "speech.happy"))
    assert text == "Mostly neutral in the 8.0 s that could be analysed by speech model."


def fused_table(**columns: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = timed(**columns)
    outputs = described(*table.columns[1:])
    return fuse(table, outputs), pd.concat([outputs, fused_outputs(outputs)], ignore_index=True)


def test_fused_values_of_one_source_alone_are_no_peak():
    face, speech = np.full(100, 0.1), np.full(100, 0.1)
    face[20:30] = speech[20:30] = 0.5
    speech[60:80] = 0.9
    face[55:85] = np.nan
    columns = {"face_neutral": 1 - face, "face_happy": face, "speech_neutral": 1 - speech, "speech_happy": speech}
    text = sentence(*fused_table(**columns))
    assert text.startswith("Mostly neutral by late fusion of face model and speech model; most happy at 2.")


def test_an_emotion_that_one_source_alone_predicts_has_no_peak():
    surprised = np.full(100, 0.1)
    surprised[60:70] = 0.9
    columns = {"face_neutral": 1 - surprised, "face_surprised": surprised, "speech_neutral": np.ones(100)}
    assert sentence(*fused_table(**columns)) == "Mostly neutral by late fusion of face model and speech model."


def test_one_source_names_no_peak_while_another_may_follow():
    happy = np.full(100, 0.1)
    happy[:10] = 0.8
    table, outputs = timed(face_neutral=1 - happy, face_happy=happy), described("face.neutral", "face.happy")
    assert sentence(table, outputs, running=True) == "So far: mostly neutral by face model."
    assert "most happy at 0." in sentence(table, outputs)


EMOTIONS = ("neutral", "happy")


@pytest.mark.parametrize("silent", ["face", "speech"])
def test_a_source_without_a_value_is_not_named_as_part_of_a_fusion(silent):
    shares = {"face": (0.2, 0.8), "speech": (0.3, 0.7), silent: (np.nan, np.nan)}
    columns = {f"{s}_{e}": np.full(50, v) for s, pair in shares.items() for e, v in zip(EMOTIONS, pair, strict=True)}
    other = {"face": "speech", "speech": "face"}[silent]
    assert sentence(*fused_table(**columns)).startswith(f"Mostly happy by {other} model")


def test_models_of_speech_that_disagree_are_named():
    table = timed(speech_valence=np.full(40, -0.5), speech_happy=np.full(40, 0.8), speech_sad=np.full(40, 0.2))
    outputs = described(*table.columns[1:]).assign(model=["speech-cats", "speech-emotion", "speech-emotion"])
    assert sentence(table, outputs) == (
        "Mostly happy by speech-emotion; the speech models disagree from 0.0 to 4.0 s "
        "(valence −.50 by speech-cats, happy by speech-emotion)."
    )


def test_a_disagreement_is_told_with_its_span():
    face = np.zeros(100)
    face[40:60] = 0.9
    table = timed(face_valence=face, speech_valence=np.zeros(100))
    assert "face and speech disagree from 4.0 to 6.0 s" in sentence(table, described("face.valence", "speech.valence"))


def of_both(face: float, speech: float, valence: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Probabilities of happy by face and speech, and the valence of speech; that of the face is 0."""
    columns = {
        "face_valence": 0.0,
        "face_happy": face,
        "face_sad": 1 - face,
        "speech_valence": valence,
        "speech_happy": speech,
        "speech_sad": 1 - speech,
    }
    table = timed(**{name: np.full(50, value) for name, value in columns.items()})
    return table, described(*table.columns[1:])


def test_agreement_is_of_emotion_and_valence():
    assert sentence(*of_both(0.6, 0.7, 0.2)) == "Mostly happy by face model; face and speech agree throughout."
    assert "agree" not in sentence(*of_both(0.6, 0.4, 0.2))
    assert "face and speech disagree from 0.0 to 5.0 s" in sentence(*of_both(0.9, 0.1, 0.2))
    assert "face and speech disagree from 0.0 to 5.0 s" in sentence(*of_both(0.6, 0.7, 0.9))
    alone = timed(face_valence=np.zeros(50), speech_valence=np.full(50, 0.2))
    assert "agree" not in sentence(alone, described("face.valence", "speech.valence"))


def test_agreement_counts_where_both_have_a_value():
    table, outputs = of_both(0.6, 0.7, 0.2)
    table.loc[30:, [c for c in table if c.startswith("speech.")]] = np.nan
    assert sentence(table, outputs).endswith("face and speech agree wherever both have a value.")


def test_speech_alone_tells_its_extremes():
    valence = np.linspace(-0.5, 0.5, 100)
    text = sentence(timed(speech_valence=valence), described("speech.valence"))
    assert text == "Most pleasant at 10.0 s (valence .49), least at 0.1 s (−.49) by speech model."
    level = sentence(timed(speech_valence=np.full(100, 0.25)), described("speech.valence"))
    assert level == "Valence is .25 on average by speech model."


def test_a_clip_without_any_value_says_so():
    table = timed(face_valence=np.full(10, np.nan), face_happy=np.full(10, np.nan))
    assert sentence(table, described("face.valence", "face.happy")) == "Nothing could be predicted for this clip."


def test_one_frame_is_enough():
    assert sentence(timed(face_happy=np.array([0.9])), described("face.happy")) == "Happy .90 by face model."


NAMES = ("neutral", "happy", "sad")
SCORES = arrays(np.float64, (2, 8, len(NAMES)), elements=st.floats(0, 6, width=16))
GAPS = arrays(bool, (2, 8))
VALENCES = arrays(np.float64, (2, 8), elements=st.floats(-1, 1, width=16))


@given(scores=SCORES, valences=VALENCES, absent=GAPS)
@settings(max_examples=25, deadline=None)
def test_no_curve_contradicts_the_sentence(scores, valences, absent):
    """Stretches of a second; what the words say is looked up in the table, with nothing of the code that wrote them."""
    shares = np.exp(scores) / np.exp(scores).sum(2, keepdims=True)
    columns = {}
    for number, source in enumerate(("face", "speech")):
        for place, name in enumerate(NAMES):
            columns[f"{source}_{name}"] = np.where(absent[number], np.nan, shares[number, :, place])
        columns[f"{source}_valence"] = np.where(absent[number], np.nan, valences[number])
    steps = round(1 / HOP)
    table, outputs = fused_table(**{name: values.repeat(steps) for name, values in columns.items()})
    text = sentence(table, outputs)
    fused = table[[f"fused.{name}" for name in NAMES]]
    if fused.isna().all(axis=None):
        assert text == "Nothing could be predicted for this clip."
        return
    leading = fused.dropna().idxmax(axis=1)
    most = re.match(r"Most(ly| often) (\w+)", text)
    assert most
    share = (leading == f"fused.{most[2]}").mean()
    assert share >= (0.35 if most[1] == "ly" else 0.2)  # the words are of smoothed curves
    for name, time in re.findall(r"; most (\w+) at ([\d.]+) s", text):
        near = (table.time - float(time)).abs() <= HOP  # the words round to tenths
        seen = table[FUSED_SOURCES] == 2
        assert (near & seen).any(), text
        curve = table[f"fused.{name}"].where(seen).rolling(5, center=True, min_periods=1).mean().where(seen)
        assert curve[near].max() == pytest.approx(curve.max()) and name not in (most[2], "neutral")
    apart = (table["face.valence"] - table["speech.valence"]).abs()
    if "face and speech agree" in text:
        whole = apart.groupby(np.arange(len(table)) // steps).mean()
        assert not (whole > DISAGREEMENT + 1e-6).any(), text
    if span := re.search(r"face and speech disagree from ([\d.]+) to ([\d.]+) s", text):
        inside = table[table.time.between(float(span[1]), float(span[2]))]
        other = max((inside[f"face.{name}"] - inside[f"speech.{name}"]).abs().max() for name in NAMES)
        assert apart[inside.index].max() > DISAGREEMENT or other > DISAGREEMENT / 2


@pytest.mark.parametrize("running", [True, False])
def test_every_sentence_is_one(running):
    text = sentence(*of_both(0.6, 0.7, 0.2), running=running)
    assert text.endswith(".") and text[0].isupper() and ".." not in text


def test_a_single_picture_has_no_time():
    table = timed(face_neutral=np.array([0.3]), face_happy=np.array([0.7]))
    text = sentence(table, described("face.neutral", "face.happy"))
    assert text == "Happy .70 by face model."
    unlike = table.assign(**{"unlike.face-model": 1.0})
    assert sentence(unlike, described("face.neutral", "face.happy")).count(" s ") == 0


def test_high_or_low_is_told_with_its_mean_probability():
    table = timed(**{"speech_low valence": np.full(20, 0.25), "speech_high valence": np.full(20, 0.75)})
    outputs = described(*table.columns[1:]).assign(kind="dimension")
    assert sentence(table, outputs) == "High valence, with .75 on average, by speech model."
    assert sentence(1 - table, outputs) == "Low valence, with .75 on average, by speech model."
