"""Maps of embeddings: planted groups, the same points again, new clips in their places, a cache that holds no code."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from sklearn import decomposition, manifold
from sklearn import metrics as sklearn_metrics
from sklearn.cluster import KMeans

from emoviz.analysis import projection as p
from emoviz.core.errors import AnalysisError, Cancelled, ConfigError, UnknownNameError
from emoviz.core.settings import ROOT

QUICK = {"perplexity": 8, "early_iterations": 100, "iterations": 150}
FAST = [p.PCA(), p.PCA(dimensions=3), p.TSNE(**QUICK), p.TSNE(dimensions=3, metric="cosine", components=5, **QUICK)]
GROUPS = 4


def planted(clips: int = 100, width: int = 20, seed: int = 0, apart: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings in groups, and the groups."""
    random = np.random.default_rng(seed)
    labels = np.arange(clips) % GROUPS
    centres = apart * random.normal(size=(GROUPS, width))
    return (centres[labels] + random.normal(size=(clips, width))).astype(np.float32), labels


EMBEDDINGS, LABELS = planted()


@pytest.fixture(scope="module")
def maps() -> dict[p.Method, p.Projection]:
    return {method: p.fit(EMBEDDINGS, method) for method in FAST}


@pytest.fixture(scope="module")
def umap_map() -> p.Projection:
    return p.fit(EMBEDDINGS, p.UMAP(neighbours=10))


def assert_groups_are_apart(projection: p.Projection) -> None:
    found = KMeans(GROUPS, n_init=5, random_state=0).fit_predict(projection.points)
    assert sklearn_metrics.adjusted_rand_score(LABELS, found) == 1
    assert p.silhouette(projection.points, LABELS, permutations=19).low > 0.5


def assert_places_are_kept(projection: p.Projection, alone: float = 1e-3) -> None:
    """A training clip lands near itself, and a new one among its own, whoever comes with it.

    ``alone`` is how far, as a share of the map, it may then land from where it does in company.
    """
    size = np.ptp(projection.points, axis=0).max()
    own = projection.transform(EMBEDDINGS[:8] + np.float32(1e-3))
    assert own.dtype == np.float32
    assert np.linalg.norm(own - projection.points[:8], axis=1).max() < 0.15 * size
    new, labels = EMBEDDINGS[:8] + np.random.default_rng(1).normal(0, 0.5, (8, 20)), LABELS[:8]
    placed = projection.transform(new)
    nearest = np.linalg.norm(placed[:, None] - projection.points, axis=-1).argmin(1)
    assert (LABELS[nearest] == labels).all()
    np.testing.assert_allclose(projection.transform(new[3:4])[0], placed[3], atol=alone * size)


@pytest.mark.parametrize("method", FAST, ids=str)
def test_planted_groups_lie_apart(method, maps):
    points = maps[method].points
    assert points.shape == (100, method.dimensions) and points.dtype == np.float32
    assert_groups_are_apart(maps[method])


@pytest.mark.parametrize("method", FAST, ids=str)
def test_new_clips_are_placed(method, maps):
    before = maps[method].points.copy()
    assert_places_are_kept(maps[method])
    np.testing.assert_array_equal(maps[method].points, before)


def test_placing_in_tsne_is_opentsnes_own(maps):
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    projection = maps[FAST[2]]
    whole = TSNEEmbedding(projection.points, PerplexityBasedNN(EMBEDDINGS, 5), negative_gradient_method="fft")
    new = EMBEDDINGS[:5] + np.float32(0.3)
    np.testing.assert_allclose(projection.transform(new), whole.transform(new), atol=1e-4)


@pytest.mark.parametrize("method", FAST, ids=str)
def test_the_same_again_gives_the_same_points(method, maps):
    np.testing.assert_array_equal(p.fit(EMBEDDINGS.astype(np.float64), method).points, maps[method].points)


def test_another_seed_gives_another_map(maps):
    other = p.fit(EMBEDDINGS, p.TSNE(seed=1, **QUICK))
    assert not np.array_equal(other.points, maps[FAST[2]].points)
    assert_groups_are_apart(other)


