"""Whether the weights of a model are those of its other trainings: which these are, and how far they agree."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from emoviz.analysis.reliability import (
    Reliability,
    cultures_in_words,
    in_words,
    other_trainings,
    reliability,
    unreliable,
)
from emoviz.checkpoints.description import Description
from emoviz.core.vocabulary import Source, Task

BASE = Description(
    name="x-0",
    title="",
    source=Source.SPEECH,
    model="cats",
    model_config={"width": 8},
    task=Task.FRAMES,
    kind="dimension",
    outputs=("arousal",),
    derived=False,
    features=(),
    inputs=(),
    hop=0.5,
    window=15.0,
    training={"seed": 0, "name": "arousal", "epochs": 80},
    split={"train": ("a", "b"), "test": ("c",)},
)


def test_other_trainings_differ_in_their_seed_alone():
    known = {
        "x-0": BASE,
        "x-1": dataclasses.replace(BASE, name="x-1", training={**BASE.training, "seed": 1, "name": "again"}),
        "longer": dataclasses.replace(BASE, training={**BASE.training, "seed": 1, "epochs": 90}),
        "of others": dataclasses.replace(BASE, split={"train": ("d",), "test": ("c",)}),
        "of valence": dataclasses.replace(BASE, outputs=("valence",)),
    }
    assert other_trainings("x-0", known) == ["x-1"]
    assert other_trainings("x-1", known) == ["x-0"] and other_trainings("longer", known) == []


def test_mean_weights_are_correlated_channel_by_channel():
    random = np.random.default_rng(0)
    tables = [
        pd.DataFrame(random.uniform(size=(5, 4)), columns=list("abcd")).assign(culture="X", speaker="s", label="l")
        for _ in range(3)
    ]
    own, first, second = (table[list("abcd")].mean() for table in tables)
    expected = (np.corrcoef(own, first)[0, 1] + np.corrcoef(own, second)[0, 1]) / 2
    turned = tables[1][["label", *"dcba", "culture", "speaker"]]  # the order of columns does not matter
    found = reliability(tables[0], [turned, tables[2]])
    assert found.correlation == pytest.approx(expected) and found.others == 2
    assert np.isnan(reliability(tables[0], []).correlation)


def test_unreliable_cultures_are_named():
    found = unreliable(pd.Series({"A": 0.59, "B": 0.61, "C": float("nan"), "D": -0.1}))
    assert cultures_in_words(found, "seed") == "Not reliable (seeds agree at less than .60): A (.59) and D (−.10)."
    assert cultures_in_words(found[:0], "seed") == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Reliability(0.9, 4),
            "Yes**: the mean weights correlate at .90 with those of 4 other trainings of this model.",
        ),
        (Reliability(0.03, 1), "No**: the mean weights correlate at .03 with those of another training of this model"),
        (Reliability(float("nan"), 0), "Not known**: no other training of this model is here"),
    ],
)
def test_the_finding_in_words(found, words):
    assert words in in_words(found)
    assert found.fails == ("No**" in words)
