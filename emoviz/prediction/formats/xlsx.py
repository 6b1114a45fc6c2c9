"""The format of Excel workbooks."""

import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import ConfigError
from . import FORMATS, Format
from .cells import DAY

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from ..assembly import ClipPrediction

ROWS, COLUMNS, LETTERS = 1_048_576, 16_384, 32_767
"""Largest number of rows and of columns of a sheet, and of letters of a cell."""
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
"""Options by which rows leave the memory once they are written, and texts stay texts."""
CLOCK = {"num_format": "[h]:mm:ss.00"}


def encode(table: "pd.DataFrame") -> bytes:
    """Encode a table as the one sheet of a workbook, an empty cell for each gap.

    Raises:
        ConfigError: if the table is larger than a sheet.
    """
    return _workbook(table, [])


def encode_prediction(prediction: "ClipPrediction") -> bytes:
    """Encode the table of a prediction and the reasons of its gaps.

    Beside the seconds stands the time as hours, minutes and seconds.

    Raises:
        ConfigError: if the table is larger than a sheet.
    """
    table = prediction.exported.round({"time": 6})
    table.insert(list(table).index("time") + 1, "clock", table["time"] / DAY)
    return _workbook(table, ["clock"])


def _workbook(table: "pd.DataFrame", clocks: list[str]) -> bytes:
    import xlsxwriter

    if len(table) >= ROWS or table.shape[1] > COLUMNS:
        raise ConfigError(
            f"A sheet of Excel has at most {ROWS - 1:,} rows and {COLUMNS:,} columns, and this table has "
            f"{len(table):,} and {table.shape[1]:,}; Parquet holds it."
        )
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties({"created": datetime.datetime(2000, 1, 1)})  # the same table gives the same file
        form = book.add_format(CLOCK)
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [str(column) for column in table])
        for place, column in enumerate(table):
            if column in clocks:
                sheet.set_column(place, place, None, form)
        _write_rows(sheet, table)
    return buffer.getvalue()


def _write_rows(sheet: "Worksheet", table: "pd.DataFrame") -> None:
    gaps = table.isna().to_numpy()
    for number, (row, missing) in enumerate(zip(table.itertuples(index=False, name=None), gaps, strict=True), 1):
        for place, (value, absent) in enumerate(zip(row, missing, strict=True)):
            if not absent:
                _write(sheet, number, place, value)


def _write(sheet: "Worksheet", row: int, place: int, value: Any) -> None:
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float) or hasattr(value, "__float__"):
        sheet.write_number(row, place, float(value))
    else:
        sheet.write_string(row, place, str(value)[:LETTERS])


FORMATS.register("xlsx")(
    Format(
        "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        encode,
        encode_prediction,
        beneath_figures=False,
    )
)
