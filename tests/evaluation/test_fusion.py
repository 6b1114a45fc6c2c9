"""Late fusion against plain loops written from its definition, and learned fusion against search."""

import dataclasses
import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emoviz.core.configuration import from_dict
from emoviz.core.errors import ConfigError, UnknownNameError
from emoviz.evaluation import fusion
from emoviz.evaluation.fusion import tables
from emoviz.evaluation.fusion.average import average
from emoviz.evaluation.fusion.base import share, weighted
from emoviz.evaluation.fusion.majority import majority
from emoviz.evaluation.metrics.ccc import ccc
from emoviz.evaluation.metrics.pearson import pearson
from emoviz.evaluation.metrics.rmse import rmse

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
    fused = weighted(values, weights)
    for t, k in np.ndindex(fused.shape):
        np.testing.assert_allclose(fused[t, k], mean_of_known(list(values[:, t, k]), list(weights)), atol=1e-9)


@given(VALUES)
def test_average_does_not_look_at_the_weights(values):
    weights = np.linspace(0.1, 0.9, len(values))
    expected = weighted(values, np.full(len(values), 0.5))
    np.testing.assert_allclose(average(values, weights), expected, atol=1e-12)


@given(VALUES)
def test_shares_sum_to_one_or_are_a_gap(values):
    shares = share(values, np.ones(len(values)))
    mean = average(values, np.ones(len(values)))
    for row, means in zip(shares, mean, strict=True):
        if np.nansum(means) > 0:
            assert np.nansum(row) == pytest.approx(1)
            np.testing.assert_array_equal(np.isnan(row), np.isnan(means))
        else:
            assert np.isnan(row).all()


@given(VALUES)
def test_majority_is_the_class_with_most_votes(values):
    result = majority(values, np.ones(len(values)))
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
    np.testing.assert_array_equal(majority(values, np.array([0.5, 0.5])), [[0, 1, 0]])  # .35 < .65
    np.testing.assert_array_equal(majority(values, np.array([0.9, 0.1])), [[1, 0, 0]])  # .55 > .45


def test_a_source_of_weight_zero_is_left_out_even_where_it_is_alone():
    values = np.array([[[0.2], [np.nan]], [[0.8], [0.8]]])
    np.testing.assert_array_equal(weighted(values, np.array([1.0, 0.0])), [[0.2], [np.nan]])
    np.testing.assert_array_equal(majority(values, np.array([1.0, 0.0])), [[1], [np.nan]])


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


@pytest.mark.parametrize("method", list(fusion.FUSIONS))
def test_fusing_block_by_block_changes_nothing(prediction, method, monkeypatch):
    whole = fusion.fuse(*prediction, method)
    monkeypatch.setattr(tables, "BLOCK", 2)
    pd.testing.assert_frame_equal(fusion.fuse(*prediction, method), whole, check_exact=True)


