"""Small made-up corpora: utterances whose emotion can be heard, and recordings whose labels change over time."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.checkpoints.description import FeatureSpec
from emoviz.core.vocabulary import FOUR_EMOTIONS, Dimension, Source
from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.features.base import FeatureStream
from emoviz.features.stored_corpus import StoredCorpus
from emoviz.models.inputs import InputConfig
from emoviz.training.config import TrainingConfig
from emoviz.training.data import Recordings

CULTURES = ("Here", "There")
SPEAKERS = 5
HOP = 0.02


class MadeUpStore:
    """Answers like a FeatureStore of utterances, in which the first two channels tell the emotion.

    Streams are drawn from a seed when asked for. Of two utterances of one emotion, one is normal and one strong.
    """

    def __init__(self, seconds: float = 0.4, missing: str | None = None) -> None:
        self.seconds = seconds
        self.missing = missing

    def corpora(self, names: Sequence[str]) -> list[StoredCorpus]:
        return [self.corpus(name) for name in names]

    def corpus(self, name: str) -> StoredCorpus:
        rows = [
            {
                "id": f"{c}/{s}/{e}/{k}",
                "speaker": f"{c}/{s}",
                "culture": c,
                "emotion": e.value,
                "intensity": ("normal", "strong")[k],
            }
            for c in CULTURES
            for s in range(SPEAKERS)
            for e in FOUR_EMOTIONS
            for k in range(2)
        ]
        table = pd.DataFrame(rows).set_index("id")
        recordings = table.reindex(columns=[*RECORDING_COLUMNS, "key"]).assign(key=table.index)
        labels = table[["emotion", "intensity"]]
        return StoredCorpus(name, name, "made up", "None.", recordings, labels, pd.DataFrame(), None)

    def identity(self, name: str, settings: Mapping | None = None) -> tuple[str, dict[str, int]]:
        return "1", {}

    def stream(self, key: str, name: str, settings: Mapping | None = None) -> FeatureStream:
        random = np.random.default_rng([*key.encode()])
        emotion = [e.value for e in FOUR_EMOTIONS].index(key.split("/")[2])
        values = random.normal(size=(int(self.seconds / HOP), 4)).astype(np.float32)
        values[:, 0] += 3 * (emotion % 2)
        values[:, 1] += 3 * (emotion // 2)
        if self.missing == key:
            values[:] = np.nan
        return FeatureStream(values, HOP / 2, HOP, tuple(f"{name}.{i}" for i in range(4)))


class RatedStore(MadeUpStore):
    """Answers like a FeatureStore of utterances that were rated as a whole, and have no emotion.

    Valence follows the first channel's level and arousal the second's. The first speaker's first utterance has no
    rating of valence, the second one none at all.
    """

    def corpus(self, name: str) -> StoredCorpus:
        corpus = super().corpus(name)
        emotion = corpus.labels["emotion"].map([e.value for e in FOUR_EMOTIONS].index)
        strength = corpus.labels["intensity"].map({"normal": 0.4, "strong": 0.6})
        labels = pd.DataFrame({"valence": emotion % 2 * strength, "arousal": emotion // 2 * strength - 0.5})
        labels.iloc[0, 0] = labels.iloc[1] = np.nan
        return dataclasses.replace(corpus, labels=labels.astype(object).where(labels.notna(), None))


class TracedStore(MadeUpStore):
    """Answers like a FeatureStore of recordings with labels every 0.1 s, one per speaker and without media.

    The corpus ships what two systems, who heard and who saw, said of each dimension: its label and noise.
    """

    def __init__(self, seconds: float = 4.0, noise: float = 1.0) -> None:
        super().__init__(seconds)
        self.noise = noise * np.array([0.3, 1.0, 0.6, 0.6])

    def corpus(self, name: str) -> StoredCorpus:
        random = np.random.default_rng(0)
        ids = pd.Index([f"{c}/{s}" for c in CULTURES for s in range(SPEAKERS)], name="id")
        times = np.arange(round(self.seconds / TRACED_HOP)) * TRACED_HOP
        traces, said = [], {}
        for identity in ids:
            labels = np.sin(times[:, None] * random.uniform(0.5, 2.0, 2) + random.uniform(0, 6, 2))
            values = np.repeat(labels, 2, axis=1) + self.noise * random.normal(size=(len(times), 4))
            said[identity] = FeatureStream(values.astype(np.float32), 0.0, TRACED_HOP, SYSTEMS)
            traces.append(pd.DataFrame(labels, columns=["arousal", "valence"]).assign(id=identity, time=times))
        table = pd.DataFrame({"speaker": ids, "culture": ids.str.split("/").str[0]}, ids)
        recordings = table.reindex(columns=[*RECORDING_COLUMNS, "key"])
        shipped = {"said": said}
        return StoredCorpus(
            name, name, "made up", "None.", recordings, pd.DataFrame(), pd.concat(traces), None, shipped
        )


TRACED_HOP = 0.1
SYSTEMS = ("heard.arousal", "seen.arousal", "heard.valence", "seen.valence")
"""Channels of the feature that the recordings of :class:`TracedStore` come with."""

UTTERANCES = TrainingConfig(
    name="toy",
    title="Toy",
    source=Source.SPEECH,
    model="statistics-pooling",
    options={"hidden": 8, "dropout": 0.1},
    data="utterances",
    corpora=("made-up",),
    inputs=(InputConfig("toy"),),
    outputs=FOUR_EMOTIONS,
    loss="cross_entropy",
    selection="ua",
    hop=0.02,
    window=0.4,
    epochs=2,
    learning_rate=0.02,
)
"""Trains on :class:`MadeUpStore`."""
RATED = dataclasses.replace(
    UTTERANCES,
    name="toy-rated",
    outputs=(Dimension.VALENCE, Dimension.AROUSAL),
    loss="ccc_mse",
    selection="ccc",
    epochs=8,
    batch_size=8,
)
"""Trains on :class:`RatedStore`."""
TRACES = TrainingConfig(
    name="toy-traces",
    title="Toy traces",
    source=Source.FUSED,
    model="bi-gru",
    options={"hidden": 4, "layers": 1},
    data="traces",
    corpora=("made-up",),
    inputs=(InputConfig("said", standardise=False),),
    outputs=(Dimension.AROUSAL, Dimension.VALENCE),
    loss="ccc",
    selection="ccc",
    hop=TRACED_HOP,
    window=2.0,
    epochs=2,
)
"""Trains on :class:`TracedStore`."""


UNTOLD = {"gender": None, "language": None}
"""What is not told of people."""


def table_of(counts: Sequence[Sequence[int]], emotions: Sequence[str] = FOUR_EMOTIONS[:2]) -> pd.DataFrame:
    """A table of recordings: per culture and speaker, so many utterances of each emotion.

    Cultures are named A, B, C ..., ids read ``<culture>/<speaker>/<emotion>/<number>``.
    """
    rows = [
        {
            "id": f"{c}/{s}/{e}/{k}",
            "speaker": f"{c}/{s}",
            "culture": c,
            "session": None,
            "emotion": str(e),
            "label": str(e),
        }
        | UNTOLD
        for c, speakers in zip("ABCDEFGH", counts, strict=False)
        for s, n in enumerate(speakers)
        for e in emotions
        for k in range(n)
    ]
    return pd.DataFrame(rows).set_index("id")


def recordings_of(table: pd.DataFrame, streams: Mapping[str, np.ndarray], name: str = "toy") -> Recordings:
    """Recordings with one feature stream each: id -> (T, D)."""
    width = next(iter(streams.values())).shape[1]
    spec = FeatureSpec(name, "1", {}, tuple(f"{name}.{i}" for i in range(width)), width)
    values = {i: {name: stream.astype(np.float32)} for i, stream in streams.items()}
    return Recordings(table, values, {}, (spec,), "Made up.", {})


def folders(path: Path) -> tuple[Path, Path]:
    """Run and checkpoint folders for one training."""
    return path / "runs", path / "checkpoints"
