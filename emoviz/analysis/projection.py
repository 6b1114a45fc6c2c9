"""Maps of embeddings: clips as points in two or three dimensions, and figures that say what a map separates.

A method is a frozen dataclass of its settings (:data:`METHODS`); :func:`fit` places all clips by it, and the
:class:`Projection` places new ones among them. What is kept on disk are coordinates, never a fitted object: to place
a new clip, its neighbours are found among the embeddings, and the map is not optimised again.

Sources
    t-SNE: L. van der Maaten, G. Hinton, Journal of Machine Learning Research 9 (2008) 2579-2605; initialised and
    tuned as D. Kobak, P. Berens, "The art of using t-SNE for single-cell transcriptomics", Nature Communications
    10 (2019) 5416, advise; computed by openTSNE.
    UMAP: L. McInnes, J. Healy, J. Melville, arXiv:1802.03426 (2018); computed by umap-learn.
    Silhouette: P. Rousseeuw, Journal of Computational and Applied Mathematics 20 (1987) 53-65.
    Trustworthiness: J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001.

openTSNE and umap-learn take seconds to import, so they are imported where they are used.
"""

import contextlib
import dataclasses
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sklearn import decomposition
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

from ..core.errors import AnalysisError, ConfigError
from ..core.files import write_bytes
from ..core.progress import Progress, silent
from ..core.registry import Registry
from ..evaluation import bootstrap

Array = np.ndarray
Placer = Callable[[Array], Array]
"""New embeddings (M, E) -> their points (M, dimensions)."""

FORMAT = 2
"""Of cached maps; raised when the same settings come to mean other points."""
STAGE = "Arranging clips on the map"
EXACT_NEIGHBOURS = 20_000
"""Clips up to which t-SNE's neighbours are the true ones, and not approximate."""
FFT_FROM = 3_000
"""Clips from which t-SNE's repulsion is interpolated on a grid (FIt-SNE) in two dimensions, as it is faster than a
tree, and the tree of three dimensions is given all cores."""
COARSENESS = 1.5
"""Side of a cell of that grid: of 10,000 clips, 1 takes 1.5 times as long for the same trustworthiness (.780)."""
CALLS = 10
"""Iterations of t-SNE between two reports of progress."""
MOST_CLIPS = 2_000
"""That a silhouette is computed on, and whose neighbourhoods trustworthiness looks at."""


@dataclass(frozen=True)
class Method(ABC):
    """How embeddings become a map.

    Attributes:
        dimensions: of the map, 2 or 3.
    """

    dimensions: int = 2

    title: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]]
    """Distributions whose version decides where the points lie."""

    def __post_init__(self) -> None:
        if self.dimensions not in (2, 3):
            raise ConfigError(f"A map has 2 or 3 dimensions, not {self.dimensions}.")

    def check(self, clips: int, width: int) -> None:
        """Raise ConfigError where the settings do not fit so many clips with embeddings of that width."""
        if width < self.dimensions:
            raise ConfigError(f"Embeddings of width {width} have no map of {self.dimensions} dimensions.")

    @abstractmethod
    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Points (N, dimensions) of embeddings (N, E)."""

    @abstractmethod
    def placer(self, embeddings: Array, points: Array) -> Placer:
        """What places new clips into the map of these embeddings (N, E), whose points were arranged before."""


METHODS: Registry[type[Method]] = Registry("projection")


@METHODS.register("pca")
@dataclass(frozen=True)
class PCA(Method):
    """Principal components: linear, without settings, distances across the map can be read."""

    title: ClassVar[str] = "PCA"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Scores on the components of largest variance."""
        return _principal_components(embeddings, self.dimensions).transform(embeddings)

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """The same components, which follow from the embeddings."""
        return _principal_components(embeddings, self.dimensions).transform


