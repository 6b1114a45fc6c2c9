"""Low-level descriptors of eGeMAPS v02: 25 named acoustic channels at 100 Hz.

Source: F. Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and
affective computing", IEEE Transactions on Affective Computing 7 (2016) 190-202; computed by openSMILE.

openSMILE analyses spectra in windows of 20 ms and pitch in windows of 60 ms that begin together. The time of a
frame is taken halfway between their centres, so no channel is off by more than 10 ms.

Long sound is analysed in pieces of a minute with a second of context at both sides, which bounds the memory and
lets the work be stopped.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..define import Modality
from ..progress import Progress, silent
from .base import EXTRACTORS, RATE, FeatureStream, lacking_sound, missing_stream

if TYPE_CHECKING:
    from ..media import ClipMedia

NAMES = (
    "Loudness_sma3",
    "alphaRatio_sma3",
    "hammarbergIndex_sma3",
    "slope0-500_sma3",
    "slope500-1500_sma3",
    "spectralFlux_sma3",
    "mfcc1_sma3",
    "mfcc2_sma3",
    "mfcc3_sma3",
    "mfcc4_sma3",
    "F0semitoneFrom27.5Hz_sma3nz",
    "jitterLocal_sma3nz",
    "shimmerLocaldB_sma3nz",
    "HNRdBACF_sma3nz",
    "logRelF0-H1-H2_sma3nz",
    "logRelF0-H1-A3_sma3nz",
    "F1frequency_sma3nz",
    "F1bandwidth_sma3nz",
    "F1amplitudeLogRelF0_sma3nz",
    "F2frequency_sma3nz",
    "F2bandwidth_sma3nz",
    "F2amplitudeLogRelF0_sma3nz",
    "F3frequency_sma3nz",
    "F3bandwidth_sma3nz",
    "F3amplitudeLogRelF0_sma3nz",
)
HOP = 160
SHORTEST = 960
"""Samples of one pitch window; from less openSMILE makes no frame."""

PIECE = 60 * RATE
CONTEXT = RATE


@EXTRACTORS.register("egemaps")
class Egemaps:
    """eGeMAPS v02 low-level descriptors."""

    name = "egemaps"
    version = "1"
    modality = Modality.AUDIO
    channels = tuple(f"egemaps.{name}" for name in NAMES)
    hop = HOP / RATE
    centre = 0.02

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The parameter set."""
        return {"set": "eGeMAPSv02"}

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Descriptors of the clip's sound; under 0.06 s of it gives NaN and a note."""
        if note := lacking_sound(media, SHORTEST, "voice features need", progress):
            return missing_stream(self.channels, media.info.duration, self.hop, note)
        sound = media.waveform(progress=progress)
        values = np.concatenate(list(describe(sound.samples, progress)))
        return FeatureStream(values, sound.start + self.centre, self.hop, self.channels)


def describe(samples: np.ndarray, progress: Progress = silent) -> Iterator[np.ndarray]:
    """Descriptors piece by piece.

    Args:
        samples: float32 (N,) mono at 16 kHz on [-1, 1], N at least 960.
        progress: told of every piece.

    Yields:
        float32 (T, 25), together one row per 10 ms.
    """
    import opensmile

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
        loglevel=0,
    )
    # openSMILE computes on 16 bit and lets +1.0 overflow to -1.0.
    samples = np.clip(samples, -1, 32767 / 32768)
    starts = range(0, max(len(samples) - CONTEXT, 1), PIECE)
    for number, start in enumerate(starts):
        progress("Describing the voice", number, len(starts))
        first = max(start - CONTEXT, 0)
        values = smile(samples[first : start + PIECE + CONTEXT], RATE)[0].T
        before = (start - first) // HOP
        yield values[before:] if start == starts[-1] else values[before : before + PIECE // HOP]
    progress("Describing the voice", len(starts), len(starts))
