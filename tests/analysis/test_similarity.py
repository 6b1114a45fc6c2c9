"""Similarity of cultures against values worked out by hand, planted groups, and made-up data without any difference."""

import math
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emoviz.analysis import similarity as s
from emoviz.core.errors import AnalysisError, ConfigError, UnknownNameError

CHANNELS = ("audio.a", "audio.b", "audio.c", "video.d")


def table(rows: dict[str, list], dimension: str = "valence", channels=CHANNELS) -> pd.DataFrame:
    """Culture -> one list of weights per seed."""
    keys = [(culture, dimension, seed) for culture, seeds in rows.items() for seed in range(len(seeds))]
    index = pd.MultiIndex.from_tuples(keys, names=["culture", "dimension", "seed"])
    return pd.DataFrame([row for seeds in rows.values() for row in seeds], index=index, columns=list(channels))


HAND = table({"X": [[1, 0, 0, 0], [1, 1, 0, 0]], "Y": [[0, 0, 1, 1]], "Z": [[0, 2, 0, 0], [0, 0, 3, 0], [0, 4, 0, 0]]})
ROOT = math.sqrt(0.5)


def cells(weights: pd.DataFrame, measure: str = "cosine", **options) -> pd.DataFrame:
    return s.matrix(s.similarities(weights, measure, draws=20, **options), "valence")


def made_up(seed: int, cultures=("A", "B"), seeds: int = 4, channels: int = 12, shift: float = 0.0) -> pd.DataFrame:
    """Weights around one centre; those of the first culture around another, ``shift`` from it."""
    random = np.random.default_rng(seed)
    centre = random.uniform(0.3, 0.7, channels)
    centres = {culture: centre for culture in cultures} | {cultures[0]: centre + shift * random.normal(size=channels)}
    rows = {c: (m + random.normal(0, 0.05, (seeds, channels))).tolist() for c, m in centres.items()}
    return table(rows, channels=[f"audio.c{i:02d}" for i in range(channels)])


def test_cosine_by_hand():
    found = cells(HAND)
    assert found.loc["X", "X"] == pytest.approx(ROOT)  # of (1, 0) and (1, 1)
    assert found.loc["X", "Y"] == pytest.approx(0)
    assert found.loc["Y", "Z"] == pytest.approx(ROOT / 3)  # only the second of three
    assert found.loc["X", "Z"] == pytest.approx(2 * ROOT / 6)  # only (1, 1) with the first and third
    assert found.loc["Z", "Z"] == pytest.approx(1 / 3)
    assert math.isnan(found.loc["Y", "Y"])


@pytest.mark.parametrize(
    ("measure", "oracle"),
    [
        ("cosine", lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y)),
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
        ("spearman", lambda x, y: stats.spearmanr(x, y).statistic),
        ("top-k", lambda x, y: len(set(np.argsort(x)[-3:]) & set(np.argsort(y)[-3:])) / 3),
    ],
)
def test_a_cell_is_the_mean_over_pairs(measure, oracle):
    weights = made_up(0, seeds=3, shift=0.1)
    a, b = weights.loc["A"].to_numpy(), weights.loc["B"].to_numpy()
    found = cells(weights, measure, k=3)
    assert found.loc["A", "B"] == pytest.approx(np.mean([oracle(x, y) for x in a for y in b]))
    assert found.loc["B", "B"] == pytest.approx(np.mean([oracle(x, y) for x, y in combinations(b, 2)]))


def test_spearman_shares_ranks_of_ties():
    weights = table({"X": [[1, 1, 2, 3]], "Y": [[5, 4, 4, 9]]})
    assert cells(weights, "spearman").loc["X", "Y"] == pytest.approx(stats.spearmanr([1, 1, 2, 3], [5, 4, 4, 9])[0])


def test_ties_for_the_last_place_share_it():
    weights = table({"X": [[3, 1, 1, 0]], "Y": [[3, 1, 1, 0]], "Z": [[0, 3, 2, 1]]})
    found = cells(weights, "top-k", k=2)
    assert found.loc["X", "Y"] == pytest.approx(1)
    # (1, 1/2, 1/2, 0) and (0, 1, 1, 0), both brought to unit length
    assert found.loc["X", "Z"] == pytest.approx(1 / math.sqrt(1.5) / math.sqrt(2))


