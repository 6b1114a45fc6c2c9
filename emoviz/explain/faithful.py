"""The test whether a model's channel weights are faithful, on its held-out recordings, kept beside the checkpoint.

The table ``deletion.parquet`` of a checkpoint lets a page show the test without the recordings, which a clone does not
have. Channel attention is compared with integrated gradients and permutation importance, which are computed from the
prediction itself: if these find channels that matter and attention does not, then attention missed them.
"""

from collections.abc import Iterable

import pandas as pd

from ..checkpoints.folder import Checkpoint
from ..core import words
from ..core.progress import Progress, silent
from ..core.vocabulary import Weighting
from ..evaluation.bootstrap import Difference
from ..evaluation.metrics import METRICS
from .deletion import Deletion, Faithfulness, Verdict, deletion, verdict
from .weightings import Weighed

STEPS, ORDERS, DRAWS = 6, 40, 1000
"""Numbers of steps, orders and bootstrap samples of the curves; :mod:`emoviz.explain.deletion` says how few will do."""


def deletion_table(
    checkpoint: Checkpoint, weighed: Weighed, *, seed: int = 0, progress: Progress = silent
) -> pd.DataFrame:
    """Compute deletion curves of a model's channel weights on held-out recordings.

    Args:
        checkpoint: the model.
        weighed: the weights of its channels (:func:`emoviz.explain.weightings.weigh`).
        seed: seed of random orders and bootstrap draws.
        progress: listener that hears of every stage.

    Returns:
        One row per ``weighting``, ``order`` and count of ``hidden`` channels (also as ``share`` of all): ``error``
        with its interval from ``low`` to ``high``, and the same in all rows of a weighting: ``metric`` (whose error),
        ``recordings``, ``held_out`` (of how many), ``unit`` and ``clusters`` (what the intervals draw, and how many of
        them), and ``difference`` with ``difference_low`` and ``difference_high``, which the verdict reads, and
        ``difference_p``.

    Raises:
        ConfigError: if there are fewer than two recordings.
    """
    model, score = checkpoint.predictor.model, weighed.score
    tables = []
    for weighting, values in weighed.by_recording.items():
        how = {"steps": STEPS, "orders": ORDERS, "draws": DRAWS, "seed": seed}
        found = deletion(model, weighed.examples, values, score, **how, progress=progress)
        tables.append(_rows(weighting, found, score.metric, len(weighed.examples), weighed.held_out))
    return pd.concat(tables, ignore_index=True)


def verdicts_of(table: pd.DataFrame) -> dict[Weighting, Verdict]:
    """Return the verdict of a table of :func:`deletion_table` on each weighting that it judges."""
    return {Weighting(name): verdict_of(table, Weighting(name)) for name in table["weighting"].unique()}


def faithful_in_words(tables: Iterable[tuple[str, pd.DataFrame]]) -> str:
    """Say in how many models each weighting is faithful, and in which cultures it is faithful in none.

    Args:
        tables: the culture of each model that was judged, and its table of :func:`deletion_table`.

    Returns:
        A sentence, empty where no model was judged.
    """
    rows = [
        (weighting, culture, found.faithfulness is Faithfulness.BETTER)
        for culture, table in tables
        for weighting, found in verdicts_of(table).items()
    ]
    if not rows:
        return ""
    found = pd.DataFrame(rows, columns=["weighting", "culture", "better"])
    parts = []
    for weighting in Weighting:
        own = found[found["weighting"] == weighting]
        if own.empty:
            continue
        anywhere = own.groupby("culture")["better"].any()
        never = f" (none {' or '.join(anywhere.index[~anywhere])})" if anywhere.any() and not anywhere.all() else ""
        parts.append(f"{weighting} in {own['better'].sum()} of {len(own)} models{never}")
    return (
        "**Which weights are faithful?** Hiding the highest channels first hurts more than a random order (p < .05, "
        f"people as clusters): by {', '.join(parts)}."
    )


def verdict_of(table: pd.DataFrame, weighting: Weighting = Weighting.ATTENTION) -> Verdict:
    """Return the verdict of a table of :func:`deletion_table` on a weighting."""
    row = table[table["weighting"] == weighting].iloc[0]
    found = row["difference"], row["difference_low"], row["difference_high"], row.get("difference_p", float("nan"))
    difference = Difference(*found)
    return verdict(difference, row["metric"], words.rests_on(*drawn_by(table)))


def drawn_by(table: pd.DataFrame) -> tuple[int, str]:
    """Return the number of clusters that the intervals of a table of :func:`deletion_table` draw, and their unit.

    Tables that were made when single recordings were drawn do not name a unit.
    """
    row = table.iloc[0]
    return int(row.get("clusters", row["recordings"])), str(row.get("unit", "recordings"))


def error_name(metric: str) -> str:
    """Return the title of the error of a metric, e.g. ``1 - CCC``."""
    return METRICS[metric].error_title


def _rows(weighting: Weighting, found: Deletion, metric: str, recordings: int, held_out: int) -> pd.DataFrame:
    table = found.curves.copy()
    table.insert(0, "weighting", str(weighting))
    difference = found.verdict.difference
    return table.assign(
        metric=metric,
        recordings=recordings,
        held_out=held_out,
        unit=found.clusters.unit,
        clusters=found.clusters.count,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
        difference_p=difference.p,
    )
