"""``cultures``: models of each culture alone, for corpora of one's own."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ConfigError
from ..core.settings import Settings
from .command import argument, changes, command
from .output import Bars, note

if TYPE_CHECKING:
    from ..jobs.kinds.culture_set import CultureSet
    from ..training import TrainingConfig

SET = (
    argument("corpora", nargs="*", metavar="CORPUS", help="corpora whose cultures are compared (see `corpora`)"),
    argument("--name", metavar="NAME", help="name of the set of models (default: compare-cultures)"),
    argument("--config", type=Path, metavar="FILE", help="a training config, JSON (default: that of the bundled set)"),
    argument(
        "--seeds", type=int, default=5, metavar="N", help="number of trainings of each culture and task (default: 5)"
    ),
    changes("KEY=VALUE", "change the config; may be repeated"),
)


@command("cultures", "train models of each culture alone, which the Cultures page compares", *SET)
def cultures(options: argparse.Namespace, settings: Settings) -> None:
    """Extract what is lacking, train the set and print the files of its reports; a call that is repeated goes on."""
    from ..jobs.folder import Places

    work, places = culture_set(options, settings), Places.of(settings)
    work.check(places)
    with Bars() as bars:
        made = work.run(settings.runs, places, bars)
    print(*made, sep="\n")
    note([f"The Cultures page shows '{work.writes}' under \"Channel weights of\"."])


def culture_set(options: argparse.Namespace, settings: Settings) -> "CultureSet":
    """Return the set that the options describe, of the cultures with enough people; others are told of.

    Raises:
        EmovizError: if there is no such set.
    """
    from ..corpora import inventory
    from ..features.store import FeatureStore
    from ..jobs.kinds.culture_set import CultureSet
    from ..studies.culture_set import with_enough_people

    config, store = chosen_config(options), FeatureStore(settings.store)
    found = [inventory.holding(name, settings.data, settings.imports, store) for name in config.corpora]
    config, left_out = with_enough_people(config, found)
    note(left_out)
    return CultureSet(config, tuple(range(options.seeds)), extract=True)


def chosen_config(options: argparse.Namespace) -> "TrainingConfig":
    """Return the config of a set that :data:`SET` named.

    Raises:
        ConfigError: if neither corpora nor a config are named, or the config is refused.
    """
    from ..training import load_config
    from ..training.config import with_settings
    from ..training.presets import COMPARE_CULTURES

    if not options.corpora and not options.config:
        raise ConfigError("Name the corpora whose cultures are compared; `python -m emoviz corpora` lists them.")
    config = load_config(options.config) if options.config else COMPARE_CULTURES
    named = {"corpora": tuple(options.corpora), "name": options.name}
    return with_settings(
        dataclasses.replace(config, **{key: value for key, value in named.items() if value}), options.changes
    )
