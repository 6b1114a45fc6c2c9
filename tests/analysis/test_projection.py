"""Maps of embeddings: planted groups, the same points again, new clips in their places, a cache that holds no code."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from safetensors.numpy import load_file, save_file
from sklearn import decomposition

from emoviz.analysis import projection, projection_methods
from emoviz.analysis.projection import Projection, fit, split_table
from emoviz.analysis.projection_methods import METHODS, PCA, STAGE, TSNE, UMAP, Method
from emoviz.core.errors import AnalysisError, Cancelled, ConfigError, UnknownNameError

from .planted import EMBEDDINGS, LABELS, QUICK, assert_groups_are_apart, planted

FAST = [PCA(), PCA(dimensions=3), TSNE(**QUICK), TSNE(dimensions=3, metric="cosine", components=5, **QUICK)]


@pytest.fixture(scope="module")
def maps() -> dict[Method, Projection]:
    return {method: fit(EMBEDDINGS, method) for method in FAST}


@pytest.fixture(scope="module")
def umap_map() -> Projection:
    return fit(EMBEDDINGS, UMAP(neighbours=10))


def assert_places_are_kept(projection: Projection, alone: float = 1e-3) -> None:
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
    from openTSNE import TSNEEmbedding, nearest_neighbors
    from openTSNE.affinity import PerplexityBasedNN

    projection = maps[FAST[2]]
    # Given, as openTSNE imports pynndescent to choose a search, which numba compiles for half a minute at first.
    index = nearest_neighbors.Sklearn(data=EMBEDDINGS, k=15)
    affinities = PerplexityBasedNN(perplexity=5, knn_index=index)
    whole = TSNEEmbedding(projection.points, affinities, negative_gradient_method="fft")
    new = EMBEDDINGS[:5] + np.float32(0.3)
    np.testing.assert_allclose(projection.transform(new), whole.transform(new), atol=1e-4)


@pytest.mark.parametrize("method", FAST, ids=str)
def test_the_same_again_gives_the_same_points(method, maps):
    np.testing.assert_array_equal(fit(EMBEDDINGS.astype(np.float64), method).points, maps[method].points)


def test_another_seed_gives_another_map(maps):
    other = fit(EMBEDDINGS, TSNE(seed=1, **QUICK))
    assert not np.array_equal(other.points, maps[FAST[2]].points)
    assert_groups_are_apart(other)


@pytest.mark.slow  # numba compiles umap-learn for half a minute
def test_umap_separates_repeats_and_places(umap_map):
    import umap

    assert_groups_are_apart(umap_map)
    # Its random draws begin with the bits of a place, whose last ones depend on the processor and on who comes along.
    assert_places_are_kept(umap_map, alone=0.15)
    again = fit(EMBEDDINGS, UMAP(neighbours=10))
    np.testing.assert_array_equal(again.points, umap_map.points)
    # A model that was never optimised, but given the points, places as the one that made them.
    model = umap.UMAP(n_neighbors=10, random_state=0, n_jobs=1).fit(EMBEDDINGS)
    np.testing.assert_array_equal(model.embedding_, umap_map.points)
    new = EMBEDDINGS[:5] + np.float32(0.1)
    np.testing.assert_allclose(umap_map.transform(new), model.transform(new), atol=1e-5)


@pytest.mark.slow
def test_umap_in_three_dimensions_by_cosine_and_components():
    projection = fit(EMBEDDINGS, UMAP(dimensions=3, metric="cosine", components=8, neighbours=10, min_dist=0.5))
    assert projection.points.shape == (100, 3)
    assert_groups_are_apart(projection)


def test_pca_is_scikit_learns(maps):
    model = decomposition.PCA(2, svd_solver="full").fit(EMBEDDINGS)
    expected = model.transform(EMBEDDINGS)
    signs = np.sign((expected * maps[PCA()].points).sum(0))
    np.testing.assert_allclose(maps[PCA()].points * signs, expected, atol=1e-4)
    np.testing.assert_allclose(maps[PCA()].explained, model.explained_variance_ratio_, rtol=1e-4)


def test_wide_embeddings_of_few_clips():
    embeddings, _ = planted(12, 40)
    for method in (PCA(3), TSNE(perplexity=3, early_iterations=20, iterations=20)):
        points = fit(embeddings, method).points
        assert np.isfinite(points).all()


def test_cosine_does_not_see_lengths():
    lengths = np.random.default_rng(0).uniform(0.5, 2, (len(EMBEDDINGS), 1)).astype(np.float32)
    method = TSNE(metric="cosine", **{**QUICK, "iterations": 1, "early_iterations": 0})
    first, second = fit(EMBEDDINGS, method).points, fit(EMBEDDINGS * lengths, method).points
    np.testing.assert_allclose(first, second, atol=1e-3 * np.ptp(first))


def test_many_clips_take_the_grid_and_approximate_neighbours(monkeypatch):
    for name in ("EXACT_NEIGHBOURS", "FFT_FROM"):
        monkeypatch.setattr(projection_methods, name, 50)
    method = TSNE(perplexity=8, early_iterations=30, iterations=30)
    projection = fit(EMBEDDINGS, method)
    assert_groups_are_apart(projection)
    np.testing.assert_array_equal(fit(EMBEDDINGS, method).points, projection.points)


def test_progress_is_heard_and_may_stop_the_work(tmp_path):
    heard = []
    fit(EMBEDDINGS, TSNE(**QUICK), progress=lambda *told: heard.append(told))
    assert [done for _, done, _ in heard] == [0, *range(10, 251, 10)]
    assert {(stage, total) for stage, _, total in heard} == {(STAGE, 250)}

    def stop(stage: str, done: float, total: float) -> None:
        if done >= 30:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        fit(EMBEDDINGS, TSNE(**QUICK), cache=tmp_path, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def cached(tmp_path) -> tuple[Path, Projection]:
    """A folder with one map in it, and that map."""
    projection = fit(EMBEDDINGS, TSNE(**QUICK), cache=tmp_path / "maps")
    return tmp_path / "maps", projection


def forbid(monkeypatch) -> None:
    monkeypatch.setattr(TSNE, "arrange", lambda *_: pytest.fail("computed again"))


def test_a_cached_map_is_not_computed_again_and_places_the_same(cached, monkeypatch):
    folder, projection = cached
    forbid(monkeypatch)
    again = fit(EMBEDDINGS.copy(), TSNE(**QUICK), cache=folder)
    np.testing.assert_array_equal(again.points, projection.points)
    np.testing.assert_array_equal(again.transform(EMBEDDINGS[:3]), projection.transform(EMBEDDINGS[:3]))
    assert [path.suffix for path in folder.iterdir()] == [".safetensors"]
    assert set(load_file(next(folder.iterdir()))) == {"points"}


@pytest.mark.parametrize("change", ["embedding", "order", "setting", "version", "format"])
def test_whatever_decides_the_points_makes_another_key(change, monkeypatch):
    embeddings, method = EMBEDDINGS.copy(), TSNE(**QUICK)
    key = projection._key(embeddings, method)
    if change == "embedding":
        embeddings[3, 4] += 1e-6
    elif change == "order":
        embeddings = embeddings[::-1].copy()
    elif change == "setting":
        method = dataclasses.replace(method, seed=1)
    elif change == "version":
        monkeypatch.setattr(projection, "version", lambda library: "0")
    else:
        monkeypatch.setattr(projection, "FORMAT", projection.FORMAT + 1)
    assert projection._key(embeddings, method) != key


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
    np.testing.assert_array_equal(fit(EMBEDDINGS, TSNE(**QUICK), cache=folder).points, projection.points)
    assert path.read_bytes() == content


def test_a_map_that_cannot_be_kept_is_still_a_map(tmp_path):
    (tmp_path / "file").touch()
    assert fit(EMBEDDINGS, PCA(), cache=tmp_path / "file").points.shape == (100, 2)


@pytest.mark.slow
def test_two_processes_fill_one_cache(tmp_path):
    program = f"""
