"""Held-out recordings as they are and as practice leaves them, for ``benchmarks.corruptions``."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emoviz.checkpoints.description import FeatureSpec
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.keys import RECIPE
from emoviz.core.vocabulary import FOUR_EMOTIONS, Modality, Split
from emoviz.corpora.base import Clip, clips_of
from emoviz.corpora.reading import load
from emoviz.features.base import FeatureStream, make
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia, content_key
from emoviz.media.corruptions import CORRUPTIONS, Scene
from emoviz.media.corruptions.base import kinds
from emoviz.media.part import key_of_part
from emoviz.prediction.inputs import identity_of
from emoviz.training.config import SPEECH_CORPORA

BESIDE = 24
"""Recordings whose voices are heard in babble."""


@dataclass(frozen=True)
class Condition:
    """The recordings as they are (without a kind), or a kind of corruption at a level."""

    kind: str = ""
    level: float = 0.0

    @property
    def title(self) -> str:
        """The condition in words."""
        return CORRUPTIONS[self.kind].title.format(level=self.level) if self.kind else "as recorded"

    @property
    def strong(self) -> bool:
        """Whether the level is the strong one of its kind."""
        return bool(self.kind) and self.level == CORRUPTIONS[self.kind].levels[1]

    def key(self, own: str) -> str:
        """Return the key of a recording under this condition, given its own key."""
        return f"{own}-{self.kind}-{self.level:g}-{RECIPE}" if self.kind else own

    def of(self, values: np.ndarray, own: str, others: Sequence[Callable[[], np.ndarray]]) -> np.ndarray:
        """Return a recording under this condition, which is the same whatever else is tested.

        Args:
            values: sound or picture.
            own: key of the recording.
            others: functions that read other recordings of the same kind.
        """
        if not self.kind:
            return values
        seed = list(hashlib.sha256(self.key(own).encode()).digest())
        return CORRUPTIONS[self.kind](values, self.level, Scene(np.random.default_rng(seed), others))


def conditions(modality: Modality) -> list[Condition]:
    """Return all conditions of a kind of recording, of which the first is as it was recorded."""
    return [Condition(), *(Condition(kind, level) for kind in kinds(modality) for level in CORRUPTIONS[kind].levels)]


@dataclass(frozen=True)
class Recording:
    """A recording that is predicted.

    Attributes:
        id: its name.
        speaker: person who is heard, or None.
        culture: culture of the person, or None.
        emotion: its emotion.
        key: key of its content.
        clip: its file; None of a picture.
        picture: undecoded bytes of a picture; None of sound.
    """

    id: str
    speaker: str | None
    culture: str | None
    emotion: str
    key: str
    clip: Clip | None = None
    picture: bytes | None = None

    def media(self) -> ClipMedia:
        """Open the file."""
        assert self.clip is not None
        whole = ClipMedia(self.clip.file)
        return whole if self.clip.part is None else whole.part(*self.clip.part)

    def sound(self) -> np.ndarray:
        """Read the samples."""
        return self.media().waveform().samples

    def pixels(self) -> np.ndarray:
        """Decode the grey picture."""
        import cv2

        assert self.picture is not None
        return np.asarray(cv2.imdecode(np.frombuffer(self.picture, np.uint8), cv2.IMREAD_GRAYSCALE))


def held_out_speech(models: Sequence[Checkpoint], data: Path) -> list[Recording]:
    """Return the recordings of four emotions whose speakers are held out of the training of all models."""
    speakers = set.intersection(*(set(model.description.split[Split.TEST]) for model in models))
    names = set.intersection(*(set(model.description.training["corpora"]) for model in models))
    return [r for name in models[0].description.training["corpora"] if name in names for r in _spoken(name, data)
            if r.speaker in speakers]  # fmt: skip


def of_other_languages(model: Checkpoint, data: Path) -> dict[str, list[Recording]]:
    """Return the recordings of four emotions of each bundled speech corpus whose language a model did not hear."""
    known = model.description.training["corpora"]
    heard = {language for name in known for language in load(name, data).recordings["language"]}
    return {
        name: list(_spoken(name, data))
        for name in SPEECH_CORPORA
        if name not in known and not heard & set(load(name, data).recordings["language"])
    }


def _spoken(name: str, data: Path) -> Iterator[Recording]:
    """Yield the recordings of four emotions of a corpus."""
    corpus = load(name, data)
    emotions = corpus.labels["emotion"]
    rows = corpus.recordings[emotions.isin(FOUR_EMOTIONS)]
    for (identity, row), clip in zip(rows.iterrows(), clips_of(rows), strict=True):
        content = _content(clip.file)
        key = content if clip.part is None else key_of_part(content, *clip.part)
        yield Recording(str(identity), row["speaker"], row["culture"], str(emotions[identity]), key, clip)


@functools.cache
def _content(file: str) -> str:
    return content_key(file)


def held_out_pictures(models: Sequence[Checkpoint], data: Path) -> list[Recording]:
    """Return the pictures of the published test parts, whose persons are unknown."""
    found = []
    for name in models[0].description.training["corpora"]:
        corpus = load(name, data)
        assert corpus.pictures is not None
        emotions = corpus.labels["emotion"]
        known = emotions.isin(models[0].outputs) & (corpus.recordings["session"] == Split.TEST)
        for identity in corpus.recordings.index[known]:
            content = corpus.pictures[identity]
            found.append(Recording(str(identity), None, None, str(emotions[identity]), str(identity), picture=content))
    return found


def beside(recordings: Sequence[Recording]) -> list[Callable[[], np.ndarray]]:
    """Return functions that read a few recordings from all over, which are heard beside others; each is read once."""
    return [functools.cache(r.sound) for r in recordings[:: max(1, len(recordings) // BESIDE)]]


def streams_under(
    recording: Recording,
    condition: Condition,
    features: Mapping[str, FeatureSpec],
    store: FeatureStore,
    others: Sequence[Callable[[], np.ndarray]],
) -> dict[str, FeatureStream]:
    """Return the features of a recording under a condition, from the store where they are in it.

    Args:
        recording: recording with sound.
        condition: condition.
        features: features by :func:`emoviz.prediction.inputs.identity_of`.
        store: store, to which what it lacks is added.
        others: functions that read recordings which may be heard beside it.
    """
    key = condition.key(recording.key)

    @functools.cache
    def changed() -> ClipMedia:  # which is heard only where a feature is not yet there
        media = recording.media()
        return (
            media.changed(key, lambda samples: condition.of(samples, recording.key, others))
            if condition.kind
            else media
        )

    return {
        identity: store.stream(key, feature.name, feature.chosen)
        if store.count([key], feature.name, feature.chosen)
        else store.extract(make(feature.name, feature.chosen), changed())
        for identity, feature in features.items()
    }


def features_of(models: Sequence[Checkpoint]) -> dict[str, FeatureSpec]:
    """Return all features that some models read, each once, by their identity."""
    return {identity_of(feature): feature for model in models for feature in model.description.features}
