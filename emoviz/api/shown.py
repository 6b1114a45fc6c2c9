"""Answers that show themselves in a notebook: some sentences, a table beneath them, and a figure that is asked for."""

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING

from ..core import words

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

ROWS = 12
"""Rows of a table that are shown; the attribute ``table`` has all."""


class Answer(ABC):
    """An answer that shows itself."""

    @property
    @abstractmethod
    def sentences(self) -> tuple[str, ...]:
        """The answer in words, the most important sentence first."""

    @property
    @abstractmethod
    def table(self) -> "pd.DataFrame":
        """The answer as a table."""

    @abstractmethod
    def plot(self) -> "go.Figure":
        """Draw the answer."""

    @property
    def summary(self) -> "pd.DataFrame":
        """The part of the table that a notebook shows."""
        return self.table

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {' '.join(self.sentences)}>".replace("**", "")

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(sentence.replace('**', ''))}</p>" for sentence in self.sentences)
        rows = self.summary
        table: str = rows.head(ROWS).to_html(border=0, na_rep="", float_format=words.number)
        more = f"<p>{len(rows) - ROWS} more rows stand in <code>.table</code>.</p>" if len(rows) > ROWS else ""
        return said + table + more