def test_a_long_table_is_fused_in_little_memory():
    names, random = "abcdefgh", np.random.default_rng(0)
    columns = {f"{source}.{name}": (source, name) for source in ("face", "speech") for name in names}
    table = pd.DataFrame(random.random((60_000, len(columns)), np.float32), columns=list(columns))
    rows = [(column, source, "m", name, "emotion", False, 0.3) for column, (source, name) in columns.items()]
    outputs = pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "derived", "rmse"])
    tracemalloc.start()
    try:
        fusion.fuse(table, outputs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # at once it takes 42, block by block 9


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


def noisy_sources(seed: int, frames: int = 40, sources: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Values (S, T, 1) of sources of any quality, offset and scale, and targets (T, 1)."""
    random = np.random.default_rng(seed)
    target = random.normal(size=(frames, 1))
    quality, scale, offset = random.uniform(-0.3, 1, (3, sources, 1, 1))
    noise = random.normal(size=(sources, frames, 1))
    return offset + (0.1 + abs(scale)) * (quality * target + noise), target


@pytest.mark.slow
@given(st.integers(0, 500), st.integers(2, 3))
@settings(max_examples=20)
def test_no_search_finds_a_higher_ccc_than_learning(seed, sources):
    values, target = noisy_sources(seed, sources=sources)
    learned = fusion.learn(values, target)
    reached = np.nan_to_num(ccc(target, learned(values)))
    random = np.random.default_rng(1)
    for weights in random.dirichlet(np.full(sources, 0.5), 30):
        mixed = np.einsum("s,stk->tk", weights, values - values.mean(1, keepdims=True))
        for gain in np.geomspace(0.05, 20, 25):
            assert ccc(target, target.mean() + gain * mixed) <= reached + 1e-9
    if learned.gain[0] > 0:
        assert reached == pytest.approx(pearson(target, learned(values)))


@given(st.integers(0, 500), st.integers(2, 3))
@settings(max_examples=20)
def test_no_search_finds_a_lower_error_than_least_squares(seed, sources):
    values, target = noisy_sources(seed, sources=sources)
    values *= 0.5 + np.random.default_rng(seed).uniform() / 4  # sometimes a gain above one would be better
    learned = fusion.learn(values, target, "rmse")
    reached = rmse(target, learned(values))
    assert 0 <= learned.gain[0] <= 1
    random = np.random.default_rng(1)
    for weights in random.dirichlet(np.full(sources, 0.5), 30):
        mixed = np.einsum("s,stk->tk", weights, values - values.mean(1, keepdims=True))
        for gain in np.linspace(0, 1, 11):
            assert rmse(target, target.mean() + gain * mixed) >= reached - 1e-9


def test_least_squares_of_sources_that_understate_weighs_them_by_their_errors_with_a_gain_of_one():
    # By hand: errors of -y/2 and noise that is orthogonal to it; the mean square of
    # w1 y/2 + w2 n is w1^2 / 4 + w2^2 / 16, least for weights of 1 to 4.
    y, n = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1]) / 4
    learned = fusion.learn(np.stack([y / 2, y + n])[..., None], y[:, None], "rmse")
    np.testing.assert_allclose(np.ravel(learned.weights), [0.2, 0.8])
    assert learned.gain == (1.0,)


def test_a_learned_fusion_forgets_scale_and_offset():
    values, target = noisy_sources(3)
    learned = fusion.learn(values, target)
    scale, offset = np.array([2.0, 0.5])[:, None, None], np.array([1.0, -3.0])[:, None, None]
    again = fusion.learn(scale * values + offset, target)
    np.testing.assert_allclose(again(scale * values + offset), learned(values))


def test_where_a_source_has_a_gap_the_other_stands_in_from_its_own_mean():
    random = np.random.default_rng(0)
    target = random.normal(size=(50, 1))
    values = np.stack([target + 5, 0.5 * target - 2]) + 0.1 * random.normal(size=(2, 50, 1))
    learned = fusion.learn(values, target)
    gaps = values.copy()
    gaps[0, :10], gaps[1, 5:20] = np.nan, np.nan
    fused = learned(gaps)
    np.testing.assert_array_equal(np.isnan(fused[:, 0]), np.arange(50) // 5 == 1)
    for t in (2, 15, 30):
        terms = [(learned.weights[s][0], v - learned.centres[s][0]) for s, v in enumerate(gaps[:, t, 0])]
        mean = mean_of_known([v for _, v in terms], [w for w, _ in terms])
        assert fused[t, 0] == pytest.approx(learned.bias[0] + learned.gain[0] * mean)


def test_learning_leaves_out_frames_with_gaps_and_sources_that_do_not_know_an_output():
    values, target = noisy_sources(4, sources=3)
    values[2] = np.nan
    values[0, :7], target[7:9] = np.nan, np.nan
    learned, short = fusion.learn(values, target), fusion.learn(values[:2, 9:], target[9:])
    np.testing.assert_allclose(learned.weights, [*short.weights, (0.0,)])
    assert (learned.gain, learned.bias) == (short.gain, short.bias)


@pytest.mark.parametrize("objective", ["ccc", "rmse"])
def test_what_no_source_follows_is_a_constant(objective):
    target = np.linspace(-1, 2, 9)[:, None]
    values = np.stack([-target, np.ones_like(target)])
    learned = fusion.learn(values, target, objective)
    assert learned.gain == (0.0,)
    values[:, 0] = np.nan
    np.testing.assert_allclose(learned(values), np.where(np.arange(9) == 0, np.nan, 0.5)[:, None])


def class_sources(seed: int, sources: int, frames: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (S, T, 3) of sources of any quality, and one-hot targets (T, 3)."""
    random = np.random.default_rng(seed)
    target = np.eye(3)[random.integers(0, 3, frames)]
    scores = random.uniform(0, 3, (sources, 1, 1)) * target + random.normal(size=(sources, frames, 3))
    return np.exp(scores) / np.exp(scores).sum(2, keepdims=True), target


def log_likelihood(values: np.ndarray, target: np.ndarray, weights: np.ndarray) -> float:
    return float((target * np.log(np.einsum("s,stk->tk", weights, values))).sum(1).mean())


@given(st.integers(0, 500), st.integers(1, 3))
def test_no_search_finds_a_likelier_share_than_learning(seed, sources):
    values, target = class_sources(seed, sources)
    weights = np.array(fusion.learn_share(values, target).weights)
    assert (weights >= 0).all() and weights.sum() == pytest.approx(1)
    reached = log_likelihood(values, target, weights)
    candidates = [*np.random.default_rng(1).dirichlet(np.full(sources, 0.7), 200), *np.eye(sources)]
    assert all(log_likelihood(values, target, candidate) <= reached + 1e-6 for candidate in candidates)


def test_a_learned_share_fuses_as_the_weighted_one_and_leaves_out_labels_with_gaps():
    values, target = class_sources(0, 2)
    learned = fusion.learn_share(values, target)
    np.testing.assert_allclose(learned(values), share(values, np.array(learned.weights)))
    np.testing.assert_allclose(learned(values).sum(1), 1)
    gaps = np.concatenate([values, np.full((2, 5, 3), np.nan)], 1)
    assert fusion.learn_share(gaps, np.concatenate([target, np.eye(3)[[0, 1, 2, 0, 1]]])) == learned


def test_what_is_learned_goes_to_json_and_back():
    learned, learned_share = fusion.learn(*noisy_sources(0)), fusion.learn_share(*class_sources(0, 2))
    for fitted in (learned, learned_share):
        plain = json.loads(json.dumps(dataclasses.asdict(fitted)))
        assert from_dict(type(fitted), plain, "the fusion") == fitted


def test_learning_from_nothing_is_refused():
    values, target = noisy_sources(0)
    with pytest.raises(ConfigError, match="from at least two frames .* not 1"):
        fusion.learn(values[:, :1], target[:1])
    with pytest.raises(ConfigError, match="from at least two frames .* not 0"):
        fusion.learn(np.full_like(values, np.nan), target)
    with pytest.raises(ConfigError, match="from at least one label"):
        fusion.learn_share(np.full((2, 1, 3), np.nan), np.eye(3)[:1])
