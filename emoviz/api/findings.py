"""Findings that come with emoviz or were made here: cultures compared, and the scores of a study."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ..analysis import cultures, microphones, replicates, similarity
from ..analysis.culture_comparison import Comparison, beside, compare
from ..checkpoints.folder import PER_CULTURE, find, groups
from ..core import extras, words
from ..core.errors import AnalysisError, UnknownNameError
from ..core.settings import Settings
from ..core.vocabulary import Weighting
from ..evaluation.metrics.aggregation import POOLED
from ..studies import tables
from ..studies.reports import primary, read_reports
from .shown import Answer

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, repr=False)
class Cultures(Answer):
    """The similarity of cultures in the channels on which their models rely.

    Attributes:
        weights: table of weights (:mod:`emoviz.analysis.replicates`).
        comparison: the comparison.
        measure: measure of similarity.
        replicates: name of the rows of a culture in the weights, e.g. ``seed``.
    """

    weights: pd.DataFrame
    comparison: Comparison
    measure: str
    replicates: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict of the permutation tests, and what a difference between cultures is here."""
        return self.comparison.words, words.CONFOUND

    @property
    def table(self) -> pd.DataFrame:
        """A row per two cultures: similarity with its interval; a culture with itself is its reliability."""
        return self.comparison.cells

    @property
    def summary(self) -> pd.DataFrame:
        """The similarities as a matrix, whose diagonal is the reliability of each culture."""
        matrix = self.table.pivot(index="culture", columns="other", values="similarity")
        return matrix.loc[self.comparison.order, self.comparison.order]

    @property
    def reliability(self) -> "pd.Series[float]":
        """The mean Pearson's r between the models of each culture, which differ in their seed alone."""
        by_r = similarity.similarities(self.weights, "pearson", draws=0)
        own = by_r[by_r["culture"] == by_r["other"]]
        return own.set_index("culture")["similarity"].rename("reliability")

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw the matrix; pairs that are not shown to differ are hatched."""
        from .. import plots

        found, tree = self.comparison, self.comparison.tree
        branches = tree.branches if tree else None
        return plots.similarity_matrix(
            found.cells, found.order, branches, measure=self.measure, replicates=self.replicates, beside=beside(found)
        )


@dataclass(frozen=True, repr=False)
class Results(Answer):
    """The scores of the systems of a study by one protocol.

    Attributes:
        shown: scores that a table of systems has, the best system last.
        compared: paired differences of systems.
        title: title of the study.
        metric: metric of the scores.
    """

    shown: pd.DataFrame
    compared: pd.DataFrame
    title: str
    metric: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The study, the metric, and what its intervals count."""
        over = tables.intervals_over(self.shown)
        return (f"{self.title}: {self.metric} with intervals over {over}.",)

    @property
    def table(self) -> pd.DataFrame:
        """A row per score, with its interval (:func:`emoviz.studies.tables.scores`), the best system last."""
        return self.shown

    @property
    def summary(self) -> pd.DataFrame:
        """The scores with their intervals as text, a row per system, the best first."""
        rows = list(dict.fromkeys(self.shown["system"]))[::-1]
        columns = list(dict.fromkeys(self.shown["column"]))
        return self.shown.pivot(index="system", columns="column", values="text").loc[rows, columns]

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw systems as rows, the best on top, beside the training mean."""
        from .. import plots

        return plots.standing(self.shown, self.metric)


def compare_cultures(
    models: str = PER_CULTURE,
    dimension: str | None = None,
    *,
    measure: str = "cosine",
    modality: str | None = None,
    weighting: Weighting = Weighting.ATTENTION,
) -> Cultures:
    """Compare cultures by the channels that models of each alone weigh, and say how reliable that is.

    Args:
        models: name of a set of models of one culture each.
        dimension: output of the models, e.g. ``arousal (derived)``; by default the first.
        measure: measure of similarity (:data:`emoviz.analysis.similarity.MEASURES`).
        modality: modality whose channels alone are compared.
        weighting: the kind of weights.

    Raises:
        UnknownNameError: if there is no such set, dimension, measure or modality.
        AnalysisError: if no model of the set weighs channels.
    """
    settings = Settings.read()
    folders = find(settings.checkpoints, models)
    if not folders:
        raise UnknownNameError("group of trained models", models, groups(settings.checkpoints))
    found = cultures.weights(folders.values(), weighting)
    if found.table.empty:
        raise AnalysisError(f"'{models}' has no model that weighs channels.")
    dimensions = list(found.table.index.get_level_values("dimension").unique())
    if dimension is not None and dimension not in dimensions:
        raise UnknownNameError("dimension", dimension, dimensions)
    own = found.table.xs(dimension or dimensions[0], level="dimension", drop_level=False)
    if modality:
        own = replicates.restrict(own, modality)
    files = microphones.files(settings.checkpoints, models) if weighting is Weighting.ATTENTION else []
    telephone = microphones.read_all(files)
    return Cultures(own, compare(own, telephone, found.replicates, measure), measure, found.replicates)


def results(study: str, protocol: str) -> Results:
    """Return the scores of a study's systems by a protocol, of those that come with emoviz or were made here.

    Args:
        study: name of the study, e.g. ``sewa``.
        protocol: name of the protocol, e.g. ``loro``.

    Raises:
        UnknownNameError: if there are no such scores.
    """
    groups_of = tables.by_protocol(read_reports(*Settings.read().results))
    if (study, protocol) not in groups_of:
        raise UnknownNameError("study and protocol", f"{study} {protocol}", sorted(map(" ".join, groups_of)))
    group = groups_of[study, protocol]
    metric = primary(group)
    title = next(title for title, (name, way) in tables.readings(group).items() if (name, way) == (metric, POOLED))
    shown = tables.standing(tables.narrowed(tables.scores(group), [r["system"] for r in group], metric, POOLED))
    return Results(shown, tables.comparisons(group), group[0]["title"], title)
