"""Every registered format: it has a title of its own, holds all columns, and is written whole or refused."""

import datetime
import io
import re
import zipfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from emoviz.core.errors import ConfigError
from emoviz.prediction.export import endings, format_of, write_prediction, write_table
from emoviz.prediction.formats import FORMATS

TABLE = pd.DataFrame({"time": [0.01, 0.03], "face.happy": [0.123456789, np.nan], "who": ["A", None]}, index=[5, 3])


def prediction() -> Any:
    """What formats read of a prediction."""
    outputs = pd.DataFrame({"column": ["face.happy"], "kind": ["emotion"]})
    info = SimpleNamespace(path=SimpleNamespace(name="clip.mp4"), duration=0.04)
    gaps = pd.DataFrame({"source": ["face"], "reason": ["no face in the picture"]})
    notes = ["No face at the end."]
    return SimpleNamespace(table=TABLE, exported=TABLE, outputs=outputs, gaps=gaps, info=info, notes=notes)


def plain(content: bytes) -> bytes:
    """The content of a file, or of all the files in it where it is an archive."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(map(archive.read, archive.namelist()))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_holds_all_columns_and_no_index(name):
    own = FORMATS[name]
    content = own.encode(TABLE)
    assert content == own.encode(TABLE.reset_index(drop=True))
    for column in TABLE:
        assert column.encode() in plain(content) and column.encode() in plain(own.encode_prediction(prediction()))


def test_titles_are_unique_and_media_types_are_such():
    assert len({FORMATS[name].title for name in FORMATS}) == len(FORMATS)
    for name in FORMATS:
        kind, slash, subtype = FORMATS[name].media_type.partition("/")
        assert kind and slash and subtype and name == name.lower()


@pytest.mark.parametrize("name", FORMATS)
def test_the_ending_of_a_file_chooses_the_format(name, tmp_path):
    path = tmp_path / f"table.{name.upper()}"
    write_table(TABLE, path)
    assert path.read_bytes() == FORMATS[name].encode(TABLE)
    write_prediction(prediction(), path)
    assert path.read_bytes() == FORMATS[name].encode_prediction(prediction())
    with pytest.raises(ConfigError, match="cannot be written"):
        write_table(TABLE, tmp_path / "none" / path.name)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_ending_is_refused_with_those_that_would_do(tmp_path):
    with pytest.raises(ConfigError, match=re.escape(f"written as {endings()}, not '.txt'")):
        format_of(tmp_path / "t.txt")
    assert all(f".{name}" in endings() for name in FORMATS)


EVIL = ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "-5 is a text", "plain", None]


def test_spreadsheets_run_no_text_as_a_formula():
    table = pd.DataFrame({"=who": EVIL, "value": range(-4, 4)})
    read = pd.read_csv(io.BytesIO(FORMATS["csv"].encode(table)))
    assert list(read) == ["'=who", "value"] and read["value"].tolist() == [*range(-4, 4)]
    assert read["'=who"].tolist()[:-1] == [f"'{text}" for text in EVIL[:-2]] + ["plain"]
    sheet = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].encode(table))).active
    assert [cell.value for cell in sheet["A"]] == ["=who", *EVIL]
    assert {cell.data_type for cell in sheet["A"][:-1]} == {"s"}  # of a formula it is f


def test_a_spreadsheet_shows_the_time_of_a_prediction_as_a_clock_does():
    times = [0.01, 59.995, 83.4, 3600.02, 36000.0]
    table = pd.DataFrame({"time": times, "face.happy": 0.5})
    made = prediction()
    made.table = made.exported = table
    read = pd.read_csv(io.BytesIO(FORMATS["csv"].encode_prediction(made)))
    assert read["clock"].tolist() == ["0:00:00.01", "0:01:00.00", "0:01:23.40", "1:00:00.02", "10:00:00.00"]
    assert read["time"].tolist() == times
    sheet = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].encode_prediction(made))).active
    assert [cell.value for cell in sheet[1]] == ["time", "clock", "face.happy"]
    assert {cell.number_format for cell in sheet["B"][1:]} == {"[h]:mm:ss.00"}
    assert sheet["B4"].value == datetime.timedelta(seconds=83.4)


def test_a_table_larger_than_a_sheet_is_refused():
    with pytest.raises(ConfigError, match="at most 1,048,575 rows and 16,384 columns, and this table has 1,048,576"):
        FORMATS["xlsx"].encode(pd.DataFrame({"time": np.zeros(1_048_576)}))


def test_a_table_keeps_its_digits_and_a_prediction_six_of_them():
    assert b"0.123456789" in FORMATS["csv"].encode(TABLE)
    assert b"0.123457" in FORMATS["csv"].encode_prediction(prediction())
