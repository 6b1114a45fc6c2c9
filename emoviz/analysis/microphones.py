"""Microphone or culture: how far another room, band and codec moves a culture's channel weights.

Each culture comes with its own corpus, that is with its own room and microphone. The recordings of the bundled set were
therefore also heard through one and the same room, telephone band and codec (``benchmarks/telephone.py``), and models
were trained on what that leaves, of the same speakers, channels and seeds. Such a **pseudo-culture** speaks the same
language with the same emotions, so whatever lies between it and its culture is the microphone's; a culture that lies no
further away than that may be no other culture at all.

Its weights are a table of weights (:mod:`emoviz.analysis.replicates`), kept beside the set. Each culture is compared
with its pseudo-culture by the measures, ceilings and tests that compare two cultures.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..checkpoints.tables import read_table, write_table
from ..core.errors import CheckpointError
from ..core.words import listed, number
from . import ceiling, permutation, replicates, similarity
from .cultures import LEVEL

BY_TELEPHONE = "by telephone"
"""Name of the pseudo-cultures, in the place of another culture's."""
NAME = "{group}.telephone"
"""Name of the table of a set's pseudo-cultures, beside the set."""


def files(folders: Iterable[Path], group: str) -> list[Path]:
    """Return the files with the pseudo-cultures of a set of models that stand beside it in folders of checkpoints."""
    return [file for folder in folders if (file := folder / f"{NAME.format(group=group)}.parquet").exists()]


def read(file: Path) -> pd.DataFrame:
    """Return the weights of pseudo-cultures, a table of weights.

    Raises:
        CheckpointError: if the file is damaged or gone.
    """
    table, index = read_table(file.parent, file.stem), [*replicates.KEYS, "seed"]
    if table is None or not set(index) <= set(table):
        raise CheckpointError(f"'{file}' has no columns {listed(index)}.")
    return table.set_index(index).astype(np.float64)


def read_all(files: Iterable[Path]) -> pd.DataFrame:
    """Return the weights of pseudo-cultures from several files; an empty table without files.

    Raises:
        CheckpointError: if a file is damaged or gone.
    """
    tables = [read(file) for file in files]
    return pd.concat(tables) if tables else pd.DataFrame()


def write(folder: Path, group: str, weights: pd.DataFrame) -> Path:
    """Keep the weights of the pseudo-cultures of a set of models beside it, to three digits.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    return write_table(folder, NAME.format(group=group), weights.astype(np.float16).reset_index())


def heard(weights: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Return the pseudo-cultures for all cultures, tasks and channels of a table of weights, or an empty table."""
    if moved.empty or not set(weights) <= set(moved):
        return moved.iloc[:0]
    known = weights.index.droplevel(2).unique()
    return moved.loc[moved.index.droplevel(2).isin(known), list(weights)]


def beside(weights: pd.DataFrame, moved: pd.DataFrame, culture: str) -> tuple[pd.DataFrame, str]:
    """Return the weights of a culture and of its pseudo-culture in one table, and the pseudo-culture's name there."""
    name = f"{culture} {BY_TELEPHONE}"
    own, other = (table[table.index.get_level_values("culture") == culture] for table in (weights, moved))
    return pd.concat([own, other.rename(index={culture: name}, level="culture")]), name


