"""Every registered format: it has a title of its own, holds all columns, and is written whole or refused."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
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


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_holds_all_columns_and_no_index(name):
    own = FORMATS[name]
    content = own.encode(TABLE)
    assert content == own.encode(TABLE.reset_index(drop=True))
    for column in TABLE:
        assert column.encode() in content and column.encode() in own.encode_prediction(prediction())


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


def test_a_table_keeps_its_digits_and_a_prediction_six_of_them():
    assert b"0.123456789" in FORMATS["csv"].encode(TABLE)
    assert b"0.123457" in FORMATS["csv"].encode_prediction(prediction())
