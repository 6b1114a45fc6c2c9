"""Output of commands: progress bars and notes on standard error, tables on standard output or in a file."""

import argparse
import json
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.progress import topic_of
from ..prediction.export import endings
from .command import argument

if TYPE_CHECKING:
    import pandas as pd
    from tqdm import tqdm

JSON = argument("--json", action="store_true", help="print as JSON")
OUT = argument("--out", type=Path, metavar="FILE", help=f"write the table to a {endings()} file")


class Bars:
    """A progress listener that shows one bar per stage on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._bars: dict[str, tqdm[Any]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "Bars":
        return self

    def __exit__(self, *error: object) -> None:
        for bar in self._bars.values():
            bar.close()

    def __call__(self, stage: str, done: float, total: float) -> None:
        """Move the stage's bar. The words in brackets may change without making another stage."""
        from tqdm import tqdm

        with self._lock:
            key = topic_of(stage)
            if key not in self._bars:
                form = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
                self._bars[key] = tqdm(total=total, desc=stage, bar_format=form, disable=None, file=sys.stderr)
            bar = self._bars[key]
            if not bar.disable:
                bar.set_description_str(stage, refresh=False)
                bar.total = total
                bar.update(min(done, total) - bar.n)

    def tell(self, name: str, sentences: Iterable[str]) -> None:
        """Print sentences on something of a name above the bars, or on everything where the name is ""."""
        from tqdm import tqdm

        for sentence in sentences:
            tqdm.write(f"{name}: {sentence}" if name else sentence, file=sys.stderr)


def note(lines: Iterable[str]) -> None:
    """Print lines on standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def print_json(content: Any) -> None:
    """Print content that JSON can hold."""
    print(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))


def print_table(table: "pd.DataFrame", as_json: bool, shown: Sequence[str] | None = None) -> None:
    """Print all columns as JSON records, or the shown ones for people."""
    if as_json:
        print_json(records(table))
    elif table.empty:
        print("None.")
    else:
        columns = [column for column in shown or table.columns if column in table and table[column].notna().any()]
        print(table[columns].astype(object).where(table[columns].notna(), "").to_string(index=False))


def give_table(table: "pd.DataFrame", options: argparse.Namespace) -> None:
    """Write a table to the file of ``--out``, or print it."""
    from ..prediction.export import write_table

    if options.out:
        write_table(table, options.out)
    else:
        print_table(table if options.json else table.round(4), options.json)


def records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows for JSON, in which an unknown value is null."""
    rows: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")
    return rows
