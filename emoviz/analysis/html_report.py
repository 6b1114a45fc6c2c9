"""The report of a comparison of models on held-out recordings, as one HTML file."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from .. import plots
from ..core import words
from ..evaluation.slices import COLUMNS
from ..prediction.cost import Complexity
from . import calibration, comparison_errors, comparison_scores, disagreement
from .comparison import Comparison, training_curves
from .html_page import Section, page

INTERVALS = (
    "In brackets are 95 % bootstrap intervals, which draw people with all their recordings: sessions, else speakers, "
    "else recordings. Those of differences are paired: all models meet the same samples. They are not corrected for "
    "how many are looked at."
)
SHOWN_DISAGREEMENTS = 50


def sections(comparison: Comparison, complexities: Sequence[Complexity] = (), *, verdict: bool = True) -> list[Section]:
    """Make the sections of the report of a comparison on held-out recordings.

    Args:
        comparison: comparison of models.
        complexities: costs of the models, where these are known.
        verdict: whether the report says which model is better; it must not for recordings chosen by their errors.
    """
    names = [c.name for c in comparison.contenders]
    scores, differences = comparison_scores.judge(comparison)
    said = " ".join(comparison_scores.verdicts(scores, differences))
    found = [Section("Which is better?", said)] if verdict else []
    for output, metric, aggregation in comparison_scores.score_names(scores):
        what = comparison_scores.score_title(output, metric, aggregation)
        grid = comparison_scores.score_grid(scores, output, metric, aggregation)
        found.append(Section(what, figure=None, table=grid))
        own = differences[
            (differences[["output", "metric", "aggregation"]] == [output, metric, aggregation]).all(axis=1)
        ]
        if len(own):
            forest = plots.difference_forest(own, names, what)
            found.append(Section(f"{what}: differences", figure=forest, table=own))
    found += _classes(comparison, names) + _dimensions(comparison, names)
    for column in comparison_errors.slice_columns(comparison):
        table = comparison_errors.slice_errors(comparison, column)
        for output in dict.fromkeys(table.output):
            heading = f"Error by {COLUMNS[column].lower()}"
            found.append(Section(heading, figure=plots.error_slices(table, output, names), table=table))
    apart = disagreement.disagreements(comparison)
    if len(apart):
        text = f"The {min(SHOWN_DISAGREEMENTS, len(apart))} recordings of which the models say the most different."
        found.append(Section("Where do they disagree most?", text, table=apart.head(SHOWN_DISAGREEMENTS)))
    curves = training_curves(comparison)
    if len(curves):
        found.append(Section("Training", figure=plots.training_curves(curves, names), table=curves))
    if complexities:
        text = (
            "One pass of the model alone over 10 seconds of features, on one core of the machine that made this report."
        )
        found.append(Section("Complexity", text, table=pd.DataFrame(map(asdict, complexities))))
    return found


def _classes(comparison: Comparison, names: Sequence[str]) -> list[Section]:
    confusions = comparison_errors.confusions(comparison)
    if confusions.empty:
        return []
    found = [Section("Confusions", figure=plots.confusion_matrices(confusions, names), table=confusions)]
    bins, errors = calibration.reliability(comparison)
    if len(bins):
        found.append(Section("Calibration", figure=plots.reliability_diagram(bins, errors, names), table=bins))
    return found


def _dimensions(comparison: Comparison, names: Sequence[str]) -> list[Section]:
    table = calibration.predicted_and_true(comparison)
    return [
        Section(f"Calibration of {output}", figure=plots.spread_diagram(table, output, names), table=rows)
        for output, rows in table.groupby("output", sort=False)
    ] + [
        Section(f"Levels of {output}", figure=plots.level_matrices(rows, names), table=rows[rows["count"] > 0])
        for output, rows in comparison_errors.level_confusions(comparison).groupby("output", sort=False)
    ]


def notes(comparison: Comparison) -> list[str]:
    """Return the sentences that a reader of the comparison must know."""
    found = []
    if comparison.paired:
        speakers = len({r.speaker for r in comparison.shared[0].results if r.speaker})
        people = f" of {speakers} speakers" if speakers else ""
        who = " and ".join([", ".join(comparison.paired[:-1]), comparison.paired[-1]])
        found.append(f"{who} are compared on the same {comparison.recordings} held-out recordings{people}.")
    found += [c.note for c in comparison.contenders if c.note]
    apart = [c.name for c in comparison.contenders if c.name in comparison.reasons]
    for name in apart:
        found.append(f"{comparison.reasons[name]} Its scores are of its own held-out recordings.")
    return found


def write(comparison: Comparison, complexities: Sequence[Complexity] = (), only: str = "") -> str:
    """Write a comparison as one HTML page.

    Args:
        comparison: comparison of models on held-out recordings.
        complexities: costs of the models, where these are known.
        only: sentence on the selection of recordings in the comparison, or "".
    """
    names = " and ".join(c.name for c in comparison.contenders)
    limits = [
        INTERVALS,
        comparison_scores.COLLAPSED_NOTE,
        words.CONFOUND,
        *([words.DERIVED] if any(c.derived for c in comparison.contenders) else []),
    ]
    found = sections(comparison, complexities, verdict=not only)
    return page(names, "A comparison", [*([only] if only else []), *notes(comparison), *limits], found)
