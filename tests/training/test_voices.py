"""Training samples are read at the level and the spread of other people's features, and nothing else is."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Split
from emoviz.training.data import DATA
from emoviz.training.data.voices import Voices

from .made_up import TRACES, UTTERANCES, MadeUpStore, TracedStore

HOP, WEIGHT = 0.5, 10.0
"""Seconds between frames, and the seconds that the training weighs in a calibration."""


def statistics(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level and spread by the formula of docs/calibrating.md."""
    seconds = HOP * len(frames)
    level = seconds * frames.mean(0) / (seconds + WEIGHT)
    return level, np.sqrt((seconds * frames.var(0) + WEIGHT) / (seconds + WEIGHT))


def test_samples_are_calibrated_or_spoken_by_somebody_on_the_way_to_another_speaker():
    random = np.random.default_rng(0)
    heard = {"a": random.normal(2, 3, (40, 2)), "b": random.normal(-1, 0.5, (30, 2))}
    streams = {i: {"toy": torch.from_numpy(values).float()} for i, values in heard.items()}
    voices = Voices(SimpleNamespace(streams=streams.__getitem__), {"A": ["a"], "B": ["b"]}, HOP)
    x = random.normal(size=(7, 2))
    sample = {"toy": torch.from_numpy(x).float()}
    (level, spread), (other, wider) = statistics(heard["a"]), statistics(heard["b"])
    found = {"calibrated": 0, "own": 0, "between": 0}
    for seed in range(60):
        read = voices(sample, "A", np.random.default_rng(seed))["toy"].double().numpy()
        if np.allclose(read, (x - level) / spread, atol=1e-5):
            found["calibrated"] += 1
        elif np.allclose(read, x, atol=1e-5):
            found["own"] += 1
        else:  # spread and level are the same share of the way from A to B
            ways = (np.ptp(read, axis=0) / np.ptp(x, axis=0) * spread - spread) / (wider - spread)
            share = ways[0]
            assert 0 < share < 1 and ways[1] == pytest.approx(share, abs=1e-4)
            moved = (x - level) / spread * (spread + share * (wider - spread)) + level + share * (other - level)
            np.testing.assert_allclose(read, moved, atol=1e-4)
            found["between"] += 1
    assert found["calibrated"] > 20 and found["own"] > 5 and found["between"] > 5


@pytest.mark.parametrize("kind", ["utterances", "windows"])
def test_a_share_of_the_training_samples_is_read_so_and_no_other(kind):
    plain = dataclasses.replace(UTTERANCES, data=kind)
    usual, some = (DATA[kind](dataclasses.replace(plain, voices=share), MadeUpStore()) for share in (0.0, 0.5))
    changed = [
        not torch.equal(a.streams["toy"], b.streams["toy"])
        for epoch in range(4)
        for number in range(len(usual.parts[Split.TRAIN]))
        for a, b in [(data.parts[Split.TRAIN][epoch, number] for data in (usual, some))]
    ]
    assert 0.3 < np.mean(changed) < 0.6  # to be on the way to oneself changes nothing
    for part in (Split.VALIDATION, Split.TEST):
        for a, b in zip(usual.parts[part], some.parts[part], strict=True):
            assert torch.equal(a.streams["toy"], b.streams["toy"])
    sample, again = (some.parts[Split.TRAIN][0, 1].streams["toy"] for _ in range(2))
    assert torch.equal(sample, again)


def test_what_cannot_be_read_so_is_refused():
    sequences = dataclasses.replace(TRACES, data="sequences", outputs=("valence (derived)",), corpora=("made-up",))
    for config, store in ((sequences, MadeUpStore()), (TRACES, TracedStore())):
        with pytest.raises(ConfigError, match=f"alone take 'voices', not '{config.data}'"):
            DATA[config.data](dataclasses.replace(config, voices=0.5), store)
    with pytest.raises(ConfigError, match="standardised by speaker have one level; choose 'voices' or"):
        DATA["utterances"](dataclasses.replace(UTTERANCES, voices=0.5, standardise_by="speaker"), MadeUpStore())
    with pytest.raises(ConfigError, match="'voices' is a share"):
        dataclasses.replace(UTTERANCES, voices=1.5)
