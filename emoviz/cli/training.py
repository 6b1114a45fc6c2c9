"""``train`` and ``codebook``: training a model, and the codebooks that some models need first."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.settings import Settings
from .command import argument, changes, command, one_of
from .output import Bars

if TYPE_CHECKING:
    from ..training import TrainingConfig

CHANGES = changes("KEY=VALUE", "change the config; may be repeated")


def _loggers() -> Iterable[str]:
    from ..training.loggers import LOGGERS

    return LOGGERS


TRAINING = (
    one_of(
        argument("--preset", metavar="NAME", help="the config of a bundled model"),
        argument("config", nargs="?", type=Path, metavar="CONFIG", help="a config, JSON"),
        required=True,
    ),
    CHANGES,
    argument("--logger", default="", metavar="NAME", help="also send the scores to a logger", listed=_loggers),
)


@command("train", "train a model on corpora in the store", *TRAINING)
def train(options: argparse.Namespace, settings: Settings) -> None:
    """Train a model and print its checkpoint folder."""
    from ..features.store import FeatureStore
    from ..training import train

    config = chosen_config(options)
    with Bars() as bars:
        folder = train(
            config, FeatureStore(settings.store), settings.runs, settings.checkpoints[-1], bars, options.logger
        )
    print(folder)


def chosen_config(options: argparse.Namespace) -> "TrainingConfig":
    """Return the config that :data:`TRAINING` named, with its changes."""
    from ..training import load_config, preset
    from ..training.config import with_settings

    return with_settings(preset(options.preset) if options.preset else load_config(options.config), options.changes)


@command(
    "codebook",
    "make the codebooks of a config's bags of words",
    argument("--preset", required=True, metavar="NAME", help="the config whose training speakers are used"),
    argument(
        "--words", type=int, default=100, metavar="K", help="number of words of a codebook (default: %(default)s)"
    ),
    CHANGES,
)
def codebook(options: argparse.Namespace, settings: Settings) -> None:
    """Make the codebooks and print their folders."""
    from ..features.store import FeatureStore
    from ..training import preset
    from ..training.codebooks import fit_codebooks
    from ..training.config import with_settings

    config = with_settings(preset(options.preset), options.changes)
    with Bars() as bars:
        folders = fit_codebooks(config, FeatureStore(settings.store), options.words, bars)
    print(*folders, sep="\n")
