"""Comparisons for the Compare page, computed once per server and set of files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from .. import checkpoints
from ..analysis import calibration, comparison_errors, comparison_scores, disagreement
from ..analysis.comparison import Comparison, Contender, compare, read, suggest
from ..analysis.comparison_ratings import on_ratings
from ..core.errors import EmovizError
from ..core.progress import Progress
from ..evaluation.slices import IDS, Slice
from ..prediction.cost import Complexity, measure
from ..prediction.rated import rated
from . import loaders
from .cache import cached

Files = tuple[tuple[str, Path, int], ...]
"""Name, folder and time of the last change of each model."""


@dataclass(frozen=True)
class Compared:
    """A comparison and its tables, each computed when it is first asked for.

    Attributes:
        comparison: comparison of models on recordings.
        of: files and slice of the comparison, which tell it from others.
        chosen: slice of the comparison.
    """

    comparison: Comparison
    of: tuple[Files, str]
    chosen: Slice = field(default_factory=Slice)
    _slices: dict[str, pd.DataFrame] = field(default_factory=dict)

    def words(self, said: str) -> str:
        """Return words on some of the recordings, after the conditions of the slice, e.g. ``German, angry``."""
        conditions = {column: values for column, values in self.chosen.conditions.items() if column != IDS}
        return f"{Slice(conditions).name}, {said}" if conditions else said

    @cached_property
    def judged(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The scores and the differences of the models."""
        return comparison_scores.judge(self.comparison)

    @cached_property
    def verdicts(self) -> list[str]:
        """The sentences on which model is better."""
        return comparison_scores.verdicts(*self.judged)

    @cached_property
    def reliability(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The bins and the calibration errors of classifiers."""
        return calibration.reliability(self.comparison)

    @cached_property
    def confusions(self) -> pd.DataFrame:
        """The shares of answers to each class."""
        return comparison_errors.confusions(self.comparison)

    @cached_property
    def level_confusions(self) -> pd.DataFrame:
        """The shares of values of each level that are predicted at each level."""
        return comparison_errors.level_confusions(self.comparison)

    @cached_property
    def spread(self) -> pd.DataFrame:
        """The predicted and the true dimensions."""
        return calibration.predicted_and_true(self.comparison)

    @cached_property
    def disagreements(self) -> pd.DataFrame:
        """The recordings by the differences of the models' predictions."""
        return disagreement.disagreements(self.comparison)

    @cached_property
    def slice_columns(self) -> list[str]:
        """The columns by which errors can be grouped."""
        return comparison_errors.slice_columns(self.comparison)

    def slice_errors(self, column: str) -> pd.DataFrame:
        """Return the errors by the values of a column."""
        if column not in self._slices:
            self._slices[column] = comparison_errors.slice_errors(self.comparison, column)
        return self._slices[column]


@cached(64, "Predicting the rated clips")
def rated_contender(file: tuple[str, Path, int], corpus: str) -> Contender:
    """Return a model as a contender on the clips of a corpus that people rated.

    Raises:
        EmovizError: if nothing that is rated follows from the model, or a feature of the corpus was not extracted.
    """
    return on_ratings(loaders.load_checkpoint(file[1]), loaders.store(), corpus)


@cached(32, "Comparing")
def compared_on_ratings(files: Files, chosen: str, corpus: str) -> Compared:
    """Compare models by derived valence and arousal, on a slice of the clips of a corpus that people rated.

    Raises:
        EmovizError: if nothing that is rated follows from a model, or a feature of the corpus was not extracted.
    """
    contenders = [rated_contender(file, corpus) for file in files]
    part = Slice.parse(chosen)
    return Compared(compare(contenders, part), (files, f"{chosen} on {corpus}"), part)


def rated_corpora() -> list[str]:
    """Name the corpora of the store that have ratings of whole clips and nothing else."""
    return [one.name for one in loaders.holdings() if one.stored and one.tables is not None and rated(one.tables)]


def files_of(folders: Mapping[str, Path]) -> Files:
    """Return the files of models as they are on disk now."""
    parts = (checkpoints.CONFIG, checkpoints.METRICS, "predictions.parquet")
    return tuple(
        (name, folder, max(((folder / p).stat().st_mtime_ns for p in parts if (folder / p).exists()), default=0))
        for name, folder in folders.items()
    )


@cached(64)
def contender(name: str, folder: Path, changed: int) -> Contender:
    """Return a model as a contender.

    Raises:
        CheckpointError: if a file is missing or damaged.
    """
    return read(name, folder)


@cached(32, "Comparing")
def compared(files: Files, chosen: str) -> Compared:
    """Compare models side by side, on a slice of the recordings that they share."""
    part = Slice.parse(chosen)
    return Compared(compare([contender(*file) for file in files], part), (files, chosen), part)


@cached(8, "Reading the models")
def suggested(files: Files, wanted: str = "") -> tuple[str, ...]:
    """Return a pair worth comparing, with a wanted model if it is there; damaged models are never in it."""
    sound = []
    for file in files:
        try:
            sound.append(contender(*file))
        except EmovizError:
            continue
    return suggest(sound, wanted)


def measure_all(folders: Sequence[Path], progress: Progress) -> list[Complexity]:
    """Measure the cost of models on this machine."""
    return [measure(loaders.load_checkpoint(folder), progress) for folder in folders]