@pytest.mark.slow  # numba compiles umap-learn for half a minute
def test_umap_separates_repeats_and_places(umap_map):
    import umap

    assert_groups_are_apart(umap_map)
    # Its random draws begin with the bits of a place, whose last ones depend on the processor and on who comes along.
    assert_places_are_kept(umap_map, alone=0.15)
    again = p.fit(EMBEDDINGS, p.UMAP(neighbours=10))
    np.testing.assert_array_equal(again.points, umap_map.points)
    # A model that was never optimised, but given the points, places as the one that made them.
    model = umap.UMAP(n_neighbors=10, random_state=0, n_jobs=1).fit(EMBEDDINGS)
    np.testing.assert_array_equal(model.embedding_, umap_map.points)
    new = EMBEDDINGS[:5] + np.float32(0.1)
    np.testing.assert_allclose(umap_map.transform(new), model.transform(new), atol=1e-5)


@pytest.mark.slow
def test_umap_in_three_dimensions_by_cosine_and_components():
    projection = p.fit(EMBEDDINGS, p.UMAP(dimensions=3, metric="cosine", components=8, neighbours=10, min_dist=0.5))
    assert projection.points.shape == (100, 3)
    assert_groups_are_apart(projection)


def test_pca_is_scikit_learns(maps):
    model = decomposition.PCA(2, svd_solver="full").fit(EMBEDDINGS)
    expected = model.transform(EMBEDDINGS)
    signs = np.sign((expected * maps[p.PCA()].points).sum(0))
    np.testing.assert_allclose(maps[p.PCA()].points * signs, expected, atol=1e-4)
    np.testing.assert_allclose(maps[p.PCA()].explained, model.explained_variance_ratio_, rtol=1e-4)


def test_wide_embeddings_of_few_clips():
    embeddings, _ = planted(12, 40)
    for method in (p.PCA(3), p.TSNE(perplexity=3, early_iterations=20, iterations=20)):
        points = p.fit(embeddings, method).points
        assert np.isfinite(points).all()


def test_cosine_does_not_see_lengths():
    lengths = np.random.default_rng(0).uniform(0.5, 2, (len(EMBEDDINGS), 1)).astype(np.float32)
    method = p.TSNE(metric="cosine", **{**QUICK, "iterations": 1, "early_iterations": 0})
    first, second = p.fit(EMBEDDINGS, method).points, p.fit(EMBEDDINGS * lengths, method).points
    np.testing.assert_allclose(first, second, atol=1e-3 * np.ptp(first))


def test_many_clips_take_the_grid_and_approximate_neighbours(monkeypatch):
    for name in ("EXACT_NEIGHBOURS", "FFT_FROM"):
        monkeypatch.setattr(p, name, 50)
    method = p.TSNE(perplexity=8, early_iterations=30, iterations=30)
    projection = p.fit(EMBEDDINGS, method)
    assert_groups_are_apart(projection)
    np.testing.assert_array_equal(p.fit(EMBEDDINGS, method).points, projection.points)


