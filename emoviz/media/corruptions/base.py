"""The contract of a corruption, and the registry of all kinds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...core.registry import Registry
from ...core.vocabulary import Modality

RATE = 16000
"""Samples per second of the sound that is corrupted."""


@dataclass(frozen=True)
class Scene:
    """The sources of chance in the corruption of a recording.

    Attributes:
        random: generator of everything random.
        others: functions that read other recordings of the same kind, which may be heard or seen beside it.
    """

    random: np.random.Generator
    others: Sequence[Callable[[], np.ndarray]] = field(default=())


Apply = Callable[[np.ndarray, float, Scene], np.ndarray]
"""Corrupts sound, float32 (N,) on [-1, 1] at 16 kHz, or a picture, uint8 (H, W) or (H, W, 3), to a level."""


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption.

    Attributes:
        title: a description that has ``{level}`` where the level stands, e.g. ``white noise, {level:g} dB``.
        modality: kind of recording that it happens to.
        levels: a mild and a strong level, at which models are tested and between which training copies lie.
        apply: function that corrupts a recording.
    """

    title: str
    modality: Modality
    levels: tuple[float, float]
    apply: Apply

    def __call__(self, values: np.ndarray, level: float, scene: Scene) -> np.ndarray:
        """Corrupt a recording to a level; an empty recording stays as it is."""
        return self.apply(values, level, scene) if len(values) else values


CORRUPTIONS: Registry[Corruption] = Registry("corruption", home="emoviz.media.corruptions")


def corruption(name: str, title: str, *levels: float, modality: Modality = Modality.AUDIO) -> Callable[[Apply], Apply]:
    """Register a function as a kind of corruption.

    Args:
        name: registry name.
        title: title, as in :class:`Corruption`.
        levels: the mild and the strong level.
        modality: kind of recording that it happens to.
    """
    mild, strong = levels

    def add(apply: Apply) -> Apply:
        CORRUPTIONS.register(name)(Corruption(title, modality, (mild, strong), apply))
        return apply

    return add


def kinds(modality: Modality) -> tuple[str, ...]:
    """Return the names of all corruptions of sound, or of pictures."""
    return tuple(name for name in CORRUPTIONS if CORRUPTIONS[name].modality is modality)


def within_scale(samples: np.ndarray) -> np.ndarray:
    """Return sound as float32 on [-1, 1], scaled down as a whole if it exceeds this range."""
    return np.asarray(samples / max(1.0, float(np.abs(samples).max(initial=0.0))), np.float32)
