"""What the one line of plain words says, on tables whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.evaluation.findings import (
    circumplex_source,
    collapsed,
    evaluated_on,
    gaps,
    held_out,
    leading_source,
    least_alike,
    sentence,
    spans,
    spread,
)

HOP = 0.1


def described(*columns: str) -> pd.DataFrame:
    """``outputs`` of columns named ``<source>.<output>``."""
    rows = []
    for column in columns:
        source, _, output = column.partition(".")
        kind = "dimension" if output.startswith(("valence", "arousal")) else "emotion"
        rows.append((column, source, f"{source} model", output, kind, False, np.nan))
    return pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "derived", "rmse"])


def timed(**columns: np.ndarray) -> pd.DataFrame:
    names = {name.replace("_", ".", 1): values for name, values in columns.items()}
    return pd.DataFrame({"time": (np.arange(len(next(iter(names.values())))) + 0.5) * HOP} | names)


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


@pytest.mark.parametrize(
    ("present", "leads"), [("face speech fused", "fused"), ("speech face", "face"), ("speech", "speech")]
)
def test_fused_leads_before_face_before_speech(present: str, leads: str):
    assert leading_source(described(*(f"{s}.valence" for s in present.split())), "dimension") == leads


def test_the_circumplex_needs_both_dimensions_of_one_source():
    assert circumplex_source(described("face.valence", "speech.valence", "speech.arousal (derived)")) == "speech"
    assert circumplex_source(described("face.valence", "face.happy")) is None


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


def test_held_out_figures_are_those_over_all_cultures_pooled():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled", "value": 0.612,
           "low": 0.55, "high": 0.66, "training_mean": None}  # fmt: skip
    rows = [row, row | {"culture": "Polish"}, row | {"aggregation": "per_recording"}, row | {"metric": "rmse"}]
    assert held_out({"test": rows}) == [("CCC, valence", ".61 [.55, .66]", "undefined")]


def test_a_figure_of_one_recording_has_no_interval():
    row = {"culture": "all", "output": "emotion", "metric": "ua", "aggregation": "pooled", "value": 0.7,
           "low": None, "high": None, "training_mean": 0.25}  # fmt: skip
    assert held_out({"test": [row]}) == [("UA", ".70", ".25")]
    assert held_out({}) == []


def test_figures_of_a_foreign_checkpoint_that_say_too_little_are_left_out():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled", "value": 0.5}
    assert held_out({"test": [row]}) == [("CCC, valence", ".50", "undefined")]
    assert held_out({"test": [{"culture": "all", "output": "valence", "value": 0.5}]}) == []


def test_the_least_alike_cultures_are_those_whose_mean_weights_correlate_least():
    weights = pd.DataFrame(
        {
            "culture": ["C", "A", "A", "B"],
            "label": "happy",
            "one": [0.9, 0.1, 0.3, 0.3],
            "two": [0.1, 0.5, 0.7, 0.7],
            "three": [0.1, 0.9, 0.7, 0.9],
        }
    )
    assert least_alike(weights) == ("A", "C")
    assert least_alike(weights[weights.culture == "A"]) is None


def test_the_spread_of_figures_over_checkpoints():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled"}
    found = [{"test": [row | {"value": value}]} for value in (0.3, -0.05, 0.5)] + [{}]
    assert spread(found) == ["CCC, valence: -.05 to .50"]


def test_what_a_checkpoint_was_evaluated_on_and_where_it_collapsed():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled", "value": 0.5,
           "recordings": 155, "speakers": 19}  # fmt: skip
    assert evaluated_on({"test": [row]}) == "155 recordings of 19 speakers"
    assert evaluated_on({"test": [row | {"speakers": 0}]}) == "155 recordings"
    assert evaluated_on({}) == ""
    assert collapsed({"test": [row, row | {"output": "liking", "collapsed": True}]}) == ["liking"]
