"""Agreement of models on a clip without labels: over the whole clip, and in a window that moves over it."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from ..evaluation import bootstrap
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.ccc import ccc
from ..evaluation.metrics.kappa import kappa
from .comparison import LEAST

AGREEMENT_WINDOW = 3.0
"""Seconds over which the running agreement of two models is computed."""
BLOCK = 1.0
"""Seconds of a clip that are resampled together, since neighbouring frames are nearly equal."""
CCC, KAPPA = METRICS["ccc"].title, METRICS["kappa"].title
"""Names of the measures of agreement."""


def clip_outputs(outputs: pd.DataFrame, models: Sequence[str]) -> dict[str, list[str]]:
    """Return the outputs of a clip that at least two models predict, dimensions first, with these models.

    Args:
        outputs: outputs of a prediction (:class:`emoviz.prediction.assembly.ClipPrediction`).
        models: names of the models.
    """
    own = outputs[outputs.model.isin(models)].sort_values("kind", kind="stable")
    found = {str(o): [m for m in models if m in set(rows.model)] for o, rows in own.groupby("output", sort=False)}
    return {output: who for output, who in found.items() if len(who) >= LEAST}


def clip_series(table: pd.DataFrame, outputs: pd.DataFrame, output: str, models: Sequence[str]) -> pd.DataFrame:
    """Return the predictions of a clip as a table: time, and one column per model."""
    own = outputs[outputs.output == output].set_index("model").column
    return pd.DataFrame({"time": table.time, **{model: table[own[model]] for model in models}})


def clip_agreement(table: pd.DataFrame, outputs: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Return the agreement of each pair of models on a clip.

    Returns:
        Columns first, second, output, measure, value, low and high (95 % bootstrap interval over blocks of
        :data:`BLOCK` seconds): CCC per dimension; of the emotions that both know, kappa of the likelier one in each
        frame.
    """
    rows = []
    block = (table.time // BLOCK).astype(int).to_numpy()
    for first, second in combinations(models, 2):
        for output, measure, values in _both(table, outputs, first, second):
            blocks = [values[block == b] for b in np.unique(block[~np.isnan(values).any(1)])]
            if not blocks:
                continue
            statistic = partial(_agreement_of, measure, blocks)
            interval = bootstrap.interval(statistic, bootstrap.each(len(blocks)))
            rows.append((first, second, output, measure, statistic(np.arange(len(blocks))), *interval))
    return pd.DataFrame(rows, columns=["first", "second", "output", "measure", "value", "low", "high"])


def running_agreement(series: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return time and CCC of two models in a moving window of :data:`AGREEMENT_WINDOW` seconds of a clip."""
    hop = float(series.time.iloc[1] - series.time.iloc[0]) if len(series) > 1 else BLOCK
    width = max(2, round(AGREEMENT_WINDOW / hop))
    x, y = series[first].astype(float), series[second].astype(float)
    known = x.notna() & y.notna()

    def mean(values: pd.Series) -> pd.Series:
        return values.where(known).rolling(width, center=True, min_periods=width // 2).mean()

    covariance = mean(x * y) - mean(x) * mean(y)
    spread = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2 + (mean(x) - mean(y)) ** 2
    return pd.DataFrame({"time": series.time, "ccc": (2 * covariance / spread).where((spread > 1e-12) & known)})


def _agreement_of(measure: str, blocks: Sequence[np.ndarray], drawn: np.ndarray) -> float:
    """The agreement of both columns of some blocks."""
    return MEASURES[measure](*np.concatenate([blocks[b] for b in drawn]).T)


def _both(table: pd.DataFrame, outputs: pd.DataFrame, first: str, second: str) -> list[tuple[str, str, np.ndarray]]:
    """Output, measure and both models' series (T, 2) of each thing in which two models can agree."""
    kinds = outputs.drop_duplicates("output").set_index("output").kind
    shared = list(clip_outputs(outputs, [first, second]))
    found = []
    for output in (o for o in shared if kinds[o] == "dimension"):
        series = clip_series(table, outputs, output, [first, second])
        found.append((output, CCC, series[[first, second]].to_numpy(float)))
    emotions = [o for o in shared if kinds[o] == "emotion"]
    if len(emotions) > 1:
        stacked = np.stack(
            [clip_series(table, outputs, e, [first, second])[[first, second]].to_numpy(float) for e in emotions]
        )
        gap = np.isnan(stacked).any(0)
        best = np.where(gap, np.nan, np.nan_to_num(stacked).argmax(0))
        found.append(("emotion", KAPPA, best))
    return found


def _kappa(first: np.ndarray, second: np.ndarray) -> float:
    known = ~(np.isnan(first) | np.isnan(second))
    return kappa(first[known], second[known])


MEASURES = {CCC: ccc, KAPPA: _kappa}
