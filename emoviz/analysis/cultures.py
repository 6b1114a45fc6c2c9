"""Channel weights and scores of models of several cultures, read from checkpoints and from the committed results.

Two kinds of checkpoints say which channels a culture's recordings let through: those that were each trained on one
culture (the group :data:`emoviz.checkpoints.folder.PER_CULTURE`), whose replicates are seeds, and a single one that
heard several cultures, whose replicates are speakers. Both become a table of weights, as
:mod:`emoviz.analysis.replicates` defines it.

Weights are those of the channel attention, or what a witness of the predictions says (``importance.parquet``). A
witness speaks in the unit of an output or an error, which differ between models; so each replicate's importance becomes
a multiple of its even share, the mean of its absolute values over channels.
"""

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..checkpoints.components import fit_of
from ..checkpoints.description import Description
from ..checkpoints.folder import read_description
from ..checkpoints.metrics import read_metrics
from ..checkpoints.tables import read_table
from ..core.errors import AnalysisError, CheckpointError, EmovizError
from ..core.vocabulary import Weighting
from ..core.words import number, p_value
from ..evaluation.scores import ALL
from ..models.inputs import is_component
from ..studies import tables
from ..studies.reports import Report
from . import replicates

SCORES = ("model", "culture", "dimension", "seed", "metric", "aggregation", "value", "low", "high", "training_mean",
          "recordings", "speakers", "unit", "clusters", "collapsed")  # fmt: skip
"""Columns of :func:`scores`; checkpoints of earlier versions do not tell unit and clusters."""


LEVEL = 0.05
"""Level of significance: a p value below it counts."""


NOTHING = "nothing"
"""Word for nothing that was learnt from the tested culture."""


class Weights(NamedTuple):
    """Channel weights of checkpoints.

    Attributes:
        table: table of weights; empty where no checkpoint has any.
        replicates: name of its rows of one culture and dimension: ``seed`` or ``speaker``.
        left_out: errors of checkpoints that could not be read, or do not fit the others.
        missing: names of the checkpoints that weigh channels, but lack the kind of weights that was asked for.
        note: limits of the table in words; empty where there are none.
        fit: digest of the principal components among the channels (:mod:`emoviz.checkpoints.components`).
        moved: weights of the cultures' pseudo-cultures (:mod:`emoviz.analysis.microphones`); empty where none are kept.
    """

    table: pd.DataFrame
    replicates: str
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    note: str = ""
    fit: str = ""
    moved: pd.DataFrame = pd.DataFrame()


def weights(folders: Iterable[Path], weighting: Weighting = Weighting.ATTENTION) -> Weights:
    """Return mean channel weights of the models that were each trained on one culture, as far as they are here.

    The files of a checkpoint say what it is, not its folder's name: its dimension and seed in ``config.json``, its
    culture with the held-out clips.

    Args:
        folders: folders of checkpoints.
        weighting: the kind of weights.

    Raises:
        AnalysisError: if two of them weigh different channels, or are of the same culture, dimension and seed.
    """
    tables, about, wrong, missing = {}, {}, [], []
    fits = {folder: fit_of(folder) for folder in folders}
    fit, _ = next(iter(Counter(filter(None, fits.values())).most_common(1)), ("", 0))
    for folder, own in fits.items():
        if own and own != fit:
            wrong.append(f"'{folder.name}' reads other principal components than most of its set.")
            continue
        try:
            description, table = read_description(folder), _table(folder, weighting)
            if table is not None:
                tables[folder.name], about[folder.name] = table, description
            elif read_table(folder, "attention") is not None:
                missing.append(folder.name)
        except CheckpointError as error:
            wrong.append(str(error))
    if not tables:
        return Weights(pd.DataFrame(), "seed", tuple(wrong), tuple(missing))
    found = replicates.of_models(tables, {name: dimension(description) for name, description in about.items()})
    seeds = [str(about[name].training.get("seed", name)) for name in found.index.get_level_values("model")]
    keys = [found.index.get_level_values(level) for level in replicates.KEYS]
    found.index = pd.MultiIndex.from_arrays([*keys, seeds], names=[*replicates.KEYS, "seed"])
    if not found.index.is_unique:
        twice = ", ".join(found.index[found.index.duplicated()][0])
        raise AnalysisError(f"Two checkpoints are of the same culture, dimension and seed ({twice}); keep one of them.")
    lacking = _lacking(found.index)
    shares = _in_even_shares(found.sort_index(), weighting)
    return Weights(shares, "seed", tuple(wrong), tuple(missing), lacking, fit)


