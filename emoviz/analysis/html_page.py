"""A report as one HTML file that opens in any browser, without a network.

The file holds the drawing library once, and every figure with its table beneath it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd
import plotly.graph_objects as go
from plotly.io import to_html
from plotly.offline import get_plotlyjs

from .. import __version__
from ..core.vocabulary import MARKS, THEMES

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
    """A part of the report: its heading, sentences, figure, and folded table, if it has one."""

    heading: str
    text: str = ""
    figure: go.Figure | None = None
    table: pd.DataFrame | None = None


def page(title: str, kind: str, sentences: Iterable[str], sections: Iterable[Section]) -> str:
    """Return a report as one page of HTML.

    Args:
        title: title of the page.
        kind: kind of the report, e.g. ``A comparison``.
        sentences: sentences that a reader must know, each a paragraph.
        sections: parts of the report.
    """
    intro = "".join(f"<p>{escape(line)}</p>" for line in sentences)
    body = "\n".join(_section(section, place) for place, section in enumerate(sections))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>
<script>{get_plotlyjs()}</script></head>
<body><h1>{escape(title)}</h1><p>{escape(kind)} made by emoviz {__version__}.</p>
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
