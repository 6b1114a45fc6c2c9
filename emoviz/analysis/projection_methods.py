"""Ways to arrange embeddings as a map in two or three dimensions: PCA, t-SNE and UMAP.

A method is a frozen dataclass of its settings (:data:`METHODS`). It arranges all clips, and it places new ones among
them: their neighbours are found among the embeddings, and the map is not optimised again.

Sources
    t-SNE: L. van der Maaten, G. Hinton, Journal of Machine Learning Research 9 (2008) 2579-2605; initialised and
    tuned as D. Kobak, P. Berens, "The art of using t-SNE for single-cell transcriptomics", Nature Communications
    10 (2019) 5416, advise; computed by openTSNE.
    UMAP: L. McInnes, J. Healy, J. Melville, arXiv:1802.03426 (2018); computed by umap-learn.

openTSNE and umap-learn take seconds to import, so they are imported where they are used.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn import decomposition
from sklearn.neighbors import NearestNeighbors

from ..core.errors import AnalysisError, ConfigError
from ..core.progress import Progress
from ..core.registry import Registry

Array = np.ndarray
Placer = Callable[[Array], Array]
"""Function from new embeddings (M, E) to their points (M, dimensions)."""
STAGE = "Arranging clips on the map"
EXACT_NEIGHBOURS = 20_000
"""Largest number of clips for which t-SNE's neighbours are exact, not approximate."""
FFT_FROM = 3_000
"""Clips from which t-SNE's repulsion is interpolated on a grid (FIt-SNE) in two dimensions, as it is faster than a
tree, and the tree of three dimensions is given all cores."""
COARSENESS = 1.5
"""Side of a cell of that grid: of 10,000 clips, 1 takes 1.5 times as long for the same trustworthiness (.780)."""
CALLS = 10
"""Number of iterations of t-SNE between two reports of progress."""


@dataclass(frozen=True)
class Method(ABC):
    """A method that arranges embeddings as a map.

    Attributes:
        dimensions: number of dimensions of the map, 2 or 3.
    """

    dimensions: int = 2

    title: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]]
    """Distributions whose version decides where the points lie."""

    def __post_init__(self) -> None:
        if self.dimensions not in (2, 3):
            raise ConfigError(f"A map has 2 or 3 dimensions, not {self.dimensions}.")

    def check(self, clips: int, width: int) -> None:
        """Raise ConfigError if the settings do not fit a number of clips and a width of embeddings."""
        if width < self.dimensions:
            raise ConfigError(f"Embeddings of width {width} have no map of {self.dimensions} dimensions.")

    @abstractmethod
    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Return the points (N, dimensions) of embeddings (N, E)."""

    @abstractmethod
    def placer(self, embeddings: Array, points: Array) -> Placer:
        """Return a function that places new clips into the map of embeddings (N, E)."""


METHODS: Registry[type[Method]] = Registry("projection")


@METHODS.register("pca")
@dataclass(frozen=True)
class PCA(Method):
    """Principal components: linear and without settings; distances across the map have a meaning."""

    title: ClassVar[str] = "PCA"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    def arrange(self, embeddings: Array, progress: Progress) -> Array:
        """Return the scores on the components of largest variance."""
        return np.asarray(_principal_components(embeddings, self.dimensions).transform(embeddings))

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """Return a function that projects onto the same components, which follow from the embeddings."""
        place: Placer = _principal_components(embeddings, self.dimensions).transform
        return place


@dataclass(frozen=True)
class NeighbourMethod(Method):
    """A method that keeps neighbours together, as t-SNE and UMAP do; distances between far groups mean little.

    Attributes:
        metric: ``euclidean``, or ``cosine``: Euclidean after every embedding was scaled to length one, which has
            the same neighbours as the cosine.
        components: principal components whose distances are taken, which is faster and leaves out noise;
            0 for the embeddings as they are. Embeddings that are no wider stay as they are.
        seed: seed of everything random.
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
        """Return a function, fitted on embeddings (N, E), into the space whose distances count."""
        scale = to_unit_length if self.metric == "cosine" else _as_is
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
        early_iterations: number of iterations in which groups form, attraction being 12 times as strong.
        iterations: number of iterations after that.
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
        """Optimise the map; ``progress`` is called at every tenth iteration and may stop it."""
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
        points: Array = np.asarray(embedding, dtype=np.float64)
        middle: Array = (points.max(0) + points.min(0)) / 2
        centred: Array = points - middle  # where openTSNE moves a map to before it places new points
        return centred

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """Return a function that draws each new clip to its neighbours among the old ones, which do not move."""
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
        from openTSNE import nearest_neighbors
        from openTSNE.affinity import PerplexityBasedNN

        # Made here, as openTSNE imports pynndescent to choose a search, which numba compiles for a minute at first. One
        # thread, as the approximate search depends on their number.
        search = nearest_neighbors.Sklearn if len(data) <= EXACT_NEIGHBOURS else nearest_neighbors.Annoy
        index = search(data=data, k=min(len(data) - 1, int(3 * self.perplexity)), random_state=self.seed)
        return PerplexityBasedNN(perplexity=self.perplexity, knn_index=index)


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
    """UMAP: neighbours stay together, looser or tighter by ``min_dist``.

    It runs on one core, so that a seed gives one map, and cannot be stopped on its way.

    Attributes:
        neighbours: number of neighbours of a clip that count: few show details, many the overall shape.
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
        """Optimise the map; ``progress`` is called at its start and end only."""
        progress(STAGE, 0, 1)
        points = self._model().fit_transform(self.preparation(embeddings)(embeddings))
        progress(STAGE, 1, 1)
        return np.asarray(points)

    def placer(self, embeddings: Array, points: Array) -> Placer:
        """Return umap-learn's own function, of a model that knows the neighbours and gets the points."""
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


def to_unit_length(embeddings: Array) -> Array:
    """Scale each embedding of (N, E) to length one.

    Raises:
        AnalysisError: if an embedding is zero, which has no direction.
    """
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    if not lengths.all():
        raise AnalysisError("An embedding of zeros has no direction, so the cosine metric cannot be used.")
    return np.asarray(embeddings / lengths)


def _as_is(embeddings: Array) -> Array:
    return embeddings


def _principal_components(data: Array, count: int) -> decomposition.PCA:
    """Exact and without chance; by the covariance where that is the smaller matrix."""
    solver = "covariance_eigh" if data.shape[1] <= len(data) else "full"
    return decomposition.PCA(count, svd_solver=solver).fit(data)
