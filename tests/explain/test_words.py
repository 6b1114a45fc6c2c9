"""Explanations in words, and where a first look goes."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from emoviz.explain import FaceExplanation, Method, Sanity, StreamExplanation
from emoviz.explain.words import (
    check_words,
    face_words,
    limits_words,
    lower_share,
    peak_of,
    stream_words,
    strongest,
)

TIMES = np.array([0.1, 0.3, 0.5])


def test_the_strongest_emotion_is_not_neutral_where_another_is_seen():
    seen = pd.DataFrame({"neutral": [0.9, 0.4, np.nan], "happy": [0.1, 0.6, np.nan], "sad": [0.0, 0.0, np.nan]})
    assert strongest(seen, TIMES) == ("happy", 0.3)
    assert strongest(seen.assign(happy=0.1), TIMES) == ("neutral", 0.1)
    assert strongest(seen * np.nan, TIMES) is None
    assert peak_of(seen["sad"] * np.nan, TIMES) == 0


def test_share_of_the_lower_half():
    heat = np.array([[0.0, 1.0], [1.0, 2.0]])
    assert lower_share(heat) == pytest.approx(0.75)
    assert np.isnan(lower_share(heat * 0))


def face(heat: np.ndarray) -> FaceExplanation:
    return FaceExplanation(np.array([1.25]), np.array([0.5]), heat[None], np.zeros((1, 2, 2, 3), np.uint8))


def test_words_of_a_face():
    said = face_words(face(np.array([[3.0, 0.0], [1.0, 0.0]])), "happy")
    assert said == ("The face is happy with a probability of .50; 75 % of the heat lies in its upper half.")
    assert "nothing in the picture speaks for it" in face_words(face(np.zeros((2, 2))), "happy")


def streams(method: Method) -> StreamExplanation:
    channels = pd.DataFrame(
        {"channel": ["a.y", "a.x"], "modality": "audio", "contribution": [0.1, -0.3], "magnitude": [0.5, 0.3]}
    )
    times = pd.DataFrame({"time": [0.5, 1.5], "contribution": [0.0, -0.2], "magnitude": [0.1, 0.2]})
    return StreamExplanation("valence", method, 0.2, -0.4, 0.05, channels, times, None, ())


def test_words_of_streams():
    assert stream_words(streams(Method.GRADIENTS), "dimension") == (
        "The mean of valence is .20 here, and −.40 where all channels are at their training mean; the largest parts of "
        "this difference are a.x −.30, a.y +.10, and most of it arises at 1.5 s."
    )


def test_limits_of_each_method():
    found = streams(Method.GRADIENTS)
    exact = dataclasses.replace(found, completeness_error=0.001, notes=("A note.",))
    assert limits_words(exact) == "A note. The contributions add up to the difference of 0.6 within 0.001."
    assert limits_words(found) == "Read the order of the contributions rather than their size."
    assert "need not add up" in limits_words(streams(Method.OCCLUSION))


def test_a_check_that_failed_is_flagged():
    assert check_words(None) == ""
    assert check_words(Sanity(pd.DataFrame(), True, "It does.")) == "It does."
    assert check_words(Sanity(pd.DataFrame(), False, "It does not.")) == ":material/warning: **It does not.**"
