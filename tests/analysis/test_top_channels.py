"""Highest channels of cultures, and two cultures channel by channel, against values worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from emoviz.analysis import permutation, similarity, top_channels
from emoviz.core.errors import AnalysisError, ConfigError, UnknownNameError

from .weights import HAND, made_up, table


def test_top_channels_by_hand():
    top = top_channels.top_channels(HAND, 2)
    assert top[top.culture == "X"].channel.tolist() == ["audio.a", "audio.b"]
    assert top[top.culture == "Y"].channel.tolist() == ["audio.c", "video.d"]
    assert top[top.culture == "Z"].channel.tolist() == ["audio.b", "audio.c"]  # means 2 and 1
    assert top[top.culture == "X"].agreement.tolist() == [1, 1]  # of seeds that tie, the first name
    assert top[top.culture == "Z"].set_index("channel").agreement["audio.c"] == pytest.approx(1 / 3)
    assert top[top.culture == "Z"].weight.tolist() == [2, 1]
    found = top_channels.frequencies(top).set_index("channel")
    assert found.frequency.to_dict() == {"audio.b": 2, "audio.c": 2, "audio.a": 1, "video.d": 1}
    assert found.cultures["audio.c"] == "Y, Z" and found.share["audio.a"] == pytest.approx(1 / 3)
    assert found.modality["video.d"] == "video"


def test_frequencies_are_told_per_dimension():
    both = pd.concat([HAND, table({"X": [[0, 0, 0, 1]]}, "arousal")])
    found = top_channels.frequencies(top_channels.top_channels(both, 1))
    assert found[found.dimension == "arousal"].channel.tolist() == ["video.d"]
    assert found[found.dimension == "arousal"].share.tolist() == [1]
    assert similarity.similarities(both, draws=5).dimension.value_counts().to_dict() == {"valence": 9, "arousal": 1}


def test_a_pair_channel_by_channel():
    found = top_channels.pair(HAND, "X", "Z").set_index("channel")
    assert found.index[0] == "audio.b"  # .5 against 2
    row = found.loc["audio.b"]
    assert (row["first"], row["second"], row["difference"]) == (0.5, 2, -1.5)
    assert row["first_spread"] == pytest.approx(math.sqrt(0.5)) and row["second_spread"] == pytest.approx(2)
    assert row["standard_error"] == pytest.approx(math.sqrt(0.5 / 2 + 4 / 3))
    assert found.modality["video.d"] == "video"
    assert top_channels.pair(HAND, "X", "Y").second_spread.isna().all()
    swapped = top_channels.pair(HAND, "Z", "X").set_index("channel")
    np.testing.assert_allclose(swapped.difference, -found.difference)


def test_tables_survive_a_download(tmp_path):
    weights = made_up(0, ("A", "B", "C"))
    top = top_channels.top_channels(weights, 3)
    for made in (
        similarity.similarities(weights),
        permutation.differences(weights),
        top,
        top_channels.frequencies(top),
        top_channels.pair(weights, "A", "B"),
    ):
        made.to_parquet(tmp_path / "t.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), made)
    pd.testing.assert_frame_equal(similarity.similarities(weights), similarity.similarities(weights))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: top_channels.top_channels(HAND, 0), ConfigError, "not 0"),
        (lambda: top_channels.pair(HAND, "X", "W"), UnknownNameError, "known are: X, Y, Z"),
        (
            lambda: top_channels.pair(pd.concat([HAND, table({"W": [[1, 0, 0, 0]]}, "arousal")]), "X", "W"),
            AnalysisError,
            "No dimension",
        ),
    ],
)
def test_refusals_say_what_is_accepted(call, error, message):
    with pytest.raises(error, match=message):
        call()