def test_a_row_without_a_preference_is_left_out():
    weights = table({"X": [[1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1]], "Y": [[4, 3, 2, 1]], "Z": [[0.5] * 4]})
    for measure in ("pearson", "spearman", "top-k"):
        table_ = s.similarities(weights, measure, k=2, draws=5).set_index(["culture", "other"])
        assert table_.loc[("X", "Y"), "pairs"] == 1
        assert table_.loc[("X", "Z"), "pairs"] == 0 and math.isnan(table_.loc[("X", "Z"), "similarity"])
    assert cells(weights, "pearson").loc["X", "Y"] == pytest.approx(-1)


WEIGHTS = st.integers(0, 2**32 - 1).map(lambda seed: made_up(seed, ("A", "B", "C"), seeds=2, channels=5, shift=0.3))


@settings(max_examples=30)
@given(weights=WEIGHTS, measure=st.sampled_from(sorted(s.MEASURES)), order=st.permutations(range(5)))
def test_symmetry_range_and_order_of_channels(weights, measure, order):
    found = cells(weights, measure, k=2)
    np.testing.assert_allclose(found, found.T)
    low = 0 if measure == "top-k" else -1
    assert ((found >= low) & (found <= 1)).all(axis=None)
    np.testing.assert_allclose(found, cells(weights.iloc[:, order], measure, k=2), atol=1e-12)
    np.testing.assert_allclose(found, cells(weights.iloc[::-1], measure, k=2), atol=1e-12)
    twice = pd.concat([weights, weights.rename(index={"A": "D"}, level="culture").loc[["D"]]])
    between = cells(twice, measure, k=2).loc["A", "D"]
    assert between == pytest.approx((1 + cells(twice, measure, k=2).loc["A", "A"]) / 2)  # half the pairs are copies


def test_an_interval_is_the_bootstrap_over_replicates():
    weights = made_up(3, seeds=6, shift=0.05)
    found = s.similarities(weights, draws=2000).set_index(["culture", "other"])
    units = {c: s.cosine(weights.loc[c].to_numpy(), 0) for c in "AB"}
    random = np.random.default_rng(1)
    values: dict[str, list] = {"A": [], "AB": []}
    for _ in range(2000):
        a, b = random.integers(0, 6, 6), random.integers(0, 6, 6)
        pairs = (units["A"] @ units["A"].T)[np.ix_(a, a)]
        values["A"].append(pairs[a[:, None] != a].mean())
        values["AB"].append((units["A"] @ units["B"].T)[np.ix_(a, b)].mean())
    for cell, drawn in ((("A", "A"), values["A"]), (("A", "B"), values["AB"])):
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert found.loc[cell, ["low", "high"]].tolist() == pytest.approx([low, high], abs=0.15 * (high - low))
        assert found.loc[cell, "low"] <= found.loc[cell, "similarity"] <= found.loc[cell, "high"]


def test_one_replicate_has_no_interval():
    found = s.similarities(HAND, draws=50).set_index(["culture", "other"])
    assert found.loc[("X", "Y"), ["low", "high"]].isna().all()
    assert found.loc[("X", "Z"), ["low", "high"]].notna().all()
    assert found.pairs.loc["Z"].to_dict() == {"X": 6, "Y": 3, "Z": 3}


def test_a_pair_of_three_seeds_each_cannot_go_below_a_tenth():
    (row,) = s.differences(made_up(0, seeds=3, shift=1.0)).to_dict("records")
    assert (row["labellings"], row["exact"]) == (20, True)
    assert row["p"] == pytest.approx(0.1) == row["smallest_p"] == row["p_holm"]
    assert row["excess"] == pytest.approx(row["within"] - row["between"]) and row["excess"] > 0


@pytest.mark.parametrize(
    ("sizes", "smallest"), [((2, 2), 2 / 6), ((1, 3), 1 / 4), ((4, 4), 2 / 70), ((2, 2, 2), 6 / 90)]
)
def test_the_smallest_p_is_reached_where_groups_are_apart(sizes, smallest):
    labels = np.repeat(range(len(sizes)), sizes)
    apart = s.permutation_test(np.eye(len(sizes))[labels], labels)
    assert apart.p == pytest.approx(smallest) == apart.smallest_p


