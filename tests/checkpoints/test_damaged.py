"""A checkpoint that is damaged, or was made to do harm, is refused in words by whoever reads it."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import untrained

from emoviz import checkpoints
from emoviz.analysis import comparison, cultures
from emoviz.checkpoints import tables
from emoviz.core.errors import CheckpointError, EmovizError

WRONG = (
    None,
    [],
    {},
    "",
    0,
    -1,
    1e-9,
    10**9,
    float("nan"),
    "x" * 300,
    True,
    [None],
    {"a": 1},
    "²",
    1e308,
    -0.5,
    "../..",
)
ROW = {"culture": "all", "output": "emotion", "metric": "ua", "aggregation": "pooled", "value": 0.5, "recordings": 9}
SCORES = {
    "test": [ROW | {"low": 0.4, "high": 0.6, "training_mean": 0.25, "speakers": 3, "collapsed": False}],
    "training_mean": [0.25] * 4,
    "epochs": [{"epoch": 0, "loss": 1.0, "validation": 0.5}],
    "selection": {"metric": "ua"},
}


def places_in(values: Any, place: tuple = ()) -> Iterator[tuple]:
    """The way to every value in some JSON."""
    if place:
        yield place
    for key in values if isinstance(values, dict) else range(min(len(values), 2)) if isinstance(values, list) else ():
        yield from places_in(values[key], (*place, key))


def with_wrong(text: str, place: tuple, value: Any) -> str:
    """Some JSON with another value at a place."""
    values = json.loads(text)
    inside = values
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return json.dumps(values)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    untrained.save_speech(folder, "cats", "cats", untrained.Task.FRAMES, {"width": 16, "heads": 2})
    (folder / "cats" / checkpoints.METRICS).write_text(json.dumps(SCORES))
    return folder / "cats"


@pytest.mark.parametrize(
    ("file", "read"),
    [(checkpoints.CONFIG, checkpoints.load), (checkpoints.METRICS, lambda folder: comparison.read("damaged", folder))],
)
def test_whatever_a_file_says_readers_read_or_refuse_it(sound: Path, tmp_path: Path, file: str, read):
    drawn = random.Random(0)
    folder = tmp_path / "damaged"
    shutil.copytree(sound, folder)
    text = (sound / file).read_text()
    places, refused = list(places_in(json.loads(text))), 0
    for _ in range(200):
        (folder / file).write_text(with_wrong(text, drawn.choice(places), drawn.choice(WRONG)))
        try:
            found = read(folder)
        except EmovizError as error:
            refused += 1
            assert len(str(error)) < 700 and "\n" not in str(error)
        else:
            assert found.outputs
        assert set(cultures.scores([folder]).columns) == set(cultures.SCORES)
    assert 50 < refused < 200


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ([], "metrics.json is a table, not \\[\\]"),
        ({"test": None}, "'test' in metrics.json is a list, not None"),
        ({"test": [[1]]}, "'test' in metrics.json is a table, not \\[1\\]"),
        ({"test": [{"metric": "ua"}]}, "A score in metrics.json is without 'culture'"),
        ({"test": [ROW | {"value": "high"}]}, "'value' of a score in metrics.json is of type float, not 'high'"),
        ({"training_mean": {"a": 1}}, "'training_mean' in metrics.json is a list"),
        ({"epochs": [{"loss": "x" * 300}]}, "is of type float, not 'x{79}\\.\\.\\."),
    ],
)
def test_scores_that_no_training_writes_are_refused(tmp_path: Path, scores: Any, says: str):
    (tmp_path / checkpoints.METRICS).write_text(json.dumps(scores))
    with pytest.raises(CheckpointError, match=says):
        checkpoints.read_metrics(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("hop", 1e-9, "'hop' and 'window' are"),
        ("hop", 0, "'hop' and 'window' are"),
        ("window", 1e308, "'hop' and 'window' are"),
        ("training", {"label_delay": [1]}, "'label_delay' is 0 to"),
        ("training", {"resample": "nearest"}, "'resample' is one of"),
    ],
)
def test_a_grid_that_none_can_have_is_refused(sound: Path, tmp_path: Path, key: str, value: Any, says: str):
    (tmp_path / checkpoints.CONFIG).write_text(with_wrong((sound / checkpoints.CONFIG).read_text(), (key,), value))
    with pytest.raises(CheckpointError, match=says):
        checkpoints.read_description(tmp_path)


def test_a_table_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path: Path, monkeypatch):
    column = pa.array(np.zeros(1_000_000, np.float32)).dictionary_encode()
    pq.write_table(pa.table({f"c{number}": column for number in range(4)}), tmp_path / "attention.parquet")
    assert (tmp_path / "attention.parquet").stat().st_size < 100_000
    assert checkpoints.read_table(tmp_path, "attention") is not None
    monkeypatch.setattr(tables, "LARGEST", 10_000_000)
    with pytest.raises(CheckpointError, match="it would take more than"):
        checkpoints.read_table(tmp_path, "attention")


def test_a_table_with_flipped_bits_is_read_or_refused(tmp_path: Path):
    table = pd.DataFrame({"culture": ["a", "b"] * 50, "x": np.arange(100.0)}, index=pd.Index(map(str, range(100))))
    whole = checkpoints.write_table(tmp_path, "attention", table).read_bytes()
    drawn = random.Random(0)
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(drawn.randint(1, 8)):
            damaged[drawn.randrange(len(damaged))] ^= 1 << drawn.randrange(8)
        (tmp_path / "attention.parquet").write_bytes(bytes(damaged[: drawn.randint(1, len(damaged))]))
        try:
            checkpoints.read_table(tmp_path, "attention")
        except CheckpointError as error:
            assert "is damaged: " in str(error)
