"""Tables of checkpoints are read back as they were written, by us and by pandas, and are small."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from emoviz.checkpoints import read_table, write_table
from emoviz.core.errors import CheckpointError


@st.composite
def tables(draw):
    rows, width = draw(st.integers(0, 9)), draw(st.integers(1, 5))
    numbers = st.floats(width=16, allow_nan=True)
    words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
    made = {}
    for k in range(width):
        kind = draw(st.sampled_from(["float16", "float32", "float64", "int64", "bool", "words", "categories"]))
        if kind.startswith("float"):
            made[f"ö{k}"] = pd.Series(draw(st.lists(numbers, min_size=rows, max_size=rows)), dtype=kind)
        elif kind in ("int64", "bool"):
            whole = st.booleans() if kind == "bool" else st.integers(-9, 9)
            made[f"c{k}"] = pd.Series(draw(st.lists(whole, min_size=rows, max_size=rows)), dtype=kind)
        else:
            texts = draw(st.lists(st.none() | words, min_size=rows, max_size=rows))
            made[f"c{k}"] = pd.Series(texts, dtype="str")
            if kind == "categories" and made[f"c{k}"].notna().any():  # pandas loses categories where there is none
                made[f"c{k}"] = made[f"c{k}"].astype("category")
    table = pd.DataFrame(made)
    if draw(st.booleans()):
        table.index = pd.Index(
            [f"nemo/{k}" for k in range(rows)], name=draw(st.sampled_from(["id", None])), dtype="str"
        )
    return table


@settings(max_examples=80, deadline=None)
@given(tables())
def test_a_table_is_read_back_as_it_was(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("tables")
    path = write_table(folder, "predictions", table)
    assert_frame_equal(read_table(folder, "predictions"), table)
    assert_frame_equal(pd.read_parquet(path), table)


def test_a_table_of_many_narrow_columns_is_half_an_ordinary_one(tmp_path):
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(19, 89)).astype(np.float16), columns=[f"egemaps.{k}" for k in range(89)])
    table.to_parquet(tmp_path / "ordinary.parquet", compression="zstd")
    size = write_table(tmp_path, "attention", table).stat().st_size
    assert size < 0.5 * (tmp_path / "ordinary.parquet").stat().st_size


def test_a_table_that_is_not_there_and_one_that_is_damaged(tmp_path):
    assert read_table(tmp_path, "attention") is None
    (tmp_path / "attention.parquet").write_bytes(b"no table")
    with pytest.raises(CheckpointError, match=r"attention\.parquet' is damaged"):
        read_table(tmp_path, "attention")
