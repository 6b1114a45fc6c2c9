"""``corpora``, ``import`` and ``extract``: corpora, and their features in the store."""

import argparse
from pathlib import Path
from typing import Any

from ..core.configuration import from_texts, pairs
from ..core.errors import ConfigError, CorpusError
from ..core.settings import Settings
from ..core.vocabulary import Emotion
from ..core.words import counted
from .command import argument, changes, command
from .output import JSON, Bars, note, print_table

SPEECH_FEATURES = ("whisper", "egemaps")
"""Features of speech models; ``extract`` extracts them of conditioned sound, as presets do, unless told which."""

EXTRACTION = (
    argument("corpus", metavar="CORPUS", help="name of a corpus (see `corpora`)"),
    argument(
        "--features",
        metavar="A,B",
        help=f"default: {','.join(SPEECH_FEATURES)} of conditioned sound, as the presets of speech models read them; "
        "features that are named are of recorded sound unless --set says so; corpora of pictures need none",
    ),
    argument("--preset", metavar="NAME", help="the features of a training config instead"),
    changes("FEATURE.KEY=VALUE", "e.g. hubert.layer=12"),
    argument(
        "--copies",
        type=int,
        metavar="N",
        help="number of corrupted copies of each recording whose speech features are extracted beside (default: none, "
        "or those of the preset)",
    ),
    argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="number of processes that extract at the same time (default: %(default)s)",
    ),
)


@command("corpora", "corpora that can be read, and which of them are on this machine", JSON)
def corpora(options: argparse.Namespace, settings: Settings) -> None:
    """Print one row per known corpus."""
    from ..corpora import describe

    shown = ["name", "present", "title", "cultures", "recordings", "speakers", "missing"]
    print_table(describe(settings.data, settings.imports), options.json, shown)


@command(
    "import",
    "make a corpus of your own clips (see docs/importing-a-corpus.md)",
    argument("name", metavar="NAME", help="name of the corpus"),
    argument(
        "--clips",
        type=Path,
        metavar="FOLDER",
        help="sound or video files; or pictures, which need no table where they lie in one folder per emotion",
    ),
    argument("--table", type=Path, metavar="FILE", help="CSV with a row per clip"),
    argument("--traces", type=Path, metavar="FOLDER", help="a CSV per recording, in AVEC's form"),
    argument("--audformat", type=Path, metavar="FOLDER", help="an audformat database with its clips"),
    argument(
        "--column",
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        help="the role of a column whose name does not tell it; may be repeated",
    ),
    argument(
        "--value",
        action="append",
        default=[],
        metavar="ROLE=TEXT",
        help="a value that all clips share, e.g. culture=German; may be repeated",
    ),
    argument(
        "--emotion",
        action="append",
        default=[],
        metavar="WORD=EMOTION",
        help="the emotion that a word of the table stands for; 'left out' drops its rows; may be repeated",
    ),
    argument(
        "--scale", nargs=2, type=float, default=None, metavar=("LOW", "HIGH"), help="range of ratings (default: -1 1)"
    ),
    argument("--title", default="", help="full name of the corpus"),
    argument("--licence", default="not stated", help="licence of the clips (default: %(default)s)"),
    argument("--skip-wrong", action="store_true", help="import the correct rows although others are wrong"),
    argument("--replace", action="store_true", help="replace an import of the same name"),
)
def import_corpus(options: argparse.Namespace, settings: Settings) -> None:
    """Print the corpus's folder; what it holds, and each problem of rows, is a line on standard error."""
    from ..corpora import own
    from ..corpora.importing import Plan, check, corpus, words_of
    from ..corpora.planning import suggested_plan
    from ..corpora.sources import gather
    from ..corpora.words import account, grouped
    from ..media import probe

    material = gather(options.clips, options.table, options.traces, options.audformat)
    plan = suggested_plan(
        options.name,
        material,
        columns=pairs(options.column),
        values=pairs(options.value),
        emotions=pairs(options.emotion),
        scale=tuple(options.scale) if options.scale else Plan.scale,
        title=options.title,
        licence=options.licence if options.licence != "not stated" else "",
        own_speakers=material.traces is not None and not options.table,  # one recording each, as in AVEC
    )
    checked = check(material, plan, probe)
    note(grouped(checked.problems))
    if checked.problems and not options.skip_wrong:
        source, column = material.source, plan.columns.get("emotion", "")
        words = words_of(source, column) if column in source.rows else []
        unknown = next((word for word in words if word not in plan.emotions and word not in set(Emotion)), "")
        raise CorpusError(
            f"Problems of '{source.file}': {len(checked.problems)}, so nothing was imported; correct them, "
            + (f"say what each word means, e.g. --emotion '{unknown}=sad', " if unknown else "")
            + f"or import the {len(checked.rows)} sound rows with --skip-wrong."
        )
    made = corpus(plan, checked)
    folder = own.save(made, settings.imports, replace=options.replace)
    note(account(plan, checked, made))
    print(folder)


@command("extract", "put a corpus and its features into the store", *EXTRACTION)
def extract(options: argparse.Namespace, settings: Settings) -> None:
    """Put the corpus and its features into the store; each recording that cannot be read is a line at the end."""
    from ..corpora import load
    from ..features import EXTRACTORS, make
    from ..features.store import FeatureStore

    chosen, copies = chosen_features(options), chosen_copies(options)
    if options.processes < 1:
        raise ConfigError(f"'--processes' is at least 1, not {options.processes}.")
    for feature, own in chosen.items():
        if feature in EXTRACTORS:  # else it may come with the corpus
            make(feature, own)
    corpus = load(options.corpus, settings.data, settings.imports)
    chosen = {feature: own for feature, own in chosen.items() if feature not in corpus.shipped}
    for feature in chosen:
        EXTRACTORS[feature]
    if corpus.pictures is not None and options.features is None and not options.preset:
        chosen = {}
    problems: list[str] = []
    try:
        with Bars() as bars:
            FeatureStore(settings.store).add_corpus(
                corpus,
                list(chosen),
                bars,
                settings=chosen,
                processes=options.processes,
                copies=copies,
                note=problems.append,
            )
    finally:
        note(problems)
    stored = len(corpus.recordings) - len(problems)  # pictures without a face; whatever else is wrong was raised
    note([f"{corpus.title}: {counted(stored, 'recordings')} are in {settings.store}."])


def chosen_copies(options: argparse.Namespace) -> int:
    """Return the number of corrupted copies to extract, which is that of the preset unless it is given.

    Raises:
        ConfigError: if it is negative.
    """
    from ..training import preset

    if options.copies is None:
        return preset(options.preset).copies if options.preset else 0
    if options.copies < 0:
        raise ConfigError(f"'--copies' is 0 or more, not {options.copies}.")
    return int(options.copies)


def chosen_features(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return the settings of each feature to extract, as :data:`EXTRACTION` named them.

    Raises:
        ConfigError: if a setting belongs to a feature that was not chosen.
    """
    from ..features.base import CONDITIONED
    from ..training import preset

    chosen: dict[str, dict[str, Any]] = {name: dict(CONDITIONED) for name in SPEECH_FEATURES}
    if options.features is not None:
        chosen = {name: {} for name in options.features.split(",") if name}
    if options.preset:
        chosen = {entry.feature: dict(entry.settings) for entry in preset(options.preset).inputs}
    for key, value in from_texts(options.changes).items():
        feature, dot, setting = key.rpartition(".")
        if not dot or feature not in chosen:
            raise ConfigError(f"A setting is FEATURE.KEY=VALUE with one of {', '.join(chosen)}, unlike '{key}'.")
        chosen[feature][setting] = value
    return chosen
