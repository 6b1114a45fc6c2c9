"""A small made-up corpus in a feature store, in which emotion can be heard in the first channel."""

from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.define import FOUR_EMOTIONS
from emoviz.features.base import FeatureStream
from emoviz.features.store import StoredCorpus

CULTURES = ("Here", "There")
SPEAKERS = 5
HOP = 0.02


class MadeUpStore:
    """Answers like a FeatureStore; streams are drawn from a seed when asked for."""

    def __init__(self, seconds: float = 0.4, missing: str | None = None) -> None:
        self.seconds = seconds
        self.missing = missing

    def corpus(self, name: str) -> StoredCorpus:
        rows = [
            {"id": f"{c}/{s}/{e}/{k}", "speaker": f"{c}/{s}", "culture": c, "emotion": e.value}
            for c in CULTURES for s in range(SPEAKERS) for e in FOUR_EMOTIONS for k in range(2)
        ]  # fmt: skip
        table = pd.DataFrame(rows).set_index("id")
        recordings = table.reindex(columns=[*RECORDING_COLUMNS, "key"]).assign(key=table.index)
        return StoredCorpus(name, name, "made up", "None.", recordings, table[["emotion"]], pd.DataFrame(), None)

    def identity(self, name: str) -> tuple[str, dict[str, int]]:
        return "1", {}

    def stream(self, key: str, name: str) -> FeatureStream:
        random = np.random.default_rng([*key.encode()])
        emotion = [e.value for e in FOUR_EMOTIONS].index(key.split("/")[2])
        values = random.normal(size=(int(self.seconds / HOP), 4)).astype(np.float32)
        values[:, 0] += 3 * (emotion % 2)
        values[:, 1] += 3 * (emotion // 2)
        if self.missing == key:
            values[:] = np.nan
        return FeatureStream(values, HOP / 2, HOP, tuple(f"{name}.{i}" for i in range(4)))


def folders(path: Path) -> tuple[Path, Path]:
    """Run and checkpoint folders for one training."""
    return path / "runs", path / "checkpoints"
