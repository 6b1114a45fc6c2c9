"""``models``, ``evaluate``, ``push``, ``pull`` and ``encoders``: trained models and the encoders that they need."""

import argparse
from pathlib import Path
from typing import Any

from ..core.errors import EmovizError, UnknownNameError
from ..core.settings import Settings
from .command import argument, command
from .output import JSON, Bars, note, print_table

MODEL = argument("model", metavar="MODEL", help="name of a trained model (see `models`)")


@command(
    "models",
    "trained models on this machine",
    JSON,
    argument(
        "--renew", type=Path, metavar="FILE", help="renew the tables of bundled models in a page of the docs instead"
    ),
)
def models(options: argparse.Namespace, settings: Settings) -> None:
    """Print one row per checkpoint folder, damaged ones included."""
    import pandas as pd

    from .. import checkpoints

    if options.renew:
        _renew(options.renew, settings.checkpoints[0])
        return
    rows = []
    for name, folder in checkpoints.find(settings.checkpoints).items():
        row: dict[str, Any] = {"name": name, "folder": str(folder)}
        try:
            about = checkpoints.read_description(folder)
            row |= {
                "title": about.title,
                "source": str(about.source),
                "model": about.model,
                "task": str(about.task),
                "outputs": ", ".join(about.outputs),
                "features": ", ".join(feature.name for feature in about.features),
                "error": None,
            }
        except EmovizError as error:
            row["error"] = str(error)
        rows.append(row)
    print_table(pd.DataFrame(rows), options.json, ["name", "source", "model", "outputs", "error"])


def _renew(page: Path, bundled: Path) -> None:
    """Write the scores of the bundled models into a page: a row for each, all scores, or both, as its marks ask for.

    Raises:
        ConfigError: if the file cannot be read or written, or lacks the lines between which a table stands.
    """
    from .. import checkpoints
    from ..checkpoints.readme import models_summary, models_table
    from ..core.errors import ConfigError
    from ..core.files import raising, write_text
    from ..core.words import insert

    loaded = {name: checkpoints.load(folder) for name, folder in checkpoints.find([bundled]).items()}
    found = {name: (model.description, model.metrics) for name, model in loaded.items()}
    tables = {"models": models_summary, "model scores": models_table}
    with raising(ConfigError, page):
        text = page.read_text(encoding="utf-8")
        for name in [name for name in tables if f"<!-- {name} -->" in text] or ["models"]:
            text = insert(text, name, tables[name](found))
        write_text(page, text)


@command(
    "evaluate",
    "scores of a model on a corpus in the store",
    MODEL,
    argument("--corpus", required=True, metavar="NAME", help="name of a corpus (see `corpora`)"),
    argument(
        "--calibrate",
        metavar="PEOPLE",
        help="fit the model without labels: 'speaker' or 'culture' (each to all their own), a folder, corpus:NAME or a "
        "profile",
    ),
    JSON,
)
def evaluate(options: argparse.Namespace, settings: Settings) -> None:
    """Print the scores per culture with their intervals, beside those of the training mean.

    Lines on standard error say to whom the model was calibrated, and which classes are not scored.
    """
    import pandas as pd

    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints
    from ..prediction.profiles import fitted_models
    from ..prediction.rated import limits_of_scores
    from ..training.held_out import GROUPS
    from ..training.held_out import evaluate as evaluated

    (checkpoint,) = load_checkpoints([options.model], settings.checkpoints)
    store, by = FeatureStore(settings.store), options.calibrate if options.calibrate in GROUPS else ""
    with Bars() as bars:
        people = None if by else options.calibrate
        (model,), told, _ = fitted_models([checkpoint], people, store=store, progress=bars)
        rows = evaluated(model, store, options.corpus, bars, by=by)
    if by:
        told = [f"Each {by} of '{options.corpus}' calibrates {model.name} by all of their own recordings."]
    note([*told, *limits_of_scores(model.description, store, options.corpus)])
    print_table(pd.DataFrame(rows), options.json)


@command(
    "push",
    "put a trained model onto the Hugging Face Hub",
    MODEL,
    argument("repository", metavar="OWNER/NAME"),
    argument("--public", action="store_true", help="make it visible to everyone (default: to its owner alone)"),
)
def push(options: argparse.Namespace, settings: Settings) -> None:
    """Print the address of the model."""
    from .. import checkpoints
    from ..checkpoints import hub

    folder = checkpoints.named([options.model], settings.checkpoints)[options.model]
    print(hub.push(folder, options.repository, private=not options.public))


@command("pull", "get a trained model from the Hugging Face Hub", argument("repository", metavar="OWNER/NAME"))
def pull(options: argparse.Namespace, settings: Settings) -> None:
    """Print the folder of the model."""
    from ..checkpoints import hub

    print(hub.pull(options.repository, settings.checkpoints[-1]))


@command(
    "pack",
    "put a group of models such as `per-culture` into one file, in place of its folder",
    argument("group", metavar="GROUP", help="name of a folder of models in the folder of checkpoints"),
)
def pack(options: argparse.Namespace, settings: Settings) -> None:
    """Print the file."""
    from .. import checkpoints
    from ..checkpoints import pack as packing
    from ..core.files import remove_folder

    found = checkpoints.find(settings.checkpoints, options.group)
    if not found:
        raise UnknownNameError("group of trained models", options.group, checkpoints.groups(settings.checkpoints))
    file = settings.checkpoints[-1] / f"{options.group}{packing.SUFFIX}"
    packing.pack(found.values(), file)
    remove_folder(settings.checkpoints[-1] / options.group)
    print(file)


@command(
    "encoders",
    "pretrained encoders: which are on this machine, and how to get the others",
    argument("--get", metavar="NAME", help="download weights from the Hugging Face Hub, e.g. owner/model"),
    argument(
        "--convert", type=Path, metavar="FILE", help="turn PyTorch's state file (.bin, .pth) into safetensors beside it"
    ),
    JSON,
)
def encoders(options: argparse.Namespace, settings: Settings) -> None:
    """Print one row per encoder, or the folder of weights that were fetched or converted."""
    from ..features import downloads
    from ..features.encoders import describe

    if options.get:
        print(downloads.download(options.get))
    elif options.convert:
        print(downloads.convert(options.convert))
    else:
        table = describe()
        print_table(table, options.json, ["feature", "modality", "weights", "present"])
        if not options.json:
            note(table["get"].dropna().unique())