def beside(own: Weights, other: Weights, names: tuple[str, str]) -> Weights:
    """Return the weights of two sets of models in one table, for the channels that both weigh.

    A principal component is the same channel only if both sets share one fit.

    Args:
        own: weights of one set, whose tasks are kept.
        other: weights of the other set.
        names: names of both sets; a culture that both have is told apart by the first.

    Returns:
        The table of both; where they have no channel in common, that of the first, with ``left_out`` saying so.
    """
    left_out, missing = (*own.left_out, *other.left_out), (*own.missing, *other.missing)
    if own.table.empty or other.table.empty:
        return (other if own.table.empty else own)._replace(left_out=left_out, missing=missing)
    fitted_once = own.fit == other.fit
    shared = [c for c in own.table if c in other.table and (fitted_once or not is_component(c))]
    if not shared:
        return own._replace(left_out=(*left_out, f"'{names[1]}' weighs no channel that '{names[0]}' weighs."))
    twice = set(own.table.index.get_level_values("culture")) & set(other.table.index.get_level_values("culture"))
    first = own.table[shared].rename(index={culture: f"{culture} ({names[0]})" for culture in twice}, level="culture")
    tasks = first.index.get_level_values("dimension").unique()
    second = other.table.loc[other.table.index.get_level_values("dimension").isin(tasks), shared]
    notes = [own.note]
    if len(shared) < max(len(own.table.columns), len(other.table.columns)):
        apart = "" if fitted_once else "; principal components of another fit are other channels"
        notes.append(f"Both sets weigh {len(shared)} of these channels, on which they are compared{apart}.")
    both = pd.concat([first, second]).sort_index()
    return Weights(both, own.replicates, left_out, missing, " ".join(filter(None, notes)))


def _lacking(index: pd.Index) -> str:
    """Say how many models a set lacks of all its cultures, tasks and seeds; empty where it lacks none."""
    every = math.prod(index.get_level_values(level).nunique() for level in index.names)
    if len(index) == every:
        return ""
    return f"{len(index)} of the {every} models of these cultures, tasks and seeds are there; the set is incomplete."


def weights_by_speaker(folder: Path, weighting: Weighting = Weighting.ATTENTION) -> Weights:
    """Return mean channel weights of one model by held-out speaker; empty if it weighs no channels.

    Args:
        folder: folder of the checkpoint.
        weighting: the kind of weights.

    Raises:
        AnalysisError: if its clips have no cultures.
        CheckpointError: if the folder is damaged.
    """
    table = _table(folder, weighting)
    if table is None:
        weighs = read_table(folder, "attention") is not None
        return Weights(pd.DataFrame(), "speaker", missing=(folder.name,) if weighs else ())
    found = replicates.of_speakers(table, dimension(read_description(folder)))
    return Weights(_in_even_shares(found, weighting), "speaker")


def missing(weights: Weights, weighting: Weighting, asked: str) -> str:
    """Return a sentence on the models that lack a kind of weights, with the command that computes them.

    Args:
        weights: weights of which some are missing.
        weighting: kind of the weights.
        asked: name of the model or of the group of models.
    """
    models = "the model" if len(weights.missing) == 1 else f"{len(weights.missing)} models, such as"
    return (
        f"{weighting.capitalize()} is not measured yet for {models} `{weights.missing[0]}`: it takes held-out "
        "recordings, which this copy may not have. With their features in the store, "
        f"`python -m emoviz explain {shlex.quote(asked)} --deletion` measures it."
    )


def _table(folder: Path, weighting: Weighting) -> pd.DataFrame | None:
    """Return what a checkpoint's channels weigh, by recording or by person; None where nothing says it."""
    if weighting is Weighting.ATTENTION:
        return read_table(folder, "attention")
    table = read_table(folder, "importance")
    if table is not None and not {"weighting", "culture", "speaker"} <= set(table):
        raise CheckpointError(f"The table importance.parquet of '{folder}' lacks weighting, culture or speaker.")
    own = pd.DataFrame() if table is None else table[table["weighting"] == weighting]
    return None if own.empty else own.set_index("speaker", drop=False)


def _in_even_shares(table: pd.DataFrame, weighting: Weighting) -> pd.DataFrame:
    """Return weights of witnesses as multiples of the mean absolute weight of their row; attention's stay gates."""
    if weighting is Weighting.ATTENTION:
        return table
    share = table.abs().mean(axis=1)
    return table.div(share.where(share > 0, 1.0), axis=0)


def dimension(description: Description) -> str:
    """Return the outputs of a model in words."""
    return " and ".join(description.outputs) if description.kind == "dimension" else description.kind


