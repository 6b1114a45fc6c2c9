"""Made-up tables of channel weights: by hand, and of cultures with and without a planted difference."""

import numpy as np
import pandas as pd

CHANNELS = ("audio.a", "audio.b", "audio.c", "video.d")


def table(rows: dict[str, list], dimension: str = "valence", channels=CHANNELS) -> pd.DataFrame:
    """Culture -> one list of weights per seed."""
    keys = [(culture, dimension, seed) for culture, seeds in rows.items() for seed in range(len(seeds))]
    index = pd.MultiIndex.from_tuples(keys, names=["culture", "dimension", "seed"])
    return pd.DataFrame([row for seeds in rows.values() for row in seeds], index=index, columns=list(channels))


HAND = table({"X": [[1, 0, 0, 0], [1, 1, 0, 0]], "Y": [[0, 0, 1, 1]], "Z": [[0, 2, 0, 0], [0, 0, 3, 0], [0, 4, 0, 0]]})


def made_up(seed: int, cultures=("A", "B"), seeds: int = 4, channels: int = 12, shift: float = 0.0) -> pd.DataFrame:
    """Weights around one centre; those of the first culture around another, ``shift`` from it."""
    random = np.random.default_rng(seed)
    centre = random.uniform(0.3, 0.7, channels)
    centres = {culture: centre for culture in cultures} | {cultures[0]: centre + shift * random.normal(size=channels)}
    rows = {c: (m + random.normal(0, 0.05, (seeds, channels))).tolist() for c, m in centres.items()}
    return table(rows, channels=[f"audio.c{i:02d}" for i in range(channels)])
