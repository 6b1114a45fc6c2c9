"""``confidence``: how sure trained models are, fitted to their validation people anew."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ..core.settings import Settings
from .command import argument, command
from .each import Row, of_each, tell
from .output import JSON, Bars, print_table


@command(
    "confidence",
    "fit the confidence of trained models to their validation people again",
    argument("models", nargs="+", metavar="CHECKPOINT", help="names of models (see `models`)"),
    JSON,
)
def confidence(options: argparse.Namespace, settings: Settings) -> None:
    """Fit the confidence of each checkpoint from the features in the store; weights and scores stay as they are.

    A checkpoint that cannot be fitted is told at the end, after the others.
    """
    import pandas as pd

    from .. import checkpoints
    from ..features.store import FeatureStore
    from ..training.refitting import refit

    store = FeatureStore(settings.store)

    def fitted(name: str, folder: Path) -> Iterator[Row]:
        judged = refit(folder, store, bars)
        fitted = checkpoints.read_description(folder).temperature
        for moment, temperature in (("before", 1.0), ("after", fitted)):
            if moment in judged:
                yield {"checkpoint": name, "moment": moment, "temperature": temperature, **judged[moment]}

    with Bars() as bars:
        rows, problems = of_each(checkpoints.named(options.models, settings.checkpoints), fitted)
    if rows:
        print_table(pd.DataFrame(rows), options.json)
    tell(problems)
