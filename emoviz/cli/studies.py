"""``protocol`` and ``results``: judging systems, and the tables of their reports."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ConfigError
from ..core.files import raising, write_text
from ..core.settings import Settings
from .command import argument, command, one_of
from .output import Bars

if TYPE_CHECKING:
    from ..jobs.kinds.own_protocol import OwnProtocol
    from ..studies.study import Study

RESULTS = argument("--results", type=Path, metavar="FOLDER", help="folder of the JSON files (EMOVIZ_RESULTS)")


def _protocols() -> list[str]:
    """Return the names of all protocols, and those of the studies' plans."""
    from ..studies.catalogue import STUDIES
    from ..training.protocols import PROTOCOLS

    return sorted({*PROTOCOLS, *(plan for study in STUDIES.values() for plan in study.plans)})


def _fusions() -> list[str]:
    from ..evaluation.fusion import FUSIONS

    return list(FUSIONS)


PROTOCOL = (
    argument("protocol", metavar="NAME", help="a protocol, or the name of a study's plan", listed=_protocols),
    one_of(
        argument("--study", metavar="NAME", help="corpus, task and systems (see docs/results.md)"),
        argument(
            "--config",
            type=Path,
            action="append",
            metavar="FILE",
            help="a training config of your own, JSON; several are judged together",
        ),
        required=True,
    ),
    argument("--system", action="append", default=[], metavar="NAME", help="may be repeated (default: all)"),
    argument("--seeds", type=int, metavar="N", help="number of trainings of each fold, with --config (default: 1)"),
    argument("--folds", type=int, metavar="N", help="number of folds of within and folds, with --config (default: 5)"),
    argument(
        "--train-on",
        action="append",
        metavar="CULTURES",
        help="cultures that train together, separated by commas, in cross-culture and k-shot, with --config; may be "
        "repeated (default: each alone)",
    ),
    argument(
        "--fuse",
        action="append",
        metavar="RULE",
        help="also judge a late fusion of the configs: learned, weighted=.6,.4 in their order, or",
        listed=_fusions,
    ),
    RESULTS,
)


@command("protocol", "judge systems by a protocol, e.g. from culture to culture", *PROTOCOL)
def protocol(options: argparse.Namespace, settings: Settings) -> None:
    """Run a protocol and print the JSON files with its scores, intervals and comparisons."""
    from ..features.store import FeatureStore
    from ..studies.reports import summarise
    from ..studies.runner import run_study

    store, folder = FeatureStore(settings.store), settings.results[-1]
    chosen = chosen_study(options)
    with Bars() as bars:
        places = settings.runs, folder, settings.checkpoints[-1]
        paths = run_study(chosen, options.protocol, options.system, store, *places, bars)
    summarise(folder)
    print(*paths, sep="\n")


def chosen_study(options: argparse.Namespace) -> "Study":
    """Return the study that :data:`PROTOCOL` named, or a study of the given configs.

    Raises:
        ConfigError: if seeds, folds, cultures or a fusion are given for a study, which has its own.
    """
    from ..studies.catalogue import study

    if not options.study:
        return own_protocol(options).study()
    if options.seeds is not None or options.folds is not None or options.train_on or options.fuse:
        raise ConfigError(
            "A study has its own seeds, folds, cultures and fusions: --seeds, --folds, --train-on and --fuse go with "
            "--config."
        )
    return study(options.study)


def own_protocol(options: argparse.Namespace) -> "OwnProtocol":
    """Return the work that judges the given configs."""
    from ..jobs.kinds.own_protocol import OwnProtocol
    from ..studies.own import fusion_of
    from ..training import load_config
    from ..training.protocols import Options

    configs = tuple(load_config(path) for path in options.config)
    more = {} if options.folds is None else {"folds": options.folds}
    together = [tuple(name.strip() for name in text.split(",")) for text in options.train_on or ()]
    return OwnProtocol(
        configs[0],
        options.protocol,
        Options(sources=tuple(together), **more),
        tuple(range(1 if options.seeds is None else options.seeds)),
        others=configs[1:],
        fusions=tuple(fusion_of(text, [config.name for config in configs]) for text in options.fuse or ()),
    )


@command(
    "results",
    "the tables of all reports, as Markdown",
    RESULTS,
    argument("--make", action="store_true", help="first run every protocol of every study (takes hours)"),
    argument(
        "--renew", type=Path, metavar="FILE", help="renew the tables of a page of the docs instead of printing them"
    ),
)
def results(options: argparse.Namespace, settings: Settings) -> None:
    """Print Markdown, or renew the tables of a page of the docs."""
    from ..core.words import insert
    from ..studies.readme import markdown
    from ..studies.reports import read_reports

    if options.make:
        make_results(settings)
    tables = markdown(read_reports(*settings.results))
    if not options.renew:
        sys.stdout.write(tables)
        return
    with raising(ConfigError, options.renew):
        write_text(options.renew, insert(options.renew.read_text(encoding="utf-8"), "results", tables))


@command(
    "papers",
    "the five papers part by part: where each stands, what makes it, and its scores",
    argument("--write", type=Path, metavar="FILE", help="write the page instead of printing it"),
)
def papers(options: argparse.Namespace, settings: Settings) -> None:
    """Print the page on the papers, or write it."""
    from ..studies.papers_page import papers_page
    from ..studies.reports import read_reports

    page = papers_page(read_reports(*settings.results))
    if not options.write:
        sys.stdout.write(page)
        return
    with raising(ConfigError, options.write):
        write_text(options.write, page)


def make_results(settings: Settings) -> None:
    """Put the corpora of all studies into the store, with their features, and run all protocols."""
    from ..corpora import load
    from ..features import EXTRACTORS
    from ..features.store import FeatureStore
    from ..studies.catalogue import STUDIES
    from ..studies.reports import summarise
    from ..studies.runner import run_study
    from ..studies.study import features_of, settings_of

    store, folder = FeatureStore(settings.store), settings.results[-1]
    with Bars() as bars:
        for corpus, features in features_of(STUDIES.values()).items():
            store.add_corpus(load(corpus, settings.data), [f for f in features if f in EXTRACTORS], bars)
        for corpus, chosen in settings_of(STUDIES.values()).items():
            store.add_corpus(load(corpus, settings.data), list(chosen), bars, settings=chosen)
        for study in STUDIES.values():
            for protocol in study.plans:
                run_study(study, protocol, (), store, settings.runs, folder, settings.checkpoints[-1], bars)
    summarise(folder)
