"""Tables of weights: models and speakers as replicates, channels by modality, and refusals."""

import numpy as np
import pandas as pd
import pytest

from emoviz.analysis import replicates, similarity
from emoviz.core.errors import AnalysisError, UnknownNameError

from .weights import CHANNELS, HAND, table


def attention(clips: list[tuple], channels=CHANNELS) -> pd.DataFrame:
    """Of (culture, speaker, weights) each."""
    frame = pd.DataFrame([w for *_, w in clips], columns=list(channels)).astype(np.float16)
    who = {"culture": [c for c, *_ in clips], "speaker": [p for _, p, _ in clips], "label": "happy"}
    index = pd.Index([f"clip{i}" for i in range(len(clips))], name="id")
    return pd.concat([pd.DataFrame(who, index=frame.index), frame], axis=1).set_axis(index)


CLIPS = [("X", "p", [1, 0, 0, 0]), ("X", "p", [3, 0, 0, 0]), ("X", "q", [0, 1, 0, 0]), ("Y", None, [0, 0, 1, 0])]


def test_restriction_to_a_modality():
    assert replicates.modalities(HAND) == ["audio", "video"]
    assert list(replicates.restrict(HAND, "audio").columns) == list(CHANNELS[:3])
    with pytest.raises(UnknownNameError, match="no modality named 'text'; known are: audio, video"):
        replicates.restrict(HAND, "text")


def test_models_are_replicates():
    other = attention([("X", "p", [0, 0, 0, 1])])[["culture", "speaker", "label", *CHANNELS[::-1]]]
    weights = replicates.of_models({"m": attention(CLIPS), "n": other}, {"m": "valence", "n": "arousal"})
    assert weights.index.names == ["culture", "dimension", "model"]
    np.testing.assert_allclose(weights.loc[("X", "valence", "m")], [4 / 3, 1 / 3, 0, 0], rtol=1e-6)
    assert weights.loc[("X", "arousal", "n")].tolist() == [0, 0, 0, 1]
    assert weights.loc[("Y", "valence", "m"), "audio.c"] == 1


def test_sessions_are_no_channels():
    told = attention(CLIPS).assign(session="one talk")
    pd.testing.assert_frame_equal(
        replicates.of_models({"m": told}, {"m": "valence"}),
        replicates.of_models({"m": attention(CLIPS)}, {"m": "valence"}),
    )


def test_speakers_are_replicates_and_count_once():
    weights = replicates.of_speakers(attention([*CLIPS, ("Y", None, [0, 0, 0, 1])]), "valence")
    assert weights.loc[("X", "valence", "p"), "audio.a"] == 2
    assert len(weights.loc["Y"]) == 2  # clips without a speaker stand for themselves
    assert similarity.similarities(weights, draws=5).pairs.tolist() == [1, 4, 4, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: replicates.of_models({}, {}), AnalysisError, "at least one model"),
        (
            lambda: replicates.of_models(
                {"m": attention(CLIPS), "n": attention(CLIPS, [*CHANNELS[:3], "video.e"])}, {"m": "v", "n": "v"}
            ),
            AnalysisError,
            "'n' and 'm' weigh different channels, e.g. only one of them has 'video.d'",
        ),
        (lambda: replicates.of_speakers(attention(CLIPS).drop(columns="speaker"), "v"), AnalysisError, "here speaker"),
        (lambda: replicates.of_speakers(attention([(None, "p", [1, 0, 0, 0])]), "v"), AnalysisError, "1 clips"),
    ],
)
def test_refusals_say_what_is_accepted(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_channels_are_averaged_by_what_they_tell_and_those_that_tell_nothing_are_left_out():
    channels = ["egemaps.F1frequency_sma3nz", "egemaps.Loudness_sma3", "egemaps.F2bandwidth_sma3nz", "own.x"]
    rows = {"X": [[0.2, 0.9, 0.4, 5.0], [0.4, 0.7, 0.6, 5.0]], "Y": [[0.0, 0.1, 0.0, 5.0]]}
    found = replicates.by_group(table(rows, channels=channels)).set_index(["culture", "group"])
    assert list(found.loc["X"].index) == ["loudness", "formants"]
    assert found.loc[("X", "formants"), "weight"] == pytest.approx(0.4)
    assert found.loc[("X", "formants"), "spread"] == pytest.approx(np.std([0.3, 0.5], ddof=1))
    assert tuple(found.loc[("X", "formants"), ["channels", "highest"]]) == (2, "egemaps.F2bandwidth_sma3nz")
    assert np.isnan(found.loc[("Y", "loudness"), "spread"])
