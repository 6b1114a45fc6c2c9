"""Sweeps over systems, cultures and seeds, and the tables of how they go."""

import dataclasses

import pytest

from emoviz.core.errors import ConfigError
from emoviz.training import preset, sweeps
from emoviz.training.sweeps import Entry

BASE = preset("speech-emotion")


def test_a_sweep_has_every_combination_under_a_name_of_its_own():
    made = sweeps.sweep(BASE, ["mdat", "statistics-pooling"], {"North A": ["ravdess"], "B": ["emodb", "urdu"]}, [0, 1])
    assert len(made) == 8 == len({config.name for config in made})
    first = made[0]
    assert first.name == "speech-emotion-mdat-north-a-seed0"
    assert (first.model, first.corpora, first.seed) == ("mdat", ("ravdess",), 0)
    assert first.title.endswith(", mdat, North A, seed0")


def test_what_is_not_varied_stays():
    assert sweeps.sweep(BASE) == (BASE,)
    seeded = sweeps.sweep(BASE, seeds=[3])
    assert seeded == (dataclasses.replace(BASE, name="speech-emotion-seed3", title=f"{BASE.title}, seed3", seed=3),)
    own = dataclasses.replace(BASE, options={"hidden": 8})
    assert [c.options for c in sweeps.sweep(own, ["mdat", own.model])] == [{}, {"hidden": 8}]


def test_nothing_is_swept_twice():
    with pytest.raises(ConfigError, match="'seeds' of a sweep has each entry once"):
        sweeps.sweep(BASE, seeds=[1, 1])


FIGURES = [
    {"epoch": 0, "loss": 2.0, "validation": 0.3, "validation in A": 0.2, "validation in B": 0.4, "validation x": 9},
    {"epoch": 1, "loss": 1.0, "validation": 0.5, "validation in A": 0.6, "validation in B": 0.4},
]


def test_curves_are_the_loss_the_metric_and_that_of_each_culture():
    table = sweeps.curves(FIGURES)
    assert list(table["curve"].unique()) == ["loss", "validation", "A", "B"]
    assert table[table["curve"] == "A"]["value"].tolist() == [0.2, 0.6]
    assert table["epoch"].tolist() == [1] * 4 + [2] * 4
    assert sweeps.curves([]).empty


def test_a_summary_has_the_best_validation_and_the_held_out_figure_of_all_cultures():
    test = [
        {"culture": c, "output": "emotion", "metric": m, "aggregation": "pooled", "value": v}
        for c, m, v in (("all", "ua", 0.7), ("all", "accuracy", 0.9), ("German", "ua", 0.1))
    ]
    done, waiting = sweeps.sweep(BASE, seeds=[0, 1])
    table = sweeps.summary([Entry(done, "finished", FIGURES, {"test": test}), Entry(waiting, "queued", [], {})])
    assert table["validation ua"].tolist()[0] == 0.5 and table["validation ua"].isna().tolist() == [False, True]
    assert table["test ua, emotion"].tolist()[0] == 0.7
    assert table["epochs"].tolist() == [2, 0] and table["state"].tolist() == ["finished", "queued"]
    assert not any("accuracy" in column for column in table)