@dataclass(frozen=True)
class NeighbourMethod(Method):
    """What t-SNE and UMAP share: they keep neighbours together; distances between far groups mean little.

    Attributes:
        metric: ``euclidean``, or ``cosine``: Euclidean after every embedding was scaled to length one, which has
            the same neighbours as the cosine.
        components: principal components whose distances are taken, which is faster and leaves out noise;
            0 for the embeddings as they are. Embeddings that are no wider stay as they are.
        seed: of everything random.
    """

    metric: Literal["euclidean", "cosine"] = "euclidean"
    components: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.metric not in ("euclidean", "cosine"):
            raise ConfigError(f"Neighbours are found by the euclidean or the cosine metric, not '{self.metric}'.")
        if self.components and self.components < self.dimensions:
            raise ConfigError(
                f"The number of components is 0 for all or at least {self.dimensions}, as many as the map's "
                f"dimensions, not {self.components}."
            )
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"The seed is a whole number from 0 to {2**32 - 1}, not {self.seed}.")

    def preparation(self, embeddings: Array) -> Callable[[Array], Array]:
        """What brings embeddings (M, E) into the space whose distances count, fitted on these (N, E)."""
        scale = _to_unit_length if self.metric == "cosine" else _as_is
        if not 0 < self.components < embeddings.shape[1]:
            return scale
        fitted = _principal_components(scale(embeddings), min(self.components, len(embeddings) - 1))
        return lambda new: fitted.transform(scale(new))


