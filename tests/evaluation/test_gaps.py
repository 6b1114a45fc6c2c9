"""Where predictions have no value, and the reasons that are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.core.vocabulary import Source
from emoviz.evaluation.gaps import Absence, gaps, spans

from .made_up import HOP, described, timed


def test_a_gap_counts_only_where_every_column_of_the_source_is_missing():
    valence, happy = np.zeros(10), np.zeros(10)
    valence[2:6], happy[4:8] = np.nan, np.nan
    found = gaps(timed(face_valence=valence, face_happy=happy), described("face.valence", "face.happy"))
    assert found[["start", "end"]].to_numpy() == pytest.approx(np.array([[0.4, 0.6]]))
    assert found.reason.tolist() == ["no face in the picture"]


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_spans_hold_exactly_the_chosen_frames(chosen: list[bool]):
    times = (np.arange(len(chosen)) + 0.5) * HOP
    inside = np.zeros(len(chosen), bool)
    found = spans(times, np.array(chosen))
    for start, end in found:
        inside |= (times > start) & (times < end)
    assert inside.tolist() == chosen
    assert all(before[1] < after[0] for before, after in zip(found, found[1:], strict=False))


def test_each_stretch_of_a_gap_has_its_own_reason():
    valence = np.zeros(40)
    valence[:8], valence[20:] = np.nan, np.nan
    absences = [
        Absence(Source.SPEECH, 0.0, 0.8, "the sound starts at 0.8 s"),
        Absence(Source.SPEECH, 2.0, 3.0, "nobody speaks"),
        Absence(Source.SPEECH, 3.0, 4.0, "the sound ends at 3.0 s"),
    ]
    found = gaps(timed(speech_valence=valence), described("speech.valence"), absences)
    assert found.reason.tolist() == [absence.reason for absence in absences]
    np.testing.assert_allclose(found[["start", "end"]], [[0, 0.8], [2, 3], [3, 4]])


def test_an_absence_where_there_are_values_is_no_gap():
    absences = [Absence(Source.FACE, 0.0, 1.0, "no face in the picture")]
    assert gaps(timed(face_valence=np.zeros(10)), described("face.valence"), absences).empty


def test_frames_beside_an_absence_share_its_reason_and_longer_stretches_have_the_default():
    valence = np.full(30, np.nan)
    absences = [Absence(Source.SPEECH, 0.0, 1.0, "nobody speaks"), Absence(Source.SPEECH, 1.3, 2.0, "nobody speaks")]
    found = gaps(timed(speech_valence=valence), described("speech.valence"), absences)
    assert found.reason.tolist() == ["nobody speaks", "too little speech in one piece"]
    np.testing.assert_allclose(found.start, [0, 2.0])


def test_a_gap_of_one_model_alone_is_told_beside_those_of_its_source():
    first, second = np.zeros(20), np.zeros(20)
    first[:5] = second[:10] = np.nan
    outputs = described("speech.valence", "other.valence").assign(source="speech", model=["cats", "other"])
    found = gaps(timed(speech_valence=first, other_valence=second), outputs)
    assert list(zip(found.model, found.start, found.end.round(6), strict=True)) == [("", 0.0, 0.5), ("other", 0.5, 1.0)]


def test_where_neither_source_has_a_value_both_reasons_are_told():
    gone = np.full(10, np.nan)
    table = timed(face_valence=gone, speech_valence=gone, fused_valence=gone)
    absences = [
        Absence(Source.FACE, 0.0, 1.0, "no face in the picture"),
        Absence(Source.SPEECH, 0.0, 1.0, "nobody speaks"),
    ]
    found = gaps(table, described("face.valence", "speech.valence", "fused.valence"), absences)
    assert found[found.source == "fused"].reason.tolist() == ["no face in the picture, and nobody speaks"]