def test_progress_is_heard_and_may_stop_the_work(tmp_path):
    heard = []
    p.fit(EMBEDDINGS, p.TSNE(**QUICK), progress=lambda *told: heard.append(told))
    assert [done for _, done, _ in heard] == [0, *range(10, 251, 10)]
    assert {(stage, total) for stage, _, total in heard} == {(p.STAGE, 250)}

    def stop(stage: str, done: float, total: float) -> None:
        if done >= 30:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        p.fit(EMBEDDINGS, p.TSNE(**QUICK), cache=tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def cached(tmp_path) -> tuple[Path, p.Projection]:
    """A folder with one map in it, and that map."""
    projection = p.fit(EMBEDDINGS, p.TSNE(**QUICK), cache=tmp_path / "maps")
    return tmp_path / "maps", projection


def forbid(monkeypatch) -> None:
    monkeypatch.setattr(p.TSNE, "arrange", lambda *_: pytest.fail("computed again"))


def test_a_cached_map_is_not_computed_again_and_places_the_same(cached, monkeypatch):
    folder, projection = cached
    forbid(monkeypatch)
    again = p.fit(EMBEDDINGS.copy(), p.TSNE(**QUICK), cache=folder)
    np.testing.assert_array_equal(again.points, projection.points)
    np.testing.assert_array_equal(again.transform(EMBEDDINGS[:3]), projection.transform(EMBEDDINGS[:3]))
    assert [path.suffix for path in folder.iterdir()] == [".safetensors"]
    assert set(load_file(next(folder.iterdir()))) == {"points"}


@pytest.mark.parametrize("change", ["embedding", "order", "setting", "version", "format"])
def test_whatever_decides_the_points_makes_another_key(change, monkeypatch):
    embeddings, method = EMBEDDINGS.copy(), p.TSNE(**QUICK)
    key = p._key(embeddings, method)
    if change == "embedding":
        embeddings[3, 4] += 1e-6
    elif change == "order":
        embeddings = embeddings[::-1].copy()
    elif change == "setting":
        method = dataclasses.replace(method, seed=1)
    elif change == "version":
        monkeypatch.setattr(p, "version", lambda library: "0")
    else:
        monkeypatch.setattr(p, "FORMAT", p.FORMAT + 1)
    assert p._key(embeddings, method) != key


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "shape", "nan", "name"])
def test_a_damaged_map_is_made_anew(damage, cached):
    folder, projection = cached
    (path,) = folder.iterdir()
    content = path.read_bytes()
    if damage in ("empty", "cut", "text"):
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"no map\n" * 50}[damage])
    else:
        points = {"shape": projection.points[:-1], "nan": np.full_like(projection.points, np.nan)}
        save_file({"other" if damage == "name" else "points": points.get(damage, projection.points)}, path)
    np.testing.assert_array_equal(p.fit(EMBEDDINGS, p.TSNE(**QUICK), cache=folder).points, projection.points)
    assert path.read_bytes() == content


def test_a_map_that_cannot_be_kept_is_still_a_map(tmp_path):
    (tmp_path / "file").touch()
    assert p.fit(EMBEDDINGS, p.PCA(), cache=tmp_path / "file").points.shape == (100, 2)


@pytest.mark.slow
def test_two_processes_fill_one_cache(tmp_path):
    program = f"""
import numpy as np
from pathlib import Path
from emoviz.analysis import projection as p
embeddings = np.random.default_rng(0).normal(size=(60, 8))
for seed in range(4):
    method = p.TSNE(perplexity=5, early_iterations=5, iterations=5, seed=seed)
    for _ in range(2):
        assert p.fit(embeddings, method, cache=Path({str(tmp_path)!r})).points.shape == (60, 2)
"""
    both = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 4
    assert all(load_file(path)["points"].shape == (60, 2) for path in tmp_path.iterdir())


