"""``calibrate``: fit a model to some people, from recordings of them without labels."""

import argparse
from pathlib import Path

from ..core.settings import Settings
from .command import argument, command
from .models import MODEL
from .output import Bars, note


@command(
    "calibrate",
    "fit a model to some people, from recordings of them without labels",
    MODEL,
    argument("people", metavar="PEOPLE", help="folder or file of recordings, or corpus:NAME (see `corpora`)"),
    argument("--out", type=Path, required=True, metavar="FILE", help="profile to write (.safetensors)"),
)
def calibrate(options: argparse.Namespace, settings: Settings) -> None:
    """Measure level and spread of the people's features, write them, and print the name of the file."""
    from ..core.errors import ConfigError
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints
    from ..prediction.profiles import ENDING, find_profile, save_profile

    if options.out.suffix != ENDING:
        raise ConfigError(f"A profile ends with {ENDING}, not '{options.out.suffix}'.")
    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    with Bars() as bars:
        profile = find_profile(options.people, checkpoint, store=FeatureStore(settings.store), progress=bars)
    save_profile(profile, options.out)
    note([f"The profile rests on {profile.amount}."])
    print(options.out)
