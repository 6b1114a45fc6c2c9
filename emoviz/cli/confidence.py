"""``confidence``: how sure trained models are, fitted to their validation people anew."""

import argparse

from ..core.settings import Settings
from .command import argument, command
from .output import JSON, Bars, print_table


@command(
    "confidence",
    "how sure trained models are, fitted to their validation people anew",
    argument("models", nargs="+", metavar="CHECKPOINT", help="names of models (see `models`)"),
    JSON,
)
def confidence(options: argparse.Namespace, settings: Settings) -> None:
    """Fit the confidence of each checkpoint from the features in the store; weights and scores stay as they are."""
    import pandas as pd

    from .. import checkpoints
    from ..features.store import FeatureStore
    from ..training.refitting import refit

    store, rows = FeatureStore(settings.store), []
    with Bars() as bars:
        for name, folder in checkpoints.named(options.models, settings.checkpoints).items():
            judged = refit(folder, store, bars)
            temperature = checkpoints.read_description(folder).temperature
            for moment in ("before", "after"):
                if moment in judged:
                    used = temperature if moment == "after" else 1.0
                    rows.append({"checkpoint": name, "moment": moment, "temperature": used, **judged[moment]})
    print_table(pd.DataFrame(rows), options.json)