def scores(folders: Iterable[Path]) -> pd.DataFrame:
    """Return held-out scores per culture of some checkpoints, with their intervals.

    A model of one culture has scores over all its recordings, which are that culture's.

    Returns:
        One row per model, culture, output and metric: :data:`SCORES`. Damaged checkpoints are left out.
    """
    rows: list[dict[str, Any]] = []
    for folder in folders:
        try:
            description = read_description(folder)
            table = read_metrics(folder).get("test", ())
            attention = read_table(folder, "attention")
        except EmovizError:
            continue
        heard = [] if attention is None else list(attention["culture"].unique())
        own = str(heard[0]) if len(heard) == 1 else ALL
        for row in table:
            culture = own if row["culture"] == ALL else row["culture"]
            if culture != ALL:
                seed = str(description.training.get("seed", ""))
                rows.append({"model": folder.name, "seed": seed, **row, "culture": culture, "dimension": row["output"]})
    return pd.DataFrame(rows, columns=list(SCORES))


def transfer(reports: Iterable[Report]) -> pd.DataFrame:
    """Return the scores of reports on transfer: how well a model of one culture does on another.

    Returns:
        The rows of :func:`emoviz.studies.tables.scores` that have a source and a target, with ``results`` as the
        title of study and protocol, and ``learnt``: the further use of the target's recordings.
    """
    table = tables.scores(reports)
    if table.empty:
        return table
    table = table[table["source"] != ""].reset_index(drop=True)
    return table.assign(
        results=[f"{row.study}, {row.protocol}" for row in table.itertuples()],
        learnt=[
            f"{shots} a class" if isinstance(shots, Integral) and shots else calibrated or NOTHING
            for shots, calibrated in zip(table["shots"], table["calibrated"], strict=True)
        ],
    )


def plain_verdict(overall: Mapping[str, Any], pairs: pd.DataFrame) -> str:
    """Return what :func:`verdict` says, for whoever knows no statistics; its arguments are the same."""
    count, p, apart = int(overall["cultures"]), overall["p"], int((pairs["p_holm"] < LEVEL).sum())
    if p != p:
        return "**Whether the cultures differ cannot be told**: there is one model of each, and two of one differ too."
    if not p < LEVEL:
        return (
            f"**It cannot be told whether the {count} cultures differ**: their models rely on different channels no "
            "more than several models of one culture do."
        )
    said = f"**The models of the {count} cultures rely on different channels**, more than several models of one do."
    if len(pairs) < 2:
        return said
    if not apart:
        return (
            f"{said} The models are too few to test each of the {len(pairs)} pairs by itself; their intervals, which "
            "are not corrected for so many, hint at which differ."
        )
    return f"{said} {apart} of {len(pairs)} pairs can be told apart."


def verdict(overall: Mapping[str, Any], pairs: pd.DataFrame, replicates: str) -> str:
    """Return the result of the permutation tests of one dimension in words.

    Args:
        overall: the dimension's row of :func:`emoviz.analysis.permutation.overall_difference`.
        pairs: its rows of :func:`emoviz.analysis.permutation.differences`.
        replicates: name of the rows that are exchanged: ``seed`` or ``speaker``.
    """
    p = overall["p"]
    if p != p:
        return f"Whether cultures differ cannot be tested: each has one {replicates} only."
    differ = p < LEVEL
    words = (
        f"Taken together, the {overall['cultures']} cultures differ {'more' if differ else 'no more'} than the "
        f"{replicates}s of one do (permutation test, {p_value(p)})."
    )
    apart = int((pairs["p_holm"] < LEVEL).sum())
    if len(pairs) < 2:
        return words
    if apart:
        return f"{words} Corrected for {len(pairs)} pairs (Holm), this test singles out {apart}."
    smallest = pairs["smallest_p"].min() * len(pairs)
    if smallest >= LEVEL:
        return f"{words} With so few {replicates}s, it cannot single out one of {len(pairs)} pairs."
    return f"{words} Corrected for {len(pairs)} pairs (Holm), this test singles out none."


def start(cells: pd.DataFrame, replicates: str) -> str:
    """Return a sentence if replicates of one seed share more than those of one culture; else an empty text.

    Models of several cultures that were trained from one seed started from the same weights.

    Args:
        cells: cells of one dimension (:func:`emoviz.analysis.similarity.similarities`).
        replicates: name of the rows of a culture.
    """
    own = cells["culture"] == cells["other"]
    within, matched = cells.loc[own, "similarity"].mean(), cells.loc[~own, "matched"].mean()
    if not matched > within:  # nor where either is undefined
        return ""
    return (
        f"The {replicates} counts for more than the culture: two cultures' models of the same {replicates} agree at "
        f"{number(matched)}, one culture's models of different {replicates}s at {number(within)}."
    )
