"""A comparison of models as one HTML file that opens in any browser, without a network.

The drawing library stands in the file once, and every figure with its table beneath it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape

import pandas as pd
import plotly.graph_objects as go
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from .. import __version__, plots
from ..core import words
from ..core.vocabulary import MARKS, THEMES
from ..evaluation.slices import COLUMNS
from ..prediction.cost import Complexity
from . import calibration, comparison_errors, comparison_scores, disagreement
from .comparison import Comparison, training_curves

INTERVALS = (
    "In brackets are 95 % bootstrap intervals, which draw people with all their recordings: sessions, else speakers, "
    "else recordings. Those of differences are paired: all models meet the same samples. They are not corrected for "
    "how many are looked at."
)
SHOWN_DISAGREEMENTS = 50
LIGHT = THEMES["light"]
STYLE = f"""
body {{ font: 15px/1.5 system-ui, sans-serif; color: {LIGHT["textColor"]}; background: {LIGHT["backgroundColor"]};
       max-width: 1100px; margin: 2rem auto; padding: 0 1rem }}
h1 {{ font-size: 1.6rem; margin-bottom: 0 }} h2 {{ font-size: 1.2rem; margin-top: 2.2rem }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }}
th, td {{ padding: 3px 10px; border-bottom: 1px solid {MARKS["rule of a report"]}; text-align: left }}
summary {{ cursor: pointer; color: {LIGHT["primaryColor"]} }} .wide {{ overflow-x: auto }}
"""


@dataclass(frozen=True)
class Section:
    """A part of the report: its heading, some sentences, a figure, and a table that is folded where there is one."""

    heading: str
    text: str = ""
    figure: go.Figure | None = None
    table: pd.DataFrame | None = None


def sections(comparison: Comparison, complexities: Sequence[Complexity] = ()) -> list[Section]:
    """Make the sections on everything that can be said of a comparison on held-out recordings.

    Args:
        comparison: comparison of models.
        complexities: costs of the models, where these are known.
    """
    names = [c.name for c in comparison.contenders]
    scores, differences = comparison_scores.judge(comparison)
    found = [Section("Which is better?", " ".join(comparison_scores.verdicts(scores, differences)))]
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


def write(comparison: Comparison, complexities: Sequence[Complexity] = ()) -> str:
    """Write a comparison as one page of HTML.

    Args:
        comparison: comparison of models on held-out recordings.
        complexities: costs of the models, where these are known.
    """
    names = " and ".join(c.name for c in comparison.contenders)
    limits = [
        INTERVALS,
        comparison_scores.COLLAPSED_NOTE,
        words.CONFOUND,
        *([words.DERIVED] if any(c.derived for c in comparison.contenders) else []),
    ]
    intro = "".join(f"<p>{escape(line)}</p>" for line in [*notes(comparison), *limits])
    body = "\n".join(_section(section, place) for place, section in enumerate(sections(comparison, complexities)))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(names)}</title><style>{STYLE}</style>
<script>{get_plotlyjs()}</script></head>
<body><h1>{escape(names)}</h1><p>A comparison made by emoviz {__version__}.</p>
{intro}
{body}
</body></html>
"""


def _section(section: Section, place: int) -> str:
    parts = [f"<h2>{escape(section.heading)}</h2>"]
    if section.text:
        parts.append(f"<p>{escape(section.text)}</p>")
    if section.figure is not None:
        figure = go.Figure(section.figure).update_layout(template="plotly_white")
        parts.append(
            to_html(
                figure,
                include_plotlyjs=False,
                full_html=False,
                div_id=f"figure-{place}",
                config={"displaylogo": False, "displayModeBar": False},
            )
        )
    if section.table is not None:
        table = section.table.to_html(index=False, border=0, na_rep="", float_format="%.3f")
        if section.figure is not None:
            table = f"<details><summary>Table</summary>{table}</details>"
        parts.append(f'<div class="wide">{table}</div>')
    return "\n".join(parts)
