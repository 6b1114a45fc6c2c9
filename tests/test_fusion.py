"""Late fusion against plain loops written from its definition."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoviz import fusion
from emoviz.errors import ConfigError, UnknownNameError

VALUES = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    elements=st.one_of(st.floats(0, 1, width=32), st.just(float("nan"))),
)


def mean_of_known(values: list[float], weights: list[float]) -> float:
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if not np.isnan(v) and w > 0]
    return sum(v * w for v, w in pairs) / sum(w for _, w in pairs) if pairs else float("nan")


@given(VALUES, st.lists(st.floats(0.0625, 1), min_size=3, max_size=3))
def test_weighted_is_the_mean_over_the_sources_without_a_gap(values, weights):
    weights = np.array(weights[: len(values)])
    fused = fusion.weighted(values, weights)
    for t, k in np.ndindex(fused.shape):
        np.testing.assert_allclose(fused[t, k], mean_of_known(list(values[:, t, k]), list(weights)), atol=1e-9)


@given(VALUES)
def test_average_does_not_look_at_the_weights(values):
    weights = np.linspace(0.1, 0.9, len(values))
    expected = fusion.weighted(values, np.full(len(values), 0.5))
    np.testing.assert_allclose(fusion.average(values, weights), expected, atol=1e-12)


@given(VALUES)
def test_shares_sum_to_one_or_are_a_gap(values):
    shares = fusion.share(values, np.ones(len(values)))
    mean = fusion.average(values, np.ones(len(values)))
    for row, means in zip(shares, mean, strict=True):
        if np.nansum(means) > 0:
            assert np.nansum(row) == pytest.approx(1)
            np.testing.assert_array_equal(np.isnan(row), np.isnan(means))
        else:
            assert np.isnan(row).all()


@given(VALUES)
def test_majority_is_the_class_with_most_votes(values):
    result = fusion.majority(values, np.ones(len(values)))
    for t in range(values.shape[1]):
        ballots = [int(np.nanargmax(v)) for v in values[:, t] if not np.isnan(v).all()]
        if not ballots:
            assert np.isnan(result[t]).all()
            continue
        winner = int(np.nanargmax(result[t]))
        assert np.nansum(result[t]) == 1
        assert ballots.count(winner) == max(map(ballots.count, ballots))


def test_majority_breaks_a_tie_by_the_weighted_mean_probability():
    values = np.array([[[0.6, 0.4, 0.0]], [[0.1, 0.9, 0.0]]])
    np.testing.assert_array_equal(fusion.majority(values, np.array([0.5, 0.5])), [[0, 1, 0]])  # .35 < .65
    np.testing.assert_array_equal(fusion.majority(values, np.array([0.9, 0.1])), [[1, 0, 0]])  # .55 > .45


def test_a_source_of_weight_zero_is_left_out_even_where_it_is_alone():
    values = np.array([[[0.2], [np.nan]], [[0.8], [0.8]]])
    np.testing.assert_array_equal(fusion.weighted(values, np.array([1.0, 0.0])), [[0.2], [np.nan]])
    np.testing.assert_array_equal(fusion.majority(values, np.array([1.0, 0.0])), [[1], [np.nan]])


@pytest.fixture
def prediction() -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.DataFrame(
        {
            "time": [0.0, 0.02, 0.04],
            "face.valence (derived)": [0.5, np.nan, np.nan],
            "face.happy": [0.5, np.nan, np.nan],
            "face.surprised": [0.5, np.nan, np.nan],
            "speech.valence (derived)": [-0.5, 0.1, np.nan],
            "speech.arousal": [0.3, 0.3, 0.3],
            "speech.happy": [1.0, 0.7, np.nan],
            "other.happy": [0.0, 0.0, 0.0],
        }
    )
    rows = [
        ("face.valence (derived)", "face", "a", "valence (derived)", "dimension", True),
        ("face.happy", "face", "a", "happy", "emotion", False),
        ("face.surprised", "face", "a", "surprised", "emotion", False),
        ("speech.valence (derived)", "speech", "b", "valence (derived)", "dimension", True),
        ("speech.arousal", "speech", "b", "arousal", "dimension", False),
        ("speech.happy", "speech", "b", "happy", "emotion", False),
        ("other.happy", "speech", "other", "happy", "emotion", False),
    ]
    outputs = pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "derived"])
    return table, outputs.assign(rmse=0.3)


def test_fuse_weights_video_more_and_lets_one_source_stand_for_both(prediction):
    fused = fusion.fuse(*prediction)
    np.testing.assert_allclose(fused["fused.valence (derived)"], [0.1, 0.1, np.nan], atol=1e-7)
    # happy: .6 x .5 + .4 x 1 = .7 and surprised, which speech does not know, .5; together made one.
    np.testing.assert_allclose(fused["fused.happy"], [0.7 / 1.2, 1.0, np.nan], rtol=1e-6)
    np.testing.assert_allclose(fused["fused.surprised"], [0.5 / 1.2, np.nan, np.nan], rtol=1e-6)
    assert "fused.arousal" not in fused  # only one source predicts it
    assert (fused.filter(like="fused.").dtypes == np.float32).all()


def test_fuse_renews_its_columns_and_keeps_the_input(prediction):
    table, outputs = prediction
    before = table.copy()
    first = fusion.fuse(table, outputs)
    again = fusion.fuse(first, outputs, "average")
    assert list(again.columns) == list(first.columns)
    assert again["fused.valence (derived)"][0] == 0
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("method", list(fusion.FUSIONS))
def test_every_method_makes_the_columns_that_fused_outputs_names(prediction, method):
    fused = fusion.fuse(*prediction, method)
    described = fusion.fused_outputs(prediction[1])
    assert list(fused.columns[-len(described) :]) == list(described.column)
    assert set(described.source) == {"fused"}


def test_with_one_source_there_is_nothing_to_fuse(prediction):
    table, outputs = prediction
    only_face = outputs[outputs.source == "face"]
    assert fusion.fused_outputs(only_face).empty
    assert list(fusion.fuse(table, only_face).columns) == list(table.columns)


def test_bad_settings_are_refused_with_what_is_accepted(prediction):
    with pytest.raises(ConfigError, match="between 0 and 1, not 1.5"):
        fusion.fuse(*prediction, video_weight=1.5)
    with pytest.raises(UnknownNameError, match="average, majority, weighted"):
        fusion.fuse(*prediction, "median")
