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
    argument(
        "--out",
        required=True,
        metavar="FILE",
        help="profile to write (.safetensors), or profile:NAME to keep it in the store, for the Predict page",
    ),
)
def calibrate(options: argparse.Namespace, settings: Settings) -> None:
    """Measure level and spread of the people's features, write them, and print the name of the file."""
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints
    from ..prediction.profiles import find_profile, save_profile

    out = _file(options.out, settings.store)
    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    with Bars() as bars:
        profile = find_profile(options.people, checkpoint, store=FeatureStore(settings.store), progress=bars)
    save_profile(profile, out)
    note([f"The profile rests on {profile.amount}."])
    print(out)


def _file(asked: str, store: Path) -> Path:
    """Return the file that a profile is written to, in the store where it is asked for by a name.

    Raises:
        ConfigError: if it ends like no profile.
        CalibrationError: if the name is none.
    """
    from ..core.errors import ConfigError
    from ..prediction.profiles import ENDING, PROFILE, place_of

    if asked.startswith(PROFILE):
        path = place_of(asked.removeprefix(PROFILE), store)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
    if Path(asked).suffix != ENDING:
        raise ConfigError(f"A profile ends with {ENDING}, not '{Path(asked).suffix}'.")
    return Path(asked)