def cells(
    weights: pd.DataFrame, moved: pd.DataFrame, measure: str = "pearson", *, k: int = 10, matched: bool = False
) -> pd.DataFrame:
    """Compare each culture of one dimension with its pseudo-culture.

    Args:
        weights: weights of one dimension.
        moved: weights of its pseudo-cultures (:func:`heard`).
        measure: one of :data:`~emoviz.analysis.similarity.MEASURES`.
        k: number of channels of the measure ``top-k``.
        matched: whether the permutation test exchanges replicates of one name only.

    Returns:
        One row per culture that has a pseudo-culture, which is its ``other``: the columns of
        :func:`~emoviz.analysis.similarity.similarities`, what the pair is of its ceiling
        (:func:`~emoviz.analysis.ceiling.against_ceiling`, whose interval is ``disattenuated_low`` and
        ``disattenuated_high``), and ``alike``: whether the test, corrected over the cultures by Holm's procedure, does
        not show that they differ more than replicates do. Without pseudo-cultures, an empty table.

    Raises:
        AnalysisError: if this is no table of weights.
        ConfigError: if k does not fit the number of channels.
        UnknownNameError: if there is no such measure.
    """
    if moved.empty:
        return pd.DataFrame()
    rows, tests = [], []
    for culture in moved.index.get_level_values("culture").unique():
        pair, name = beside(weights, moved, str(culture))
        found = similarity.similarities(pair, measure, k=k, matched=True)
        (row,) = found[(found["culture"] == culture) & (found["other"] == name)].to_dict("records")
        against = ceiling.against_ceiling(pair, measure, k=k, matched=True).iloc[0]
        tests.append(float(permutation.differences(pair, measure, k=k, matched=matched)["p"].iloc[0]))
        own = against[list(ceiling.OF_CELLS)].rename(ceiling.OF_CELLS)
        rows.append({**row, **own, "other": BY_TELEPHONE})
    corrected = permutation.holm(tests)
    return pd.DataFrame([{**row, "alike": not p < LEVEL} for row, p in zip(rows, corrected, strict=True)])


class Move(NamedTuple):
    """The distance by which the telephone moves a culture, compared with the nearest other culture.

    Attributes:
        culture: name of the culture.
        moved: its similarity to itself by telephone, as a share of their ceiling.
        low: lower bound of that similarity.
        nearest: the other culture that is most similar to it.
        similarity: similarity to the nearest culture, as a share of their ceiling.
        high: highest upper bound of the similarity to any other culture.
    """

    culture: str
    moved: float
    low: float
    nearest: str
    similarity: float
    high: float

    @property
    def less(self) -> bool:
        """Whether the telephone moves the culture less far than any other culture lies, by separate intervals."""
        return self.low > self.high


def moves(pairs: pd.DataFrame, found: pd.DataFrame) -> list[Move]:
    """Return how far the telephone moves each culture, leaving out cultures without a known ceiling.

    Args:
        pairs: pairs of cultures of one dimension (:func:`~emoviz.analysis.ceiling.against_ceiling`).
        found: cells of their pseudo-cultures (:func:`cells`).
    """
    if found.empty:
        return []
    known = pairs.dropna(subset=["disattenuated", "high"])
    both = pd.concat([known, known.rename(columns={"culture": "other", "other": "culture"})])
    made = []
    for row in found.dropna(subset=["disattenuated", "disattenuated_low"]).itertuples():
        others = both[both["culture"] == row.culture].set_index("other")
        if not others.empty:
            nearest = others["disattenuated"].idxmax()
            size, highest = others.loc[nearest, "disattenuated"], others["high"].max()
            made.append(Move(row.culture, row.disattenuated, row.disattenuated_low, nearest, size, highest))
    return made


def in_words(found: Sequence[Move]) -> str:
    """Return in words whether a telephone moves cultures as far as other cultures lie; empty if it is unknown."""
    if not found:
        return ""
    near = [move for move in found if move.less]
    said = []
    if near:
        least = f"{number(min(move.moved for move in near))} of the ceiling"
        verb, kept = ("keeps", least) if len(near) == 1 else ("keep", f"{least} or more")
        said.append(f"{listed(move.culture for move in near)} {verb} {kept}, and no other culture comes as near")
    unsure = [move for move in found if not move.less]
    further, may = "further than", "may move as far as"
    for some, one, several, why in (
        ([move for move in unsure if move.moved < move.similarity], f"moves {further}", f"move {further}", ""),
        ([move for move in unsure if move.moved >= move.similarity], may, may, ", as the intervals overlap"),
    ):
        if some:
            sizes = [
                f"{m.culture} ({number(m.moved)} of the ceiling stays, {number(m.similarity)} to {m.nearest})"
                for m in some
            ]
            said.append(f"{listed(sizes)} {one if len(some) == 1 else several} the nearest culture lies{why}")
    return f"**Microphone or culture?** By telephone, {'; '.join(said)}."
