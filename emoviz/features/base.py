"""The contract of a feature extractor, which turns a clip into one named, timed stream of features."""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np

from ..core.configuration import coerce
from ..core.errors import ConfigError, FeatureError
from ..core.growing import GrowingArray, blocks
from ..core.progress import Progress, silent
from ..core.registry import Registry
from ..core.vocabulary import Modality
from ..core.words import share

if TYPE_CHECKING:
    from ..media import ClipMedia, Waveform

RATE = 16000
"""Samples per second of the sound that extractors get, one channel."""


MOST_NAMED = 10_000
"""Largest number of channels whose names are kept; those of pictures and spectrograms are more."""


@dataclass(frozen=True)
class FeatureStream:
    """Features over time.

    Attributes:
        values: features float32 (T, D); a value that could not be extracted is NaN, never zero. Those of a long clip
            lie on disk (:class:`~emoviz.core.growing.Rows`) and are read by slices.
        start: time of the centre of the first frame, in seconds of the clip.
        hop: seconds from one frame to the next.
        channels: readable names of the D channels, e.g. ``face.mouthSmileLeft``.
        notes: reasons why values are missing, one sentence each.
        spoken: stretches (start, end) in seconds of the clip in which somebody speaks, if speech was looked for; a
            model predicts nothing outside them, though it may read those moments.
    """

    values: np.ndarray
    start: float
    hop: float
    channels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    spoken: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        if self.values.dtype != np.float32 or self.values.ndim != 2:
            raise FeatureError(f"A feature stream is float32 (T, D), not {self.values.dtype} {self.values.shape}.")
        if self.values.shape[1] != len(self.channels):
            raise FeatureError(f"{self.values.shape[1]} channels carry {len(self.channels)} names.")
        if not self.hop > 0:
            raise FeatureError(f"The hop of a feature stream is positive, not {self.hop}.")

    @classmethod
    def of(cls, values: np.ndarray, about: Mapping[str, Any]) -> "FeatureStream":
        """Make a stream from its stored values and facts (:attr:`about`).

        Raises:
            FeatureError: if values and facts do not fit together.
        """
        return cls(values, about["start"], about["hop"], tuple(about["channels"]), tuple(about["notes"]))

    @property
    def about(self) -> dict[str, Any]:
        """The facts of the stream beside its values, as JSON can hold them."""
        return {"start": self.start, "hop": self.hop, "channels": self.channels, "notes": self.notes}

    @property
    def times(self) -> np.ndarray:
        """The times (T,) of the frames, in seconds of the clip."""
        return self.start + self.hop * np.arange(len(self.values))


def missing_stream(channels: tuple[str, ...], duration: float, hop: float, note: str) -> FeatureStream:
    """Return a stream of NaN for a clip of ``duration`` seconds; ``note`` says what is missing in the clip."""
    frames = max(round(duration / hop), 1)
    return FeatureStream(np.full((frames, len(channels)), np.nan, np.float32), 0.0, hop, channels, (note,))


def lacking_sound(media: "ClipMedia", shortest: int = 1, why: str = "", progress: Progress = silent) -> str | None:
    """Return one sentence on why a clip's sound has no features, or None where it has some.

    Args:
        media: the clip.
        shortest: number of samples at 16 kHz that are needed.
        why: middle of the sentence about a sound that is too short, e.g. ``'egemaps' needs``.
        progress: listener that hears of the reading of the sound.
    """
    if media.info.audio is None:
        return f"{media.info.without_sound}."
    count = len(media.waveform(progress=progress).samples)
    if not count:
        return "The clip's sound is empty."
    return f"The clip's sound is shorter than the {shortest / RATE:g} s that {why}." if count < shortest else None


Sound = Literal["recorded", "conditioned"]
"""The sound that a speech feature is computed from: as it was recorded, or without offset, at one level, and only where
somebody speaks."""


CONDITIONED: dict[str, str | int | float] = {"sound": "conditioned"}
"""Setting of speech features in the bundled speech models."""


def heard(media: "ClipMedia", sound: Sound, progress: Progress = silent) -> "Waveform":
    """Return the sound of a clip for a speech feature.

    Args:
        media: the clip, which has sound.
        sound: kind of sound, ``recorded`` or ``conditioned`` (:mod:`emoviz.media.condition`).
        progress: listener that hears of the reading of the sound.

    Raises:
        FeatureError: if there is no such kind of sound.
    """
    if sound not in get_args(Sound):
        raise FeatureError(f"'sound' is one of {', '.join(get_args(Sound))}, not '{sound}'.")
    return media.waveform(progress=progress) if sound == "recorded" else media.speech(progress=progress)


def sound_setting(sound: Sound) -> dict[str, str | int | float]:
    """Return the setting as checkpoints note it; recorded sound is not named, as older checkpoints know no other."""
    return {} if sound == "recorded" else {"sound": sound}