@METHODS.register("tsne")
@dataclass(frozen=True)
class TSNE(NeighbourMethod):
    """t-SNE: neighbours stay together; sizes of groups and distances between them mean little.

    It starts from principal components, so that the map's large shape is the data's and not chance. Repulsion is
    interpolated on a grid (FIt-SNE) for many clips in two dimensions, else computed by a tree (Barnes-Hut), which
    is the only way in three: expect that to take several times as long. Neighbours are approximate above
    :data:`EXACT_NEIGHBOURS` clips. The number of processor cores does not change the points.

    Attributes:
        perplexity: number of neighbours that a clip pays attention to, at most a third of the others.
        early_iterations: in which groups form, attraction being 12 times as strong.
        iterations: after that.
    """

    perplexity: float = 30.0
    early_iterations: int = 250
    iterations: int = 500

    title: ClassVar[str] = "t-SNE"
    libraries: ClassVar[tuple[str, ...]] = ("openTSNE", "scikit-learn")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.perplexity < float("inf"):
            raise ConfigError(f"The perplexity is a number of neighbours, at least 1, not {self.perplexity}.")
        if self.early_iterations < 0 or self.iterations < 1:
            raise ConfigError(
                "t-SNE takes 0 or more early iterations and 1 or more after them, not "
                f"{self.early_iterations} and {self.iterations}."
            )

    def check(self, clips: int, width: int) -> None:
        """Refuse a perplexity that is too large for so few clips."""
        super().check(clips, width)
        if self.perplexity > (clips - 1) / 3:
            raise ConfigError(
                f"A perplexity of {self.perplexity:g} is too large for {clips} clips; it is at most a third of a "
                f"clip's possible neighbours, here {(clips - 1) // 3}."
            )

    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Optimise the map; ``progress`` hears of every tenth iteration and may stop it."""
        from openTSNE import TSNEEmbedding, initialization

        progress(STAGE, 0, self.early_iterations + self.iterations)
        data = self.preparation(embeddings)(embeddings)
        start = _principal_components(data, self.dimensions).transform(data)
        start = initialization.jitter(initialization.rescale(start), random_state=self.seed)
        many = len(data) >= FFT_FROM
        grid = many and self.dimensions == 2
        embedding = TSNEEmbedding(
            start,
            self._affinities(data),
            negative_gradient_method="fft" if grid else "bh",
            ints_in_interval=COARSENESS,
            n_jobs=-1 if many and not grid else 1,  # threads that wait for each other cost a grid or small tree more
            random_state=self.seed,
        )
        phases = [(self.early_iterations, 12), (self.iterations, 1)]
        before = 0
        for iterations, exaggeration in phases:

            def report(iteration: int, error: float, points: Array, before: int = before) -> None:
                progress(STAGE, before + iteration, self.early_iterations + self.iterations)

            embedding = embedding.optimize(
                iterations, exaggeration=exaggeration, momentum=0.8, callbacks=report, callbacks_every_iters=CALLS
            )
            before += iterations
        points = np.asarray(embedding)
        return points - (points.max(0) + points.min(0)) / 2  # where openTSNE moves a map to before it places new points

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """Each new clip is drawn to its neighbours among the old ones, which do not move, and by no other new one."""
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN

        prepare = self.preparation(embeddings)
        neighbours = _OfNewClips(prepare(embeddings), k=min(15, len(embeddings) - 1))
        old = TSNEEmbedding(
            points.astype(np.float64),
            PerplexityBasedNN(perplexity=neighbours.k / 3, knn_index=neighbours),
            negative_gradient_method="fft" if self.dimensions == 2 else "bh",
            random_state=self.seed,
        )
        turn = Lock()  # openTSNE notes the grid of the old map in it, and moves its centre to 0, where it is already

        def place(new: Array) -> Array:
            with turn:
                return np.asarray(old.transform(prepare(new), perplexity=neighbours.k / 3))

        return place

    def _affinities(self, data: Array) -> Any:
        from openTSNE.affinity import PerplexityBasedNN

        exact = len(data) <= EXACT_NEIGHBOURS
        # One thread, as the approximate search depends on their number.
        return PerplexityBasedNN(
            data, self.perplexity, method="exact" if exact else "annoy", n_jobs=1, random_state=self.seed
        )


class _OfNewClips:
    """Neighbours as openTSNE asks for them, for placing new clips among these (N, E).

    The neighbours of the old clips among each other, which take a second to find, do not matter for that: they are
    made up. Those of new clips are exact.
    """

    def __init__(self, data: Array, k: int) -> None:
        self.n_samples, self.k = len(data), k
        self._index = NearestNeighbors().fit(data)

    def build(self) -> tuple[Array, Array]:
        steps = np.arange(1, self.k + 1)
        made_up = (np.arange(self.n_samples)[:, None] + steps) % self.n_samples
        return made_up, np.tile(steps.astype(np.float64), (self.n_samples, 1))

    def query(self, new: Array, k: int) -> tuple[Array, Array]:
        distances, indices = self._index.kneighbors(new, k)
        return indices, distances


@METHODS.register("umap")
@dataclass(frozen=True)
class UMAP(NeighbourMethod):
    """UMAP: neighbours stay together; looser or tighter by ``min_dist``.

    It runs on one core, so that a seed gives one map, and cannot be stopped on its way.

    Attributes:
        neighbours: of a clip that count: few show detail, many the large shape.
        min_dist: least distance of neighbours on the map, in [0, 1].
    """

    neighbours: int = 15
    min_dist: float = 0.1

    title: ClassVar[str] = "UMAP"
    libraries: ClassVar[tuple[str, ...]] = ("umap-learn", "pynndescent", "numba", "scikit-learn")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.neighbours < 2:
            raise ConfigError(f"UMAP looks at 2 or more neighbours, not {self.neighbours}.")
        if not 0 <= self.min_dist <= 1:
            raise ConfigError(f"The least distance on the map is in [0, 1], not {self.min_dist}.")

    def check(self, clips: int, width: int) -> None:
        """Refuse more neighbours than there are clips."""
        super().check(clips, width)
        if self.neighbours > clips - 1:
            raise ConfigError(f"{clips} clips have at most {clips - 1} neighbours each, not {self.neighbours}.")

    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Optimise the map; ``progress`` hears of its start and end only."""
        progress(STAGE, 0, 1)
        points = self._model().fit_transform(self.preparation(embeddings)(embeddings))
        progress(STAGE, 1, 1)
        return np.asarray(points)

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """umap-learn's own way, by a model that knows the neighbours and is given the points."""
        prepare = self.preparation(embeddings)
        # Without epochs it is not optimised; what it then holds in place of a map is replaced by ours.
        model = self._model(n_epochs=0, init="random").fit(prepare(embeddings))
        model.set_params(n_epochs=None)
        model.embedding_ = points.astype(np.float32)
        return lambda new: np.asarray(model.transform(prepare(new)))

    def _model(self, **options: Any) -> Any:
        import umap

        return umap.UMAP(
            n_neighbors=self.neighbours,
            n_components=self.dimensions,
            min_dist=self.min_dist,
            random_state=self.seed,
            n_jobs=1,
            **options,
        )


