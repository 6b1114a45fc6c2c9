"""Low-level descriptors of eGeMAPS v02: 25 named acoustic channels at 100 Hz.

Source: F. Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for voice research and
affective computing", IEEE Transactions on Affective Computing 7 (2016) 190-202; computed by openSMILE.

openSMILE analyses spectra in windows of 20 ms and pitch in windows of 60 ms that begin together. The time of a
frame is taken halfway between their centres, so no channel is off by more than 10 ms.
"""

from .base import EXTRACTORS
from .descriptors import Descriptors

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


@EXTRACTORS.register("egemaps")
class Egemaps(Descriptors):
    """Low-level descriptors of eGeMAPS v02."""

    name = "egemaps"
    channels = tuple(f"egemaps.{name}" for name in NAMES)
    analysis = "eGeMAPSv02"
    shortest = 960
    centre = 0.02

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The parameter set."""
        return {"set": self.analysis, **super().settings}