def test_p_by_every_permutation_of_the_rows():
    weights = made_up(5, ("A", "B", "C"), seeds=2, shift=0.05)
    (row,) = s.overall_difference(weights).to_dict("records")
    units = s.cosine(weights.to_numpy(), 0)

    def between(order) -> float:
        groups = units[list(order)].reshape(3, 2, -1)
        return 2 * ((groups.mean(1) - units.mean(0)) ** 2).sum()

    values = np.array([between(order) for order in permutations(range(6))])
    assert row["p"] == pytest.approx((values >= values[0] - 1e-9).mean())
    assert row["labellings"] == 90


def test_random_labellings_agree_with_all(monkeypatch):
    weights = made_up(8, seeds=4, shift=0.02)
    exact = s.differences(weights).p[0]
    monkeypatch.setattr(s, "MOST_EXACT", 10)
    (row,) = s.differences(weights, draws=4000).to_dict("records")
    assert not row["exact"] and row["labellings"] == 4001
    assert row["p"] == pytest.approx(exact, abs=0.03)
    assert row["smallest_p"] == pytest.approx(2 / 70)


@pytest.mark.parametrize(("groups", "level"), [(2, 6 / 70), (3, 6 / 90)])
def test_the_test_keeps_its_level_where_nothing_differs(groups, level):
    """Groups of 4 and 4, or 2, 2 and 2, can reach these levels exactly, so as many null data sets are rejected."""
    labels = np.repeat(range(groups), 4 if groups == 2 else 2)
    p_values = []
    for seed in range(400):
        rows = np.random.default_rng(seed).uniform(0, 1, (len(labels), 8))
        p_values.append(s.permutation_test(s.cosine(rows, 0), labels).p)
    rejected = int((np.array(p_values) <= level + 1e-9).sum())
    low, high = stats.binom.interval(0.999, len(p_values), level)
    assert low <= rejected <= high


def test_a_planted_difference_is_found():
    found = [s.differences(made_up(seed, seeds=4, shift=0.1), "pearson").p[0] for seed in range(25)]
    assert np.mean(np.array(found) <= 0.05) > 0.9


def test_shared_seeds_make_the_test_cautious():
    rejected = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        shared = random.normal(0.5, 0.1, (4, 8))  # what a seed does to the models of both cultures
        rows = np.concatenate([shared, shared]) + random.normal(0, 0.05, (8, 8))
        rejected += s.permutation_test(s.cosine(rows, 0), np.repeat([0, 1], 4)).p <= 6 / 70 + 1e-9
    assert rejected <= stats.binom.ppf(0.999, 200, 6 / 70)


def test_holm_by_hand():
    assert s.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert s.holm([0.6, 0.7]) == [1, 1]
    corrected = s.holm([0.02, math.nan, 0.03])
    assert corrected[0] == pytest.approx(0.04) == corrected[2] and math.isnan(corrected[1])
    assert s.holm([]) == []


def test_pairs_that_cannot_be_tested_do_not_count():
    found = s.differences(HAND).set_index(["culture", "other"])
    assert found.loc[("Y", "Z"), "labellings"] == 4
    weights = table({"X": [[1, 0, 0, 0]], "Y": [[0, 1, 0, 0]], "Z": [[1, 1, 0, 0], [1, 2, 0, 0], [1, 3, 0, 0]]})
    found = s.differences(weights).set_index(["culture", "other"])
    assert found.loc[("X", "Y"), ["p", "p_holm"]].isna().all() and found.loc[("X", "Y"), "smallest_p"] == 1
    assert (found.loc[[("X", "Z"), ("Y", "Z")], "p_holm"] <= 2 * found.loc[[("X", "Z"), ("Y", "Z")], "p"]).all()