def sound_stream(
    values: np.ndarray, start: float, hop: float, channels: tuple[str, ...], sound: "Waveform"
) -> FeatureStream:
    """Return a stream of speech features, missing where the recording has a gap or nobody speaks.

    Args:
        values: features, float32 (T, D).
        start: time of the centre of the first frame, in seconds of the clip.
        hop: seconds from one frame to the next.
        channels: names of the D channels.
        sound: sound that the features were computed from.
    """
    absent = unspoken(start + hop * np.arange(len(values)), sound)
    gaps = [f"The sound has a gap from {begin:.1f} s to {end:.1f} s." for begin, end in sound.gaps[:3]]
    silent_share = sum(end - begin for begin, end in sound.unspoken) / max(sound.duration, 1e-9)
    silence = [f"Nobody speaks in {share(silent_share)} of the sound."] if silent_share >= 0.005 else []
    return FeatureStream(without(values, absent), start, hop, channels, (*sound.notes, *gaps, *silence))


def unspoken(times: np.ndarray, sound: "Waveform") -> np.ndarray:
    """Return a mask, bool (T,), of the times (T,) in seconds at which the sound has a gap or nobody speaks."""
    return within(times, (*sound.gaps, *sound.unspoken))


def within(times: np.ndarray, spans: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return a mask, bool (T,), of the times (T,) that lie within one of some spans (start, end), all in seconds."""
    inside = np.zeros(len(times), bool)
    for begin, end in spans:
        inside |= (times >= begin) & (times < end)
    return inside


def without(values: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Return values (T, D) with NaN in the absent frames (T,), read and written block by block where they are long."""
    if not absent.any():
        return values
    marked, first = GrowingArray(values.shape[1:], np.float32), 0
    for block in blocks(values):
        marked.extend(np.where(absent[first : first + len(block), None], np.float32(np.nan), block))
        first += len(block)
    return marked.array


class Extractor(Protocol):
    """A feature extractor, which turns a clip into one :class:`FeatureStream`.

    An extractor is registered as a class without arguments, or with keyword settings that have
    defaults; heavy libraries and weights load at the first ``extract``, not at import.
    """

    name: str
    version: str
    modality: Modality

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the stream's channels."""
        ...

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The settings that change the values, beside the version; part of the cache key."""
        ...

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Extract the features of one clip.

        If the clip lacks the sound or the face that is needed, values are NaN and a note says so.
        """
        ...


class Network(Protocol):
    """A trained network that extractors run, as :mod:`emoviz.checkpoints` reads it from its folder."""

    @property
    def folder(self) -> Path:
        """The folder from which the network was read."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs."""
        ...

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of the features that it reads."""
        ...

    def read(self, streams: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return class probabilities (N, K) and embeddings (N, E), float32, of N pictures, the rows of a stream."""
        ...


NETWORKS: Registry[Callable[[Path], Network]] = Registry("reader of networks", home="emoviz.checkpoints")
"""Functions that read a trained network from its folder.

Checkpoints stand above features, so features may not import them; checkpoints register their reader here, and the
registry imports them when it is first read, in every process that extracts features."""

EXTRACTORS: Registry[type[Extractor]] = Registry("feature extractor", home="emoviz.features")


def accepted_settings(name: str) -> tuple[str, ...]:
    """Return the names of the settings of a registered extractor.

    Raises:
        UnknownNameError: if there is no such extractor.
    """
    parameters = inspect.signature(EXTRACTORS[name]).parameters.values()
    return tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)


def make(name: str, settings: Mapping[str, Any] | None = None) -> Extractor:
    """Make a registered extractor with settings that are not its defaults.

    Raises:
        UnknownNameError: if there is no such extractor.
        ConfigError: if it has no such setting, or a value is of the wrong type.
    """
    kind, known = EXTRACTORS[name], accepted_settings(name)
    hints = typing.get_type_hints(kind.__init__)
    for setting in settings or {}:
        if setting not in known:
            accepted = f"known are: {', '.join(known)}" if known else "it has none"
            raise ConfigError(f"The feature '{name}' has no setting '{setting}'; {accepted}.")
    return kind(**{n: coerce(hints[n], v, f"'{n}' of the feature '{name}'") for n, v in (settings or {}).items()})


def described(name: str, settings: Mapping[str, Any]) -> str:
    """Return a feature with the settings that are not defaults, e.g. ``whisper (sound=conditioned)``."""
    chosen = ", ".join(f"{setting}={value}" for setting, value in settings.items())
    return f"{name} ({chosen})" if chosen else name


def extraction_command(corpus: str, wanted: Mapping[str, Mapping[str, Any]], copies: int = 0) -> str:
    """Return the command that extracts features of a corpus, given by name with settings that are not defaults."""
    features = f" --features {','.join(wanted)}" if wanted else ""
    chosen = "".join(f" --set {f}.{name}={value}" for f, own in wanted.items() for name, value in own.items())
    return f"`python -m emoviz extract {corpus}{features}{chosen}{f' --copies {copies}' if copies else ''}`"