@dataclass(frozen=True)
class Projection:
    """A map, and the embeddings that it shows.

    Attributes:
        method: how it was made.
        embeddings: (N, E) float32.
        points: (N, dimensions) float32, without a unit.
    """

    method: Method
    embeddings: Array
    points: Array

    def transform(self, new: Array) -> Array:
        """Points (M, dimensions) of new embeddings (M, E), float32; the map itself stays as it is.

        The first call prepares the search for neighbours, later ones are quicker. Each new clip is placed as if it were
        the only one.

        Raises:
            AnalysisError: the new embeddings have another width, or missing values.
        """
        new = _checked(new)
        if new.shape[1] != self.embeddings.shape[1]:
            raise AnalysisError(
                f"The map shows embeddings of width {self.embeddings.shape[1]}; one of width {new.shape[1]} has no "
                "place in it."
            )
        return self._placer(new).astype(np.float32)

    @cached_property
    def explained(self) -> Array:
        """(dimensions,) share of the embeddings' variance along each axis of a PCA map; of others it means nothing."""
        return self.points.var(0, dtype=np.float64) / self.embeddings.var(0, dtype=np.float64).sum()

    @cached_property
    def _placer(self) -> Placer:
        return self.method.placer(self.embeddings, self.points)


def fit(embeddings: Array, method: Method, *, cache: Path | None = None, progress: Progress = silent) -> Projection:
    """Make a map of embeddings, or take it from the cache.

    The same embeddings, settings and versions of libraries give the same points, on one machine to the last digit.

    Args:
        embeddings: (N, E) numbers, taken as float32.
        method: one of :data:`METHODS` with its settings.
        cache: folder of maps, made when first needed. A map is found by the content of the embeddings, the
            settings and the versions of the libraries. A damaged file is made anew; one that cannot be
            written is not.
        progress: listener, which may stop the work.

    Raises:
        AnalysisError: the embeddings cannot be mapped: too few, not finite, or all the same.
        ConfigError: the settings do not fit them.
    """
    embeddings = _checked(embeddings)
    if len(embeddings) < method.dimensions + 2:
        raise AnalysisError(f"A map shows at least {method.dimensions + 2} clips, and here are {len(embeddings)}.")
    if (embeddings == embeddings[0]).all():
        raise AnalysisError("All clips have the same embedding, so there is nothing to map.")
    method.check(*embeddings.shape)
    path = cache / f"{_key(embeddings, method)}.safetensors" if cache else None
    points = _read(path, (len(embeddings), method.dimensions)) if path else None
    if points is None:
        points = method.arrange(embeddings, progress).astype(np.float32)
        if path:
            _write(path, points)
    return Projection(method, embeddings, points)


def split_table(table: pd.DataFrame) -> tuple[Array, pd.DataFrame]:
    """What ``embeddings.parquet`` holds: embeddings (N, E) float32, and what is known of each clip.

    Raises:
        AnalysisError: there are no columns ``e000`` onwards.
    """
    names = [column for column in table.columns if column[:1] == "e" and column[1:].isdigit()]
    if not names:
        raise AnalysisError("A table of embeddings has the columns e000, e001 and so on, and this one has none.")
    return table[names].to_numpy(np.float32), table.drop(columns=names)


