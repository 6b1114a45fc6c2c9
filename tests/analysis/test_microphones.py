"""Pseudo-cultures: planted moves by a telephone that are smaller and larger than the distance between cultures."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.telephone import by_telephone
from emoviz.analysis import microphones
from emoviz.analysis.ceiling import against_ceiling
from emoviz.core.errors import CheckpointError
from emoviz.core.words import number

from .weights import table

CHANNELS = [f"audio.c{i:02d}" for i in range(40)]


def planted(move: float, *, apart: float = 0.3, seeds: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weights of three cultures that lie apart, and of the same moved by a telephone."""
    random = np.random.default_rng(0)
    common = random.normal(size=40)
    centres = {name: 0.5 + 0.3 * common + apart * random.normal(size=40) for name in "ABC"}

    def around(shift: float) -> pd.DataFrame:
        moved = {name: centre + shift * random.normal(size=40) for name, centre in centres.items()}
        rows = {name: (m + random.normal(0, 0.05, (seeds, 40))).tolist() for name, m in moved.items()}
        return table(rows, channels=CHANNELS)

    return around(0.0), around(move)


def compared(weights: pd.DataFrame, moved: pd.DataFrame) -> tuple[pd.DataFrame, list[microphones.Move]]:
    found = microphones.cells(weights, microphones.heard(weights, moved))
    return found, microphones.moves(against_ceiling(weights, matched=True), found)


def test_a_pseudo_culture_is_compared_as_a_culture_is():
    weights, moved = planted(0.1)
    found, _ = compared(weights, moved)
    assert list(found["culture"]) == ["A", "B", "C"] and set(found["other"]) == {microphones.BY_TELEPHONE}
    both = pd.concat([weights, moved.rename(index={"B": "Z"}, level="culture").loc[["Z"]]])
    usual = against_ceiling(both, matched=True).set_index(["culture", "other"]).loc[("B", "Z")]
    row = found.set_index("culture").loc["B"]
    assert row["similarity"] == pytest.approx(usual["similarity"]) and row["pairs"] == 20
    assert row["disattenuated"] == pytest.approx(usual["disattenuated"]) and row["ceiling"] == usual["ceiling"]
    assert row["disattenuated_low"] < row["disattenuated"] < row["disattenuated_high"] < 1


def test_a_telephone_that_moves_cultures_little_is_told_from_one_that_moves_them_far():
    _, little = compared(*planted(0.05))
    _, far = compared(*planted(3.0))
    assert len(little) == len(far) == 3 and all(move.less for move in little) and not any(move.less for move in far)
    words = microphones.in_words(little)
    assert words.startswith("**Microphone or culture?** By telephone, A, B and C keep .")
    assert words.endswith("of the ceiling or more, and no other culture comes as near.")
    words = microphones.in_words([*little[:1], *far[1:]])
    assert f"A keeps {number(little[0].moved)} of the ceiling, and no other culture comes as near; B (" in words
    assert all(
        f"{m.culture} ({number(m.moved)} of the ceiling stays, {number(m.similarity)} to {m.nearest})" in words
        for m in far[1:]
    )
    assert words.endswith(") move further than the nearest culture lies.")
    unsure = far[1]._replace(moved=far[1].similarity + 0.01)
    assert microphones.in_words([unsure]).endswith(
        ") may move as far as the nearest culture lies, as the intervals overlap."
    )


def test_no_move_is_told_by_chance_alone():
    found, _ = compared(*planted(0.0))
    assert found["alike"].all() and found["disattenuated"].to_numpy() == pytest.approx(1, abs=0.05)


def test_what_is_not_known_is_left_out():
    weights, moved = planted(0.05)
    assert microphones.in_words([]) == ""
    assert compared(weights, pd.DataFrame())[1] == [] and compared(weights, moved[CHANNELS[:-1]])[1] == []
    assert [move.culture for move in compared(weights, moved.drop(index="B", level="culture"))[1]] == ["A", "C"]
    alone, _ = planted(0.05, seeds=1)
    assert compared(alone, alone)[1] == []


def test_pseudo_cultures_are_kept_beside_a_set(tmp_path):
    weights, moved = planted(0.05)
    file = microphones.write(tmp_path, "lab", moved)
    assert microphones.files([tmp_path / "elsewhere", tmp_path], "lab") == [file]
    pd.testing.assert_frame_equal(microphones.read(file), moved, atol=1e-3, check_column_type=False)
    pd.DataFrame({"a": [1.0]}).to_parquet(file)
    with pytest.raises(CheckpointError, match="has no columns culture, dimension and seed"):
        microphones.read(file)
    file.write_bytes(b"noise")
    with pytest.raises(CheckpointError, match="is damaged"):
        microphones.read(file)


def test_the_telephone_keeps_its_band_alone_and_is_the_same_for_all():
    samples = 0.1 * np.random.default_rng(0).normal(size=16000).astype(np.float32)
    heard = by_telephone(samples)
    power = np.abs(np.fft.rfft(heard)) ** 2  # one bin per Hz
    assert max(power[:200].mean(), power[4000:].mean()) < 0.1 * power[500:3000].mean()
    assert np.array_equal(heard, by_telephone(samples)) and len(heard) == len(samples)