def test_planted_groups_of_cultures_are_found_by_the_dendrogram():
    random = np.random.default_rng(0)
    groups = {"north": "ADF", "south": "BCE"}
    centres = {name: random.uniform(0, 1, 20) for name in groups}
    rows = {
        culture: (centres[name] + random.normal(0, 0.05, (3, 20))).tolist()
        for culture in "ABCDEF"
        for name, members in groups.items()
        if culture in members
    }
    weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(20)])
    for measure in s.MEASURES:
        tree = s.dendrogram(cells(weights, measure, k=5))
        assert {frozenset(tree.order[:3]), frozenset(tree.order[3:])} == {frozenset("ADF"), frozenset("BCE")}
        assert tree.linkage.shape == (5, 4) and tree.linkage[-1, 2] > 2 * tree.linkage[-2, 2]
    assert s.overall_difference(weights, draws=499).p[0] == pytest.approx(1 / 500)


def test_a_dendrogram_by_hand():
    near = pd.DataFrame([[1, 0.9, 0.1], [0.9, 1, 0.3], [0.1, 0.3, 1]], index=list("XYZ"), columns=list("XYZ"))
    tree = s.dendrogram(near)
    np.testing.assert_allclose(tree.linkage[:, 2], [0.1, 0.8])  # 1 - .9, then the mean of 1 - .1 and 1 - .3
    assert tree.order in (["X", "Y", "Z"], ["Z", "Y", "X"])
    assert tree.branches.groupby("branch").height.max().tolist() == pytest.approx([0.1, 0.8])
    assert set(tree.branches.position) >= {0.0, 1.0, 2.0} and tree.branches.position.max() == 2
    assert s.dendrogram(near, "single").linkage[-1, 2] == pytest.approx(0.7)


def test_top_channels_by_hand():
    top = s.top_channels(HAND, 2)
    assert top[top.culture == "X"].channel.tolist() == ["audio.a", "audio.b"]
    assert top[top.culture == "Y"].channel.tolist() == ["audio.c", "video.d"]
    assert top[top.culture == "Z"].channel.tolist() == ["audio.b", "audio.c"]  # means 2 and 1
    assert top[top.culture == "X"].agreement.tolist() == [1, 1]  # of seeds that tie, the first name
    assert top[top.culture == "Z"].set_index("channel").agreement["audio.c"] == pytest.approx(1 / 3)
    assert top[top.culture == "Z"].weight.tolist() == [2, 1]
    found = s.frequencies(top).set_index("channel")
    assert found.frequency.to_dict() == {"audio.b": 2, "audio.c": 2, "audio.a": 1, "video.d": 1}
    assert found.cultures["audio.c"] == "Y, Z" and found.share["audio.a"] == pytest.approx(1 / 3)
    assert found.modality["video.d"] == "video"


def test_frequencies_are_told_per_dimension():
    both = pd.concat([HAND, table({"X": [[0, 0, 0, 1]]}, "arousal")])
    found = s.frequencies(s.top_channels(both, 1))
    assert found[found.dimension == "arousal"].channel.tolist() == ["video.d"]
    assert found[found.dimension == "arousal"].share.tolist() == [1]
    assert s.similarities(both, draws=5).dimension.value_counts().to_dict() == {"valence": 9, "arousal": 1}


def test_a_pair_channel_by_channel():
    found = s.pair(HAND, "X", "Z").set_index("channel")
    assert found.index[0] == "audio.b"  # .5 against 2
    row = found.loc["audio.b"]
    assert (row["first"], row["second"], row["difference"]) == (0.5, 2, -1.5)
    assert row["first_spread"] == pytest.approx(math.sqrt(0.5)) and row["second_spread"] == pytest.approx(2)
    assert row["standard_error"] == pytest.approx(math.sqrt(0.5 / 2 + 4 / 3))
    assert found.modality["video.d"] == "video"
    assert s.pair(HAND, "X", "Y").second_spread.isna().all()
    swapped = s.pair(HAND, "Z", "X").set_index("channel")
    np.testing.assert_allclose(swapped.difference, -found.difference)


def test_restriction_to_a_modality():
    assert s.modalities(HAND) == ["audio", "video"]
    assert list(s.restrict(HAND, "audio").columns) == list(CHANNELS[:3])
    with pytest.raises(UnknownNameError, match="no modality named 'text'; known are: audio, video"):
        s.restrict(HAND, "text")