class Separation(NamedTuple):
    """How far clips of one label lie together and apart from others.

    Attributes:
        value: mean silhouette, in [-1, 1]; below 0, a typical clip is nearer to another label than to its own.
        low: lower end of its 95 % bootstrap interval.
        high: upper end.
        chance: mean silhouette of permuted labels.
        p: share of permuted labels whose silhouette is at least as large.
        clips: that it was computed on.
    """

    value: float
    low: float
    high: float
    chance: float
    p: float
    clips: int


def silhouette(
    points: Array,
    labels: Sequence[Any],
    *,
    groups: Sequence[Any] | None = None,
    most: int = MOST_CLIPS,
    draws: int = 1000,
    permutations: int = 199,
    seed: int = 0,
) -> Separation:
    r"""Whether clips lie with those of the same label.

    .. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)}

    with :math:`a_i` the mean Euclidean distance to the others of the same label and :math:`b_i` that to the nearest
    other label; 0 for a clip that is alone with its label. The interval is a bootstrap of the clips' values. Clips of
    one speaker are not independent: with ``groups``, whole groups are drawn, and labels are permuted among groups
    where every group has one label (as speakers have one culture), else within each group (as every speaker shows
    several emotions).

    Args:
        points: (N, D) points of a map, or embeddings.
        labels: N labels; clips whose label is missing are left out.
        groups: N groups, e.g. speakers, where known; a clip whose group is missing stands alone.
        most: where there are more clips, so many drawn at random stand for all.
        draws: bootstrap samples.
        permutations: of the labels; p is not below 1 / (permutations + 1).
        seed: of draws and permutations.

    Returns:
        NaN where there are not two labels. The interval is NaN with one group.

    Raises:
        AnalysisError: there is not one label, and one group where any is given, per point.
    """
    points = np.asarray(points, dtype=np.float64)
    for given in (labels, groups):
        if given is not None and len(given) != len(points):
            raise AnalysisError(f"{len(points)} points need as many labels and groups, not {len(given)}.")
    generator = np.random.default_rng(seed)
    codes = pd.factorize(pd.Series(list(labels), dtype=object))[0]  # -1 where missing
    chosen = np.flatnonzero(codes >= 0)
    if len(chosen) > most:
        chosen = np.sort(generator.choice(chosen, most, replace=False))
    codes = pd.factorize(codes[chosen])[0]
    members = pd.factorize(_group_codes(groups, len(points))[chosen])[0]
    if codes.max(initial=0) == 0:
        nan = float("nan")
        return Separation(nan, nan, nan, nan, nan, len(chosen))
    distances = pairwise_distances(points[chosen])
    values = _silhouettes(distances, codes)
    low, high = _interval_of_mean(values, members, draws, seed)
    shuffle = _shuffler(codes, members, generator)
    permuted = np.array([_silhouettes(distances, shuffle()).mean() for _ in range(permutations)])
    reached = np.count_nonzero(permuted >= values.mean() - 1e-12)
    p = (reached + 1) / (permutations + 1)
    return Separation(float(values.mean()), low, high, float(permuted.mean()), p, len(chosen))


class Estimate(NamedTuple):
    """A figure with its 95 % bootstrap interval over clips."""

    value: float
    low: float
    high: float


