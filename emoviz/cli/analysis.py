"""``similarity``, ``project`` and ``compare``: analyses of trained models."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.configuration import from_dict, from_texts
from ..core.errors import AnalysisError, ConfigError, UnknownNameError
from ..core.files import raising, write_text
from ..core.settings import Settings
from ..core.vocabulary import Weighting
from .command import argument, changes, command
from .models import MODEL
from .output import JSON, OUT, Bars, give_table, note, print_json, records

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis.comparison import Contender

SIMILARITY_TABLES = ("similarities", "differences", "overall", "top", "frequencies", "weights")
"""Tables that ``similarity`` makes."""


def _measures() -> Iterable[str]:
    from ..analysis.similarity import MEASURES

    return MEASURES


def _projections() -> Iterable[str]:
    from ..analysis.projection_methods import METHODS

    return METHODS


@command(
    "similarity",
    "similarity of cultures in the channel weights of models",
    argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="a set of models of one culture each, or several of them, whose seeds are compared (default: the bundled "
        "set), or one model, whose held-out speakers are compared",
    ),
    argument("--table", default="similarities", metavar="NAME", help=f"{', '.join(SIMILARITY_TABLES)}"),
    argument("--pair", nargs=2, metavar="CULTURE", help="the weights of two cultures, channel by channel"),
    argument("--measure", default="cosine", metavar="NAME", help="a measure of similarity", listed=_measures),
    argument(
        "--by",
        choices=[weighting.name.lower() for weighting in Weighting],
        default=Weighting.ATTENTION.name.lower(),
        help="the kind of weights: the model's own, or those of a witness that `explain MODEL --deletion` asks "
        "(default: %(default)s)",
    ),
    argument("--modality", metavar="NAME", help="modality whose channels alone are compared (default: all)"),
    argument("--top", type=int, default=10, metavar="K", help="number of highest channels (default: %(default)s)"),
    JSON,
    OUT,
)
def similarity(options: argparse.Namespace, settings: Settings) -> None:
    """Print a table of :mod:`emoviz.analysis.similarity`; models of one seed are matched, as they start alike."""
    from ..analysis import permutation, replicates, similarity, top_channels

    if options.table not in SIMILARITY_TABLES:
        raise UnknownNameError("table of similarity", options.table, SIMILARITY_TABLES)
    weights = _channel_weights(options.models, Weighting[options.by.upper()], settings)
    if options.modality:
        weights = replicates.restrict(weights, options.modality)
    how: dict[str, Any] = {"measure": options.measure, "k": options.top, "matched": True}
    if options.pair:
        table = top_channels.pair(weights, *options.pair)
    elif options.table == "similarities":
        table = similarity.similarities(weights, **how)
    elif options.table == "differences":
        table = permutation.differences(weights, **how)
    elif options.table == "overall":
        table = permutation.overall_difference(weights, **how)
    elif options.table == "weights":
        table = weights.reset_index()
    else:
        top = top_channels.top_channels(weights, options.top)
        table = top if options.table == "top" else top_channels.frequencies(top)
    give_table(table, options)


def _channel_weights(names: Sequence[str], weighting: Weighting, settings: Settings) -> "pd.DataFrame":
    """Return the table of channel weights of some models.

    Raises:
        AnalysisError: none of them weighs channels.
    """
    from ..analysis import cultures
    from ..checkpoints.folder import PER_CULTURE, find, named

    of_set = find(settings.checkpoints, names[0] if names else PER_CULTURE) if len(names) < 2 else {}
    folders = list((of_set or named(names, settings.checkpoints)).values())
    alone = len(folders) == 1 and not of_set
    found = cultures.weights_by_speaker(folders[0], weighting) if alone else cultures.weights(folders, weighting)
    note(found.left_out)
    if found.missing:
        note([cultures.missing(found, weighting, names[0] if names else PER_CULTURE)])
    if found.table.empty:
        raise AnalysisError(f"No model with channel weights is among {', '.join(names) or PER_CULTURE}.")
    return found.table


@command(
    "project",
    "a map of the embeddings of a model's held-out recordings",
    MODEL,
    argument(
        "--method", default="tsne", metavar="NAME", help="a projection (default: %(default)s)", listed=_projections
    ),
    changes("KEY=VALUE", "e.g. perplexity=20"),
    argument("--figures", action="store_true", help="how well the map separates groups, instead of its points"),
    JSON,
    OUT,
)
def project(options: argparse.Namespace, settings: Settings) -> None:
    """Print a point per held-out recording, or how well the map separates groups."""
    import pandas as pd

    from ..analysis import separation
    from ..analysis.projection import fit, split_table
    from ..analysis.projection_methods import METHODS
    from ..checkpoints.folder import named
    from ..checkpoints.tables import read_table

    method = from_dict(METHODS[options.method], from_texts(options.changes), f"the settings of {options.method}")
    table = read_table(named([options.model], settings.checkpoints)[options.model], "embeddings")
    if table is None:
        raise AnalysisError(f"'{options.model}' keeps no embeddings of held-out recordings.")
    embeddings, about = split_table(table)
    with Bars() as bars:
        projection = fit(embeddings, method, cache=settings.store / "maps", progress=bars)
    if options.figures:
        give_table(separation.scores(projection, about, ("label", "culture", "speaker")), options)
        return
    points = pd.DataFrame(projection.points, about.index, list("xyz"[: method.dimensions]))
    give_table(pd.concat([about, points], axis=1).reset_index(), options)


@command(
    "compare",
    "comparison of two to four models: which is better, and is that luck",
    argument("models", nargs="+", metavar="MODEL", help="names of trained models (see `models`)"),
    argument(
        "--ratings",
        metavar="CORPUS",
        help="compare valence and arousal, derived from their predictions, with the ratings of this corpus",
    ),
    argument("--report", type=Path, metavar="FILE", help="write all figures and tables as one HTML file"),
    JSON,
)
def compare(options: argparse.Namespace, settings: Settings) -> None:
    """Print the scores per culture and the paired differences, and say in words what they mean."""
    from .. import checkpoints
    from ..analysis import comparison, comparison_scores, html_report

    folders = checkpoints.find(settings.checkpoints)
    for name in options.models:
        if name not in folders:
            raise UnknownNameError("trained model", name, folders)
    if options.ratings:
        contenders = _on_ratings(options, settings)
    else:
        contenders = [comparison.read(name, folders[name]) for name in options.models]
    compared = comparison.compare(contenders)
    scores, differences = comparison_scores.judge(compared)
    if options.report:
        page = html_report.write(compared)
        with raising(ConfigError, options.report):
            options.report.parent.stat()  # a folder that was mistyped is not made
            write_text(options.report, page)
    if options.json:
        print_json({"figures": records(scores), "differences": records(differences)})
    else:
        for name in comparison_scores.score_names(scores):
            grid = comparison_scores.score_grid(scores, *name)
            print(f"{comparison_scores.score_title(*name)}\n{grid.to_string(index=False)}\n")
        if len(differences):
            print(differences.to_string(index=False, float_format="%.3f"))
    marked = [comparison_scores.COLLAPSED_NOTE] if scores.collapsed.any() else []
    note([*marked, *html_report.notes(compared), *comparison_scores.verdicts(scores, differences)])


def _on_ratings(options: argparse.Namespace, settings: Settings) -> "list[Contender]":
    """Predict the rated clips of a corpus by the models of a comparison.

    Raises:
        EmovizError: if the corpus rates nothing that follows from a model, or a feature was not extracted.
    """
    from ..analysis.comparison_ratings import on_ratings
    from ..features.store import FeatureStore
    from ..prediction.clip import load_checkpoints

    store = FeatureStore(settings.store)
    with Bars() as bars:
        models = load_checkpoints(options.models, settings.checkpoints)
        return [on_ratings(model, store, options.ratings, bars) for model in models]