def attention(clips: list[tuple], channels=CHANNELS) -> pd.DataFrame:
    """Of (culture, speaker, weights) each."""
    frame = pd.DataFrame([w for *_, w in clips], columns=list(channels)).astype(np.float16)
    who = {"culture": [c for c, *_ in clips], "speaker": [p for _, p, _ in clips], "label": "happy"}
    index = pd.Index([f"clip{i}" for i in range(len(clips))], name="id")
    return pd.concat([pd.DataFrame(who, index=frame.index), frame], axis=1).set_axis(index)


CLIPS = [("X", "p", [1, 0, 0, 0]), ("X", "p", [3, 0, 0, 0]), ("X", "q", [0, 1, 0, 0]), ("Y", None, [0, 0, 1, 0])]


def test_models_are_replicates():
    other = attention([("X", "p", [0, 0, 0, 1])])[["culture", "speaker", "label", *CHANNELS[::-1]]]
    weights = s.of_models({"m": attention(CLIPS), "n": other}, {"m": "valence", "n": "arousal"})
    assert weights.index.names == ["culture", "dimension", "model"]
    np.testing.assert_allclose(weights.loc[("X", "valence", "m")], [4 / 3, 1 / 3, 0, 0], rtol=1e-6)
    assert weights.loc[("X", "arousal", "n")].tolist() == [0, 0, 0, 1]
    assert weights.loc[("Y", "valence", "m"), "audio.c"] == 1


def test_speakers_are_replicates_and_count_once():
    weights = s.of_speakers(attention([*CLIPS, ("Y", None, [0, 0, 0, 1])]), "valence")
    assert weights.loc[("X", "valence", "p"), "audio.a"] == 2
    assert len(weights.loc["Y"]) == 2  # clips without a speaker stand for themselves
    assert s.similarities(weights, draws=5).pairs.tolist() == [1, 4, 4, 1]