def trustworthiness(
    embeddings: Array,
    points: Array,
    *,
    neighbours: int = 15,
    groups: Sequence[Any] | None = None,
    most: int = MOST_CLIPS,
    draws: int = 1000,
    seed: int = 0,
) -> Estimate:
    r"""Whether neighbours on a map are neighbours among the embeddings, too.

    .. math:: T_k = 1 - \frac{2}{N k (2N - 3k - 1)} \sum_i \sum_{j \in U_k(i)} (r_{ij} - k)

    with :math:`U_k(i)` the k nearest clips of i on the map and :math:`r_{ij} \ge k` j's rank among the neighbours of i
    by Euclidean distance of the embeddings: 1 is perfect, about .5 chance. Distances across a map are not judged
    by it.

    Args:
        embeddings: (N, E).
        points: (N, D) on the map, in the same order.
        neighbours: k, less than half of the clips.
        groups: N groups, e.g. speakers, that the interval draws as a whole.
        most: where there are more clips, the sum is over so many drawn at random, each judged among all.
        draws: bootstrap samples.
        seed: of the draws.

    Raises:
        AnalysisError: the numbers of clips differ.
        ConfigError: k is not from 1 to half of the clips.
    """
    embeddings, points = np.asarray(embeddings, np.float64), np.asarray(points, np.float64)
    clips = len(points)
    if len(embeddings) != clips:
        raise AnalysisError(f"A map of {clips} points does not show {len(embeddings)} embeddings.")
    if not 1 <= neighbours < clips / 2:
        raise ConfigError(
            f"Trustworthiness looks at 1 to {(clips - 1) // 2} neighbours of {clips} clips, not {neighbours}."
        )
    chosen = np.arange(clips)
    if clips > most:
        chosen = np.sort(np.random.default_rng(seed).choice(clips, most, replace=False))
    penalties = np.empty(len(chosen))
    for start in range(0, len(chosen), 100):
        part = chosen[start : start + 100]
        near = _nearest(points, part, neighbours)
        distances = pairwise_distances(embeddings[part], embeddings)
        distances[np.arange(len(part)), part] = np.inf
        own = np.take_along_axis(distances, near, axis=1)
        ranks = 1 + (distances[:, None] < own[..., None]).sum(-1)
        penalties[start : start + 100] = np.maximum(0, ranks - neighbours).sum(1)
    values = 1 - 2 * penalties / (neighbours * (2 * clips - 3 * neighbours - 1))
    members = pd.factorize(_group_codes(groups, clips)[chosen])[0]
    return Estimate(float(values.mean()), *_interval_of_mean(values, members, draws, seed))