import numpy as np
from pathlib import Path
from emoviz.analysis.projection import fit
from emoviz.analysis.projection_methods import TSNE
embeddings = np.random.default_rng(0).normal(size=(60, 8))
for seed in range(4):
    method = TSNE(perplexity=5, early_iterations=5, iterations=5, seed=seed)
    for _ in range(2):
        assert fit(embeddings, method, cache=Path({str(tmp_path)!r})).points.shape == (60, 2)
"""
    both = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 4
    assert all(load_file(path)["points"].shape == (60, 2) for path in tmp_path.iterdir())


@pytest.mark.slow
def test_slow_libraries_are_imported_only_when_needed():
    program = """import sys, numpy, emoviz.analysis.projection as p; print(*sys.modules)
p.fit(numpy.eye(30, 5), p.METHODS["tsne"](perplexity=5, iterations=1)); print(*sys.modules)"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    at_first, with_tsne = (set(line.split()) for line in result.stdout.splitlines())
    assert not {"umap", "numba", "openTSNE", "torch"} & at_first
    assert "openTSNE" in with_tsne and not {"pynndescent", "numba"} & with_tsne  # which compile for a minute at first


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (lambda: PCA(dimensions=4), "2 or 3 dimensions, not 4"),
        (lambda: TSNE(metric="manhattan"), "euclidean or the cosine metric, not 'manhattan'"),
        (lambda: UMAP(components=1), "0 for all or at least 2, as many as the map's dimensions, not 1"),
        (lambda: TSNE(dimensions=3, components=2), "at least 3"),
        (lambda: TSNE(seed=-1), "seed is a whole number from 0"),
        (lambda: TSNE(perplexity=0.5), "perplexity is a number of neighbours, at least 1, not 0.5"),
        (lambda: TSNE(perplexity=float("nan")), "at least 1, not nan"),
        (lambda: TSNE(iterations=0), "1 or more after them, not 250 and 0"),
        (lambda: UMAP(neighbours=1), "2 or more neighbours, not 1"),
        (lambda: UMAP(min_dist=1.5), r"in \[0, 1\], not 1.5"),
        (lambda: METHODS["lle"], "no projection named 'lle'; known are: pca, tsne, umap"),
        (lambda: fit(EMBEDDINGS[:25], TSNE()), "perplexity of 30 is too large for 25 clips; .* here 8"),
        (lambda: fit(EMBEDDINGS[:10], UMAP()), "10 clips have at most 9 neighbours each, not 15"),
        (lambda: fit(EMBEDDINGS[:, :2], PCA(3)), "width 2 have no map of 3 dimensions"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        settings()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit(EMBEDDINGS[:3], PCA()), "at least 4 clips, and here are 3"),
        (lambda: fit(EMBEDDINGS[0], PCA()), r"array of shape \(20,\)"),
        (lambda: fit(np.ones((9, 5)), PCA()), "same embedding"),
        (lambda: fit(np.where(LABELS[:, None] == 1, np.nan, EMBEDDINGS), PCA()), "25 of 100 embeddings"),
        (lambda: fit(np.where(LABELS[:, None] == 1, 0, EMBEDDINGS), TSNE(metric="cosine")), "zeros has no direct"),
        (lambda: fit(EMBEDDINGS, PCA()).transform(EMBEDDINGS[:, :5]), "width 20; one of width 5 has no place"),
        (lambda: fit(EMBEDDINGS, PCA()).transform(np.full((1, 20), np.inf)), "1 of 1 embeddings"),
        (lambda: split_table(pd.DataFrame({"label": ["x"]})), "e000, e001"),
    ],
)
def test_embeddings_that_cannot_be_shown_are_refused(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


def test_the_table_of_a_checkpoint_is_split():
    columns = {"culture": ["X"], "label": ["happy"], "energy": [1.0], "e000": [0.5], "e001": [np.float16(2)]}
    embeddings, about = split_table(pd.DataFrame(columns))
    assert embeddings.tolist() == [[0.5, 2]] and embeddings.dtype == np.float32
    assert list(about.columns) == ["culture", "label", "energy"]