def test_tables_survive_a_download(tmp_path):
    weights = made_up(0, ("A", "B", "C"))
    top = s.top_channels(weights, 3)
    for made in (s.similarities(weights), s.differences(weights), top, s.frequencies(top), s.pair(weights, "A", "B")):
        made.to_parquet(tmp_path / "t.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), made)
    pd.testing.assert_frame_equal(s.similarities(weights), s.similarities(weights))


def with_gap() -> pd.DataFrame:
    weights = HAND.astype(float)
    weights.iloc[0, 0] = np.nan
    return weights


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: s.similarities(HAND.droplevel("dimension")), AnalysisError, "not by culture, seed"),
        (lambda: s.similarities(HAND.iloc[:0]), AnalysisError, "no rows"),
        (lambda: s.similarities(pd.concat([HAND, HAND])), AnalysisError, "twice"),
        (lambda: s.similarities(with_gap()), AnalysisError, "missing or infinite"),
        (lambda: s.similarities(HAND, "euclid"), UnknownNameError, "known are: cosine, pearson, spearman, top-k"),
        (lambda: s.similarities(HAND, "top-k", k=5), ConfigError, "from 1 to 4, all there are, not 5"),
        (lambda: s.top_channels(HAND, 0), ConfigError, "not 0"),
        (lambda: s.differences(table({"X": [[1, 0, 0, 0]]})), AnalysisError, "valence has X only"),
        (lambda: s.matrix(s.similarities(HAND, draws=5), "liking"), UnknownNameError, "known are: valence"),
        (lambda: s.dendrogram(cells(table({"X": [[1, 0, 0, 0]]}))), AnalysisError, "at least two cultures"),
        (lambda: s.dendrogram(cells(HAND), "ward"), ConfigError, "average, complete or single linkage, not 'ward'"),
        (
            lambda: s.dendrogram(cells(table({"X": [[1, 1, 1, 1]], "Y": [[1, 0, 0, 0]]}), "pearson")),
            AnalysisError,
            "similarity of X and Y is undefined",
        ),
        (lambda: s.pair(HAND, "X", "W"), UnknownNameError, "known are: X, Y, Z"),
        (
            lambda: s.pair(pd.concat([HAND, table({"W": [[1, 0, 0, 0]]}, "arousal")]), "X", "W"),
            AnalysisError,
            "No dimension",
        ),
        (lambda: s.of_models({}, {}), AnalysisError, "at least one model"),
        (
            lambda: s.of_models(
                {"m": attention(CLIPS), "n": attention(CLIPS, [*CHANNELS[:3], "video.e"])}, {"m": "v", "n": "v"}
            ),
            AnalysisError,
            "'n' and 'm' weigh different channels, e.g. only one of them has 'video.d'",
        ),
        (lambda: s.of_speakers(attention(CLIPS).drop(columns="speaker"), "v"), AnalysisError, "here speaker"),
        (lambda: s.of_speakers(attention([(None, "p", [1, 0, 0, 0])]), "v"), AnalysisError, "1 clips"),
    ],
)
def test_refusals_say_what_is_accepted(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_matched_pairs_are_left_out_between_cultures():
    # Seed 0 of both cultures is the same vector, seed 1 too; the others are at right angles.
    weights = table({"X": [[1, 0, 0, 0], [0, 1, 0, 0]], "Y": [[1, 0, 0, 0], [0, 1, 0, 0]]})
    free, matched = (
        s.similarities(weights, draws=50, matched=m).set_index(["culture", "other"]) for m in (False, True)
    )
    assert free.loc[("X", "Y"), ["similarity", "pairs"]].tolist() == [0.5, 4]
    assert math.isnan(free.loc[("X", "Y"), "matched"])
    assert matched.loc[("X", "Y"), ["similarity", "pairs", "matched"]].tolist() == [0, 2, 1]
    assert (
        matched.loc[("X", "X"), ["similarity", "pairs"]].tolist()
        == free.loc[("X", "X"), ["similarity", "pairs"]].tolist()
    )


def test_one_seed_in_each_culture_leaves_nothing_to_compare():
    weights = table({"X": [[1, 2, 0, 0]], "Y": [[1, 0, 0, 3]]})
    cell = s.similarities(weights, draws=5, matched=True).set_index(["culture", "other"]).loc[("X", "Y")]
    assert math.isnan(cell["similarity"]) and cell["pairs"] == 0 and cell["matched"] == pytest.approx(1 / math.sqrt(50))


def test_a_matched_test_is_exact_within_blocks():
    random = np.random.default_rng(4)
    units = random.normal(size=(6, 5))
    labels, blocks = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 0, 1, 2])
    found = s.permutation_test(units, labels, blocks=blocks)

    def statistic(groups: np.ndarray) -> float:
        return sum((units[groups == g].sum(0) ** 2).sum() / 3 for g in (0, 1))

    swaps = [np.where(np.array(swap * 2, bool), 1 - labels, labels) for swap in np.ndindex(2, 2, 2)]
    expected = np.mean([statistic(groups) >= statistic(labels) - 1e-9 for groups in swaps])
    assert found == (pytest.approx(expected), 0.25, 8, True)


def test_a_small_effect_of_culture_is_found_under_a_large_one_of_the_seed():
    random = np.random.default_rng(0)
    starts, cultures = random.normal(0, 1, (3, 30)), random.normal(0, 0.5, (6, 30))
    rows = {f"C{c}": [(start + cultures[c] + 10).tolist() for start in starts] for c in range(6)}
    weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(30)])
    free, matched = (s.overall_difference(weights, "pearson", matched=m, draws=999).iloc[0] for m in (False, True))
    assert free["p"] > 0.5 and matched["p"] < 0.01
    assert matched["excess"] > 0 > free["excess"]


@pytest.mark.slow
def test_a_matched_test_holds_its_level():
    values = []
    for draw in range(200):
        random = np.random.default_rng(draw)
        starts = random.normal(0, 1, (4, 12))
        rows = {c: (starts + random.normal(0, 0.5, starts.shape) + 10).tolist() for c in ("A", "B", "C")}
        weights = table(rows, channels=[f"audio.c{i:02d}" for i in range(12)])
        values.append(s.overall_difference(weights, matched=True, draws=99).loc[0, "p"])
    assert np.mean(np.array(values) <= 0.05) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)