def figures(
    projection: Projection,
    about: pd.DataFrame,
    columns: Sequence[str] = ("label", "culture"),
    *,
    group: str = "speaker",
    neighbours: int = 15,
    seed: int = 0,
) -> pd.DataFrame:
    """What a map separates, and what the embeddings do that it shows.

    Args:
        projection: the map.
        about: what is known of each clip, in the order of the map.
        columns: whose values are to be told apart; those of which fewer than two values are known are left out.
        group: column of clips that are not independent; may be absent.
        neighbours: of trustworthiness, at most a fifth of the clips.
        seed: of draws and permutations.

    Returns:
        One row per figure: ``figure`` (silhouette or trustworthiness), ``column``, ``space`` (embedding or map),
        ``value``, ``low``, ``high``, ``chance``, ``p``, ``clips``.

    Raises:
        AnalysisError: the table has other rows than the map.
    """
    if len(about) != len(projection.points):
        raise AnalysisError(f"The map shows {len(projection.points)} clips, and the table has {len(about)} rows.")
    groups = about[group].tolist() if group in about else None
    scaled = getattr(projection.method, "metric", "euclidean") == "cosine"
    embeddings = _to_unit_length(projection.embeddings) if scaled else projection.embeddings
    rows: list[dict[str, Any]] = []
    for column in columns:
        if column not in about or about[column].nunique() < 2:
            continue
        for space, points in (("embedding", embeddings), ("map", projection.points)):
            found = silhouette(points, about[column].tolist(), groups=None if column == group else groups, seed=seed)
            rows.append({"figure": "silhouette", "column": column, "space": space} | found._asdict())
    k = max(1, min(neighbours, len(about) // 5))
    estimate = trustworthiness(embeddings, projection.points, neighbours=k, groups=groups, seed=seed)
    rows.append({"figure": "trustworthiness", "space": "map", "clips": len(about)} | estimate._asdict())
    return pd.DataFrame(rows, columns=["figure", "column", "space", "value", "low", "high", "chance", "p", "clips"])


def _checked(embeddings: Array) -> Array:
    embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
    if embeddings.ndim != 2 or embeddings.shape[1] == 0:
        raise AnalysisError(f"Embeddings are a table of clips x width, not an array of shape {embeddings.shape}.")
    damaged = int((~np.isfinite(embeddings)).any(1).sum())
    if damaged:
        raise AnalysisError(f"{damaged} of {len(embeddings)} embeddings have missing or infinite values.")
    return embeddings


def _key(embeddings: Array, method: Method) -> str:
    """Sha256 of all that decides where the points lie."""
    name = next(name for name in METHODS if METHODS[name] is type(method))
    versions = {library: version(library) for library in (*method.libraries, "numpy")}
    about = [FORMAT, name, dataclasses.asdict(method), versions, embeddings.shape]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode() + embeddings.tobytes()).hexdigest()


def _read(path: Path, shape: tuple[int, int]) -> Array | None:
    """The cached points, None where there are none or they are damaged."""
    try:
        points = load(path.read_bytes())["points"]
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return points if points.shape == shape and np.isfinite(points).all() else None


def _write(path: Path, points: Array) -> None:
    """Write the points, whole or not at all; a map that cannot be kept is still a map."""
    with contextlib.suppress(OSError):
        write_bytes(path, save({"points": np.ascontiguousarray(points)}))


def _principal_components(data: Array, count: int) -> decomposition.PCA:
    """Exact and without chance; by the covariance where that is the smaller matrix."""
    solver = "covariance_eigh" if data.shape[1] <= len(data) else "full"
    return decomposition.PCA(count, svd_solver=solver).fit(data)


def _as_is(embeddings: Array) -> Array:
    return embeddings


def _to_unit_length(embeddings: Array) -> Array:
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    if not lengths.all():
        raise AnalysisError("An embedding of zeros has no direction, so the cosine metric cannot be used.")
    return embeddings / lengths


def _group_codes(groups: Sequence[Any] | None, count: int) -> Array:
    """A number for each clip's group; a clip of unknown group has its own."""
    if groups is None:
        return np.arange(count)
    codes = pd.factorize(pd.Series(list(groups), dtype=object))[0]
    return np.where(codes < 0, codes.max(initial=0) + 1 + np.arange(count), codes)


def _silhouettes(distances: Array, codes: Array) -> Array:
    """(N,) silhouette of each clip, by its distances (N, N) to the others and their labels 0, 1 ..."""
    own = codes[:, None] == np.arange(codes.max() + 1)  # (N, labels)
    sizes = own.sum(0)
    sums = distances @ own.astype(distances.dtype)
    inner = sums[own] / np.maximum(1, sizes[codes] - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        outer = np.where(own | (sizes == 0), np.inf, sums / sizes).min(1)
        values = (outer - inner) / np.maximum(inner, outer)
    return np.where((sizes[codes] > 1) & np.isfinite(values), values, 0.0)


def _shuffler(codes: Array, members: Array, generator: np.random.Generator) -> Callable[[], Array]:
    """What draws permuted labels."""
    first = np.zeros(members.max() + 1, dtype=codes.dtype)
    first[members] = codes
    if (first[members] == codes).all():  # every group has one label
        return lambda: generator.permutation(first)[members]
    mixed = [np.flatnonzero(members == group) for group in range(members.max() + 1)]

    def within() -> Array:
        permuted = codes.copy()
        for group in mixed:
            permuted[group] = generator.permutation(codes[group])
        return permuted

    return within


def _interval_of_mean(values: Array, members: Array, draws: int, seed: int) -> tuple[float, float]:
    """Bootstrap interval of the mean, drawing whole groups."""
    mean = bootstrap.SumStatistic(np.stack([values, np.ones(len(values))], axis=1), lambda s: s[..., 0] / s[..., 1])
    return bootstrap.interval(mean, bootstrap.Clusters("speakers", members), draws=draws, seed=seed)


def _nearest(points: Array, chosen: Array, count: int) -> Array:
    """(M, count) nearest other points of the chosen ones."""
    near = NearestNeighbors(n_neighbors=count + 1).fit(points).kneighbors(points[chosen], return_distance=False)
    others = near != chosen[:, None]
    others[others.all(1), -1] = False  # among equal points, it need not have found the point itself
    return near[others].reshape(len(chosen), count)
