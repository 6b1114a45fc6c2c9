"""The page on the papers as Markdown, with scores from the reports."""

from collections.abc import Callable, Iterable, Sequence

from ..evaluation.metrics.aggregation import POOLED
from .papers import PAPERS, Ours, Paper, Part
from .reports import Report
from .tables import scores

COMMAND = "python -m emoviz papers --write docs/papers.md"
HEAD = f"""# The five papers, part by part

Made by `{COMMAND}`; a test holds it against the reports under `results/`.
Each row is a system, an equation, a table or a figure of a paper: the files that hold it, the command (after
`python -m emoviz`) or page that makes it, our score with its 95 % interval, the paper's, and what differs. Our scores
are of other streams and mostly other corpora than the paper's, with people apart: a row compares set-ups, not systems.
The presets have the very streams of the papers; the Train page and `python -m emoviz encoders` say which weights are
missing.
"""
MISSING = "(no report)"
COLUMNS = ("in the paper", "what", "where", "made by", "ours", "the paper's", "what differs")


def papers_page(reports: Iterable[Report]) -> str:
    """Return the page on the papers; a score without a report is marked as missing."""
    table = scores(reports)
    keys = ["study", "protocol", "system", "output", "metric", "aggregation", "test"]
    found = {tuple(row[key] for key in keys): row["text"] for row in table.to_dict("records")}
    found = {(*key[:2], key[2].replace(" ", "-"), *key[3:]): text for key, text in found.items()}

    def score(ours: Ours) -> str:
        key = (*ours.report.split(".", 2), ours.output, ours.metric, POOLED, ours.test)
        return f"{ours.label} {found.get(key, MISSING)}".strip()

    return "\n".join([HEAD, *(_section(paper, score) for paper in PAPERS)])


def _section(paper: Paper, score: Callable[[Ours], str]) -> str:
    presets = ", ".join(f"`{name}`" for name in paper.presets)
    rows = [_row(part, [score(ours) for ours in part.ours]) for part in paper.parts]
    lines = [_line(COLUMNS), "|---" * len(COLUMNS) + "|", *rows]
    return f"""## {paper.number}. {paper.title}

{paper.about}

Presets: {presets}.

{chr(10).join(lines)}
"""


def _row(part: Part, ours: Sequence[str]) -> str:
    made = [f"`{part.command}`"] * bool(part.command) + [f"page {part.page}"] * bool(part.page)
    where = ", ".join(f"[{path.removeprefix('emoviz/')}](../{path})" for path in part.where)
    return _line([part.name, part.what, where, ", ".join(made), "; ".join(ours), part.theirs, part.note])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
