"""Low-level descriptors of sound, 100 a second, computed by openSMILE.

Long sound is analysed in pieces of a minute with a second of context at both sides, which bounds the memory and
lets the work be stopped.
"""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.growing import GrowingArray
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import RATE, FeatureStream, Sound, heard, lacking_sound, missing_stream, sound_setting, sound_stream

if TYPE_CHECKING:
    from ..media import ClipMedia

HOP = 160
PIECE = 60 * RATE
CONTEXT = RATE


class Descriptors:
    """Low-level descriptors by openSMILE for each 10 ms of a clip's sound.

    Args:
        sound: ``recorded``, or ``conditioned``: without offset, at one level, where somebody speaks.

    Attributes:
        analysis: parameter set of openSMILE, or the path of a config of one's own.
        shortest: number of samples of its longest window; openSMILE makes no frame of less.
        centre: middle of the first frame, in seconds from the sound's start.
    """

    name: str
    version = "1"
    modality = Modality.AUDIO
    channels: tuple[str, ...]
    analysis: str
    shortest: int
    centre: float
    hop = HOP / RATE

    sound: Sound = "recorded"

    def __init__(self, *, sound: Sound = "recorded") -> None:
        self.sound = sound

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The sound, where it is not the recorded one."""
        return sound_setting(self.sound)

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Describe the clip's sound; sound shorter than one window gives NaN and a note."""
        if note := lacking_sound(media, self.shortest, f"'{self.name}' needs", progress):
            return missing_stream(self.channels, media.info.duration, self.hop, note)
        sound = heard(media, self.sound, progress)
        values = GrowingArray((len(self.channels),), np.float32)
        for piece in describe(self.analysis, sound.samples, progress):
            values.extend(piece)
        return sound_stream(values.array, sound.start + self.centre, self.hop, self.channels, sound)


def describe(analysis: str, samples: np.ndarray, progress: Progress = silent) -> Iterator[np.ndarray]:
    """Compute the descriptors of sound piece by piece.

    Args:
        analysis: analysis as in :class:`Descriptors`.
        samples: sound, float32 (N,), mono at 16 kHz on [-1, 1], N at least a window's.
        progress: listener that hears of every piece.

    Yields:
        Descriptors, float32 (T, D), together one row per 10 ms.
    """
    smile = _smile(analysis)
    starts = range(0, max(len(samples) - CONTEXT, 1), PIECE)
    for number, start in enumerate(starts):
        progress("Describing the voice", number, len(starts))
        first = max(start - CONTEXT, 0)
        # openSMILE computes on 16 bit and lets +1.0 overflow to -1.0.
        values = smile(np.clip(samples[first : start + PIECE + CONTEXT], -1, 32767 / 32768), RATE)[0].T
        before = (start - first) // HOP
        yield values[before:] if start == starts[-1] else values[before : before + PIECE // HOP]
    progress("Describing the voice", len(starts), len(starts))


@functools.cache
def _smile(analysis: str) -> Any:
    """Set up openSMILE, which takes a sixth of the time of a short clip; each call of it is a run of its own."""
    import opensmile

    return opensmile.Smile(feature_set=analysis, feature_level="lld", loglevel=0)
