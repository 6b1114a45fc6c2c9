"""The comparison of cultures in one task: similarities, their reliability, and the results of the tests in words."""

from typing import NamedTuple

import pandas as pd

from . import ceiling, cultures, microphones, permutation, reliability, similarity


class Comparison(NamedTuple):
    """The similarity of cultures in one task; see :mod:`emoviz.analysis.similarity`.

    Attributes:
        cells: cells of the matrix, with ``alike``: whether a pair is not shown to differ more than replicates do; and,
            of two cultures, ``disattenuated`` and the rest of :func:`emoviz.analysis.ceiling.against_ceiling`. Those
            of pseudo-cultures, ``other`` of their cultures, come last (:func:`emoviz.analysis.microphones.cells`).
        tree: dendrogram, None where a similarity is undefined.
        order: order of the cultures, similar ones side by side.
        words: verdict of the tests in words.
        unreliable: cultures whose replicates agree too little, with their Pearson's r.
        plain: verdict for whoever knows no statistics; the words are those behind it.
    """

    cells: pd.DataFrame
    tree: similarity.Dendrogram | None
    order: list[str]
    words: str
    unreliable: "pd.Series[float]"
    plain: str = ""


def compare(
    weights: pd.DataFrame, telephone: pd.DataFrame, replicates: str, measure: str = "cosine", k: int = 10
) -> Comparison:
    """Compare the cultures of one dimension.

    Args:
        weights: table of weights of one dimension (:mod:`emoviz.analysis.replicates`).
        telephone: weights of its pseudo-cultures (:mod:`emoviz.analysis.microphones`); may be empty.
        replicates: name of the rows of a culture.
        measure: measure of similarity.
        k: number of channels of the measure ``top-k``.

    Raises:
        AnalysisError: if this is no table of weights.
    """
    weights, flat = similarity.without_flat(weights)
    cells = similarity.similarities(weights, measure, k=k, matched=True)
    matrix = similarity.matrix(cells, cells["dimension"].iloc[0])
    by_r = cells if measure == "pearson" else similarity.similarities(weights, "pearson", k=k)
    diagonal = by_r[by_r["culture"] == by_r["other"]].set_index("culture")["similarity"]
    unreliable = reliability.unreliable(diagonal)
    if len(matrix) < 2:
        only = f"There is one culture only, {matrix.index[0]}: with a second one they are compared here."
        return Comparison(cells.assign(alike=False), None, list(matrix.index), "", unreliable, only)
    start = cultures.start(cells, replicates)
    pairs = permutation.differences(weights, measure, k=k, matched=bool(start))
    overall = permutation.overall_difference(weights, measure, k=k, matched=bool(start)).iloc[0]
    apart = {(r.culture, r.other) for r in pairs.itertuples() if r.p_holm < cultures.LEVEL}
    apart |= {(other, culture) for culture, other in apart}
    cells["alike"] = [r.culture != r.other and (r.culture, r.other) not in apart for r in cells.itertuples()]
    against = ceiling.against_ceiling(weights, measure, k=k, matched=True)
    cells = _with_ceiling(cells, against)
    undefined = cells.loc[cells["culture"] != cells["other"], "similarity"].isna().any()
    tree = None if undefined else similarity.dendrogram(matrix)
    moved = microphones.cells(weights, microphones.heard(weights, telephone), measure, k=k, matched=bool(start))
    heard = microphones.in_words(microphones.moves(against, moved))
    said = (cultures.verdict(overall, pairs, replicates), start, ceiling.in_words(against, replicates), heard)
    words = " ".join(filter(None, [*said, reliability.cultures_in_words(unreliable, replicates), flat]))
    order = tree.order if tree else list(matrix.index)
    plain = cultures.plain_verdict(overall, pairs)
    return Comparison(pd.concat([cells, moved]), tree, order, words, unreliable, plain)


def first_pair(comparison: Comparison) -> tuple[str, str]:
    """Return the least similar pair, of reliable cultures if there are two; a single culture is paired with itself."""
    cells = comparison.cells.sort_values("similarity")
    cells = cells[cells["other"].isin(comparison.order)]
    pairs = cells[cells["culture"] != cells["other"]] if len(comparison.order) > 1 else cells
    doubtful = pairs[["culture", "other"]].isin(comparison.unreliable.index).any(axis=1)
    first = pairs if doubtful.all() else pairs[~doubtful]
    return first["culture"].iloc[0], first["other"].iloc[0]


def beside(comparison: Comparison) -> tuple[str, ...]:
    """Return the columns of the matrix that are not cultures."""
    return tuple(sorted(set(comparison.cells["other"]) - set(comparison.order)))


def _with_ceiling(cells: pd.DataFrame, against: pd.DataFrame) -> pd.DataFrame:
    """Cells of one dimension with what their pairs are of their ceilings; both halves of the matrix are alike."""
    known = against[["culture", "other", *ceiling.OF_CELLS]].rename(columns=ceiling.OF_CELLS)
    other = known.rename(columns={"culture": "other", "other": "culture"})
    return cells.merge(pd.concat([known, other]), how="left", on=["culture", "other"])
