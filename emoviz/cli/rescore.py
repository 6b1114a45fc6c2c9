"""``rescore``: the intervals and cards of trained models, made anew."""

import argparse
from pathlib import Path

from ..core.settings import Settings
from .command import argument, command
from .each import Row, of_each, tell
from .output import JSON, Bars, print_table


@command(
    "rescore",
    "intervals and cards of trained models, made anew over people",
    argument("models", nargs="*", metavar="CHECKPOINT", help="names of models (see `models`); by default all"),
    JSON,
)
def rescore(options: argparse.Namespace, settings: Settings) -> None:
    """Renew the intervals of each checkpoint; the values of its scores stay as they are.

    A checkpoint that cannot be rescored is told at the end, after the others.
    """
    import pandas as pd

    from .. import checkpoints
    from ..evaluation.scores import ALL
    from ..features.store import FeatureStore
    from ..training import rescoring

    groups = ("", *checkpoints.groups(settings.checkpoints))
    everything = [name for group in groups for name in checkpoints.find(settings.checkpoints, group)]
    chosen = checkpoints.named(options.models or everything, settings.checkpoints)
    store = FeatureStore(settings.store)

    def rescored(name: str, folder: Path) -> list[Row]:
        test = rescoring.rescore(folder, store, bars)
        return [{"checkpoint": name, **row} for row in test if row["culture"] == ALL]

    with Bars() as bars:
        rows, problems = of_each(chosen, rescored)
    columns = ["checkpoint", "output", "metric", "aggregation", "value", "low", "high", "unit", "clusters"]
    if rows:
        print_table(pd.DataFrame(rows), options.json, columns)
    tell(problems)
