"""Agreement of two models on a made-up clip, against CCC and kappa of the same frames."""

import numpy as np
import pandas as pd
import pytest
from contenders import row_of

from emoviz.analysis import clip_agreement
from emoviz.evaluation.metrics.ccc import ccc


def clip_tables(shift: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten seconds of two models: one dimension, two emotions; a gap of the second in the first second."""
    time = (np.arange(500) + 0.5) / 50
    wave = np.sin(time)
    happy = (wave > 0) * 0.6 + 0.2
    said = {"v": 0.5 * wave, "happy": happy, "sad": 1 - happy}
    columns = {f"{m}.{name}": values + shift * (m + name == "bv") for m in "ab" for name, values in said.items()}
    table = pd.DataFrame({"time": time, **columns})
    table.loc[table.time < 1, [c for c in columns if c.startswith("b")]] = np.nan
    names = {"v": "valence", "happy": "happy", "sad": "sad"}
    outputs = pd.DataFrame(
        [(c, c[0], names[c[2:]], "dimension" if c[2:] == "v" else "emotion") for c in columns],
        columns=["column", "model", "output", "kind"],
    )
    return table, outputs


def test_agreement_on_a_clip_by_hand():
    table, outputs = clip_tables(shift=0.3)
    assert clip_agreement.clip_outputs(outputs, ["a", "b"]) == {
        "valence": ["a", "b"],
        "happy": ["a", "b"],
        "sad": ["a", "b"],
    }
    found = clip_agreement.clip_agreement(table, outputs, ["a", "b"])
    seen = table[table.time >= 1]
    dimension, emotion = row_of(found, measure="CCC"), row_of(found, measure="kappa")
    assert dimension.value == pytest.approx(ccc(seen["a.v"], seen["b.v"]))
    assert dimension.low <= dimension.value <= dimension.high
    assert emotion.value == 1 and emotion.output == "emotion"


def test_running_agreement_equals_ccc_in_each_window():
    table, outputs = clip_tables(shift=0.1)
    series = clip_agreement.clip_series(table, outputs, "valence", ["a", "b"])
    running = clip_agreement.running_agreement(series, "a", "b").ccc
    assert running[:50].isna().all()
    window = slice(250 - 75, 250 + 75)
    assert running[250] == pytest.approx(ccc(series.a[window], series.b[window]), abs=1e-9)
    same = clip_agreement.running_agreement(series.assign(b=series.a), "a", "b").ccc
    np.testing.assert_allclose(same.dropna(), 1)
