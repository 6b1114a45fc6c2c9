"""Cells for spreadsheets: texts that are never run as formulas, and times on a clock."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

RUN = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a text that a spreadsheet reads as a formula or a command."""
DAY = 86400
"""Seconds of a day, the unit of time in spreadsheets."""


def defused(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with an apostrophe before formulas in texts and column names, so that they are not run."""
    found = table.rename(columns=defused_text)
    for place, dtype in enumerate(table.dtypes):
        if str(dtype) in ("object", "str", "string", "category"):
            found.isetitem(place, table.iloc[:, place].astype(object).map(defused_text))
    return found


def with_clock(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with a column ``clock``: its times in hours, minutes and seconds, e.g. ``0:01:23.40``."""
    hundredths = (table["time"] * 100).round().astype("int64")
    minutes, hundredths = hundredths // 6000, hundredths % 6000
    texts = [f"{m // 60}:{m % 60:02d}:{h / 100:05.2f}" for m, h in zip(minutes, hundredths, strict=True)]
    found = table.copy()
    found.insert(list(table).index("time") + 1, "clock", texts)
    return found


def defused_text(value: Any) -> Any:
    """Return a value for a spreadsheet, with an apostrophe before a text that would be run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(RUN) else value