@pytest.mark.slow
def test_slow_libraries_are_imported_only_when_needed():
    program = "import sys; import emoviz.analysis.projection; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"umap", "numba", "openTSNE", "torch"} & set(result.stdout.split())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (lambda: p.PCA(dimensions=4), "2 or 3 dimensions, not 4"),
        (lambda: p.TSNE(metric="manhattan"), "euclidean or the cosine metric, not 'manhattan'"),
        (lambda: p.UMAP(components=1), "0 for all or at least 2, as many as the map's dimensions, not 1"),
        (lambda: p.TSNE(dimensions=3, components=2), "at least 3"),
        (lambda: p.TSNE(seed=-1), "seed is a whole number from 0"),
        (lambda: p.TSNE(perplexity=0.5), "perplexity is a number of neighbours, at least 1, not 0.5"),
        (lambda: p.TSNE(perplexity=float("nan")), "at least 1, not nan"),
        (lambda: p.TSNE(iterations=0), "1 or more after them, not 250 and 0"),
        (lambda: p.UMAP(neighbours=1), "2 or more neighbours, not 1"),
        (lambda: p.UMAP(min_dist=1.5), r"in \[0, 1\], not 1.5"),
        (lambda: p.METHODS["lle"], "no projection named 'lle'; known are: pca, tsne, umap"),
        (lambda: p.fit(EMBEDDINGS[:25], p.TSNE()), "perplexity of 30 is too large for 25 clips; .* here 8"),
        (lambda: p.fit(EMBEDDINGS[:10], p.UMAP()), "10 clips have at most 9 neighbours each, not 15"),
        (lambda: p.fit(EMBEDDINGS[:, :2], p.PCA(3)), "width 2 have no map of 3 dimensions"),
        (lambda: p.trustworthiness(EMBEDDINGS, EMBEDDINGS[:, :2], neighbours=50), "1 to 49 neighbours of 100 clips"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        settings()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: p.fit(EMBEDDINGS[:3], p.PCA()), "at least 4 clips, and here are 3"),
        (lambda: p.fit(EMBEDDINGS[0], p.PCA()), r"array of shape \(20,\)"),
        (lambda: p.fit(np.ones((9, 5)), p.PCA()), "same embedding"),
        (lambda: p.fit(np.where(LABELS[:, None] == 1, np.nan, EMBEDDINGS), p.PCA()), "25 of 100 embeddings"),
        (lambda: p.fit(np.where(LABELS[:, None] == 1, 0, EMBEDDINGS), p.TSNE(metric="cosine")), "zeros has no direct"),
        (lambda: p.fit(EMBEDDINGS, p.PCA()).transform(EMBEDDINGS[:, :5]), "width 20; one of width 5 has no place"),
        (lambda: p.fit(EMBEDDINGS, p.PCA()).transform(np.full((1, 20), np.inf)), "1 of 1 embeddings"),
        (lambda: p.silhouette(EMBEDDINGS, LABELS[:5]), "100 points need as many labels and groups, not 5"),
        (lambda: p.silhouette(EMBEDDINGS, LABELS, groups=[1]), "not 1"),
        (lambda: p.trustworthiness(EMBEDDINGS[:5], EMBEDDINGS), "100 points does not show 5"),
        (lambda: p.split_table(pd.DataFrame({"label": ["x"]})), "e000, e001"),
        (lambda: p.figures(p.fit(EMBEDDINGS, p.PCA()), pd.DataFrame({"label": [1]})), "100 clips, and the table has 1"),
    ],
)
def test_embeddings_that_cannot_be_shown_are_refused(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


def test_a_silhouette_by_hand():
    # On a line at 0 and 1 (a), 4 (b) and 10 (c): (4 - 1) / 4 and (3 - 1) / 3 for the first two, 0 for those alone.
    found = p.silhouette(np.array([[0.0], [1], [4], [10]]), ["a", "a", "b", "c"], permutations=19)
    assert found.value == pytest.approx((3 / 4 + 2 / 3) / 4)
    assert found.clips == 4


@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_a_silhouette_is_scikit_learns(apart):
    embeddings, labels = planted(apart=apart)
    found = p.silhouette(embeddings, labels, permutations=9)
    assert found.value == pytest.approx(sklearn_metrics.silhouette_score(embeddings, labels), abs=1e-6)
    assert found.low < found.value < found.high
    gaps = [None if i < 20 else label for i, label in enumerate(labels)]
    without = p.silhouette(embeddings, gaps, permutations=9)
    assert without.clips == 80
    assert without.value == pytest.approx(sklearn_metrics.silhouette_score(embeddings[20:], labels[20:]), abs=1e-6)


def test_a_silhouette_of_many_clips_is_estimated_on_some():
    embeddings, labels = planted(600, 5, apart=1.0)
    whole, part = (p.silhouette(embeddings, labels, most=most, permutations=9) for most in (1000, 300))
    assert (whole.clips, part.clips) == (600, 300)
    assert part.value == pytest.approx(whole.value, abs=0.04)
    assert part.high - part.low > whole.high - whole.low


def test_labels_that_mean_nothing_separate_nothing():
    random = np.random.default_rng(0)
    p_values = [
        p.silhouette(random.normal(size=(30, 3)), random.integers(0, 3, 30), draws=1, permutations=19).p
        for _ in range(200)
    ]
    assert 1 <= np.sum(np.array(p_values) <= 0.05) <= 22  # .05 of 200, within the 99.9 % of a binomial
    planted_p = p.silhouette(*planted(40, 3, apart=1.0), permutations=19).p
    assert planted_p == pytest.approx(1 / 20)


def test_clips_of_one_speaker_do_not_count_as_many():
    """Six speakers in two cultures that do not differ: many alike clips of each do not make it a finding."""
    random = np.random.default_rng(0)
    speakers = np.repeat(range(6), 20)
    findings = {"clips": 0, "speakers": 0}
    for _ in range(20):
        points = 3 * random.normal(size=(6, 2))[speakers] + 0.3 * random.normal(size=(120, 2))
        culture = (speakers % 2).tolist()
        alone = p.silhouette(points, culture, draws=100, permutations=19)
        grouped = p.silhouette(points, culture, groups=speakers.tolist(), draws=100, permutations=19)
        findings["clips"] += alone.p <= 0.05
        findings["speakers"] += grouped.p <= 0.05
        assert grouped.value == alone.value
        assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert findings["clips"] > 12 and findings["speakers"] < 5


def test_labels_that_vary_within_speakers_are_permuted_within_them():
    random = np.random.default_rng(0)
    speakers, emotions = np.repeat(range(5), 12), np.tile([0, 1, 2], 20)
    points = random.normal(size=(5, 2))[speakers] + np.array([[0, 0], [3, 0], [0, 3]])[emotions]
    points += 0.5 * random.normal(size=points.shape)
    found = p.silhouette(points, emotions.tolist(), groups=speakers.tolist(), permutations=99)
    assert found.p == pytest.approx(0.01)
    shuffle = p._shuffler(emotions, speakers, random)
    for speaker in range(5):
        assert sorted(shuffle()[speakers == speaker]) == sorted(emotions[speakers == speaker])


def test_one_label_separates_nothing():
    found = p.silhouette(EMBEDDINGS, ["a"] * 100)
    assert np.isnan(found[:5]).all() and found.clips == 100
    assert p.silhouette(EMBEDDINGS, [None] * 100).clips == 0


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_trustworthiness_is_scikit_learns(neighbours):
    random = np.random.default_rng(0)
    for points in (random.normal(size=(100, 2)), p.fit(EMBEDDINGS, p.PCA()).points):
        found = p.trustworthiness(EMBEDDINGS, points, neighbours=neighbours)
        expected = manifold.trustworthiness(EMBEDDINGS, points, n_neighbors=neighbours)
        assert found.value == pytest.approx(expected, abs=1e-6)
        assert found.low < found.value < found.high
    assert p.trustworthiness(EMBEDDINGS, EMBEDDINGS, neighbours=neighbours).value == 1


def test_trustworthiness_of_many_clips_is_estimated_on_some():
    embeddings, _ = planted(400, 10, apart=1.0)
    points = embeddings[:, :2]
    whole, part = (p.trustworthiness(embeddings, points, most=most) for most in (400, 150))
    assert part.value == pytest.approx(whole.value, abs=0.03)
    assert part.high - part.low > whole.high - whole.low


def test_equal_points_are_neighbours_of_each_other():
    points = np.zeros((20, 2))
    assert not (p._nearest(points, np.arange(20), 5) == np.arange(20)[:, None]).any()


def test_figures_say_what_is_separated():
    random = np.random.default_rng(0)
    about = pd.DataFrame({
        "culture": random.choice(["X", "Y"], 100), "label": LABELS.astype(str), "speaker": random.integers(0, 30, 100),
        "split": "test",
    })  # fmt: skip
    projection = p.fit(EMBEDDINGS, p.TSNE(metric="cosine", **QUICK))
    found = p.figures(projection, about, ("label", "culture", "split", "age"))
    assert found.figure.tolist() == ["silhouette"] * 4 + ["trustworthiness"]
    assert found.column.tolist()[:4] == ["label", "label", "culture", "culture"]
    assert found.space.tolist() == ["embedding", "map"] * 2 + ["map"]
    values = found.value.tolist()
    assert values[1] > values[0] > 0.3 > 0.1 > values[3] and values[4] > 0.7
    assert found.p[1] < 0.05 < found.p[3]
    pd.testing.assert_frame_equal(p.figures(projection, about, ("label", "culture", "split", "age")), found)


def test_the_table_of_a_checkpoint_is_split():
    columns = {"culture": ["X"], "label": ["happy"], "energy": [1.0], "e000": [0.5], "e001": [np.float16(2)]}
    embeddings, about = p.split_table(pd.DataFrame(columns))
    assert embeddings.tolist() == [[0.5, 2]] and embeddings.dtype == np.float32
    assert list(about.columns) == ["culture", "label", "energy"]
