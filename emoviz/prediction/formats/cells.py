"""Cells as spreadsheets show them: texts that are never run as formulas, and times as a clock."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

RUN = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a text that a spreadsheet reads as a formula or a command."""
DAY = 86400
"""Seconds of a day, the unit of time in spreadsheets."""


def defused(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table in whose texts and column names a formula follows an apostrophe, so that it is shown, not run."""
    found = table.rename(columns=defused_text)
    for place, dtype in enumerate(table.dtypes):
        if str(dtype) in ("object", "str", "string", "category"):
            found.isetitem(place, table.iloc[:, place].astype(object).map(defused_text))
    return found


def with_clock(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with its times once more, as ``clock``: hours, minutes and seconds, e.g. ``0:01:23.40``."""
    hundredths = (table["time"] * 100).round().astype("int64")
    minutes, hundredths = hundredths // 6000, hundredths % 6000
    texts = [f"{m // 60}:{m % 60:02d}:{h / 100:05.2f}" for m, h in zip(minutes, hundredths, strict=True)]
    found = table.copy()
    found.insert(list(table).index("time") + 1, "clock", texts)
    return found


def defused_text(value: Any) -> Any:
    """Return a value as a spreadsheet shows it: a text that would be run follows an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(RUN) else value
